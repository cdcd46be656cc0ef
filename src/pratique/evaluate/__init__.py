"""Pins, facts, layers and policy become a Report. Pure; every door calls this."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pratique.ecosystems.npm.lockfiles import graph
from pratique.errors import Exit, highest
from pratique.evaluate.judging import judge_layer, wanted
from pratique.evaluate.rows import rows
from pratique.evaluate.subjects import Scope, Table
from pratique.layers import LAYERS, TITLES
from pratique.model.fact import CLOCK, NEWCOMERS, Facts, Missing
from pratique.model.finding import Finding
from pratique.model.package import Release
from pratique.model.policy import Action, Exemption, Policy, Verdict
from pratique.model.project import Project, Repository
from pratique.model.report import Change, Judged, LayerOutcome, Report, Unknown

__all__ = ["Asked", "Scope", "evaluate", "wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run was asked for, beside the policy.

    Attributes:
        only: Names of the layers to run; empty for all.
        fail_on: The verdict from which on a finding fails the run; it can tighten, never loosen.
        offline: No registry was asked.
    """

    only: tuple[str, ...] = ()
    fail_on: Verdict | None = None
    offline: bool = False


def evaluate(  # noqa: PLR0913 - the five things a verdict depends on, and the request
    name: str,
    repository: Repository,
    facts: Facts,
    policy: Policy,
    asked: Asked,
    *,
    scope: Scope | None = None,
    change: Change | None = None,
    loosened: Sequence[Finding] = (),
) -> Report:
    """Judge a repository.

    Args:
        name: What the report calls it.
        repository: What was read of it.
        facts: What was gathered; the clock is among them.
        policy: What judges.
        asked: What the run was asked for.
        scope: What a change is judged by; None for everything.
        change: The comparison with the base, for the report.
        loosened: Findings on what the change loosens; quarantined whatever the policy says.
    """
    layers = [layer for layer in LAYERS if not asked.only or layer.name in asked.only]
    tables = [Table(project, scope, facts) for project in repository.projects]
    tallies = [
        judge_layer(layer, tables, policy, scope, first=layer is layers[0]) for layer in layers
    ]
    judged = [Judged(each, Action.QUARANTINE) for each in loosened]
    judged += _in_order(each for tally in tallies for each in tally.findings)
    unknowns = tuple(_sorted_unknowns(each for tally in tallies for each in tally.unknowns))
    outcomes = rows(tallies, policy, asked.only)
    return Report(
        name=name,
        repository=repository,
        policy=policy,
        layers=outcomes,
        judged=tuple(judged),
        unknowns=unknowns,
        via=_via(repository.projects, judged),
        expired=_expired(policy, facts),
        releases=len(_releases(repository.projects)),
        verdict=_verdict(judged, unknowns),
        exit=exit_of(judged, unknowns, outcomes, asked.fail_on),
        change=change,
        notes=tuple(_notes(outcomes, asked.only, facts)),
        offline=asked.offline,
    )


def _verdict(judged: Iterable[Judged], unknowns: Iterable[Unknown]) -> Verdict:
    found = max((each.verdict for each in judged), default=Verdict.ALLOW)
    # Of tens of thousands there are few actions.
    actions = {each.action for each in unknowns}
    return max(found, max(map(Verdict.of, actions), default=Verdict.ALLOW))


def exit_of(
    judged: Iterable[Judged],
    unknowns: Iterable[Unknown],
    outcomes: Iterable[LayerOutcome],
    fail_on: Verdict | None,
) -> Exit:
    """The exit code (DECISIONS 2, 6): a finding's 1 ranks above an Unknown's 3."""
    threshold = min(fail_on or Verdict.QUARANTINE, Verdict.QUARANTINE)
    codes = [Exit.ALLOWED]
    if any(each.verdict >= threshold for each in judged):
        codes.append(Exit.BLOCKED)
    if any(Verdict.of(each) >= threshold for each in {each.action for each in unknowns}):
        codes.append(Exit.UNDECIDED)
    if any(row.required and not row.ran for row in outcomes):
        codes.append(Exit.UNDECIDED)
    return highest(*codes)


def _in_order(found: Iterable[Judged]) -> list[Judged]:
    """Worst first; then by release and place, so that two runs print the same."""

    def rank(each: Judged) -> tuple[int, str, str, int, str]:
        where = each.finding.where
        release = str(each.finding.release or "")
        line = (where.line or 0) if where else 0
        return (-each.verdict, release, where.file if where else "", line, each.finding.rule)

    return sorted(found, key=rank)


def _sorted_unknowns(unknowns: Iterable[Unknown]) -> list[Unknown]:
    return sorted(
        unknowns, key=lambda each: (-each.action, each.rule, each.project, str(each.release or ""))
    )


def _releases(projects: Iterable[Project]) -> set[Release]:
    locked = [project.lockfile for project in projects if project.lockfile]
    return {pin.release for lockfile in locked for pin in lockfile.every_pin if pin.is_release}


def _expired(policy: Policy, facts: Facts) -> tuple[Exemption, ...]:
    clock = facts.get(CLOCK)
    if isinstance(clock, Missing):
        return ()
    return tuple(each for each in policy.exemptions if each.is_expired(clock.at))


def _notes(outcomes: Iterable[LayerOutcome], only: Collection[str], facts: Facts) -> Iterable[str]:
    if only:
        left_out = [row.name for row in outcomes if not row.ran and row.name not in only]
        ran = ", ".join(TITLES[name] for name in only)
        yield f"partial run: only {ran}; {', '.join(left_out)} did not run"
    newcomers = facts.get(NEWCOMERS)
    if isinstance(newcomers, Missing) or not newcomers.compared:
        yield (
            "first versions of new dependencies were not judged: without --base no package is new"
        )


def _via(projects: Iterable[Project], judged: Iterable[Judged]) -> dict[Release, str]:
    wanted_releases = {each.finding.release for each in judged if each.finding.release}
    found: dict[Release, str] = {}
    for project in projects if wanted_releases else ():
        for release, path in _paths(project, wanted_releases):
            found.setdefault(release, path)
    return found


def _paths(project: Project, releases: Collection[Release]) -> Iterable[tuple[Release, str]]:
    lockfile = project.lockfile
    if lockfile is None:
        return
    pins = {pin.key: pin for pin in lockfile.pins}
    through = graph.paths(lockfile.importers, {pin.key: pin.requires for pin in lockfile.pins})
    for pin in lockfile.pins:
        if pin.release not in releases:
            continue
        names: list[str] = []
        key = through.get(pin.key, "")
        while key and key in pins:
            names.append(pins[key].alias or pins[key].name)
            key = through.get(key, "")
        group = "dev" if pin.dev else "optional" if pin.optional else "prod"
        how = f"via {' > '.join(reversed(names))}" if names else "direct" if pin.direct else ""
        yield pin.release, " · ".join(filter(None, (group, how)))
