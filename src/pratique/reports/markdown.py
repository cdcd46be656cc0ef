"""The report as a pull-request comment: the verdict, what changed, everything else folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pratique.model.package import Release
from pratique.model.policy import Verdict
from pratique.model.report import Judged, LayerOutcome, Report, Unknown
from pratique.reports import grouping, text_rest
from pratique.reports.escape import code, prose
from pratique.reports.page import Page

LIMIT = 65_536
"""Characters that a comment may have: https://docs.github.com/en/rest/issues/comments (2022-11)."""
_ROOM = 400
"""Characters kept free for saying that something was cut, and for closing what is open."""
MARK = {
    Verdict.BLOCK: "\u26d4",
    Verdict.QUARANTINE: "\u270b",
    Verdict.WARN: "\u26a0\ufe0f",
    Verdict.ALLOW: "\u2705",
}


class Comment:
    """Lines up to a limit; what does not fit is counted."""

    def __init__(self, limit: int) -> None:
        self._left = limit - _ROOM
        self._lines: list[str] = []
        self.cut = 0

    def add(self, line: str) -> None:
        if self.cut or len(line) + 1 > self._left:
            self.cut += 1
            return
        self._left -= len(line) + 1
        self._lines.append(line)

    def close(self, line: str) -> None:
        """A line that must stand whatever was cut."""
        self._lines.append(line)

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def render(report: Report, page: Page) -> str:
    """GitHub-flavoured Markdown of at most `LIMIT` characters."""
    comment = Comment(LIMIT)
    for line in _head(report, page):
        comment.add(line)
    sections: tuple[tuple[str, Callable[[], Iterable[str]]], ...] = (
        (_counted(report), lambda: _findings(report, page)),
        ("Layers", lambda: _layers(report)),
        ("Not decided", lambda: _unknowns(report)),
        ("Exemptions and observations", lambda: _exempted(report)),
        ("Not examined", lambda: _notes(report)),
    )
    for title, lines in sections:
        section(comment, title, list(lines()))
    if comment.cut:
        said = grouping.counted(comment.cut, "line")
        comment.close(
            f"\n**Cut: {said} did not fit; `pratique check --format json` has them all.**"
        )
    return comment.text()


def _counted(report: Report) -> str:
    return grouping.tally(grouping.found(report)).capitalize()


def section(comment: Comment, title: str, lines: list[str]) -> None:
    """A folded section; once something has been cut, further sections are only counted."""
    if not lines:
        return
    if comment.cut:
        for line in lines:
            comment.add(line)
        return
    comment.close(f"\n<details><summary>{title}</summary>\n")
    for line in lines:
        comment.add(line)
    comment.close("\n</details>")


def _head(report: Report, page: Page) -> Iterator[str]:
    mark = MARK[report.verdict]
    yield f"### {mark} pratique: {grouping.closing(report).removeprefix('verdict ')}"
    yield ""
    named = f"pratique {page.version}".strip()
    yield f"{named} \u00b7 policy {prose(report.policy.preset)} \u00b7 {code(report.name)}"
    yield ""
    yield from _change(report)
    yield from _table(report)


def _change(report: Report) -> Iterator[str]:
    change = report.change
    if change is None:
        return
    removed = len(text_rest.removed(change))
    counts = f"{len(change.updated)} updated, {len(text_rest.added(change))} added, "
    counts += f"{len(change.altered)} altered, {removed} removed"
    yield f"Against {code(change.base)} at {code(change.commit[:12])}: {counts}."
    if change.head_policy:
        yield ""
        yield "**The change's own policy judged it (`--accept-head-policy`).**"
    yield ""


def _table(report: Report) -> Iterator[str]:
    index = _Index(report)
    rows = _subjects(report, index)
    listed, folded = grouping.fold(grouping.found(report))
    projects = [each for each in listed if each.finding.release is None]
    if not rows and not projects:
        return
    yield "| verdict | release | change | age | scripts | other findings |"
    yield "|---|---|---|---|---|---|"
    for each in projects:
        rule = code(each.finding.rule)
        yield f"| {each.verdict.name} | project | | | | {rule} {_said(each)} |"
    for release, change in rows:
        yield _row(release, change, index)
    for kind in folded:
        yield f"| {kind.verdict.name} | | | | | {code(kind.rule)}: and {kind.count:,} more |"


class _Index:
    """Findings and Unknowns by release, and the layers that ran."""

    def __init__(self, report: Report) -> None:
        self.judged: dict[Release | None, list[Judged]] = {}
        self.unknowns: dict[Release | None, list[Unknown]] = {}
        self.ran = {row.name for row in report.layers if row.ran}
        for each in grouping.found(report):
            self.judged.setdefault(each.finding.release, []).append(each)
        for unknown in report.unknowns:
            self.unknowns.setdefault(unknown.release, []).append(unknown)

    def verdict(self, release: Release) -> Verdict:
        return max((each.verdict for each in self.judged.get(release, ())), default=Verdict.ALLOW)

    def is_undecided(self, release: Release) -> bool:
        unknowns = self.unknowns.get(release, ())
        return any(each.verdict > self.verdict(release) for each in unknowns)


def _subjects(report: Report, index: _Index) -> list[tuple[Release, str]]:
    """(release, how it changed): every changed one, and those whose findings are listed."""
    old = grouping.updates(report)
    rows = {each: f"{old[each]} -> {each.version}" for each in old}
    if report.change:
        rows |= {each: "added" for each in report.change.added if each not in rows}
        rows |= {each: "entry altered" for each in report.change.altered if each not in rows}
    listed, _ = grouping.fold(grouping.found(report))
    others = dict.fromkeys(each.finding.release for each in listed)
    rows |= {each: "" for each in others if each and each not in rows}
    worst = sorted(rows, key=lambda each: (-index.verdict(each), each))
    return [(release, rows[release]) for release in worst]


def _row(release: Release, change: str, index: _Index) -> str:
    judged = index.judged.get(release, [])
    other = [e for e in judged if grouping.layer_of(e.finding.rule) not in _COLUMNS]
    findings = "<br>".join(f"{code(e.finding.rule)} {_said(e)}" for e in other[:5])
    if len(other) > 5:
        findings += f"<br>and {len(other) - 5} more"
    verdict = "not decided" if index.is_undecided(release) else index.verdict(release).name
    cells = [verdict, code(str(release), cell=True), code(change, cell=True) if change else ""]
    cells += [_layer_cell(release, name, index) for name in _COLUMNS]
    return f"| {' | '.join([*cells, findings])} |"


_COLUMNS = ("release-age", "build-scripts")


def _layer_cell(release: Release, layer: str, index: _Index) -> str:
    judged = index.judged.get(release, ())
    here = [each for each in judged if grouping.layer_of(each.finding.rule) == layer]
    if here:
        return "<br>".join(_said(each) for each in here[:3])
    unknowns = index.unknowns.get(release, ())
    why = next((u.missing.why for u in unknowns if grouping.layer_of(u.rule) == layer), None)
    if why:
        return f"unknown: {prose(why.value, cell=True)}"
    return "ok" if layer in index.ran else "not judged"


def _said(judged: Judged) -> str:
    return prose(judged.finding.message, cell=True)


def _findings(report: Report, page: Page) -> Iterator[str]:
    listed, folded = grouping.fold(grouping.found(report))
    for group in grouping.groups(listed):
        subject = code(str(group.release)) if group.release else "project"
        path = f" in {code(group.project)}" if group.project else ""
        via = report.via.get(group.release, "") if group.release else ""
        yield f"- **{group.verdict.name}** {subject}{path} {prose(via)}".rstrip()
        for each in group.judged:
            yield from _finding(each, report, page)
    for kind in folded:
        yield f"- {kind.verdict.name} {code(kind.rule)}: and {kind.count:,} more, in --format json"


def _finding(judged: Judged, report: Report, page: Page) -> Iterator[str]:
    finding = judged.finding
    place = f" at {code(str(finding.where))}" if finding.where else ""
    yield f"  - {code(finding.rule)} {prose(finding.message)}{place}"
    for each in finding.evidence[:3]:
        where = f"{code(str(each.where))} " if each.where else ""
        yield f"    - {where}{code(each.text)}"
    for label, lines in grouping.fixes(finding.remedy, finding.rule):
        yield f"    - {label}: {' '.join(code(line.strip()) for line in lines)}"
    rule = page.rules.get(finding.rule)
    line = grouping.exempt_line(finding, report, bound=rule is not None and rule.bound)
    if line:
        yield f"    - exempt: {code(line)}"


def _layers(report: Report) -> Iterator[str]:
    yield "| | layer | state | |"
    yield "|---|---|---|---|"
    yield from map(_layer, report.layers)


def _layer(row: LayerOutcome) -> str:
    return f"| {row.number} | {row.title} | {row.state.value} | {prose(row.summary, cell=True)} |"


def _unknowns(report: Report) -> Iterator[str]:
    totals = {row.name: row.subjects for row in report.layers}
    for each in grouping.reasons(report.unknowns):
        yield f"- {prose(text_rest.reason(each, totals))}"


def _exempted(report: Report) -> Iterator[str]:
    for rule, count in sorted(grouping.observed(report).items()):
        yield f"- observed: {code(rule)} {count:,}"
    for each in grouping.exempted(report):
        if each.exemption:
            subject = code(str(each.finding.release or each.exemption.purl))
            until = each.exemption.until.isoformat()
            said = f"{prose(each.exemption.reason)}, {code(each.exemption.owner)}, until {until}"
            yield f"- exempted: {subject} {code(each.exemption.rule)}: {said}"
    for exemption in report.expired:
        yield f"- expired {exemption.until}: {code(exemption.purl)} {code(exemption.rule)}"


def _notes(report: Report) -> Iterator[str]:
    yield from (f"- {prose(each)}" for each in (*text_rest.unread(report), *report.notes))
