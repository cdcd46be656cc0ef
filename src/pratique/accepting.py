"""The shell that composes `accept`: what is locked is had, looked at, and put into the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

from pratique import comparison, difference
from pratique import ledger as ledgers
from pratique.ecosystems.npm import binding
from pratique.ecosystems.npm.inside import mismatches
from pratique.ecosystems.npm.projects import read_repository
from pratique.ecosystems.npm.projects import wanted as wanted_by_projects
from pratique.errors import Exit, LedgerError, UsageError, highest
from pratique.gather.behavior import Past, Sources, gather_behavior
from pratique.gather.configured import publish_times, signatures, stated_by
from pratique.gather.evidence import (
    claims_and_attestations,
    gather_evidence,
    speaks_against,
    with_claims,
)
from pratique.gather.ledger_file import bytes_of, is_ignored, lacks_attribute, ledger_file
from pratique.gather.npm import How, Known, gather
from pratique.gather.progress import Progress
from pratique.gather.times import Cutoffs
from pratique.gather.tree import find_place, read_work_tree
from pratique.gather.user import user_registries
from pratique.model.acceptance import Refused, Taken, Which
from pratique.model.behavior import ANALYSED, BASELINE, Analysis, Baseline, Origin
from pratique.model.evidence import ATTESTATIONS, SIGNATURE
from pratique.model.fact import HOSTS, REGISTERED, Clock, Missing, Registered
from pratique.model.ledger import LEDGER_FILE, Ledger
from pratique.model.package import Digest, Package, Release
from pratique.model.pin import Pin
from pratique.model.project import Repository
from pratique.model.registry import Registries
from pratique.sides import Side, Sides, read_before, read_head
from pratique.store import location, open_store

__all__ = ["Acceptance", "Terms", "accept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the command is told.

    Attributes:
        by, why: Who answers for it, and for what reason.
        now: The time of the run, aware.
        environment: The process's variables: where settings, store and proxies are found.
        policy_file: A policy file instead of the repository's own: it names registries.
        offline: Ask no registry.
        progress: Is told of each question to a registry.
    """

    by: str
    why: str
    now: datetime
    environment: Mapping[str, str]
    policy_file: Path | None = None
    offline: bool = False
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What there is to write, and to say.

    Attributes:
        file: The ledger's file.
        before: What was in it; None where there was none.
        after: What is to be in it.
        taken, refused: By release.
        settled: Releases that were accepted already, and left as they are.
        left: Locked releases of which the ledger then accepts no version as locked.
        pruned: Names of the packages that were taken out.
        notes: What else is to be said.
        attributes: The `.gitattributes` in which git is not told how to merge the file; None where
            it is, or where there is no git.
        exit: The exit code.
    """

    file: Path
    before: bytes | None
    after: bytes
    taken: tuple[Taken, ...] = ()
    refused: tuple[Refused, ...] = ()
    settled: int = 0
    left: int = 0
    pruned: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    attributes: Path | None = None
    exit: Exit = Exit.ALLOWED

    @property
    def is_changed(self) -> bool:
        return self.after != self.before


def accept(path: Path, which: Which, terms: Terms) -> Acceptance:
    """The ledger of the repository at `path` with what `which` names; nothing is written.

    Raises:
        PratiqueError: See `errors`; each carries its exit code. Then nothing is accepted.
    """
    place = find_place(path)
    file = ledger_file(place)
    before = bytes_of(file)
    if before is None and is_ignored(file):
        hint = f"add a line to .gitignore: !{LEDGER_FILE}"
        raise LedgerError(LEDGER_FILE, None, "git would ignore it", hint=hint)
    head = read_head(place, terms.policy_file, terms.now)
    made = Acceptance(file, before, b"", attributes=lacks_attribute(file))
    ledger = head.ledger or Ledger()
    if which.is_any:
        base = read_before(place, which.base, terms.policy_file, terms.now) if which.base else None
        run = _Run(head, base, which, terms)
        _refuse_nothing(run.repository, place.root)
        ledger, made = run.accepted(made)
    if which.prune or which.every:
        ledger, made = _pruned(ledger, made, head)
    return replace(made, after=ledgers.write_ledger(ledger))


def _pruned(ledger: Ledger, made: Acceptance, head: Side) -> tuple[Ledger, Acceptance]:
    """Without the packages that nothing locks below the folder of the ledger.

    PATH may be one project of many, or one lockfile: what the others lock stays.
    """
    tree = read_work_tree(made.file.parent, wanted_by_projects)
    repository = read_repository(tree, head.policy.exclude)
    _refuse_nothing(repository, made.file.parent)
    unread = [*_unread(repository), *(each.path for each in repository.not_examined)]
    if unread:
        note = f"nothing was taken out of the ledger: what {unread[0]} locks is not known"
        return ledger, replace(made, notes=(*made.notes, note))
    kept = ledgers.pruned(ledger, _packages(repository))
    gone = sorted(each.name for each in ledgers.packages_of(ledger) - ledgers.packages_of(kept))
    return kept, replace(made, pruned=tuple(gone))


def _refuse_nothing(repository: Repository, folder: Path) -> None:
    """Without a lockfile nothing is locked: a mistyped path would empty the ledger."""
    if not any(each.lockfile or each.unread for each in repository.projects):
        hint = "name the directory of a project, or its lockfile"
        raise UsageError(f"there is no lockfile in {folder}", hint=hint)


def _packages(repository: Repository) -> frozenset[Package]:
    return frozenset(release.package for release in _locked(repository))


def _unread(repository: Repository) -> list[str]:
    return [each.unread.path for each in repository.projects if each.unread]


def _locked(repository: Repository) -> dict[Release, list[Pin]]:
    """Each release with the entries that lock it."""
    found: dict[Release, list[Pin]] = defaultdict(list)
    for project in repository.projects:
        for pin in project.lockfile.every_pin if project.lockfile else ():
            found[pin.release].append(pin)
    return found


class _Run:
    """One acceptance: which releases, what is known of them, what becomes of the ledger."""

    def __init__(self, head: Side, base: Side | None, which: Which, terms: Terms) -> None:
        self._which, self._terms = which, terms
        self._ledger = head.ledger or Ledger()
        self._registries = user_registries(terms.environment, stated_by(head.policy))
        told: Future[Registries] = Future()
        told.set_result(self._registries)
        self._sides = Sides(head, base, told, accept_head_policy=True)
        self.repository = self._sides.repository
        self._facts = self._sides.facts(terms.now)
        times = publish_times(head.policy, self._registries)
        cutoffs = Cutoffs(terms.now, terms.now)  # no time is asked for
        self._how = How(
            cutoffs,
            offline=terms.offline,
            publish_time=times,
            signatures=signatures(head.policy, self._registries),
        )
        self._locked = _locked(self.repository)
        self._hosts = self._facts.need(HOSTS)
        self._before = ledgers.accepted_artifacts(self._ledger, self._registry_id)
        self._named = comparison.of_named_registries(self.repository)

    def accepted(self, made: Acceptance) -> tuple[Ledger, Acceptance]:
        """The ledger with what is accepted now, and what there is to say of it."""
        chosen = self._chosen()
        refused = [x for each in chosen if (x := self._unbound(each))]
        asked = [each for each in chosen if each not in {x.release for x in refused}]
        settled = [each for each in asked if self._which.every and self._is_settled(each)]
        asked = [each for each in asked if each not in settled]
        documents, found, past, warnings = self._gathered(asked)
        analyses: dict[Release, Analysis] = {}
        for each in asked:
            analysis = self._fit(each, documents, found)
            if isinstance(analysis, Refused):
                refused.append(analysis)
            else:
                analyses[each] = analysis
        how = {x: ledgers.made_of(*claims_and_attestations(x, documents)) for x in analyses}
        ledger, notes = self._written(analyses, how, found, past)
        unread = _unread(self.repository) if self._which.every or self._which.base else []
        notes += [f"{each} could not be read: nothing that it locks is accepted" for each in unread]
        return ledger, replace(
            made,
            taken=tuple(self._taken(*each, documents, found) for each in analyses.items()),
            refused=tuple(sorted(refused, key=lambda each: each.release)),
            settled=len(settled),
            left=self._left(ledger),
            notes=(*notes, *warnings),
            exit=highest(*(each.exit for each in refused), *(Exit.UNDECIDED for _ in unread)),
        )

    # Which

    def _chosen(self) -> list[Release]:
        """The releases that are meant, sorted.

        Raises:
            UsageError: One that is named is not locked, or is no release of a registry.
        """
        if self._which.named:
            for release in self._which.named:
                self._refuse_unlocked(release)
            return sorted(set(self._which.named))
        if not self._which.base:
            return sorted(filter(self._is_published, self._locked))
        scope = self._sides.scope(self._facts)
        changed = scope.pins if scope else frozenset()
        pins = (
            pin
            for project in self.repository.projects
            for pin in (project.lockfile.every_pin if project.lockfile else ())
            if (project.path, pin.key) in changed
        )
        return sorted(filter(self._is_published, {pin.release for pin in pins}))

    def _refuse_unlocked(self, release: Release) -> None:
        if self._is_published(release):
            return
        if release in self._locked:
            source = self._locked[release][0].source.value
            raise UsageError(f"{release} is locked from elsewhere than a registry ({source})")
        others = [each.version for each in self._locked if each.package == release.package]
        unread = _unread(self.repository)
        hint = f"locked is {release.name}@{', '.join(sorted(others))}" if others else ""
        if not others and unread:
            hint = f"{unread[0]} could not be read"
        raise UsageError(f"no lockfile here locks {release}", hint=hint)

    def _is_published(self, release: Release) -> bool:
        pins = self._locked.get(release, [])
        return bool(pins) and binding.may_be_published(pins, self._hosts)

    def _is_settled(self, release: Release) -> bool:
        registry = self._registry_of(release)
        digests = {digest.hex for digest in self._strong(release)}
        return bool(digests) and all(
            ledgers.is_settled(self._ledger, release, registry, each) for each in digests
        )

    def _strong(self, release: Release) -> set[Digest]:
        digests = chain.from_iterable(pin.digests for pin in self._locked[release])
        return {each for each in digests if each.algorithm == "sha512"}

    def _registry_of(self, release: Release) -> str:
        return self._registry_id(release.name) or ""

    def _registry_id(self, name: str) -> str | None:
        registry = self._registries.registry_for(name)
        return registry.id if registry else None

    def _unbound(self, release: Release) -> Refused | None:
        """Refuses what the lockfile does not bind to the bytes of one artifact."""
        if release in self._named:
            name = self._named[release]
            why = f"it is locked from the registry named {name}, which only the project's own"
            return Refused(release, f"{why} file knows")
        pins = self._locked[release]
        if len(self._strong(release)) > 1:
            return Refused(release, "entries lock it with different digests")
        if any(not (pin.digests or pin.checksum or pin.conditions) for pin in pins):
            return Refused(release, "an entry locks it without a digest: any bytes would do")
        return None

    # What is known of them

    def _gathered(self, asked: Sequence[Release]) -> tuple[Known, Known, Past, tuple[str, ...]]:
        """Documents and evidence, analyses and baselines, and what the store has to say."""
        terms, clock = self._terms, Clock(self._terms.now)
        with open_store(location(terms.environment), clock) as store:
            ask = partial(
                gather, registries=self._registries, store=store, clock=clock, how=self._how
            )
            evidence = with_claims((kind, x) for kind in (SIGNATURE, ATTESTATIONS) for x in asked)
            wanted = {(REGISTERED, each) for each in asked} | evidence
            documents = ask(wanted, progress=terms.progress)
            past = self._sides.past(asked)
            # Of all that is locked, nobody reads what each gained over releases elsewhere.
            known = past.accepted if self._which.every else asked
            wishes = [(ANALYSED, each) for each in asked] + [(BASELINE, each) for each in known]
            sources = Sources(self._registries, store, clock, self._how, terms.progress)
            trusted = self._sides.evidence(terms.environment, ())
            documents |= gather_evidence(evidence, documents, trusted, sources)
            digests = comparison.locked_digests(self.repository)
            found = gather_behavior(wishes, documents, digests, past, sources, ask)
            return documents, found, past, tuple(store.warnings)

    def _fit(self, release: Release, documents: Known, found: Known) -> Analysis | Refused:
        """What its artifact can do, where it may be accepted."""
        answer = documents.get((REGISTERED.name, release))
        analysis = found.get((ANALYSED.name, release))
        document = answer.document if isinstance(answer, Registered) else None
        for pin in self._locked[release] if document else ():
            if document and (differs := binding.digest_differs(pin, document)):
                return Refused(release, f"an entry {differs}")
        if not isinstance(analysis, Analysis):
            why = analysis.detail if isinstance(analysis, Missing) else "it was not asked for"
            return Refused(release, f"its artifact could not be had: {why}")
        if analysis.oddities:
            why = f"it cannot be analysed: the archive {analysis.oddities[0]}"
            return Refused(release, why, Exit.BLOCKED)
        odd = _against(release, analysis, documents)
        if odd and self._which.every:
            return Refused(release, f"{odd}: look at it, and accept it by its name", Exit.BLOCKED)
        return analysis

    # What becomes of the ledger

    def _written(
        self,
        analyses: Mapping[Release, Analysis],
        made: Mapping[Release, ledgers.Made],
        found: Known,
        past: Past,
    ) -> tuple[Ledger, list[str]]:
        ledger, notes = self._ledger, []
        for release in analyses:
            baseline = found.get((BASELINE.name, release))
            if isinstance(baseline, Missing):
                notes.append(f"{release}: what it gained is not known: {baseline.detail}")
            elif isinstance(baseline, Baseline) and past.again.get(release):
                # What this analyser sees in bytes accepted earlier is as old as they are.
                ledger = ledgers.refreshed(ledger, release, self._registry_of(release), baseline)
        entries = [
            (release, self._registry_of(release), each) for release, each in analyses.items()
        ]
        terms = self._terms
        return ledgers.accept(ledger, entries, terms.now.date(), terms.by, terms.why, made), notes

    def _taken(self, release: Release, analysis: Analysis, documents: Known, found: Known) -> Taken:
        baseline = found.get((BASELINE.name, release))
        known = baseline if isinstance(baseline, Baseline) else Baseline(Origin.NONE)
        today = self._terms.now.date()
        seen = difference.compare(release.name, release.version, analysis, known, today=today)
        odd = _against(release, analysis, documents)
        again = (release, analysis.sha512) in self._before
        return Taken(release, seen, odd, again)

    def _left(self, ledger: Ledger) -> int:
        known = {
            (key.package, key.registry, each.version)
            for key, line in ledger.lines.items()
            for each in line.accepted
        }
        published = filter(self._is_published, self._locked)
        return sum(
            (each.package, self._registry_of(each), each.version) not in known for each in published
        )


def _against(release: Release, analysis: Analysis, documents: Known) -> str:
    """What the manifest inside says otherwise than the registry does, and what evidence says."""
    odd = dict.fromkeys(_oddities(documents.get((REGISTERED.name, release)), analysis))
    return "; ".join(filter(None, (*odd, speaks_against(release, documents))))


def _oddities(answer: object, analysis: Analysis) -> Iterator[str]:
    document = answer.document if isinstance(answer, Registered) else None
    if document and analysis.inner:
        for each in mismatches(analysis.inner, document):
            yield f"its manifest has another {each.what} inside than its registry states"
