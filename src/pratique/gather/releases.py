"""A few releases that somebody names: their artifacts, their age, what they newly depend on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pratique.gather.artifacts import Wanted, fetch, gather_analyses
from pratique.gather.behavior import Sources, wanted_of
from pratique.gather.npm import Known, gather
from pratique.gather.picking import Asked, gather_picks
from pratique.gather.times import Cutoffs
from pratique.model.behavior import ANALYSED, Analysis
from pratique.model.fact import (
    FIRST_PUBLISHED,
    PUBLISHED,
    REGISTERED,
    FirstPublished,
    Key,
    Kind,
    Missing,
    Published,
    Registered,
    VersionDocument,
    Why,
)
from pratique.model.package import Release
from pratique.store.opening import Forgetful

MOST_DEPENDENCIES = 16
"""New dependencies that are looked up; of more, nothing is known."""
_AT_AN_ADDRESS = (":", "/")


@dataclass(frozen=True, slots=True)
class Found:
    """A release with what its artifact can do.

    Attributes:
        document: What the registry says of it.
        wanted: Its artifact.
        analysis: Of it.
    """

    release: Release
    document: VersionDocument
    wanted: Wanted
    analysis: Analysis


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What is known of new dependencies.

    Attributes:
        known: Name -> "installs" or "young"; those of which neither holds are not there.
        unknown: Name -> why it cannot be told.
    """

    known: Mapping[str, str]
    unknown: Mapping[str, str]


class Releases:
    """Asks `sources` about releases.

    Args:
        sources: Where facts come from.
        young: Age below which a release is young.
        first: Age below which a package is.
    """

    def __init__(self, sources: Sources, young: timedelta, first: timedelta) -> None:
        now = sources.clock.at
        self._sources = sources
        self._first = first
        self._times = replace(sources.how, cutoffs=Cutoffs(now - young, now - first))

    def picked(self, asked: Collection[Asked]) -> dict[Asked, Release | Missing]:
        """The releases that tags and ranges stand for."""
        return gather_picks(asked, self._sources.registries, self._sources.how)

    def found(self, releases: Iterable[Release]) -> dict[Release, Found | Missing]:
        """Each release, or why it cannot be looked at."""
        asked = list(dict.fromkeys(releases))
        documents = self._asked({(REGISTERED, each) for each in asked})
        return dict(self._put_together(asked, documents))

    def _put_together(
        self, asked: Collection[Release], documents: Known
    ) -> Iterator[tuple[Release, Found | Missing]]:
        of = self._sources
        wanted = {
            each: wanted_of(each, documents.get((REGISTERED.name, each)), None, of.registries)
            for each in asked
        }
        there = [each for each in wanted.values() if isinstance(each, Wanted)]
        read = gather_analyses(there, of.registries, of.store, of.clock, of.how, of.progress)
        for release, each in wanted.items():
            answer = documents.get((REGISTERED.name, release))
            if isinstance(each, Missing):
                yield release, _absent(answer, each)
                continue
            analysis = read.get((ANALYSED.name, release))
            if isinstance(analysis, Missing):
                yield release, analysis
            elif (
                isinstance(analysis, Analysis)
                and isinstance(answer, Registered)
                and answer.document is not None
            ):
                yield release, Found(release, answer.document, each, analysis)

    def published(self, release: Release) -> Published | Missing:
        """When it was published."""
        answer = self._timed({(PUBLISHED, release)}).get((PUBLISHED.name, release))
        return answer if isinstance(answer, Published) else _missing(answer)

    def content(self, found: Found) -> bytes | Missing:
        """The bytes of its artifact: those that were analysed."""
        return fetch(found.wanted, self._sources.registries, self._sources.how)

    def dependencies(self, added: Mapping[str, str]) -> Dependencies:
        """What is known of new dependencies, name -> specifier, as layer 9 wants to know it."""
        known: dict[str, str] = {}
        unknown: dict[str, str] = {}
        asked: dict[str, Asked] = {}
        for number, (name, specifier) in enumerate(sorted(added.items())):
            target = _target(name, specifier)
            if number >= MOST_DEPENDENCIES:
                unknown[name] = f"not looked up: more than {MOST_DEPENDENCIES} are new"
            elif target is None:
                unknown[name] = "not looked up: asked for by an address"
            else:
                asked[name] = target
        picked = self.picked(set(asked.values()))
        releases = {name: picked[target] for name, target in asked.items()}
        there = {each for each in releases.values() if isinstance(each, Release)}
        found = self.found(there)
        times = self._timed({(FIRST_PUBLISHED, each.package) for each in there})
        for name, release in releases.items():
            if isinstance(release, Missing):
                unknown[name] = f"not looked at: {release.detail}"
                continue
            first = times.get((FIRST_PUBLISHED.name, release.package))
            is_known, told = self._told(found.get(release), first)
            if not is_known:
                unknown[name] = told
            elif told:
                known[name] = told
        return Dependencies(known, unknown)

    def _told(self, found: Found | Missing | None, first: object) -> tuple[bool, str]:
        """(True, what `Dependencies.known` says, "" for nothing), or (False, why not)."""
        if isinstance(found, Found) and found.analysis.installs:
            return True, "installs"
        if isinstance(first, FirstPublished) and self._sources.clock.at - first.at < self._first:
            return True, "young"
        if not isinstance(found, Found):
            return False, f"not looked at: {_missing(found).detail}"
        if not isinstance(first, FirstPublished):
            return False, f"of unknown age: {_missing(first).detail}"
        return True, ""

    def _asked(self, asked: set[tuple[Kind[Any], Key]]) -> Known:
        of = self._sources
        return gather(asked, of.registries, of.store, of.clock, of.how, of.progress)

    def _timed(self, asked: set[tuple[Kind[Any], Key]]) -> Known:
        """Times, by cutoffs of our own: they are not kept where a check would find them.

        A stored answer has the releases to fall back to that are older than the cutoff it was
        asked with.
        """
        of = self._sources
        store = of.store if of.how.offline else Forgetful()
        return gather(asked, of.registries, store, of.clock, self._times, of.progress)


def _target(name: str, specifier: str) -> Asked | None:
    """The package and the range that a specifier asks for; None where it asks for an address."""
    wanted = specifier.strip()
    if wanted.startswith("npm:"):
        name, at, wanted = wanted.removeprefix("npm:").rpartition("@")
        if not at or not name:
            name, wanted = f"{name}{at}{wanted}", ""
    return None if any(mark in wanted for mark in _AT_AN_ADDRESS) else (name, wanted)


def _absent(answer: object, missing: Missing) -> Missing:
    """Which of the two the registry does not have, where it says so."""
    if not isinstance(answer, Registered) or answer.document is not None:
        return missing
    what = "release of that version" if answer.package_exists else "package of that name"
    return Missing(Why.ABSENT, f"the registry has no {what}")


def _missing(answer: object) -> Missing:
    return answer if isinstance(answer, Missing) else Missing(Why.NOT_ASKED, "it was not asked for")
