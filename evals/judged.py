"""Real updates and hostile ones through the same comparison and the same judge, at both ages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from evals.analyses import Package
from evals.corpus import Tarball, pairs
from evals.overlay import chosen, facts
from evals.shapes import Shape
from evals.split import is_held_out
from pratique.difference import baseline_of, compare, judge, table
from pratique.model.behavior import Analysis, Difference, Origin, Reason
from pratique.model.policy import Action

AGES = (timedelta(0), timedelta(days=30))
WORKERS = 2
Facts = Mapping[tuple[str, str], str]
"""(package, dependency) -> what is known of a dependency that a benign update brings."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One pair, with what came of it.

    Attributes:
        shape: What was laid over the newer release; "" for the real update.
        spelling: Which spelling of it, counted from 0.
        step: How far the newer release is from the older one.
        gained: Ids of the capabilities gained.
        is_hard: Whether one of them is of the hard set.
        actions, reasons: What it leads to and why, at each of AGES.
        places: Where the gains are: "file:line".
        is_masked: Only over a package's latest release: it gains nothing over that same release.
    """

    name: str
    older: str
    newer: str
    shape: str
    spelling: int
    step: str
    gained: tuple[str, ...]
    is_hard: bool
    actions: tuple[Action, ...]
    reasons: tuple[str, ...]
    places: tuple[str, ...] = ()
    is_masked: bool | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done for one package. Shapes of the same side of the split are laid over it."""

    name: str
    tarballs: tuple[Tarball, ...]
    shapes: tuple[Shape, ...]


def works(tarballs: Sequence[Tarball], shapes: Sequence[Shape]) -> list[Work]:
    """By package, the largest first: the workers then end together."""
    names = dict.fromkeys(each.name for each in tarballs)
    found = [
        Work(
            name,
            tuple(each for each in tarballs if each.name == name),
            tuple(each for each in shapes if is_held_out(each.name) == is_held_out(name)),
        )
        for name in names
    ]
    return sorted(found, key=lambda work: -sum(t.path.stat().st_size for t in work.tarballs))


def judged(
    work: Sequence[Work], analyser: str, overlay: str, known: Facts | None = None
) -> Iterator[Judged]:
    """Every pair of every package of `work`, in no particular order of packages."""
    job = partial(of_package, analyser=analyser, overlay=overlay, known=dict(known or {}))
    with ProcessPoolExecutor(WORKERS) as pool:
        for rows in pool.map(job, work):
            yield from rows


def of_package(work: Work, analyser: str, overlay: str, known: Facts) -> list[Judged]:
    """The real updates of one package, and the hostile ones over each."""
    package = Package(work.name, analyser)
    try:
        return list(_of_package(package, work, overlay, known))
    finally:
        package.save()


def _of_package(package: Package, work: Work, overlay: str, known: Facts) -> Iterator[Judged]:
    both = list(pairs(work.tarballs))
    benign = {name: fact for (owner, name), fact in known.items() if owner == work.name}
    for older, newer in both:
        own = package.analysis(newer)
        before = package.analysis(older)
        yield _row(older, newer, _compared(newer, own, older, before, benign))
        for shape in work.shapes:
            number = chosen(newer.name, newer.version, shape)
            told = {**benign, **facts(shape.spellings[number])}
            laid = package.hostile(newer, shape, number, overlay)
            is_masked = None
            if newer is both[-1][1]:
                is_masked = not _compared(newer, laid, newer, own, told).gained
            compared = _compared(newer, laid, older, before, told)
            yield _row(older, newer, compared, shape.name, number, is_masked=is_masked)


def _compared(
    newer: Tarball, after: Analysis, older: Tarball, before: Analysis, told: Mapping[str, str]
) -> Difference:
    baseline = baseline_of([(older.version, before)], Origin.REGISTRY)
    return compare(newer.name, newer.version, after, baseline, told)


def _row(
    older: Tarball,
    newer: Tarball,
    difference: Difference,
    shape: str = "",
    spelling: int = 0,
    *,
    is_masked: bool | None = None,
) -> Judged:
    outcomes = [judge(difference, age, table()) for age in AGES]
    places = {f"{seen.file}:{seen.line}" for gain in difference.gained for seen in gain.evidence}
    return Judged(
        name=newer.name,
        older=older.version,
        newer=newer.version,
        shape=shape,
        spelling=spelling,
        step=difference.step.value,
        gained=tuple(gain.capability for gain in difference.gained),
        is_hard=any(gain.hard for gain in difference.gained),
        actions=tuple(each.action for each in outcomes),
        reasons=tuple(_why(each.reasons[0]) if each.reasons else "" for each in outcomes),
        places=tuple(sorted(places))[:3],
        is_masked=is_masked,
    )


def _why(reason: Reason) -> str:
    return f"{reason.row}: {reason.text}"
