"""The report for a terminal: may it go in, what is wrong, why that matters, what to type."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from pratique.model.finding import Evidence, Finding
from pratique.model.package import Release
from pratique.model.policy import Verdict
from pratique.model.report import Judged, LayerOutcome, Report, State
from pratique.reports import grouping
from pratique.reports.escape import shown
from pratique.reports.grouping import Group, counted
from pratique.reports.layout import Paint, clip, columns, pad, rows_taken, wrap
from pratique.reports.page import Page
from pratique.reports.text_rest import rest

SCREEN = 24
"""Rows of the smallest terminal that counts as one screen (VT100)."""
_RULE_WIDTH = 26
_LOUD = {State.BLOCK, State.QUARANTINE}


def render(report: Report, page: Page) -> str:
    """The report as lines of at most `page.width` columns, commands to copy excepted."""
    head = _header(report, page)
    body = [*_rows(report, page), *_findings(report, page), *rest(report, page)]
    verdict = _verdict(report, page)
    whole = [*head, "", *body, "", verdict]
    if rows_taken(whole, page.width) > 2 * SCREEN:
        fixes = _brief(report, page)
        whole = [*head, "", verdict, *fixes, "", *body, "", *fixes, "", verdict]
    return "\n".join(line.rstrip() for line in whole) + "\n"


def _header(report: Report, page: Page) -> list[str]:
    parts = [f"pratique {page.version}".strip(), f"policy {report.policy.preset}"]
    parts += [shown(report.name), _locked(report)]
    if report.offline:
        parts.append("offline")
    if page.took is not None:
        parts.append(f"{page.took:.1f} s")
    return wrap(" \u00b7 ".join(filter(None, parts)), page.width, rest="  ")


def _locked(report: Report) -> str:
    files = [p.lockfile.path for p in report.repository.projects if p.lockfile]
    what = shown(files[0]) if len(files) == 1 else counted(len(files), "lockfile")
    return f"{what}, {counted(report.releases, 'release')}"


def _rows(report: Report, page: Page) -> Iterator[str]:
    names = max((columns(row.title) for row in report.layers), default=0)
    states = max((columns(_state(row)) for row in report.layers), default=0)
    for row in report.layers:
        yield from _row(row, names, states, page)


def _row(row: LayerOutcome, names: int, states: int, page: Page) -> list[str]:
    state = _state(row)
    first = f"{row.number:2} {pad(row.title, names)}  {pad(state, states)}  "
    lines = wrap(_counts(row), page.width, first=first, rest=" " * columns(first))
    painted = Paint(colour=page.colour)(state, row.state.value)
    return [lines[0].replace(f"  {state}", f"  {painted}", 1), *lines[1:]]


def _state(row: LayerOutcome) -> str:
    if row.state is State.NOT_IN_THIS_VERSION:
        return "-"
    return row.state.value.upper() if row.state in _LOUD else row.state.value


def _counts(row: LayerOutcome) -> str:
    """The row's own words, and how many subjects are unknown where they do not say it."""
    if row.state is State.NOT_IN_THIS_VERSION:
        return "not in this version"
    count = f"{row.unknown:,} of {row.subjects:,} unknown"
    if not row.unknown or row.state is State.UNKNOWN:
        return shown(row.summary)
    return f"{shown(row.summary)} \u00b7 {count}"


def _findings(report: Report, page: Page) -> Iterator[str]:
    listed, folded = grouping.fold(grouping.found(report))
    explained: set[str] = set()
    for group in grouping.groups(listed):
        yield ""
        yield from _group(group, report, page, explained)
    if folded:
        yield ""
    for kind in folded:
        label = pad(f"{kind.verdict.name}  {kind.rule}", _RULE_WIDTH)
        more = f"{label}  and {kind.count:,} more: --format json lists them all"
        yield from wrap(more, page.width, rest="    ")


def _group(group: Group, report: Report, page: Page, explained: set[str]) -> Iterator[str]:
    yield from _heading(group, report, page)
    for each in group.judged:
        mark = "" if each.verdict is group.verdict else f" ({each.verdict.name.lower()})"
        yield from _finding(each.finding, mark, page)
        if each.finding.rule not in explained:
            explained.add(each.finding.rule)
            yield from _why(each.finding.rule, page)
    yield from _remedies(group, report, page)


def _heading(group: Group, report: Report, page: Page) -> list[str]:
    verdict = group.verdict.name
    what = _named(group.release, report) if group.release else _project(group, report)
    notes = [shown(report.via.get(group.release, "")) if group.release else ""]
    if group.release and len(report.repository.projects) > 1:
        notes.append(f"in {shown(group.project) or 'the root'}")
    text = f"{verdict}  {what}"
    if any(notes):
        text += "      " + " \u00b7 ".join(filter(None, notes))
    lines = wrap(text, page.width, rest="    ") if columns(text) > page.width else [text]
    painted = Paint(colour=page.colour)(verdict, verdict)
    return [painted + lines[0].removeprefix(verdict), *lines[1:]]


def _named(release: Release, report: Report) -> str:
    old = grouping.updates(report).get(release)
    version = f"{shown(old)} -> {shown(release.version)}" if old else shown(release.version)
    return f"{shown(release.name)} {version}"


def _project(group: Group, report: Report) -> str:
    if grouping.is_loosening(group.judged[0].finding):
        return "the change loosens what judges it"
    return f"{shown(group.project) or shown(report.name)} (project)"


def _finding(finding: Finding, mark: str, page: Page) -> Iterator[str]:
    first = f"  {pad(finding.rule, _RULE_WIDTH)} "
    message = f"{shown(finding.message)}{mark}"
    narrow = " " * min(columns(first), 29)
    yield from wrap(message, page.width, first=first, rest=narrow)
    places = _places(finding)
    for each in places[:5]:
        yield from _evidence(each, page)
    if len(places) > 5:
        yield f"      and {len(places) - 5:,} more places: --format json lists them all"


def _places(finding: Finding) -> list[Evidence]:
    """The evidence, and the finding's own place where the evidence does not name it."""
    places = list(finding.evidence)
    if finding.where is None or any(each.where == finding.where for each in places):
        return places
    if places and places[0].where is None:
        return [Evidence(places[0].text, finding.where), *places[1:]]
    return [Evidence("", finding.where), *places]


def _evidence(evidence: Evidence, page: Page) -> list[str]:
    place = shown(str(evidence.where)) if evidence.where else ""
    parts = "    ".join(filter(None, (place, shown(evidence.text))))
    return wrap(parts, page.width, first="      ", rest="          ")


def _why(rule: str, page: Page) -> list[str]:
    """The first sentence of the rule's reason, at its first finding."""
    known = page.rules.get(rule)
    if known is None or not known.why:
        return []
    sentence = known.why.partition(". ")[0].rstrip(".")
    return wrap(sentence, page.width, first="      why  ", rest="           ")


def _remedies(group: Group, report: Report, page: Page) -> Iterator[str]:
    """Lines to copy: never wrapped, each once."""
    parts = chain.from_iterable(
        grouping.fixes(each.finding.remedy, each.finding.rule) for each in group.judged
    )
    for label, lines in dict.fromkeys(parts):
        yield f"  {label:<8} {shown(lines[0])}"
        yield from (f"           {shown(line)}" for line in lines[1:])
    for line in dict.fromkeys(_exempt_lines(group, report, page)):
        yield f"  exempt   {line}"


def _exempt_lines(group: Group, report: Report, page: Page) -> Iterator[str]:
    for each in group.judged:
        rule = page.rules.get(each.finding.rule)
        line = grouping.exempt_line(each.finding, report, bound=rule is not None and rule.bound)
        if line:
            yield line


def _brief(report: Report, page: Page) -> list[str]:
    """Counts and the first fixes: what stands with the verdict at both ends of a long report."""
    judged = grouping.found(report)
    lines = [grouping.tally(judged)] if judged else []
    fixes = (_brief_fix(n, each, page) for n, each in enumerate(grouping.top_fixes(report), 1))
    return [*lines, *chain.from_iterable(fixes)]


def _brief_fix(number: int, judged: Judged, page: Page) -> Iterator[str]:
    finding = judged.finding
    subject = shown(str(finding.release)) if finding.release else "project"
    title = f"{number} {judged.verdict.name}  {subject}  {finding.rule}"
    yield clip(title, page.width)
    lines = grouping.fix_lines(finding.remedy, finding.rule)
    fix = "  ".join(shown(line.strip()) for line in lines)
    yield f"  fix  {clip(fix, 2 * page.width - 8)}"


def _verdict(report: Report, page: Page) -> str:
    text = grouping.closing(report)
    name = report.verdict.name
    lines = wrap(text, page.width, rest="  ")
    painted = Paint(colour=page.colour)(name, Verdict(report.verdict).name)
    return "\n".join([lines[0].replace(name, painted, 1), *lines[1:]])
