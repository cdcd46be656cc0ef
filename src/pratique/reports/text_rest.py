"""What follows the findings in the text report: change, Unknowns, exemptions, what was not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pratique.model.fact import Why
from pratique.model.policy import Exemption
from pratique.model.report import Change, Judged, Report
from pratique.reports import grouping
from pratique.reports.escape import shown
from pratique.reports.grouping import Reason, counted
from pratique.reports.layout import wrap
from pratique.reports.page import Page

_LISTED = 5
_INDENT = "           "
_WHY = {
    Why.NOT_ASKED: "not asked",
    Why.OFFLINE: "offline",
    Why.ABSENT: "not carried by the source",
    Why.FAILED: "failed",
}


def rest(report: Report, page: Page) -> list[str]:
    """Sections, each after a blank line and only where it has something to say."""
    sections = (_change(report), _unknown(report), _exempted(report), _not_examined(report))
    lines: list[str] = []
    for section in sections:
        made = [line for label, text in section for line in _labelled(label, text, page)]
        lines += ["", *made] if made else []
    return lines


def _labelled(label: str, text: str, page: Page) -> list[str]:
    return wrap(text, page.width, first=f"{label:<10} ", rest=_INDENT)


def _listed(label: str, texts: Iterable[str], what: str) -> Iterator[tuple[str, str]]:
    """The label once, then at most `_LISTED` texts; how many more there are is said."""
    every = list(texts)
    for index, text in enumerate(every[:_LISTED]):
        yield ("" if index else label, text)
    if len(every) > _LISTED:
        yield "", f"and {len(every) - _LISTED:,} more {what}: --format json lists them all"


def _change(report: Report) -> Iterator[tuple[str, str]]:
    change = report.change
    if change is None:
        return
    yield "change", _compared(change)
    yield from _listed("", _differences(change), "differences")
    if change.head_policy:
        yield "policy", "the change's own policy judged it (--accept-head-policy)"


def _compared(change: Change) -> str:
    counts = (
        (len(change.updated), "updated"),
        (len(added(change)), "added"),
        (len(change.altered), "altered"),
        (len(removed(change)), "removed"),
    )
    said = ", ".join(f"{number:,} {word}" for number, word in counts if number)
    base = f"{shown(change.base)} ({change.commit[:12]})"
    return f"against {base}: {said or 'no release differs'}"


def added(change: Change) -> list[str]:
    """Added releases that replace no other version."""
    new = {(package, to) for package, _, to in change.updated}
    return [str(each) for each in change.added if (each.package, each.version) not in new]


def removed(change: Change) -> list[str]:
    """Removed releases that no other version replaces."""
    old = {(package, before) for package, before, _ in change.updated}
    return [str(each) for each in change.removed if (each.package, each.version) not in old]


def _differences(change: Change) -> Iterator[str]:
    for package, before, after in change.updated:
        yield f"{shown(package.name)} {shown(before)} -> {shown(after)}"
    yield from (f"altered {shown(str(each))}: its entry differs" for each in change.altered)
    yield from (f"added {shown(each)}" for each in added(change))
    yield from (f"removed {shown(each)}" for each in removed(change))


def _unknown(report: Report) -> Iterator[tuple[str, str]]:
    totals = {row.name: row.subjects for row in report.layers}
    reasons = grouping.reasons(report.unknowns)
    yield from _listed("unknown", (reason(each, totals) for each in reasons), "reasons")


def reason(each: Reason, totals: dict[str, int]) -> str:
    """`release-age: 3 of 527, offline: no answer in the store (quarantine)`."""
    of = f"{each.subjects:,} of {totals.get(each.layer, each.subjects):,}"
    words = _WHY[each.why]
    cause = each.detail if each.detail.startswith(words) else f"{words}: {each.detail}"
    return f"{each.layer}: {of}, {shown(cause)} ({each.action.name.lower()})"


def _exempted(report: Report) -> Iterator[tuple[str, str]]:
    observed = grouping.observed(report)
    if observed:
        each = ", ".join(f"{rule} {count:,}" for rule, count in sorted(observed.items()))
        yield "observed", f"{counted(observed.total(), 'finding')}: {each}"
    lines = (_exemption(each) for each in grouping.exempted(report))
    yield from _listed("exempted", lines, "exempted findings")
    yield from _listed("expired", map(_expired, report.expired), "expired exemptions")


def _exemption(judged: Judged) -> str:
    exemption = judged.exemption
    if exemption is None:
        return ""
    subject = shown(str(judged.finding.release or exemption.purl))
    said = f"{shown(exemption.reason)} ({shown(exemption.owner)}, until {exemption.until})"
    return f"{subject} {exemption.rule}: {said}"


def _expired(exemption: Exemption) -> str:
    place = f" ({shown(str(exemption.where))})" if exemption.where else ""
    return f"{shown(exemption.purl)} {exemption.rule}: ended {exemption.until}{place}, not applied"


def _not_examined(report: Report) -> Iterator[tuple[str, str]]:
    yield from _listed("unread", unread(report), "files")
    for note in report.notes:
        yield "note", shown(note)
    if any(each.missing.why is Why.OFFLINE for each in report.unknowns):
        yield "next", "run it once without --offline: what it learns is kept"


def unread(report: Report) -> Iterator[str]:
    """What was not examined, and why."""
    repository = report.repository
    for each in (*repository.not_examined, *(p.unread for p in repository.projects if p.unread)):
        yield f"{shown(each.path)}: {shown(each.why)}"
    for path in repository.uncovered:
        yield f"{shown(path)}: no lockfile covers its dependencies"
    for glob, why, number in repository.excluded:
        yield f"{shown(glob)}: {counted(number, 'file')} excluded by policy ({shown(why)})"
