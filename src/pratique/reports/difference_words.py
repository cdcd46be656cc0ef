"""Sentences that the reports of `diff` and `inspect` share: in words, not yet escaped."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from datetime import timedelta

from pratique.capabilities import tier_of
from pratique.model.behavior import (
    Analysis,
    Change,
    Difference,
    Gain,
    Origin,
    Outcome,
    Seen,
    Sizes,
    Step,
    Tier,
)
from pratique.model.policy import Action
from pratique.reports.difference_subject import Age, Compared, Inspected
from pratique.reports.grouping import counted

STEPS = {
    Step.PATCH: "a patch release",
    Step.MINOR: "a minor release",
    Step.MAJOR: "a major release",
    Step.SAME: "an artifact of the same version",
    Step.DOWNGRADE: "a downgrade",
    Step.FIRST: "a first release",
}
ORIGINS = {
    Origin.LEDGER: "accepted in the ledger",
    Origin.BASE: "locked at the base",
    Origin.REGISTRY: "an earlier release",
    Origin.NAMED: "named by you",
}
REACHES = {
    "install": "runs at install",
    "bin": "runs as a command",
    "cjs": "loaded by require",
    "esm": "loaded by import",
}
SIGNS = {"added": "+", "removed": "-", "altered": "~"}


def versions(difference: Difference) -> str:
    """`2.4.0 -> 2.4.1`; the new one alone where there is nothing to compare with."""
    old = " + ".join(difference.baseline.versions)
    return f"{old} -> {difference.version}" if old else difference.version


def found(difference: Difference) -> str:
    """`gained 2 capabilities in a patch release`."""
    if difference.oddities:
        return "the archive cannot be analysed"
    if difference.baseline.origin is Origin.NONE:
        return "nothing to compare with"
    gained = len(difference.gained)
    said = f"gained {counted(gained, 'capability', 'capabilities')}" if gained else "gained nothing"
    return f"{said} in {STEPS[difference.step]}"


def can(analysis: Analysis) -> str:
    """`can 12 things, 3 of them of tier A`."""
    if analysis.oddities:
        return "the archive cannot be analysed"
    number = len(analysis.capabilities)
    if not number:
        return "shows no capability"
    gravest = sum(tier_of(each) is Tier.A for each in analysis.capabilities)
    return f"shows {counted(number, 'capability', 'capabilities')}, {gravest:,} of tier A"


def baseline(difference: Difference) -> str:
    """What it is compared with, and where that comes from."""
    those = difference.baseline
    if those.origin is Origin.NONE:
        return "nothing: what is new cannot be told from what was always there"
    union = ", the union of what they can do" if len(those.versions) > 1 else ""
    named = ", ".join(those.versions) or "an unnamed version"
    return f"{named} ({ORIGINS[those.origin]}){union}"


def age(of: Age) -> str:
    """How old the release was judged to be, and who says so."""
    if of.published is not None:
        return f"{published(of)}, by the registry's word"
    if of.span is not None:
        return f"{duration(of.span)}, as stated"
    unknown = f"not known ({of.why})" if of.why else "not stated"
    return f"{unknown}: judged as if it was published now"


def published(of: Age) -> str:
    """`published 2026-11-01 09:12 UTC`; `... or earlier` where no more is known."""
    return f"published {of.published:%Y-%m-%d %H:%M} UTC{'' if of.exact else ' or earlier'}"


def notes(of: Compared | Inspected) -> list[str]:
    """For programs: the notes, with why an age is not known."""
    return [*of.notes, *([f"its age is not known: {of.age.why}"] if of.age.why else [])]


def duration(span: timedelta) -> str:
    """In the largest unit that says it whole: `30 days`, `7 hours`, `90 minutes`."""
    minutes = int(span.total_seconds()) // 60
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes and minutes % size == 0:
            return counted(minutes // size, unit)
    return counted(minutes, "minute")


def amount(size: int) -> str:
    """Bytes as people read them: `812 B`, `41.2 kB`, `3.4 MB`."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.1f} kB"
    return f"{size / 1_000_000:,.1f} MB"


def sizes(before: Sizes, after: Sizes) -> list[tuple[str, str, str, str]]:
    """(what, before, after, how much more or less), three rows."""
    return [
        ("all files", amount(before.size), amount(after.size), _growth(before.size, after.size)),
        ("code", amount(before.code), amount(after.code), _growth(before.code, after.code)),
        (
            "number of files",
            f"{before.files:,}",
            f"{after.files:,}",
            f"{after.files - before.files:+,}" if after.files != before.files else "the same",
        ),
    ]


def _growth(before: int, after: int) -> str:
    if before == after:
        return "the same"
    if not before:
        return f"+{amount(after)}"
    if after >= 2 * before:
        return f"{after / before:,.1f} times as much"
    if abs(after - before) < 1000:
        return f"{after - before:+,} B"
    return f"{(after - before) / before:+.1%}"


def installed(changes: Iterable[Change]) -> tuple[list[Change], int]:
    """Those that count for who installs the package, by weight, and the number of the others."""
    every = by_weight(changes)
    kept = [change for change in every if change.what != "devDependencies"]
    return kept, len(every) - len(kept)


def by_weight(changes: Iterable[Change]) -> list[Change]:
    """What runs at install first, what only developers of the package get last."""
    weights = {"install": 0, "binary": 1, "bin": 1, "devDependencies": 3}
    return sorted(changes, key=lambda change: weights.get(change.what, 2))


def kind(change: Change) -> str:
    """`added`, `removed` or `altered`."""
    if not change.before:
        return "added"
    return "altered" if change.after else "removed"


def place(seen: Seen) -> str:
    """`lib/setup.js:14`; the file alone where it is about the whole of it."""
    if not seen.file:
        return "the artifact as a whole"
    return f"{seen.file}:{seen.line}" if seen.line else seen.file


def snippet(seen: Seen) -> str:
    """The code; "" where it says no more than the name of the file."""
    return "" if seen.snippet == seen.file else seen.snippet


def reach(seen: Seen) -> str:
    """What leads to the file, in words; "" where it is not known."""
    return REACHES.get(seen.reach, "")


def remarks(gain: Gain) -> str:
    """What else is to be said of a gain: hard to explain, or accepted only lately."""
    parts = ["seldom new in a benign update"] if gain.hard else []
    if gain.since:
        parts.append(f"accepted only since {gain.since.isoformat()}")
    return "; ".join(parts)


def reasons(outcome: Outcome) -> list[tuple[str, str, str]]:
    """(action, sentence, row of the table), strongest first."""
    return [(each.action.name.lower(), each.text, each.row) for each in outcome.reasons]


def steps(compared: Compared) -> list[tuple[str, str]]:
    """(why, line to copy), quoted for a shell: where a person is asked, first how to look."""
    if not compared.asked or compared.outcome.action <= Action.OBSERVE:
        return list(compared.steps)
    operands = " ".join(shlex.quote(each) for each in compared.asked)
    look = f"pratique diff {operands} --format html --output diff.html"
    return [("look", look), *compared.steps]


def closing(compared: Compared) -> str:
    """`verdict BLOCK · 2 gained, 1 lost · exit 1`."""
    difference = compared.difference
    counts = f"{len(difference.gained):,} gained, {len(difference.lost):,} lost"
    return f"verdict {compared.verdict.name} \u00b7 {counts} \u00b7 exit {compared.exit.value}"
