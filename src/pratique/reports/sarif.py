"""The report as SARIF 2.1.0, for code-scanning dashboards.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/ (2023-08).
"""

from __future__ import annotations

from collections.abc import Iterator

from pratique.errors import Exit
from pratique.model.layer import Rule, Severity
from pratique.model.pin import Location
from pratique.model.policy import Action, Exemption
from pratique.model.report import Judged, Report
from pratique.reports import grouping
from pratique.reports.escape import ascii_json, sarif, uri
from pratique.reports.page import Page

Object = dict[str, object]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVEL = {
    Action.OFF: "none",
    Action.OBSERVE: "note",
    Action.WARN: "warning",
    Action.QUARANTINE: "error",
    Action.BLOCK: "error",
}
# Code-scanning dashboards sort by this number: above 9.0 critical, 7.0 high, 4.0 medium.
# https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
_SCORE = {
    Severity.LOW: "2.0",
    Severity.MEDIUM: "5.0",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}
_EXITS = {
    Exit.ALLOWED: "allowed",
    Exit.BLOCKED: "blocked or quarantined by a finding",
    Exit.USAGE: "usage or policy error",
    Exit.UNDECIDED: "could not decide: a required rule is unknown",
    Exit.INTERNAL: "internal error",
}


def render(report: Report, page: Page) -> str:
    """A SARIF log with one run, as indented ASCII JSON."""
    return ascii_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, page)]})


def _run(report: Report, page: Page) -> Object:
    rules = sorted({*page.rules, *(each.finding.rule for each in report.judged)})
    index = {rule: number for number, rule in enumerate(rules)}
    driver: Object = {"name": "pratique", "rules": [_rule(rule, page) for rule in rules]}
    if page.version:
        driver["semanticVersion"] = page.version
    return {
        "tool": {"driver": driver},
        "invocations": [_invocation(report, index)],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "root of the repository"}}},
        "results": [_result(each, report, index) for each in report.judged],
    }


def _rule(name: str, page: Page) -> Object:
    rule = page.rules.get(name)
    if rule is None:
        return {"id": name}
    described: Object = {
        "id": name,
        "shortDescription": {"text": sarif(rule.summary)},
        "help": {"text": sarif(_help(rule)), "markdown": sarif(_help(rule))},
        "properties": {
            "tags": ["security", "supply-chain", grouping.layer_of(name)],
            "security-severity": _SCORE[rule.severity],
        },
    }
    if rule.why:
        described["fullDescription"] = {"text": sarif(rule.why)}
    if rule.references:
        described["helpUri"] = rule.references[0]
    return described


def _help(rule: Rule) -> str:
    return " ".join(filter(None, (rule.why or rule.summary, rule.fix)))


def _invocation(report: Report, index: dict[str, int]) -> Object:
    return {
        "executionSuccessful": report.exit in {Exit.ALLOWED, Exit.BLOCKED},
        "exitCode": report.exit.value,
        "exitCodeDescription": _EXITS[report.exit],
        "toolExecutionNotifications": [*_unknowns(report, index), *_unread(report)],
    }


def _unknowns(report: Report, index: dict[str, int]) -> Iterator[Object]:
    groups: dict[tuple[str, str, str, Action], int] = {}
    for each in report.unknowns:
        key = (each.rule, each.missing.why.value, each.missing.detail, each.action)
        groups[key] = groups.get(key, 0) + 1
    for (rule, why, detail, action), count in groups.items():
        text = f"unknown for {grouping.counted(count, 'subject')}: {why}: {detail}"
        made: Object = {"level": _LEVEL[action], "message": {"text": sarif(text)}}
        if rule in index:
            made["associatedRule"] = {"id": rule, "index": index[rule]}
        yield made


def _unread(report: Report) -> Iterator[Object]:
    repository = report.repository
    unread = [*repository.not_examined, *(p.unread for p in repository.projects if p.unread)]
    for each in unread:
        yield {
            "level": "warning",
            "message": {"text": sarif(f"not examined: {each.why}")},
            "locations": [_location(Location(each.path, each.line))],
        }
    for note in report.notes:
        yield {"level": "note", "message": {"text": sarif(note)}}


def _result(judged: Judged, report: Report, index: dict[str, int]) -> Object:
    finding = judged.finding
    subject = f"{finding.release}: " if finding.release else ""
    made: Object = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVEL[judged.action],
        "message": {"text": sarif(subject + finding.message)},
        "locations": [_location(finding.where or _fallback(judged, report))],
        "partialFingerprints": {"pratique/v1": finding.fingerprint},
        "properties": {"verdict": judged.verdict.name.lower(), **_identity(judged)},
    }
    related = [_located(e.text, e.where) for e in finding.evidence if e.where]
    if related:
        made["relatedLocations"] = related
    if judged.exemption:
        made["suppressions"] = [_suppression(judged.exemption)]
    return made


def _identity(judged: Judged) -> Object:
    release = judged.finding.release
    lines = grouping.fix_lines(judged.finding.remedy, judged.finding.rule)
    made: Object = {"fix": lines}
    return {"purl": release.purl, **made} if release else made


def _suppression(exemption: Exemption) -> Object:
    said = f"{exemption.reason} (owner {exemption.owner}, until {exemption.until.isoformat()})"
    return {"kind": "external", "status": "accepted", "justification": said}


def _fallback(judged: Judged, report: Report) -> Location:
    """Where a finding without a place is shown: its project's lockfile, else its manifest."""
    project = judged.finding.project
    for each in report.repository.projects:
        if each.path == project and each.lockfile:
            return Location(each.lockfile.path)
    return Location(f"{project}/package.json" if project else "package.json")


def _located(text: str, where: Location) -> Object:
    message = {"message": {"text": sarif(text)}} if text else {}
    return {**_location(where), **message}


def _location(where: Location) -> Object:
    physical: Object = {"artifactLocation": {"uri": uri(where.file), "uriBaseId": "SRCROOT"}}
    if where.line:
        physical["region"] = {"startLine": where.line}
    return {"physicalLocation": physical}
