"""A release's attestations: asked for once, kept by their digest, judged under the pinned roots.

What an answer comes to depends on its bytes, on what it is asked about, on the roots and on this
program alone, so it is kept under the digest of all four. An answer that holds is never asked for
again: it is bound to the artifact. What is refused, or not there, is asked for again after an hour.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from pratique.errors import RefusedError
from pratique.gather.asking import WITHDRAWN, refused
from pratique.gather.behavior import Sources
from pratique.gather.http import Client, Failure, Request
from pratique.gather.npm import How
from pratique.gather.progress import Progress, Silent
from pratique.model.evidence import Attestations, Keys, Refused
from pratique.model.fact import Missing, Why
from pratique.model.package import Release
from pratique.model.registry import Registry
from pratique.provenance import strict
from pratique.provenance.binding import Expected, bound
from pratique.provenance.root import Root
from pratique.store import Entry, Shelf, Store

T = TypeVar("T")

MOST_BYTES = 2 * 1024 * 1024
"""Of an answer; two bundles have some 60 kB."""
_THREADS = 16
_ANSWERS, _BYTES, _JUDGED = "attestation-answers", "attestation-bytes", "attestations"
_SHELF = Shelf(_JUDGED, 1, "", "")
"""Of no registry: a judgement is found by all that it depends on."""
_FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
_BATCH = 64
_NONE = Attestations(
    refused=(Refused("B7", "there should be attestations, and the registry has none",
                     "attestation-missing"),)
)  # fmt: skip


class Roots:
    """The keys and roots to verify under. `digest` tells one pair from another."""

    def __init__(self, keys: Keys, root: Root) -> None:
        self.keys, self.root = keys, root

    @cached_property
    def digest(self) -> str:
        listed = [
            (key.id, key.usage.value, key.spki.hex(), str(key.start), str(key.end))
            for key in self.keys
        ]
        stated = [version("pratique"), sorted(listed), sha256(self.root.source).hexdigest()]
        return digest_of(stated)


def digest_of(stated: object) -> str:
    """SHA-256 in hex of JSON values."""
    return sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Attestations that there should be, by a document or by the policy."""

    release: Release
    registry: Registry
    expected: Expected

    def key(self, answer: str, roots: Roots) -> str:
        """What names the judgement of the answer with that digest."""
        of, repository = self.expected, self.expected.repository
        stated = repository.detail if isinstance(repository, Missing) else repository
        asked = [of.name, of.version, of.sha512, isinstance(repository, Missing), stated]
        more = [of.claims_provenance, of.is_staged, sorted(of.issuers)]
        return digest_of([answer, roots.digest, asked, more])


class _Kept(msgspec.Struct, frozen=True):
    """That an answer came: the digest of its bytes, "" where the registry has none."""

    digest: str


Told = Mapping[Release, Attestations | Missing]


def gather_attestations(wanted: Iterable[Wanted], sources: Sources, roots: Roots) -> Told:
    """What the attestations of each release come to, or why that is not known.

    Raises:
        SettingsError: The user's authorities or proxies cannot be used.
        StoreError: The store is damaged.
    """
    how = sources.how
    run = _Run(sources.store, sources.clock.at, how, roots)
    left = run.stored(list(wanted))
    if how.offline:
        for each in left:
            why = "offline, and its attestations were never asked for, or not for an hour"
            run.found[each.release] = Missing(Why.OFFLINE, why)
    elif left:
        asks: AbstractContextManager[Client] = (
            nullcontext(sources.client)
            if sources.client
            else Client(sources.registries, limits=how.limits, connections=_THREADS)
        )
        run.ask(left, asks, sources.progress)
    return run.found


class _Run:
    """One call of `gather_attestations`."""

    def __init__(self, store: Store, now: datetime, how: How, roots: Roots) -> None:
        self._store, self._now, self._how, self._roots = store, now, how, roots
        self.found: dict[Release, Attestations | Missing] = {}

    def _shelf(self, registry: Registry, kind: str) -> Shelf:
        secret = registry.credential.header if registry.credential else None
        return Shelf(kind, 1, registry.id, self._store.credential_key(secret))

    # What is stored

    def stored(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        """Take what the store has; what is left."""
        fresh: dict[Release, str] = {}
        old: list[Release] = []
        for registry, those in _by_registry(wanted).items():
            subjects = [str(each.release) for each in those]
            entries = self._store.load(self._shelf(registry, _ANSWERS), subjects)
            for each in those:
                entry = entries.get(str(each.release))
                kept = _decoded(entry, _Kept)
                if entry is not None and kept is not None and self._is_good(entry, kept):
                    fresh[each.release] = kept.digest
                    if entry.fetched_at + WITHDRAWN <= self._now and not self._how.offline:
                        old.append(each.release)
        self._judge_stored([each for each in wanted if each.release in fresh], fresh)
        for release in old:
            # It held when it was kept, and does not by what is asked now: there may be more.
            if _is_refused(self.found.get(release)):
                del self.found[release]
        return [each for each in wanted if each.release not in self.found]

    def _is_good(self, entry: Entry, kept: _Kept) -> bool:
        if self._how.offline:
            # What there was is bound to the bytes; that there was none may be true no longer.
            return bool(kept.digest) or entry.fresh_until > self._now
        if self._how.revalidate:
            return False
        return entry.fetched_at <= self._now < entry.fresh_until

    def _judge_stored(self, wanted: Sequence[Wanted], digests: Mapping[Release, str]) -> None:
        """By what is kept of the same question; else from the bytes of the answer."""
        told = [each for each in wanted if digests[each.release]]
        self.found |= {each.release: _NONE for each in wanted if not digests[each.release]}
        keys = {each.release: each.key(digests[each.release], self._roots) for each in told}
        judged = self._store.load(_SHELF, keys.values())
        left: list[Wanted] = []
        for each in told:
            value = _decoded(judged.get(keys[each.release]), Attestations)
            if value is None:
                left.append(each)
            else:
                self.found[each.release] = value
        self._judge_again(left, digests)

    def _judge_again(self, wanted: Sequence[Wanted], digests: Mapping[Release, str]) -> None:
        fresh: list[Entry] = []
        for registry, those in _by_registry(wanted).items():
            entries = self._store.load(
                self._shelf(registry, _BYTES), [digests[each.release] for each in those]
            )
            for each in those:
                entry = entries.get(digests[each.release])
                if entry is not None:
                    found = judged_answer(entry.value, each.expected, self._roots)
                    self.found[each.release] = found
                    fresh.append(self._judgement(each, digests[each.release], found))
        self._store.save(_SHELF, fresh)

    def _judgement(self, wanted: Wanted, digest: str, found: Attestations) -> Entry:
        key = wanted.key(digest, self._roots)
        return Entry(key, msgspec.msgpack.encode(found), self._now, _FOR_GOOD)

    # What is asked

    def ask(
        self,
        left: Sequence[Wanted],
        asks: AbstractContextManager[Client],
        progress: Progress | None,
    ) -> None:
        watched = progress or Silent()
        watched.start(len(left))
        answers: list[_Answer] = []
        try:
            threads = ThreadPoolExecutor(min(_THREADS, len(left)), thread_name_prefix="attest")
            with asks as client, threads as pool:
                for answer in pool.map(lambda each: _ask(client, each, self._roots), left):
                    answers.append(answer)
                    watched.advance()
                    if len(answers) >= _BATCH:
                        self._take(answers)
                        answers = []
        finally:
            self._take(answers)
            watched.finish()

    def _take(self, answers: Sequence[_Answer]) -> None:
        self.found |= {each.wanted.release: each.found for each in answers}
        kept: dict[str, list[_Answer]] = defaultdict(list)
        for each in answers:
            if not isinstance(each.found, Missing):
                kept[each.wanted.registry.id].append(each)
        for those in kept.values():
            self._keep(those[0].wanted.registry, those)

    def _keep(self, registry: Registry, answers: Sequence[_Answer]) -> None:
        """The bytes first: where it is known what came, they are there too."""
        now, new = self._now, [each for each in answers if each.source]
        raw = [Entry(each.digest, each.source, now, _FOR_GOOD) for each in new]
        self._store.save(self._shelf(registry, _BYTES), raw)
        judged = [
            self._judgement(each.wanted, each.digest, each.found)
            for each in new
            if isinstance(each.found, Attestations)
        ]
        self._store.save(_SHELF, judged)
        self._store.save(self._shelf(registry, _ANSWERS), [self._row(each) for each in answers])

    def _row(self, answer: _Answer) -> Entry:
        found = answer.found
        is_kept = isinstance(found, Attestations) and not found.refused
        until = _FOR_GOOD if is_kept else self._now + WITHDRAWN
        value = msgspec.msgpack.encode(_Kept(answer.digest))
        return Entry(str(answer.wanted.release), value, self._now, until)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came, and what it comes to; `digest` is "" where the registry has none."""

    wanted: Wanted
    found: Attestations | Missing
    digest: str = ""
    source: bytes = b""


def _ask(client: Client, wanted: Wanted, roots: Roots) -> _Answer:
    """The endpoint's answer, judged in the thread that it came in."""
    place = urlsplit(wanted.registry.id).netloc
    request = Request(address_of(wanted.registry.id, wanted.release), most=MOST_BYTES)
    with client.get(request) as answer:
        if isinstance(answer, Failure):
            return _Answer(wanted, Missing(Why.FAILED, answer.why))
        if answer.status == 404:
            return _Answer(wanted, _NONE)
        if answer.status != 200:
            return _Answer(wanted, refused(place, answer.status))
        source = bytes(answer.body)
    found = judged_answer(source, wanted.expected, roots)
    return _Answer(wanted, found, sha256(source).hexdigest(), source)


def address_of(registry: str, release: Release) -> str:
    """Where a registry has a release's attestations; what its document names counts for nothing."""
    path = f"{quote(release.name, safe='@')}@{quote(release.version, safe='')}"
    return f"{registry}-/npm/v1/attestations/{path}"


def judged_answer(source: bytes, expected: Expected, roots: Roots) -> Attestations:
    """What an answer's bytes come to. What has two readings is refused."""
    try:
        answer = strict.read_json(source, MOST_BYTES)
    except RefusedError as error:
        return Attestations(refused=(Refused(error.rule, error.message),))
    return bound(answer, expected, roots.root, roots.keys)


def _is_refused(found: object) -> bool:
    return isinstance(found, Attestations) and bool(found.refused)


def _by_registry(wanted: Sequence[Wanted]) -> dict[Registry, list[Wanted]]:
    found: dict[str, tuple[Registry, list[Wanted]]] = {}
    for each in wanted:
        found.setdefault(each.registry.id, (each.registry, []))[1].append(each)
    return dict(found.values())


def _decoded(entry: Entry | None, form: type[T]) -> T | None:
    if entry is None:
        return None
    try:
        return msgspec.msgpack.decode(entry.value, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
