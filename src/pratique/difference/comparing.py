"""Two artifacts, or an artifact and what was accepted of it -> their Difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

from pratique import capabilities
from pratique.ecosystems.npm.versions import line_of, order_of
from pratique.model.behavior import (
    Analysis,
    Baseline,
    Change,
    Difference,
    Gain,
    Inner,
    Origin,
    Seen,
    Sizes,
    Step,
    Tier,
)

SETTLED = timedelta(days=30)
"""How long ago a capability must have been accepted to count as known: what is brought in by one
release so that the next one can use it is judged as new."""
_INSTALLED = frozenset({"dependencies", "optionalDependencies", "peerDependencies"})
"""Groups of a dependency's manifest that a client installs (npm docs, package.json, npm 12)."""
Row = TypeVar("Row", bound=tuple[str, ...])


def baseline_of(those: Sequence[tuple[str, Analysis]], origin: Origin) -> Baseline:
    """The union of what the analyses of `those`, as (version, analysis), have."""
    if not those:
        return Baseline(Origin.NONE)
    analyses = [analysis for _, analysis in those]
    inners = [each.inner for each in analyses if each.inner]
    return Baseline(
        origin=origin,
        versions=tuple(sorted((version for version, _ in those), key=_rank)),
        capabilities=frozenset().union(*(each.capabilities for each in analyses)),
        installs=_union(each.installs for each in analyses),
        dependencies=_union(each.dependencies for each in inners),
        bins=_union(each.bins for each in inners),
        binaries=frozenset(path for each in analyses for path, _ in each.binaries),
        size=max(each.size for each in analyses),
        code=max(each.code for each in analyses),
        files=max(each.files for each in analyses),
    )


def _union(those: Iterable[Iterable[Row]]) -> tuple[Row, ...]:
    return tuple(sorted({each for part in those for each in part}))


def _rank(version: str) -> tuple[object, str]:
    return order_of(version) or (), version


def compare(
    name: str,
    version: str,
    analysis: Analysis,
    baseline: Baseline,
    dependencies: Mapping[str, str] | None = None,
    today: date | None = None,
) -> Difference:
    """What `analysis` has that `baseline` has not, and the other way round.

    Args:
        name: Of the release that was analysed.
        version: Of it.
        analysis: Of it.
        baseline: What it is compared with; with Origin.NONE nothing is gained.
        dependencies: Name of a dependency -> "young" (the package, or the release that is asked
            for, is) or "installs" (it runs code when it is installed); others need not be there.
        today: Tells what the ledger accepted too short a time ago; None: that is not asked.
    """
    is_first = baseline.origin is Origin.NONE
    return Difference(
        name=name,
        version=version,
        baseline=baseline,
        step=step_of(version, baseline.versions),
        gained=() if is_first else tuple(_gains(analysis, baseline, dependencies or {}, today)),
        absolute=tuple(_absolute(analysis)) if is_first else (),
        lost=() if is_first else _lost(analysis, baseline),
        changes=() if is_first else tuple(sorted(_changes(analysis, baseline), key=_place)),
        before=Sizes(baseline.size, baseline.code, baseline.files),
        after=Sizes(analysis.size, analysis.code, analysis.files),
        oddities=analysis.oddities,
        unread=analysis.unread,
    )


def step_of(version: str, versions: Sequence[str]) -> Step:
    """How far `version` is from the nearest of `versions`: the highest below, else above."""
    if not versions:
        return Step.FIRST
    if version in versions:
        return Step.SAME
    own = order_of(version)
    orders = sorted((order, each) for each in versions if (order := order_of(each)))
    if own is None or not orders:
        return Step.MAJOR  # nothing is known of how they are related: the widest of the steps
    below = [each for order, each in orders if order <= own]
    if not below:
        return Step.DOWNGRADE
    nearest = order_of(below[-1])
    if line_of(below[-1]) != line_of(version):
        return Step.MAJOR
    return Step.PATCH if nearest is not None and nearest[1] == own[1] else Step.MINOR


def _gains(
    analysis: Analysis, baseline: Baseline, facts: Mapping[str, str], today: date | None
) -> Iterator[Gain]:
    evidence: dict[str, list[Seen]] = defaultdict(list)
    for seen in (*analysis.evidence, *_compared(analysis, baseline, facts)):
        evidence[seen.capability].append(seen)
    ids = set(analysis.capabilities) | set(evidence)
    gains = [
        Gain(
            each,
            capabilities.tier_of(each),
            capabilities.is_hard(each),
            tuple(evidence[each]),
            since if each in baseline.capabilities else None,
        )
        for each in ids
        if (since := _fresh(each, baseline, today)) or each not in baseline.capabilities
    ]
    yield from sorted(gains, key=lambda gain: (gain.tier, gain.capability))


def _absolute(analysis: Analysis) -> Iterator[Gain]:
    for each in analysis.capabilities:
        if capabilities.tier_of(each) is Tier.A:
            seen = tuple(place for place in analysis.evidence if place.capability == each)
            yield Gain(each, Tier.A, capabilities.is_hard(each), seen)


def _fresh(capability: str, baseline: Baseline, today: date | None) -> date | None:
    since = baseline.since.get(capability)
    return since if today and since and today - since < SETTLED else None


def _compared(analysis: Analysis, baseline: Baseline, facts: Mapping[str, str]) -> Iterator[Seen]:
    """The capabilities that only comparing shows."""
    before = defaultdict(set)
    for event, command in baseline.installs:
        before[event].add(command)
    for event, command in analysis.installs:
        if event in before and command not in before[event]:
            capability = f"install.script:altered-{event}"
            yield Seen(capability, "package.json", 0, f"{event}: {command}"[:160])
    for name, wanted in new_dependencies(analysis, baseline).items():
        fact = facts.get(name, "")
        detail = f"{fact}/{name}" if fact else name
        yield Seen(f"dep.new:{detail}", "package.json", 0, f"{name}: {wanted}"[:160])


def new_dependencies(analysis: Analysis, baseline: Baseline) -> dict[str, str]:
    """Name -> specifier of what a client installs with it and did not before."""
    if baseline.origin is Origin.NONE or analysis.inner is None:
        return {}
    known = {name for group, name, _ in baseline.dependencies if group in _INSTALLED}
    return {
        name: wanted
        for group, name, wanted in analysis.inner.dependencies
        if group in _INSTALLED and name not in known
    }


def _lost(analysis: Analysis, baseline: Baseline) -> tuple[str, ...]:
    return tuple(sorted(baseline.capabilities - set(analysis.capabilities)))


def _changes(analysis: Analysis, baseline: Baseline) -> Iterator[Change]:
    inner = analysis.inner or Inner()
    yield from _changed("install", dict(baseline.installs), dict(analysis.installs))
    yield from _changed("bin", dict(baseline.bins), dict(inner.bins))
    for group in sorted({row[0] for row in (*baseline.dependencies, *inner.dependencies)}):
        before = {name: wanted for each, name, wanted in baseline.dependencies if each == group}
        after = {name: wanted for each, name, wanted in inner.dependencies if each == group}
        yield from _changed(group, before, after)
    binaries = dict(analysis.binaries)
    for path in sorted(baseline.binaries ^ set(binaries)):
        was, now = path in baseline.binaries, binaries.get(path, "")
        yield Change("binary", path, "present" if was else "", now)


def _changed(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield Change(what, name, before.get(name, ""), after.get(name, ""))


def _place(change: Change) -> tuple[str, str]:
    return change.what, change.name
