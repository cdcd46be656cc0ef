"""What `accept` says on a terminal: what was accepted, and what a look should be taken at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pratique.model.acceptance import Refused, Taken
from pratique.model.behavior import Gain, Origin, Step, Tier
from pratique.reports.escape import shown
from pratique.reports.grouping import counted
from pratique.reports.layout import clip, pad, wrap

MOST_RELEASES = 20
MOST_GAINS = 6
MOST_FIRST = 10
"""Releases that a first acceptance of everything names as those to look at."""


def reviewed(taken: Sequence[Taken], width: int) -> Iterator[str]:
    """Each release, with what it gained over what was known of it."""
    for each in taken[:MOST_RELEASES]:
        yield from _release(each, width)
    if len(taken) > MOST_RELEASES:
        yield f"and {counted(len(taken) - MOST_RELEASES, 'more release', 'more releases')}"


def _release(taken: Taken, width: int) -> Iterator[str]:
    name = shown(str(taken.release))
    yield from wrap(f"{name}  {_compared(taken)}", width, rest="    ")
    gains = taken.found.gained or taken.found.absolute
    longest = max((len(gain.capability) for gain in gains[:MOST_GAINS]), default=0)
    for gain in gains[:MOST_GAINS]:
        yield clip(f"    {gain.tier} {pad(shown(gain.capability), longest)}  {_place(gain)}", width)
    if len(gains) > MOST_GAINS:
        yield f"    and {len(gains) - MOST_GAINS:,} more"
    if taken.odd:
        yield from wrap(shown(taken.odd), width, first="    ! ", rest="      ")


def _compared(taken: Taken) -> str:
    found = taken.found
    if taken.again:
        return "accepted before"
    if found.baseline.origin is Origin.NONE:
        number = len(found.absolute)
        return "nothing to compare with" + (f": {number:,} of tier A" if number else "")
    before = shown(", ".join(found.baseline.versions[-3:]))
    of = "other bytes were accepted" if found.step is Step.SAME else f"compared with {before}"
    gained = f"gained {len(found.gained):,}" if found.gained else "nothing new"
    return f"{of}: {gained}"


def _place(gain: Gain) -> str:
    seen = next((each for each in gain.evidence if each.file), None)
    if seen is None:
        return ""
    return shown(f"{seen.file}:{seen.line}" if seen.line else seen.file)


def first(taken: Sequence[Taken], width: int) -> Iterator[str]:
    """How many were accepted without a look, and which of them deserve one first."""
    packages = len({each.release.package for each in taken})
    text = (
        f"{counted(len(taken), 'release')} of {counted(packages, 'package')} accepted as they are: "
        "nobody has looked at them, and every check will say so"
    )
    yield from wrap(text, width)
    grave = [(each, ids) for each in taken if (ids := _of_tier_a(each))]
    if grave:
        said = f"{len(grave):,} of them can do something of tier A; look at these first:"
        yield from wrap(said, width)
    for each, ids in sorted(grave, key=lambda pair: (-len(pair[1]), pair[0].release))[:MOST_FIRST]:
        yield clip(f"    pratique inspect {shown(str(each.release))}  {', '.join(ids)}", width)
    if len(grave) > MOST_FIRST:
        yield f"    and {len(grave) - MOST_FIRST:,} more"


def _of_tier_a(taken: Taken) -> list[str]:
    gains = (*taken.found.gained, *taken.found.absolute)
    return [shown(gain.capability) for gain in gains if gain.tier is Tier.A]


def refused(those: Iterable[Refused], width: int) -> Iterator[str]:
    """What was not accepted, and why."""
    for each in those:
        text = f"not accepted: {shown(str(each.release))}: {shown(each.why)}"
        yield from wrap(text, width, rest="    ")
