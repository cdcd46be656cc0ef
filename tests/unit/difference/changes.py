"""Short ways to say an artifact, its past, and what the one can do more than the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from pratique.difference import baseline_of, compare, judge, table
from pratique.model.behavior import (
    ANALYSER,
    Analysis,
    Baseline,
    Difference,
    Inner,
    Origin,
    Outcome,
    Seen,
    Step,
)

YOUNG, OLDER = timedelta(days=1), timedelta(days=400)
BEFORE = "1.2.2"
AT: Mapping[Step, str] = {
    Step.PATCH: "1.2.3",
    Step.MINOR: "1.3.0",
    Step.MAJOR: "2.0.0",
    Step.SAME: BEFORE,
    Step.DOWNGRADE: "1.2.1",
}
"""A version that is so far from BEFORE."""
COMPARED = tuple(AT)
"""The steps at which there is something to compare with."""


def analysis(*capabilities: str, **more: Any) -> Analysis:
    """One that has `capabilities`, each seen in a line of its own."""
    given = {"inner": Inner("widget", "0.0.0"), "evidence": seen(capabilities), **more}
    return Analysis("ab" * 64, ANALYSER, tuple(sorted(capabilities)), **given)


def seen(capabilities: Iterable[str]) -> tuple[Seen, ...]:
    return tuple(Seen(each, "a.js", at + 1, each) for at, each in enumerate(sorted(capabilities)))


def needs(*names: str, group: str = "dependencies") -> Inner:
    return Inner("widget", "0.0.0", dependencies=tuple((group, name, "^1.0.0") for name in names))


def past(*capabilities: str, version: str = BEFORE, **more: Any) -> Baseline:
    return baseline_of([(version, analysis(*capabilities, **more))], Origin.BASE)


FIRST = Baseline(Origin.NONE)


def difference(
    *gained: str,
    step: Step = Step.PATCH,
    had: Iterable[str] = (),
    known: Mapping[str, str] | None = None,
    today: date | None = None,
    before: Baseline | None = None,
    **more: Any,
) -> Difference:
    """What a release that also has `gained` can do beyond one that has `had`."""
    if step is Step.FIRST:
        return compare("widget", "1.0.0", analysis(*gained, *had, **more), FIRST)
    baseline = before or past(*had)
    now = analysis(*gained, *had, **more)
    return compare("widget", AT[step], now, baseline, known, today)


def outcome(found: Difference, age: timedelta | None = OLDER, *, stricter: bool = False) -> Outcome:
    return judge(found, age, table(), stricter=stricter)


def rows(found: Outcome) -> set[str]:
    return {each.row for each in found.reasons}
