"""The shell that composes one check: read, compare, gather, evaluate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from pratique import comparison
from pratique.change import loosened
from pratique.config import POLICY_FILE, read_policy
from pratique.ecosystems.npm import binding
from pratique.ecosystems.npm.lockfiles import format_of
from pratique.ecosystems.npm.projects import read_repository
from pratique.ecosystems.npm.projects import wanted as wanted_by_projects
from pratique.ecosystems.npm.settings.stated import Stated
from pratique.errors import PolicyError, UsageError
from pratique.evaluate import Asked, Scope, evaluate, wanted
from pratique.evaluate.judging import project_findings
from pratique.gather.behavior import Past, Sources, gather_behavior
from pratique.gather.git import read_base
from pratique.gather.npm import How, Known, gather
from pratique.gather.progress import Progress
from pratique.gather.times import Cutoffs
from pratique.gather.tree import Place, find_place, read_work_tree
from pratique.gather.user import user_registries
from pratique.layers import LAYERS, TITLES, release_age
from pratique.model.behavior import ACCEPTED, ANALYSED, BASELINE, Accepted
from pratique.model.fact import (
    CLOCK,
    HOSTS,
    NEWCOMERS,
    Clock,
    Facts,
    Hosts,
    Key,
    Kind,
    Missing,
    Newcomers,
    Why,
)
from pratique.model.finding import Finding
from pratique.model.policy import Policy, Verdict
from pratique.model.project import Approval, Repository
from pratique.model.registry import Registries, normalised
from pratique.model.report import Change, Report
from pratique.model.tree import Tree
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
    head = _head(place, policy_file, now)
    before = _base(place, base, policy_file, now) if base else None
    policy = before.policy if before and not accept_head_policy else head.policy
    with ThreadPoolExecutor(1) as aside:
        # npm may have to be asked, which takes as long as reading the repository does.
        told = aside.submit(user_registries, environment, _stated(policy))
        sides = _Sides(head, before, policy, told, accept_head_policy=accept_head_policy)
    registries = told.result()
    run = sides.facts(now)
    _refuse_nothing(head.tree, sides.repository, place)
    repository, scope = sides.repository, sides.scope(run)
    asked = wanted(repository, run, policy, scope, [x for x in LAYERS if _runs(x.name, layers)])
    cutoffs, times = _cutoffs(policy, now), _publish_times(policy, registries)
    how = How(cutoffs, offline=offline, revalidate=revalidate, publish_time=times)
    with open_store(location(environment), Clock(now)) as store:
        ask = partial(gather, registries=registries, store=store, clock=Clock(now), how=how)
        named = _of_named_registries(repository)
        known = _known(asked, named, partial(ask, progress=progress))
        sources = Sources(registries, store, Clock(now), how, progress)
        known |= _behavior(asked, named, known, sides, sources)
        warnings = store.warnings
    report = evaluate(
        _name(repository, place),
        repository,
        run.with_facts(known),
        policy,
        Asked(only=tuple(layers), fail_on=fail_on, offline=offline),
        scope=scope,
        change=sides.change(accept_head_policy=accept_head_policy),
        loosened=() if accept_head_policy else sides.loosened(),
    )
    return replace(report, notes=(*report.notes, *warnings))


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


# -- the two sides of a comparison -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Side:
    """One state of the repository: what was read of it, and the policy in it."""

    policy: Policy
    tree: Tree
    ref: str = ""
    commit: str = ""

    def repository(self, policy: Policy, before: Repository | None = None) -> Repository:
        known = before.projects if before else ()
        locked = frozenset(each.path for each in known if each.lockfile or each.unread)
        return read_repository(self.tree, policy.exclude, locked)


def _wanted(path: str) -> bool:
    return path == POLICY_FILE or wanted_by_projects(path)


def _only_policy(path: str) -> bool:
    return path == POLICY_FILE


def _head(place: Place, policy_file: Path | None, now: datetime) -> _Side:
    tree = _narrowed(read_work_tree(place.root, _wanted), place)
    found = tree
    if not _has_policy(tree) and place.top != place.root:
        found = read_work_tree(place.top, _only_policy)
    return _Side(_policy(found, policy_file, now), tree)


def _base(place: Place, ref: str, policy_file: Path | None, now: datetime) -> _Side:
    tree, commit = read_base(place.root, ref, _wanted)
    found = tree
    if not _has_policy(tree) and place.top != place.root:
        found, _ = read_base(place.top, ref, _only_policy)
    return _Side(_policy(found, policy_file, now), _narrowed(tree, place), ref, commit)


def _has_policy(tree: Tree) -> bool:
    return any(POLICY_FILE in those for those in (tree.files, tree.refused, tree.ignored))


def _policy(tree: Tree, policy_file: Path | None, now: datetime) -> Policy:
    if policy_file is not None:
        return read_policy(_bytes_of(policy_file), str(policy_file), now=now)
    if POLICY_FILE in tree.refused:
        raise PolicyError(f"{POLICY_FILE} cannot be read: {tree.refused[POLICY_FILE]}")
    if POLICY_FILE in tree.ignored:
        hint = f"commit it, or name it: --policy {POLICY_FILE}"
        raise PolicyError(f"{POLICY_FILE} is there, and git ignores it", hint=hint)
    return read_policy(tree.files.get(POLICY_FILE), POLICY_FILE, now=now)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _narrowed(tree: Tree, place: Place) -> Tree:
    """Where PATH is one lockfile, the tree without the others."""
    if place.file is None:
        return tree
    if format_of(place.file) is None:
        raise UsageError(f"{place.file} is no lockfile that this version reads")
    kept = {path for path in tree.paths if path == place.file or format_of(path) is None}
    files = {path: source for path, source in tree.files.items() if path in kept}
    return replace(tree, files=files, paths=frozenset(kept))


class _Sides:
    """Head and, with `--base`, base; what of the head is judged, and by what."""

    def __init__(
        self,
        head: _Side,
        base: _Side | None,
        policy: Policy,
        registries: Future[Registries],
        *,
        accept_head_policy: bool,
    ) -> None:
        self._head, self._base, self._policy = head, base, policy
        self._registries = registries
        self._before = base.repository(policy) if base else None
        self._read = head.repository(policy, self._before)
        self.repository = self._read
        if self._before and not accept_head_policy:
            self.repository = comparison.with_approvals_of(self._read, self._before)

    def facts(self, now: datetime) -> Facts:
        """The facts about the run itself."""
        new = comparison.newcomers(self._read, self._before) if self._before else frozenset()
        return Facts.of(
            (CLOCK, None, Clock(now)),
            (HOSTS, None, self._hosts(self.repository)),
            (NEWCOMERS, None, Newcomers(new, compared=self._before is not None)),
            (ACCEPTED, None, Accepted()),
        )

    def _hosts(self, repository: Repository) -> Hosts:
        registries = self._registries.result()
        known = configured_hosts(self._policy, registries)
        assumed = binding.assumed_hosts(repository.projects, known)
        return Hosts(known, registries.default or "", assumed, registries.scopes)

    def scope(self, run: Facts) -> Scope | None:
        if self._before is None:
            return None
        at_base = run.with_facts({(HOSTS.name, None): self._hosts(self._before)})
        found = project_findings(self._before, at_base, self._policy)
        return Scope(
            pins=comparison.changed_pins(self._read, self._before),
            known=frozenset(each.fingerprint for each in found),
        )

    def past(self) -> Past:
        """What releases are compared with."""
        if self._before is None:
            return Past()
        return Past(compared=True, locked=comparison.locked_versions(self._before))

    def change(self, *, accept_head_policy: bool) -> Change | None:
        if self._base is None or self._before is None:
            return None
        return comparison.change(
            self._read,
            self._before,
            ref=self._base.ref,
            commit=self._base.commit,
            head_policy=accept_head_policy,
        )

    def loosened(self) -> tuple[Finding, ...]:
        if self._base is None or self._before is None:
            return ()
        return loosened(
            self._base.policy,
            self._head.policy,
            _approvals(self._before),
            _approvals(self._read),
            comparison.switched_on(self._read, self._before),
        )


def _approvals(repository: Repository) -> tuple[Approval, ...]:
    return tuple(each for project in repository.projects for each in project.settings.approvals)


# -- what policy and registries say together -------------------------------------------------------


def _stated(policy: Policy) -> Stated:
    """What the policy file says of registries, in the form of a settings source."""
    stated = Stated()
    for registry in policy.registries.values():
        if registry.url is None:
            continue
        if registry.name == "default":
            stated.set_default("registries.default.url", registry.url)
        for scope in registry.scopes:
            stated.set_scope(f"registries.{registry.name}.scopes", scope, registry.url)
    return stated


def configured_hosts(policy: Policy, registries: Registries) -> dict[str, str]:
    """Host -> base URL, of the configured registries and of the policy's aliases."""
    default = registries.default or ""
    bases = [default, *registries.scopes.values()]
    by_name = {
        each.name: normalised(each.url) or each.url
        for each in policy.registries.values()
        if each.url
    }
    bases += by_name.values()
    known = {binding.host_of(base): base for base in reversed(bases) if base}
    for host, name in policy.hosts.items():
        known[host] = by_name.get(name, default)
    return known


def _publish_times(policy: Policy, registries: Registries) -> dict[str, str]:
    default = registries.default or ""
    return {
        normalised(each.url or default) or default: each.publish_time
        for each in policy.registries.values()
        if each.url or each.name == "default"
    }


def _cutoffs(policy: Policy, now: datetime) -> Cutoffs:
    settings = policy.layers[release_age.LAYER.name].settings
    return Cutoffs(
        release=release_age.cutoff(now, settings.cooldown),
        first=release_age.cutoff(now, settings.first_version),
    )


def _of_named_registries(repository: Repository) -> dict[Key, str]:
    """The releases that the lockfile itself locks from a registry by name (pnpm): release -> name.

    Which registry that is, only a project's file says; so it is not asked (DECISIONS 14).
    """
    locked = [project.lockfile for project in repository.projects if project.lockfile]
    return {pin.release: pin.registry for each in locked for pin in each.every_pin if pin.registry}


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


def _behavior(
    asked: Iterable[Wish],
    unasked: Mapping[Key, str],
    known: Known,
    sides: _Sides,
    sources: Sources,
) -> Known:
    """What artifacts show, of the releases that are not in `unasked` (they are Missing already)."""
    kinds = {ANALYSED, BASELINE}
    ours = [wish for wish in asked if wish[0] in kinds and wish[1] not in unasked]
    if not ours:
        return {}
    ask = partial(
        gather,
        registries=sources.registries,
        store=sources.store,
        clock=sources.clock,
        how=sources.how,
    )
    digests = comparison.locked_digests(sides.repository)
    return gather_behavior(ours, known, digests, sides.past(), sources, ask)


def _name(repository: Repository, place: Place) -> str:
    root = next((each for each in repository.projects if not each.path), None)
    return (root.name if root else "") or place.root.name
