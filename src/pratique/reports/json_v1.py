"""The report for programs: version 1, whose shape is frozen in schemas/report-v1.schema.json.

Equal inputs give equal bytes: nothing of the run itself (duration, host, clock) is in it. Any
change of the shape is a new version in a new file.
"""

from __future__ import annotations

from pratique.model.finding import Evidence, Remedy
from pratique.model.package import Release
from pratique.model.pin import Location, Lockfile
from pratique.model.policy import Exemption
from pratique.model.project import Project, Repository
from pratique.model.report import Change, Judged, LayerOutcome, Report, Unknown
from pratique.reports.escape import ascii_json
from pratique.reports.grouping import layer_of
from pratique.reports.page import Page

SCHEMA = "pratique-report/1"

Object = dict[str, object]


def render(report: Report, page: Page) -> str:
    """The report as indented ASCII JSON, ending in a newline."""
    return ascii_json(
        {
            "schema": SCHEMA,
            "program": {"name": "pratique", "version": page.version},
            "name": report.name,
            "verdict": report.verdict.name.lower(),
            "exit": report.exit.value,
            "offline": report.offline,
            "policy": _policy(report),
            "releases": report.releases,
            "projects": [_project(each) for each in report.repository.projects],
            "layers": [_layer(each) for each in report.layers],
            "findings": [_finding(each, report, page) for each in report.judged],
            "unknowns": _unknowns(report),
            "expired": [_exemption(each) for each in report.expired],
            "not-examined": _not_examined(report.repository),
            "excluded": _excluded(report.repository),
            "uncovered": list(report.repository.uncovered),
            "change": _change(report.change) if report.change else None,
            "notes": list(report.notes),
        }
    )


def _policy(report: Report) -> Object:
    policy = report.policy
    return {"preset": policy.preset, "path": policy.path, "sha256": policy.digest or None}


def _project(project: Project) -> Object:
    return {
        "path": project.path,
        "name": project.name,
        "manager": project.manager.value if project.manager else None,
        "lockfile": _lockfile(project.lockfile) if project.lockfile else None,
    }


def _lockfile(lockfile: Lockfile) -> Object:
    pins = lockfile.every_pin
    return {
        "path": lockfile.path,
        "format": lockfile.format,
        "version": lockfile.version,
        "entries": len(pins),
        "releases": len({pin.release for pin in pins if pin.is_release}),
    }


def _layer(row: LayerOutcome) -> Object:
    return {
        "number": row.number,
        "name": row.name,
        "state": row.state.value,
        "summary": row.summary,
        "required": row.required,
        "ran": row.ran,
        "subjects": row.subjects,
        "found": row.found,
        "unknown": row.unknown,
        "partial": row.partial,
    }


def _finding(judged: Judged, report: Report, page: Page) -> Object:
    finding = judged.finding
    rule = page.rules.get(finding.rule)
    return {
        "rule": finding.rule,
        "layer": layer_of(finding.rule),
        "severity": rule.severity.value if rule else None,
        "action": judged.action.name.lower(),
        "verdict": judged.verdict.name.lower(),
        "project": finding.project,
        "release": _release(finding.release) if finding.release else None,
        "via": report.via.get(finding.release) if finding.release else None,
        "message": finding.message,
        "where": _where(finding.where),
        "evidence": [_evidence(each) for each in finding.evidence],
        "remedy": _remedy(finding.remedy) if finding.remedy else None,
        "sha512": finding.sha512,
        "key": finding.key,
        "fingerprint": finding.fingerprint,
        "exemption": _exemption(judged.exemption) if judged.exemption else None,
    }


def _release(release: Release) -> Object:
    return {"purl": release.purl, "name": release.name, "version": release.version}


def _where(where: Location | None) -> Object | None:
    return None if where is None else {"file": where.file, "line": where.line}


def _evidence(evidence: Evidence) -> Object:
    return {"text": evidence.text, "where": _where(evidence.where)}


def _remedy(remedy: Remedy) -> Object:
    edits = [{"where": _where(e.where), "old": e.old, "new": e.new} for e in remedy.edits]
    return {"command": remedy.command, "edits": edits}


def _exemption(exemption: Exemption) -> Object:
    return {
        "rule": exemption.rule,
        "purl": exemption.purl,
        "sha512": exemption.sha512,
        "reason": exemption.reason,
        "owner": exemption.owner,
        "until": exemption.until.isoformat(),
        "advisory": exemption.advisory,
        "where": _where(exemption.where),
    }


def _unknowns(report: Report) -> list[Object]:
    """By rule, cause and action, in the report's order; every subject is named."""
    groups: dict[tuple[str, str, str, str], list[Unknown]] = {}
    for each in report.unknowns:
        key = (each.rule, each.missing.why.value, each.missing.detail, each.action.name.lower())
        groups.setdefault(key, []).append(each)
    return [
        {
            "rule": rule,
            "layer": layer_of(rule),
            "why": why,
            "detail": detail,
            "action": action,
            "count": len(members),
            "subjects": [_subject(each) for each in members],
        }
        for (rule, why, detail, action), members in groups.items()
    ]


def _subject(unknown: Unknown) -> Object:
    return {
        "project": unknown.project,
        "purl": unknown.release.purl if unknown.release else None,
        "where": _where(unknown.where),
    }


def _not_examined(repository: Repository) -> list[Object]:
    unread = [*repository.not_examined, *(p.unread for p in repository.projects if p.unread)]
    return [{"path": each.path, "line": each.line, "why": each.why} for each in unread]


def _excluded(repository: Repository) -> list[Object]:
    return [{"glob": g, "reason": reason, "files": n} for g, reason, n in repository.excluded]


def _change(change: Change) -> Object:
    return {
        "base": change.base,
        "commit": change.commit,
        "head-policy": change.head_policy,
        "updated": [
            {"package": package.name, "from": before, "to": after}
            for package, before, after in change.updated
        ],
        "added": [each.purl for each in change.added],
        "altered": [each.purl for each in change.altered],
        "removed": [each.purl for each in change.removed],
    }
