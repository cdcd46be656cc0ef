"""The shell that composes one check: read, compare, gather, evaluate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

from pratique import comparison
from pratique.errors import UsageError
from pratique.evaluate import Asked, evaluate, wanted
from pratique.gather.behavior import Sources, gather_behavior
from pratique.gather.configured import publish_times, signatures, stated_by
from pratique.gather.evidence import KINDS, Terms, gather_evidence, with_claims
from pratique.gather.forge import Asking, gather_forged
from pratique.gather.npm import How, Known, gather
from pratique.gather.progress import Progress
from pratique.gather.times import Cutoffs
from pratique.gather.tree import Place, find_place
from pratique.gather.user import user_registries
from pratique.layers import LAYERS, TITLES, release_age, trust
from pratique.model.behavior import ANALYSED, BASELINE
from pratique.model.evidence import EARLIER
from pratique.model.fact import Clock, Key, Kind, Missing, Why
from pratique.model.forge import FORGED
from pratique.model.package import Release
from pratique.model.policy import Policy, Verdict
from pratique.model.project import Repository
from pratique.model.registry import Registries
from pratique.model.report import Examined, Report
from pratique.model.tree import Tree
from pratique.sides import Side, Sides, read_before, read_head
from pratique.store import location, open_store

__all__ = ["check"]

Wish = tuple[Kind[Any], Key]
"""A fact that is wanted: its kind, and what it is about."""


def check(  # noqa: PLR0913 - one keyword per option of the command
    path: Path,
    *,
    base: str | None = None,
    accept_head_policy: bool = False,
    policy_file: Path | None = None,
    offline: bool = False,
    revalidate: bool = False,
    layers: Sequence[str] = (),
    fail_on: Verdict | None = None,
    now: datetime,
    progress: Progress | None = None,
    environment: Mapping[str, str],
) -> Report:
    """Judge the repository (or the one lockfile) at `path`.

    Args:
        path: A directory, or a lockfile.
        base: Revision whose merge base with HEAD the work tree is compared with.
        accept_head_policy: With a base: the work tree's own policy judges.
        policy_file: A policy file that judges instead of the repository's own.
        offline: Ask no registry; what the store does not have is Unknown.
        revalidate: Ask registries again even where the store is fresh.
        layers: Names of the only layers to run; empty for all.
        fail_on: See `evaluate.Asked`.
        now: The time of the run, aware.
        progress: Is told of each question to a registry.
        environment: The process's variables: where settings, store and proxies are found.

    Raises:
        PratiqueError: See `errors`; each carries its exit code.
    """
    _refuse_unknown(layers)
    place = find_place(path)
    head = read_head(place, policy_file, now)
    before = read_before(place, base, policy_file, now) if base else None
    sides, registries = _sides(head, before, environment, is_head_accepted=accept_head_policy)
    policy, run = sides.policy, sides.facts(now)
    _refuse_nothing(head.tree, sides.repository, place)
    repository, scope = sides.repository, sides.scope(run)
    asked = wanted(repository, run, policy, scope, [x for x in LAYERS if _runs(x.name, layers)])
    how = replace(_how(policy, registries, now), offline=offline, revalidate=revalidate)
    with open_store(location(environment), Clock(now)) as store:
        sources = Sources(registries, store, Clock(now), how, progress)
        known = _gathered(with_claims(asked), sides, sources, environment)
        warnings = store.warnings
    report = evaluate(
        _name(repository, place),
        repository,
        run.with_facts(known),
        policy,
        Asked(only=tuple(layers), fail_on=fail_on, offline=offline),
        scope=scope,
        change=sides.change(),
        loosened=sides.loosened(),
    )
    notes = (*report.notes, *sides.notes(), *warnings)
    return replace(report, notes=notes, examined=_examined(repository, head.tree))


def _sides(
    head: Side, before: Side | None, environment: Mapping[str, str], *, is_head_accepted: bool
) -> tuple[Sides, Registries]:
    """Both sides, and the registries, which what judges has a say in."""
    policy = before.policy if before and not is_head_accepted else head.policy
    with ThreadPoolExecutor(1) as aside:
        # npm may have to be asked, which takes as long as reading the repository does.
        told = aside.submit(user_registries, environment, stated_by(policy))
        sides = Sides(head, before, told, accept_head_policy=is_head_accepted)
    return sides, told.result()


def _runs(name: str, only: Sequence[str]) -> bool:
    return not only or name in only


def _refuse_unknown(layers: Sequence[str]) -> None:
    known = {layer.name for layer in LAYERS}
    for name in layers:
        if name in known:
            continue
        if name in TITLES:
            raise UsageError(f"the layer {name} is not in this version")
        raise UsageError(f"there is no layer {name}", hint=f"one of: {', '.join(sorted(known))}")


def _refuse_nothing(tree: Tree, repository: Repository, place: Place) -> None:
    """Nothing examined is no pass: a mistyped path would be one."""
    manifests = any(path.rpartition("/")[2] == "package.json" for path in tree.paths)
    if not repository.projects and not manifests:
        hint = "name a directory with a package.json or a lockfile"
        raise UsageError(f"there is no JavaScript project in {place.root}", hint=hint)


def _examined(repository: Repository, tree: Tree) -> tuple[Examined, ...]:
    """The digests of the very bytes that were judged, not of what stands there by now."""
    paths = [each.lockfile.path for each in repository.projects if each.lockfile]
    sources = [(path, tree.files[path]) for path in paths]
    return tuple(
        Examined(path, sha256(source).hexdigest(), sha512(source).hexdigest())
        for path, source in sources
    )


def _how(policy: Policy, registries: Registries, now: datetime) -> How:
    """How registries are asked, as far as the policy says it."""
    settings = policy.layers[release_age.LAYER.name].settings
    return How(
        Cutoffs(
            release=release_age.cutoff(now, settings.cooldown),
            first=release_age.cutoff(now, settings.first_version),
        ),
        publish_time=publish_times(policy, registries),
        signatures=signatures(policy, registries),
    )


def _gathered(
    asked: Iterable[Wish], sides: Sides, sources: Sources, environment: Mapping[str, str]
) -> Known:
    """All that is `asked`, in the order in which one is needed for the other."""
    named = comparison.of_named_registries(sides.repository)
    known = _known(asked, named, partial(_ask(sources), progress=sources.progress))
    known |= _evidence(asked, named, known, partial(sides.evidence, environment), sources)
    known |= _forged(asked, named, known, sides.policy, sources, environment)
    known |= _behavior(asked, named, known, sides, sources)
    return known


def _ask(sources: Sources) -> Callable[..., Known]:
    return partial(
        gather,
        registries=sources.registries,
        store=sources.store,
        clock=sources.clock,
        how=sources.how,
    )


def _known(
    asked: Iterable[Wish], unasked: Mapping[Key, str], ask: Callable[[set[Wish]], Known]
) -> Known:
    """What is gathered of `asked`; of the releases in `unasked`, why nothing is asked."""
    detail = "locked from the registry named {}, which only the project's own file knows"
    ours = {each for each in asked if each[1] not in unasked}
    left = [each for each in asked if each[1] in unasked]
    return ask(ours) | {
        (kind.name, key): Missing(Why.NOT_ASKED, detail.format(unasked[key])) for kind, key in left
    }


def _evidence(
    asked: Iterable[Wish],
    unasked: Mapping[Key, str],
    known: Known,
    terms: Callable[[Iterable[Release]], Terms],
    sources: Sources,
) -> Known:
    """Who made each release, of those that are not in `unasked` (they are Missing already).

    How old the roots are is told of every run, also of one that asks about no release.
    """
    ours = [wish for wish in asked if wish[0] in KINDS and wish[1] not in unasked]
    releases = {key for kind, key in ours if kind is EARLIER and isinstance(key, Release)}
    return gather_evidence(ours, known, terms(releases), sources)


def _forged(
    asked: Iterable[Wish],
    unasked: Mapping[Key, str],
    known: Known,
    policy: Policy,
    sources: Sources,
    environment: Mapping[str, str],
) -> Known:
    """What the policy's forges say of releases, those in `unasked` left out as above."""
    ours = [wish for wish in asked if wish[0] == FORGED and wish[1] not in unasked]
    if not ours:
        return {}
    settings = policy.layers[trust.LAYER.name].settings
    asking = Asking(
        forges=settings.forges,
        hold=settings.hold,
        environment=environment,
        transport=sources.registries.transport,
        offline=sources.how.offline,
        revalidate=sources.how.revalidate,
        limits=sources.how.limits,
    )
    return gather_forged(ours, known, asking, sources.store, sources.clock)


def _behavior(
    asked: Iterable[Wish],
    unasked: Mapping[Key, str],
    known: Known,
    sides: Sides,
    sources: Sources,
) -> Known:
    """What artifacts show, of the releases that are not in `unasked` (they are Missing already)."""
    kinds = {ANALYSED, BASELINE}
    ours = [wish for wish in asked if wish[0] in kinds and wish[1] not in unasked]
    if not ours:
        return {}
    digests = comparison.locked_digests(sides.repository)
    releases = {key for _, key in ours if isinstance(key, Release)}
    return gather_behavior(ours, known, digests, sides.past(releases), sources, _ask(sources))


def _name(repository: Repository, place: Place) -> str:
    root = next((each for each in repository.projects if not each.path), None)
    return (root.name if root else "") or place.root.name
