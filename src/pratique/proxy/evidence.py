"""Evidence of the releases that may be picked: found out before they are seen, and kept.

It is `check`'s own gathering, of one package at a time, from the document that is here already:
only attestations are asked for. What they come to is stored by all that it depends on, so that
nothing is verified twice; here it is only kept at hand.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pratique.gather.attesting import Roots
from pratique.gather.behavior import Sources
from pratique.gather.carrying import remember
from pratique.gather.claims import carried
from pratique.gather.configured import publish_times, signatures
from pratique.gather.evidence import Terms, gather_evidence
from pratique.gather.http import Client
from pratique.gather.npm import How
from pratique.gather.past import Past, Row, row_of, shelf_of
from pratique.gather.times import Cutoffs
from pratique.model.evidence import (
    ATTESTATIONS,
    CLAIMED,
    EARLIER,
    ROOT,
    SIGNATURE,
    Attestations,
    Build,
    Carries,
    Earlier,
    History,
    RootFact,
)
from pratique.model.fact import PUBLISHED, Clock, Facts, Kind, Missing, Why
from pratique.model.package import Package, Release
from pratique.model.policy import Policy
from pratique.model.registry import Registries, Registry
from pratique.model.signer import SignerPin
from pratique.provenance.past import KEPT, in_line
from pratique.proxy.packument import Packument, Version
from pratique.proxy.proven import Proven, Wish, claims_in
from pratique.proxy.settings import Now
from pratique.proxy.times import moment
from pratique.store import Store, pinned

_THREADS = 8
"""Packages whose evidence is gathered at once; each asks with some threads of its own."""
_CHUNK = 8
"""Releases of a package that are gathered together."""
_EARLIER, _LINES = 50_000, 20_000
"""Earlier releases that are kept at hand with what is compared with them, and releases whose claims
are: half a kilobyte each."""
_MOST = 50_000
"""Releases that may wait; what comes then stays hidden, and is asked for again."""
_REFUSED, _OPEN, _FAILED = timedelta(hours=1), timedelta(minutes=5), timedelta(minutes=1)
"""After so long, the registry is asked again: for what was refused, for what an earlier release
claims and has not shown, and for what did not come."""

_AWAY = Missing(Why.FAILED, "its registry could not be reached just now")


@dataclass(frozen=True, slots=True)
class _Judge:
    """What evidence is judged by, since the policy was last read.

    Attributes:
        number: Another one where evidence may come to something else than before.
    """

    number: int
    roots: Roots
    updated: datetime
    how: How
    pins: tuple[SignerPin, ...]
    issuers: tuple[str, ...]

    def is_as(self, other: _Judge) -> bool:
        """Whether evidence comes to the same by both: what was found out then still holds."""
        return self._grounds == other._grounds

    @property
    def _grounds(self) -> tuple[object, ...]:
        asked = self.how.publish_time, self.how.signatures
        return self.roots.digest, self.updated, self.pins, self.issuers, asked


class _Line(NamedTuple):
    """One version as a document has it, read once.

    Attributes:
        text: Digest of what is said of it.
        time: As stated.
        row: None where it has no time.
        carries: What it shows of its registry.
    """

    text: bytes
    time: str | None
    row: Row | None
    carries: Carries


@dataclass(slots=True)
class _Kept:
    """What is known of one package by a document, a policy, and what its registry carries."""

    grounds: tuple[object, ...]
    proven: dict[str, Proven] = field(default_factory=dict)
    size: int = 0


class Evidence:
    """Evidence by package and version. Safe to use from many threads.

    Args:
        registries: The upstreams.
        client: Asks them.
        store: For many threads.
        trust: The file with the keys and roots of the firewall's own user.
        now: The clock.
        is_away: Whether a registry is not to be asked just now: what is stored has to do.
    """

    def __init__(
        self,
        registries: Registries,
        client: Client,
        store: Store,
        trust: Path,
        now: Now,
        is_away: Callable[[Registry], bool] = lambda _registry: False,
    ) -> None:
        self._registries, self._client, self._is_away = registries, client, is_away
        self._store, self._trust, self._now = store, trust, now
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="evidence")
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0
        self._read: OrderedDict[str, Mapping[str, _Line]] = OrderedDict()
        self._waiting: dict[tuple[object, ...], Future[None]] = {}
        self._carries: dict[str, Carries] = {}
        self._judge: _Judge | None = None

    def apply(self, policy: Policy) -> Facts:
        """Judge by this policy and by the keys and roots as they are now; what of them is a fact.

        Raises:
            StoreError: The file with the keys and roots cannot be read.
            RefusedError: It holds none.
        """
        trusted = pinned.pinned(self._trust)
        settings = policy.layers["signatures"].settings
        now = self._now()
        how = How(
            Cutoffs(now, now),
            publish_time=publish_times(policy, self._registries),
            signatures=signatures(policy, self._registries),
        )
        roots = Roots(trusted.keys, trusted.root)
        made = _Judge(0, roots, trusted.updated, how, settings.pins, settings.issuers)
        if self._judge is not None:
            made = replace(made, number=self._judge.number + (not made.is_as(self._judge)))
        self._judge = made
        return Facts.of((ROOT, None, RootFact(trusted.updated)))

    # What is known

    def known(self, name: str, document: str, now: datetime) -> Mapping[str, Proven]:
        """Version -> what is known by the document with this digest, and need not be asked anew."""
        kept, registry = self._kept.get(name), self._registries.registry_for(name)
        if kept is None or kept.grounds != self._grounds(document, self._judge, registry):
            return {}
        every = kept.proven.copy().items()
        return {v: each for v, each in every if each.until is None or now < each.until}

    def _grounds(
        self, document: str, judge: _Judge | None, registry: Registry | None
    ) -> tuple[object, ...]:
        carries = self._carries.get(registry.id) if registry else None
        return document, judge.number if judge else -1, carries

    # What is found out

    def want(
        self, packument: Packument, document: str, wishes: Mapping[str, Wish]
    ) -> list[Future[None]]:
        """Find it out, in other threads; each future is done when some of it is known."""
        judge = self._judge
        registry = self._registries.registry_for(packument.name)
        if judge is None or registry is None:
            return []
        futures: dict[int, Future[None]] = {}
        new: list[str] = []
        with self._guard:
            for version, wish in wishes.items():
                known = self._waiting.get(_key(packument, document, judge, version, wish))
                if known is not None:
                    futures[id(known)] = known
                elif len(self._waiting) + len(new) < _MOST:
                    new.append(version)
            for start in range(0, len(new), _CHUNK):
                chunk = {version: wishes[version] for version in new[start : start + _CHUNK]}
                keys = [_key(packument, document, judge, *each) for each in chunk.items()]
                future = self._threads.submit(
                    self._found_out, _Task(packument, document, registry, judge, chunk), keys
                )
                futures[id(future)] = future
                self._waiting |= dict.fromkeys(keys, future)
        return list(futures.values())

    def _found_out(self, task: _Task, keys: Iterable[tuple[object, ...]]) -> None:
        try:
            with suppress(Exception):  # nothing is known then, and nothing of it is seen
                self._keep(task, self._gathered(task))
        finally:
            with self._guard:
                for key in keys:
                    self._waiting.pop(key, None)

    def _keep(self, task: _Task, found: Mapping[str, Proven]) -> None:
        name, grounds = task.packument.name, self._grounds(task.document, task.judge, task.registry)
        with self._guard:
            kept = self._kept.get(name)
            if kept is None or kept.grounds != grounds:
                self._size -= kept.size if kept else 0
                kept = self._kept[name] = _Kept(grounds)
            for version, each in found.items():
                old = kept.proven.get(version)
                if each.is_whole or old is None or not old.is_whole:
                    kept.proven[version] = each
            self._kept.move_to_end(name)
            before, kept.size = kept.size, _size(kept)
            self._size += kept.size - before
            while len(self._kept) > 1 and self._size > _EARLIER:
                self._size -= self._kept.popitem(last=False)[1].size

    def _gathered(self, task: _Task) -> dict[str, Proven]:
        name, judge, now = task.packument.name, task.judge, self._now()
        package = Package(name)
        lines = self._lines(task.packument)
        carries = self._learnt(task, lines, now)
        known: dict[tuple[str, Any], object] = {}
        asked: set[tuple[Kind[Any], Release]] = set()
        for version, wish in task.wishes.items():
            release = Release(package, version)
            claimed = claims_in(task.packument.versions[version].raw)
            if not isinstance(claimed, Missing):
                claimed = replace(claimed, carries=carries)
            known[CLAIMED.name, release] = claimed
            known[PUBLISHED.name, release] = wish.published
            kinds = (ATTESTATIONS, SIGNATURE, EARLIER) if wish.whole else (ATTESTATIONS,)
            asked |= {(kind, release) for kind in kinds}
        terms = Terms(
            roots=judge.roots,
            updated=judge.updated,
            pins=judge.pins,
            issuers=judge.issuers,
            compared=True,
            pasts={name: _past(lines)},
        )
        how = replace(judge.how, offline=True) if self._is_away(task.registry) else judge.how
        sources = Sources(self._registries, self._store, Clock(now), how, client=self._client)
        found = gather_evidence(asked, known, terms, sources)
        return {
            version: _proven(Release(package, version), known, found, now)
            for version in task.wishes
        }

    def _learnt(self, task: _Task, lines: Mapping[str, _Line], now: datetime) -> Carries:
        """What the registry carries: one document that has evidence proves it."""
        seen = Carries(
            any(each.carries.signatures for each in lines.values()),
            any(each.carries.attestations for each in lines.values()),
            any(each.carries.publishers for each in lines.values()),
        )
        store, registry = self._store, task.registry
        found = remember(store, shelf_of(registry, store), seen, now)
        if task.judge.how.signatures.get(registry.id) == "expected":
            found = replace(found, signatures=True)
        self._carries[registry.id] = found
        return found

    def _lines(self, packument: Packument) -> Mapping[str, _Line]:
        """Every version's claims; those that were read before are not read again."""
        name = packument.name
        before = self._read.get(name, {})
        found: dict[str, _Line] = {}
        for version, each in packument.versions.items():
            line, time, text = before.get(version), packument.time.get(version), each.digest
            if line is None or line.text != text or line.time != time:
                line = _line(version, each, time)
            found[version] = line
        with self._guard:
            self._read[name] = found
            self._read.move_to_end(name)
            while len(self._read) > 1 and sum(map(len, self._read.values())) > _LINES:
                self._read.popitem(last=False)
        return found

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Task:
    """Some releases of one package, by one document and one policy."""

    packument: Packument
    document: str
    registry: Registry
    judge: _Judge
    wishes: Mapping[str, Wish]


def _key(
    packument: Packument, document: str, judge: _Judge, version: str, wish: Wish
) -> tuple[object, ...]:
    return packument.name, document, judge.number, version, wish.whole


def _size(kept: _Kept) -> int:
    """Its longest history: the others share it."""
    pasts = (each.earlier for each in kept.proven.values())
    lengths = (len(each.earlier) for each in pasts if isinstance(each, History))
    return 1 + max(lengths, default=0)


def _line(version: str, stated: Version, time: str | None) -> _Line:
    claimed, text = claims_in(stated.raw), stated.digest
    if isinstance(claimed, Missing):
        return _Line(text, time, None, Carries())
    at = moment(time)
    row = None if at is None else row_of(version, at, claimed)
    return _Line(text, time, row, _same(carried([claimed], Carries())))


@lru_cache(maxsize=8)
def _same(carries: Carries) -> Carries:
    """One object of all that are equal: there are eight."""
    return carries


def _past(lines: Mapping[str, _Line]) -> Past:
    rows = (line.row for line in lines.values() if line.row is not None)
    return Past(tuple(sorted(rows, key=lambda row: (row.at, row.version))))


def _proven(
    release: Release, known: Mapping[Any, Any], found: Mapping[Any, Any], now: datetime
) -> Proven:
    attestations = found[ATTESTATIONS.name, release]
    if isinstance(attestations, Missing) and attestations.why is Why.OFFLINE:
        attestations = _AWAY
    proven = Proven(
        claimed=found.get((CLAIMED.name, release), known[CLAIMED.name, release]),
        attestations=attestations,
        signature=found.get((SIGNATURE.name, release)),
        earlier=found.get((EARLIER.name, release)),
    )
    until = _again(release.version, proven, now)
    return proven if until is None else replace(proven, until=until)


def _again(version: str, proven: Proven, now: datetime) -> datetime | None:
    """When to ask again; None where that can change nothing."""
    found, past = proven.attestations, proven.earlier
    if isinstance(found, Missing) and found.why is not Why.ABSENT:
        return now + _FAILED
    if isinstance(past, History) and any(map(_is_open, in_line(version, past.earlier)[-KEPT:])):
        return now + _OPEN
    if isinstance(found, Attestations) and found.refused:
        return now + _REFUSED
    return None


def _is_open(earlier: Earlier) -> bool:
    """Whether it claims provenance, and that was not verified."""
    return earlier.build is Build.CLAIMED
