"""The two sides of a comparison: what was read of head and base, and what of it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pratique import comparison
from pratique import ledger as ledgers
from pratique.change import extended, loosened
from pratique.config import POLICY_FILE, read_policy
from pratique.ecosystems.npm import binding
from pratique.ecosystems.npm.lockfiles import format_of
from pratique.ecosystems.npm.projects import read_repository
from pratique.ecosystems.npm.projects import wanted as wanted_by_projects
from pratique.errors import LedgerError, PolicyError, UsageError
from pratique.evaluate import Scope
from pratique.evaluate.judging import project_findings
from pratique.gather import evidence
from pratique.gather.attesting import Roots
from pratique.gather.behavior import Past
from pratique.gather.blocklists import blocklists_of, read_blocklists
from pratique.gather.git import read_base
from pratique.gather.tree import Place, Wanted, read_work_tree
from pratique.layers import registry, signatures
from pratique.model.behavior import ACCEPTED, Accepted, Baseline
from pratique.model.blocklist import BLOCKED, Blocked
from pratique.model.fact import CLOCK, HOSTS, NEWCOMERS, Clock, Facts, Hosts, Missing, Newcomers
from pratique.model.finding import Finding
from pratique.model.ledger import LEDGER_FILE, Ledger
from pratique.model.package import Digest, Release
from pratique.model.policy import Policy
from pratique.model.project import Approval, Repository
from pratique.model.registry import Registries, normalised
from pratique.model.report import Change
from pratique.model.tree import Tree
from pratique.store import pinned


@dataclass(frozen=True, slots=True)
class Side:
    """One state of the repository: what was read of it, the policy and the ledger in it.

    Attributes:
        policy: What its `pratique.toml` says.
        ledger: What its `pratique.lock` says; None where it has none.
        tree: Its files.
        ref, commit: Of a base.
        blocked: What the blocklists block that its policy names.
    """

    policy: Policy
    ledger: Ledger | None
    tree: Tree
    ref: str = ""
    commit: str = ""
    blocked: Blocked | Missing = field(default_factory=Blocked)

    def repository(self, policy: Policy, before: Repository | None = None) -> Repository:
        known = before.projects if before else ()
        locked = frozenset(each.path for each in known if each.lockfile or each.unread)
        return read_repository(self.tree, policy.exclude, locked)


_OURS = frozenset({POLICY_FILE, LEDGER_FILE})


def _wanted(path: str) -> bool:
    return path in _OURS or wanted_by_projects(path)


def _only_ours(path: str) -> bool:
    return path in _OURS


def read_head(place: Place, policy_file: Path | None, now: datetime) -> Side:
    """What is at PATH now.

    Raises:
        PratiqueError: It, its policy or its ledger cannot be read.
    """
    tree = _narrowed(read_work_tree(place.root, _wanted), place)
    top = tree
    if place.top != place.root and not all(_has(tree, name) for name in _OURS):
        top = read_work_tree(place.top, _only_ours)
    policy = _policy(tree, top, policy_file, now)
    root = place.root if _has(tree, POLICY_FILE) else place.top
    blocked = _blocked(policy, policy_file, lambda wanted: read_work_tree(root, wanted))
    return Side(policy, _ledger(tree, top), tree, blocked=blocked)


def read_before(place: Place, ref: str, policy_file: Path | None, now: datetime) -> Side:
    """What was at PATH at the merge base with `ref`; raises as `read_head` does."""
    tree, commit = read_base(place.root, ref, _wanted)
    top = tree
    if place.top != place.root and not all(_has(tree, name) for name in _OURS):
        top, _ = read_base(place.top, ref, _only_ours)
    policy = _policy(tree, top, policy_file, now)
    root = place.root if _has(tree, POLICY_FILE) else place.top
    blocked = _blocked(policy, policy_file, lambda wanted: read_base(root, ref, wanted)[0])
    return Side(policy, _ledger(tree, top), _narrowed(tree, place), ref, commit, blocked)


def _blocked(
    policy: Policy, policy_file: Path | None, read: Callable[[Wanted], Tree]
) -> Blocked | Missing:
    """What the policy's blocklists block, which lie where the policy does."""
    names = policy.layers[registry.LAYER.name].settings.blocklists
    if not names:
        return Blocked()
    if policy_file is not None:
        return read_blocklists(policy_file.parent, names)
    return blocklists_of(read(lambda path: path in names), names)


def read_policy_at(place: Place, policy_file: Path | None, now: datetime) -> Policy:
    """The policy that `read_head` would judge by, and nothing else; raises as it does."""
    if policy_file is not None:
        return read_policy(_bytes_of(policy_file), str(policy_file), now=now)
    tree = top = read_work_tree(place.root, _only_ours)
    if place.top != place.root and not _has(tree, POLICY_FILE):
        top = read_work_tree(place.top, _only_ours)
    return _policy(tree, top, None, now)


def _has(tree: Tree, name: str) -> bool:
    return any(name in those for those in (tree.files, tree.refused, tree.ignored))


def _policy(tree: Tree, top: Tree, policy_file: Path | None, now: datetime) -> Policy:
    if policy_file is not None:
        return read_policy(_bytes_of(policy_file), str(policy_file), now=now)
    found = tree if _has(tree, POLICY_FILE) else top
    if POLICY_FILE in found.refused:
        raise PolicyError(f"{POLICY_FILE} cannot be read: {found.refused[POLICY_FILE]}")
    if POLICY_FILE in found.ignored:
        hint = f"commit it, or name it: --policy {POLICY_FILE}"
        raise PolicyError(f"{POLICY_FILE} is there, and git ignores it", hint=hint)
    return read_policy(found.files.get(POLICY_FILE), POLICY_FILE, now=now)


def _ledger(tree: Tree, top: Tree) -> Ledger | None:
    found = tree if _has(tree, LEDGER_FILE) else top
    if LEDGER_FILE in found.refused:
        raise LedgerError(LEDGER_FILE, None, f"cannot be read: {found.refused[LEDGER_FILE]}")
    if LEDGER_FILE in found.ignored:
        hint = "commit it: what is accepted has to be seen by who reviews a change"
        raise LedgerError(LEDGER_FILE, None, "it is there, and git ignores it", hint=hint)
    source = found.files.get(LEDGER_FILE)
    return None if source is None else ledgers.read_ledger(source)


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


class Sides:
    """Head and, with `--base`, base; what of the head is judged, and by what.

    Attributes:
        repository: What is judged.
        policy, ledger: What judges: the base's, where there is one.
    """

    def __init__(
        self,
        head: Side,
        base: Side | None,
        registries: Future[Registries],
        *,
        accept_head_policy: bool = False,
    ) -> None:
        judge = base if base and not accept_head_policy else head
        self.policy, self.ledger, self._blocked = judge.policy, judge.ledger, judge.blocked
        self._head, self._base, self._registries = head, base, registries
        self._is_head_accepted = accept_head_policy
        self._before = base.repository(self.policy) if base else None
        self._read = head.repository(self.policy, self._before)
        self.repository = self._read
        if self._before and not accept_head_policy:
            self.repository = comparison.with_approvals_of(self._read, self._before)

    def facts(self, now: datetime) -> Facts:
        """The facts about the run itself."""
        return Facts.of(
            (CLOCK, None, Clock(now)),
            (HOSTS, None, self._hosts(self.repository)),
            (NEWCOMERS, None, self._newcomers()),
            (ACCEPTED, None, self._accepted()),
            (BLOCKED, None, self._blocked),
        )

    def _hosts(self, repository: Repository) -> Hosts:
        registries = self._registries.result()
        known = configured_hosts(self.policy, registries)
        assumed = binding.assumed_hosts(repository.projects, known)
        return Hosts(known, registries.default or "", assumed, registries.scopes)

    def _newcomers(self) -> Newcomers:
        if self._before is None and self.ledger is None:
            return Newcomers(frozenset(), compared=False)
        new = comparison.newcomers(self._read, self._before or Repository(()))
        known = ledgers.packages_of(self.ledger) if self.ledger else frozenset()
        return Newcomers(new - known, compared=True)

    def _accepted(self) -> Accepted:
        if self.ledger is None:
            return Accepted()
        digests = comparison.agreed_digests(self.repository)
        releases = ledgers.accepted_releases(self.ledger, digests, self._registry_of)
        return Accepted(
            releases,
            ledgers.accepted_artifacts(self.ledger, self._registry_of),
            ledgers.running_at_install(self.ledger, releases, self._registry_of),
        )

    def _registry_of(self, name: str) -> str | None:
        registry = self._registries.result().registry_for(name)
        return registry.id if registry else None

    def scope(self, run: Facts) -> Scope | None:
        """What is judged; None for everything."""
        if self._before is None:
            return None
        at_base = run.with_facts({(HOSTS.name, None): self._hosts(self._before)})
        found = project_findings(self._before, at_base, self.policy)
        return Scope(
            pins=comparison.changed_pins(self._read, self._before),
            known=frozenset(each.fingerprint for each in found),
        )

    def past(self, releases: Iterable[Release]) -> Past:
        """What `releases` are compared with."""
        if self._before is None and self.ledger is None:
            return Past()
        locked = comparison.locked_versions(self._before) if self._before else {}
        accepted: dict[Release, Baseline] = {}
        again: dict[Release, Mapping[Release, Digest]] = {}
        for release in releases if self.ledger else ():
            registry = self._registry_of(release.name) or ""
            known = self.ledger and ledgers.baseline_from(self.ledger, release, registry)
            if self.ledger and known:
                accepted[release] = known
                again[release] = ledgers.to_analyse_again(self.ledger, release, registry)
        return Past(compared=True, locked=locked, accepted=accepted, again=again)

    def evidence(
        self, environment: Mapping[str, str], releases: Iterable[Release]
    ) -> evidence.Terms:
        """What evidence is judged by; `releases` are those that are compared with earlier ones.

        Raises:
            StoreError: The keys or roots that the user imported cannot be read.
        """
        trusted = pinned.pinned(pinned.location(environment))
        settings = self.policy.layers[signatures.LAYER.name].settings
        of = [(each, self._registry_of(each.name) or "") for each in releases]
        ledger = self.ledger
        return evidence.Terms(
            roots=Roots(trusted.keys, trusted.root),
            updated=trusted.updated,
            pins=settings.pins,
            issuers=settings.issuers,
            locked=comparison.strong_digests(self.repository),
            compared=self._before is not None or ledger is not None,
            accepted={each: ledgers.accepted_records(ledger, each, id_) for each, id_ in of}
            if ledger
            else {},
            before=ledgers.accepted_before(ledger, of) if ledger else {},
        )

    def change(self) -> Change | None:
        """The comparison as a report shows it."""
        if self._base is None or self._before is None:
            return None
        return comparison.change(
            self._read,
            self._before,
            ref=self._base.ref,
            commit=self._base.commit,
            head_policy=self._is_head_accepted,
        )

    def loosened(self) -> tuple[Finding, ...]:
        """What the head asks for less in, and what it accepts for itself."""
        if self._base is None or self._before is None or self._is_head_accepted:
            return ()
        policies = loosened(
            self._base.policy,
            self._head.policy,
            _approvals(self._before),
            _approvals(self._read),
            comparison.switched_on(self._read, self._before),
        )
        locked = comparison.locked_versions(self._read)
        return (*extended(self._base.ledger, self._head.ledger, locked), *policies)

    def notes(self) -> tuple[str, ...]:
        """What a report says of the ledger whatever it finds."""
        lines = self.ledger.lines.values() if self.ledger else ()
        known = 0 if self._base else len(self._accepted().releases)
        never = sum(not line.is_reviewed for line in lines)
        looked = f"{known:,} releases are accepted in the ledger, and were not looked at again"
        bootstrap = f"{never:,} of the ledger's {len(lines):,} lines were never reviewed"
        return (looked,) * bool(known) + (f"{bootstrap} (bootstrap)",) * bool(never)


def _approvals(repository: Repository) -> tuple[Approval, ...]:
    return tuple(each for project in repository.projects for each in project.settings.approvals)


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
