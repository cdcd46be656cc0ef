"""History: a release's predecessors, the last ones of them with their provenance verified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pratique.gather.attesting import Roots, Told, Wanted, gather_attestations
from pratique.gather.behavior import Sources
from pratique.gather.carrying import either, remember
from pratique.gather.past import Past, Row, gather_pasts, shelf_of
from pratique.model.evidence import (
    Attestations,
    Authority,
    Build,
    Carries,
    Earlier,
    History,
    Provenance,
)
from pratique.model.fact import Missing, Why
from pratique.model.package import Release
from pratique.provenance.binding import Expected
from pratique.provenance.past import KEPT, comparable, in_line, vouching

ESTABLISHED = timedelta(days=7)
_UNTRUSTED = Missing(Why.ABSENT, "the policy calls this registry's publish times untrusted")
_NO_PUBLISHER = Missing(Why.ABSENT, "the registry does not say who published")
_NO_ATTESTATIONS = Missing(Why.ABSENT, "the registry does not carry attestations")
_UNREAD = Missing(Why.NOT_ASKED, "the manifest among its bytes was not read for it")


class Histories:
    """What came before releases; asks each package once.

    Args:
        sources: Where to ask.
        roots: What to verify under.
        issuers: Who may vouch for a build.
        pasts: What is known already, by package: it is not asked for.
    """

    def __init__(
        self,
        sources: Sources,
        roots: Roots,
        issuers: frozenset[str],
        pasts: Mapping[str, Past | Missing] | None = None,
    ) -> None:
        self._sources, self._roots, self._issuers = sources, roots, issuers
        self._pasts: Mapping[str, Past | Missing] = pasts or {}
        self.carries: dict[str, Carries] = {}
        self._every: dict[str, Sequence[Earlier]] = {}

    def ask(self, releases: Iterable[Release]) -> None:
        """Have the past of each one's package, and learn from it what the registry carries."""
        unknown = [each for each in releases if each.name not in self._pasts]
        self._pasts = {**gather_pasts(unknown, self._sources), **self._pasts}
        for name, past in self._pasts.items():
            registry = self._sources.registries.registry_for(name)
            if registry is not None and isinstance(past, Past):
                seen = either(self.carries.get(registry.id, Carries()), _seen(past))
                store, now = self._sources.store, self._sources.clock.at
                self.carries[registry.id] = remember(store, shelf_of(registry, store), seen, now)

    def own(self, release: Release) -> Row | None:
        """What the packument says of the release itself."""
        past = self._pasts.get(release.name)
        rows = past.rows if isinstance(past, Past) else ()
        return next((row for row in rows if row.version == release.version), None)

    def of(self, releases: Mapping[Release, datetime | None]) -> dict[Release, History | Missing]:
        """The history of each, by when it was published where that is known; after `ask`."""
        pasts = self._pasts
        made: dict[Release, History | Missing] = {}
        moments: dict[Release, datetime] = {}
        for release, at in releases.items():
            past = pasts[release.name]
            if self._is_untrusted(release):
                made[release] = _UNTRUSTED
            elif isinstance(past, Missing):
                made[release] = past
            else:
                moments[release] = self._moment(release, at, past)
                made[release] = self._history(release, moments[release], past)
        verified = self._verified(moments, made, pasts)
        return {release: _with(verified, release, each) for release, each in made.items()}

    def _is_untrusted(self, release: Release) -> bool:
        registry = self._sources.registries.registry_for(release.name)
        return (
            registry is not None and self._sources.how.publish_time.get(registry.id) == "untrusted"
        )

    def _moment(self, release: Release, at: datetime | None, past: Past) -> datetime:
        """The latest that anybody says: who dates a release back hides what came before it."""
        stated = [row.published for row in past.rows if row.version == release.version]
        known = [*stated, *((at,) if at else ())]
        return max(known, default=self._sources.clock.at)

    def _history(self, release: Release, at: datetime, past: Past) -> History:
        others = (each for each in self._listed(release, past) if each.version != release.version)
        return History(tuple(each for each in others if each.published < at))

    def _listed(self, release: Release, past: Past) -> Sequence[Earlier]:
        """Every release of the package: made once, however many are compared with them."""
        found = self._every.get(release.name)
        if found is None:
            registry = self._sources.registries.registry_for(release.name)
            learnt = self.carries.get(registry.id, Carries()) if registry else Carries()
            carries = replace(learnt, publishers=any(row.publisher for row in past.rows))
            found = self._every[release.name] = [_earlier(row, carries) for row in past.rows]
        return found

    def _verified(
        self,
        moments: Mapping[Release, datetime],
        made: Mapping[Release, History | Missing],
        pasts: Mapping[str, Past | Missing],
    ) -> Told:
        """What the attestations of the last predecessors come to."""
        wanted: dict[Release, Wanted] = {}
        for release, at in moments.items():
            history, past = made[release], pasts[release.name]
            if isinstance(history, Missing) or isinstance(past, Missing):
                continue
            rows = {row.version: row for row in past.rows}
            for each in _to_verify(release.version, history, at):
                before = Release(release.package, each.version)
                if before not in wanted and (asked := self._wanted(before, rows[each.version])):
                    wanted[before] = asked
        return gather_attestations(wanted.values(), self._sources, self._roots)

    def _wanted(self, release: Release, row: Row) -> Wanted | None:
        registry = self._sources.registries.registry_for(release.name)
        if registry is None or not row.sha512:
            return None
        expected = Expected(
            name=release.name,
            version=release.version,
            sha512=row.sha512,
            repository=row.repository or _UNREAD,
            claims_provenance=row.provenance,
            is_staged=row.is_staged,
            issuers=self._issuers,
        )
        return Wanted(release, registry, expected)


def _seen(past: Past) -> Carries:
    return Carries(
        any(row.signed for row in past.rows),
        any(row.attestations for row in past.rows),
        any(row.publisher for row in past.rows),
    )


def _earlier(row: Row, carries: Carries) -> Earlier:
    authority = Authority(row.authority) if carries.publishers else _NO_PUBLISHER
    none = Build.NONE if carries.attestations else _NO_ATTESTATIONS
    return Earlier(
        version=row.version,
        published=row.published,
        sha512=row.sha512 or None,
        authority=authority,
        build=Build.CLAIMED if row.provenance else none,
        publisher=row.publisher or None,
    )


def _to_verify(version: str, history: History, at: datetime) -> Iterable[Earlier]:
    """The last ones that vouch for it, and the last ones of its line, which may be its twins."""
    past = History(comparable(version, history))
    claimed = [each for each in past.earlier if each.build is Build.CLAIMED]
    twins: Sequence[Earlier] = in_line(version, claimed)[-KEPT:]
    others = vouching(version, past, at, ESTABLISHED)
    return [*(each for each in others if each.build is Build.CLAIMED), *twins]


def _with(verified: Told, release: Release, history: History | Missing) -> History | Missing:
    """The history with what was verified of it."""
    if isinstance(history, Missing):
        return history
    proven = {
        each.version: found.provenance
        for each, found in verified.items()
        if each.package == release.package and isinstance(found, Attestations)
    }
    return History(tuple(_judged(proven.get(each.version), each) for each in history.earlier))


def _judged(proven: Provenance | None, earlier: Earlier) -> Earlier:
    """Where it is not verified, its claim stands: what was claimed before is a lack later."""
    return earlier if proven is None else replace(earlier, build=Build.VERIFIED, provenance=proven)
