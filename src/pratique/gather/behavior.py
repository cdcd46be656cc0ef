"""What layer 9 needs: the analysis of each release, and of what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pratique.difference import baseline_of
from pratique.gather.artifacts import Wanted, gather_analyses
from pratique.gather.http import Client
from pratique.gather.lower import gather_lower
from pratique.gather.npm import How, Known
from pratique.gather.progress import Progress
from pratique.ledger import spelled_out
from pratique.lineage import of_locked, of_locked_above
from pratique.model.behavior import ANALYSED, BASELINE, Analysis, Baseline, Origin
from pratique.model.fact import (
    REGISTERED,
    Clock,
    Key,
    Kind,
    Missing,
    Registered,
    VersionDocument,
    Why,
)
from pratique.model.package import Digest, Package, Release, strongest
from pratique.model.registry import Registries
from pratique.store import Store

Wish = tuple[Kind[Any], Key]
Ask = Callable[[set[Wish]], Known]


@dataclass(frozen=True, slots=True)
class Past:
    """What is known from before.

    Attributes:
        compared: Whether there is a base or a ledger: without, nothing is compared at all.
        locked: Package -> version that the base locks -> its digest.
        accepted: Release -> what the ledger says of its line.
        again: Release -> artifacts that the ledger accepts in its line and that an older analyser
            looked at, with their digest: what this one sees in them is not gained.
    """

    compared: bool = False
    locked: Mapping[Package, Mapping[str, Digest | None]] = field(default_factory=dict)
    accepted: Mapping[Release, Baseline] = field(default_factory=dict)
    again: Mapping[Release, Mapping[Release, Digest]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where facts come from; as `gather.npm.gather` takes them.

    `client` asks for attestations; without one, one is made for each call.
    """

    registries: Registries
    store: Store
    clock: Clock
    how: How
    progress: Progress | None = None
    client: Client | None = None


def gather_behavior(
    asked: Iterable[Wish],
    known: Known,
    digests: Mapping[Release, Digest],
    past: Past,
    sources: Sources,
    ask: Ask,
) -> Known:
    """ANALYSED and BASELINE of every release that `asked` names for one of them.

    Args:
        asked: What the layers need.
        known: What is gathered already: REGISTERED of the releases.
        digests: The strongest digest that is locked of a release.
        past: What they are compared with.
        sources: Where to ask.
        ask: Gathers REGISTERED of further releases.
    """
    wishes = list(asked)
    run = _Run(known, digests, sources)
    releases = [key for kind, key in wishes if kind is ANALYSED and isinstance(key, Release)]
    compared = [key for kind, key in wishes if kind is BASELINE and isinstance(key, Release)]
    before = _Before(compared, past, sources, ask)
    run.want(releases)
    run.want_more(before.wanted)
    found = run.gathered()
    for release in compared:
        found[BASELINE.name, release] = before.baseline(release, found)
    own = set(releases)
    return {key: value for key, value in found.items() if key[0] == BASELINE.name or key[1] in own}


class _Run:
    """The artifacts that are read, and those that cannot be asked for."""

    def __init__(self, known: Known, digests: Mapping[Release, Digest], sources: Sources) -> None:
        self._known, self._digests, self._sources = known, digests, sources
        self._wanted: dict[Release, Wanted] = {}
        self._missing: Known = {}

    def want(self, releases: Iterable[Release]) -> None:
        for release in releases:
            answer = self._known.get((REGISTERED.name, release))
            found = wanted_of(release, answer, self._digests.get(release), self._sources.registries)
            if isinstance(found, Missing):
                self._missing[ANALYSED.name, release] = found
            else:
                self._wanted[release] = found

    def want_more(self, wanted: Mapping[Release, Wanted | Missing]) -> None:
        for release, each in wanted.items():
            if isinstance(each, Wanted):
                self._wanted.setdefault(release, each)
            else:
                self._missing.setdefault((ANALYSED.name, release), each)

    def gathered(self) -> Known:
        of = self._sources
        found = gather_analyses(
            self._wanted.values(), of.registries, of.store, of.clock, of.how, of.progress
        )
        return self._missing | found


class _Before:
    """What each release is compared with: from the ledger, the base or the registry."""

    def __init__(self, compared: Iterable[Release], past: Past, sources: Sources, ask: Ask) -> None:
        self._past = past
        self._versions: dict[Release, tuple[Origin, tuple[str, ...]] | Missing] = {}
        self.wanted: dict[Release, Wanted | Missing] = {}
        left: list[Release] = []
        for release in compared if past.compared else ():
            if release in past.accepted:
                continue
            locked = of_locked(release.version, past.locked.get(release.package, {}))
            if locked:
                self._versions[release] = (Origin.BASE, locked)
            else:
                left.append(release)
        self._want_lower(left, sources)
        self._want_locked(sources, ask)

    def _want_locked(self, sources: Sources, ask: Ask) -> None:
        """The artifacts of the base and of the ledger, by the digests that those name."""
        digests = self._digests_before() | self._digests_again()
        known = ask({(REGISTERED, release) for release in digests}) if digests else {}
        for release, digest in digests.items():
            answer = known.get((REGISTERED.name, release))
            self.wanted[release] = wanted_of(release, answer, digest, sources.registries)

    def _digests_before(self) -> dict[Release, Digest | None]:
        return {
            Release(release.package, version): self._past.locked[release.package].get(version)
            for release, found in self._versions.items()
            if not isinstance(found, Missing) and found[0] is Origin.BASE
            for version in found[1]
        }

    def _digests_again(self) -> dict[Release, Digest | None]:
        of = self._past
        return {each: digest for those in of.again.values() for each, digest in those.items()}

    def _want_lower(self, left: Iterable[Release], sources: Sources) -> None:
        lower = gather_lower(left, sources.registries, sources.store, sources.clock, sources.how)
        for release, document in lower.items():
            if document is None:
                above = of_locked_above(release.version, self._past.locked.get(release.package, {}))
                self._versions[release] = (Origin.BASE if above else Origin.NONE, above)
            elif isinstance(document, Missing):
                self._versions[release] = document
            else:
                self._versions[release] = (Origin.REGISTRY, (document.version,))
                before = Release(release.package, document.version)
                found = _artifact(before, document, None, sources.registries)
                self.wanted.setdefault(before, found)

    def baseline(self, release: Release, found: Known) -> Baseline | Missing:
        if release in self._past.accepted:
            return self._of_ledger(release, found)
        chosen = self._versions.get(release, (Origin.NONE, ()))
        if isinstance(chosen, Missing):
            return chosen
        analyses: list[tuple[str, Analysis]] = []
        for version in chosen[1]:
            value = found.get((ANALYSED.name, Release(release.package, version)))
            if not isinstance(value, Analysis):
                why = value.detail if isinstance(value, Missing) else "it was not asked for"
                return Missing(Why.FAILED, f"{version}, which it is compared with: {why}")
            locked = self._past.locked.get(release.package, {}).get(version)
            if locked and locked.algorithm == "sha512" and value.sha512 != locked.hex:
                return Missing(Why.FAILED, f"{version}, as the base locks it, has other bytes now")
            analyses.append((version, value))
        return baseline_of(analyses, chosen[0])

    def _of_ledger(self, release: Release, found: Known) -> Baseline | Missing:
        baseline = self._past.accepted[release]
        seen = set(baseline.capabilities)
        for each, digest in self._past.again.get(release, {}).items():
            value = found.get((ANALYSED.name, each))
            if not isinstance(value, Analysis) or value.sha512 != digest.hex:
                why = value.detail if isinstance(value, Missing) else "its bytes are others now"
                detail = f"{each.version}, accepted when an older analyser looked at it: {why}"
                return Missing(Why.FAILED, detail)
            seen.update(value.capabilities)
        analysis = found.get((ANALYSED.name, release))
        baseline = replace(baseline, capabilities=frozenset(seen))
        return spelled_out(baseline, analysis) if isinstance(analysis, Analysis) else baseline


def wanted_of(
    release: Release, answer: object, digest: Digest | None, registries: Registries
) -> Wanted | Missing:
    """The release's artifact, or why there is none to ask for.

    Args:
        release: Whose.
        answer: REGISTERED of it: a `Registered`, or Missing.
        digest: That it is locked with; None for what the registry states.
        registries: Of the user.
    """
    if isinstance(answer, Missing):
        return answer
    document = answer.document if isinstance(answer, Registered) else None
    if document is None:
        return Missing(Why.ABSENT, "the registry has no such release, and so no artifact")
    return _artifact(release, document, digest, registries)


def _artifact(
    release: Release, document: VersionDocument, digest: Digest | None, registries: Registries
) -> Wanted | Missing:
    registry = registries.registry_for(release.name)
    if registry is None:
        return Missing(Why.FAILED, "no registry is configured for it")
    if not document.tarball.startswith(("http://", "https://")):
        return Missing(Why.FAILED, "the registry names no address of its artifact")
    stated = strongest(document.digests)
    bound = digest if digest is not None and (digest.is_strong or stated is None) else stated
    return Wanted(release, registry, document.tarball, bound)
