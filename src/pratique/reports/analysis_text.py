"""`pratique inspect` for a terminal: what an artifact can do, and where that shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, groupby

from pratique.capabilities import split, tier_of, title_of
from pratique.difference import LIGHT
from pratique.model.behavior import Analysis, Gain, Seen, Tier
from pratique.reports import difference_words as words
from pratique.reports.analysis_json_v1 import fingerprint_of
from pratique.reports.difference_subject import Inspected
from pratique.reports.difference_text import (
    FOLDED,
    MOST_PLACES,
    evidence,
    folded,
    headline,
    labelled,
    partly,
    signature,
    verdict_line,
    why,
)
from pratique.reports.escape import shown
from pratique.reports.grouping import counted
from pratique.reports.layout import wrap
from pratique.reports.page import Page

MOST_OF_A_TIER = 40
_TIERS = {
    Tier.A: "tier A: stops an update where it is new",
    Tier.B: "tier B: weighs where it is new, more so together",
    Tier.C: "tier C: for the record",
}


def render(inspected: Inspected, page: Page) -> str:
    """The analysis as lines of at most `page.width` columns."""
    sections = (
        _head(inspected, page),
        why(inspected.outcome, page),
        labelled("note", map(shown, inspected.notes), page),
        *(_tier(inspected.analysis, tier, page) for tier in Tier),
        _manifest(inspected, page),
        [verdict_line(closing(inspected), inspected.verdict, page)],
    )
    lines = chain.from_iterable([*made, ""] for each in sections if (made := list(each)))
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _head(inspected: Inspected, page: Page) -> Iterator[str]:
    name = f"{shown(inspected.name)} {shown(inspected.version)}".strip()
    yield from headline(name, inspected.verdict, words.can(inspected.analysis), page)
    yield from signature(inspected.analysis.analyser, inspected.analysis.sha512, page)
    said = "This is what it can do, not what is new: nothing was compared. "
    said += "`pratique diff` tells what a release gained."
    yield from wrap(said, page.width)


def _tier(analysis: Analysis, tier: Tier, page: Page) -> Iterator[str]:
    here = [each for each in analysis.capabilities if tier_of(each) is tier]
    if not here:
        return
    seen: dict[str, list[Seen]] = defaultdict(list)
    for each in analysis.evidence:
        seen[each.capability].append(each)
    yield from wrap(f"{_TIERS[tier]} ({len(here):,})", page.width)
    for family, group in groupby(here[:MOST_OF_A_TIER], key=lambda each: split(each)[0]):
        those = list(group)
        if family in LIGHT and tier is not Tier.A and len(those) >= FOLDED:
            gains = [Gain(each, tier, hard=False, evidence=tuple(seen[each])) for each in those]
            yield from folded(gains, page)
            continue
        for capability in those:
            said = f"{shown(capability)}   {title_of(capability)}"
            yield from wrap(said, page.width, first="  ", rest=" " * 6)
            yield from evidence(seen[capability], page, 1 if tier is Tier.C else MOST_PLACES)
    if len(here) > MOST_OF_A_TIER:
        yield f"  and {len(here) - MOST_OF_A_TIER:,} more: --format json lists them all"


def _manifest(inspected: Inspected, page: Page) -> Iterator[str]:
    analysis = inspected.analysis
    runs = [f"{shown(event)}: {shown(command)}" for event, command in analysis.installs]
    nothing = "not known" if analysis.oddities else ""
    yield from labelled("install", runs or [nothing or "runs nothing when it is installed"], page)
    binaries = [f"{shown(path)} ({shown(format_)})" for path, format_ in analysis.binaries]
    yield from labelled("binaries", binaries or [nothing or "none"], page)
    said = f"{counted(analysis.files, 'file')}, {words.amount(analysis.size)}, "
    yield from labelled("sizes", [f"{said}{words.amount(analysis.code)} of it code"], page)
    yield from labelled("age", [shown(words.age(inspected.age))], page)
    yield from partly(analysis.oddities, analysis.unread, page)
    if not analysis.oddities:
        yield from labelled("fingerprint", [fingerprint_of(analysis)], page)


def closing(inspected: Inspected) -> str:
    """`verdict ALLOW · 3 capabilities, nothing compared · exit 0`."""
    number = counted(len(inspected.analysis.capabilities), "capability", "capabilities")
    verdict = inspected.verdict.name
    what = f"{number}, nothing compared"
    what = "cannot be analysed" if inspected.analysis.oddities else what
    return f"verdict {verdict} \u00b7 {what} \u00b7 exit {inspected.exit.value}"
