"""Artifacts -> what they can do: fetched, held against their digest, read in worker processes.

What an artifact shows depends on its bytes alone, so it is kept for good under their digest; what
each of its files shows is kept under the package's name, so that the next version costs no more
than what changed in it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import SimpleQueue
from urllib.parse import urlsplit

import msgspec

from pratique.gather.http import Client, Failure, Request, Response
from pratique.gather.npm import How, Known
from pratique.gather.pool import Pool
from pratique.gather.progress import Progress, Silent
from pratique.model.behavior import ANALYSED, ANALYSER, Analysis
from pratique.model.fact import Clock, Missing, Why
from pratique.model.package import Digest, Release
from pratique.model.registry import Registries, Registry
from pratique.store import Entry, Shelf, Store

MOST_BYTES = 256 * 1024 * 1024
"""Of an artifact as it is fetched; the largest of the npm registry's popular ones has 120."""
_WORKERS = 4
"""Threads that fetch: each also waits for a worker process, and holds one artifact meanwhile."""
_READINGS = "readings"
_FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Wanted:
    """An artifact that is to be read.

    Attributes:
        release: Whose it is.
        registry: Which registry serves it.
        url: Where it is.
        digest: The strongest that is known of it: the locked one, else the registry's. None where
            neither states one; then what comes is taken, and nothing of it is kept.
    """

    release: Release
    registry: Registry
    url: str
    digest: Digest | None


def gather_analyses(
    wanted: Iterable[Wanted],
    registries: Registries,
    store: Store,
    clock: Clock,
    how: How,
    progress: Progress | None = None,
) -> Known:
    """An Analysis, or why there is none, for the release of each of `wanted`.

    Raises:
        SettingsError: The user's authorities or proxies cannot be used.
        StoreError: The store is damaged.
    """
    run = _Run(store, clock.at)
    left = run.stored(list(wanted))
    if how.offline:
        for each in left:
            run.put(each, Missing(Why.OFFLINE, "offline, and its artifact was never analysed"))
    elif left:
        run.ask(left, Client(registries, limits=how.limits, connections=_WORKERS), progress)
    run.share(left)
    return run.known


Answer = tuple[Wanted, Analysis | Missing, bytes, bytes]
"""With the encoded analysis and readings, for the store."""


class _Run:
    """One call of `gather_analyses`."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now
        self.known: Known = {}

    def put(self, wanted: Wanted, value: Analysis | Missing) -> None:
        self.known[ANALYSED.name, wanted.release] = value

    def stored(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        """Take what the store has; what is left."""
        left: list[Wanted] = []
        for shelf, those in self._by_shelf(wanted, ANALYSED.name).items():
            entries = self._store.load(shelf, [_subject(each) for each in those if each.digest])
            for each in those:
                analysis = _decoded(entries.get(_subject(each))) if each.digest else None
                if analysis is None:
                    left.append(each)
                else:
                    self.put(each, analysis)
        return left

    def _by_shelf(self, wanted: Iterable[Wanted], kind: str) -> dict[Shelf, list[Wanted]]:
        found: dict[Shelf, list[Wanted]] = defaultdict(list)
        for each in wanted:
            found[self._shelf(each, kind)].append(each)
        return found

    def _shelf(self, wanted: Wanted, kind: str) -> Shelf:
        """A weak digest says nothing of the bytes: what it stands for depends on the registry."""
        secret = wanted.registry.credential
        credential = self._store.credential_key(secret.header if secret else None)
        is_bound = kind == ANALYSED.name and wanted.digest is not None and wanted.digest.is_strong
        return Shelf(kind, ANALYSER, "" if is_bound else wanted.registry.id, credential)

    def ask(self, wanted: Sequence[Wanted], client: Client, progress: Progress | None) -> None:
        known = self._readings(wanted)
        left, answered = deque(wanted), SimpleQueue[Answer | BaseException]()
        progress = progress or Silent()
        progress.start(len(wanted))
        threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="artifacts")
        with client, Pool(len(wanted)) as pool:
            try:
                for _ in range(min(_WORKERS, len(wanted))):
                    threads.submit(_work, left, answered, client, pool, known)
                self._collect(answered, len(wanted), progress)
            finally:
                left.clear()
                threads.shutdown(wait=True)
                progress.finish()

    def share(self, wanted: Iterable[Wanted]) -> None:
        """What was read of bytes is known of them wherever else they are locked.

        An entry that is re-pointed is served other bytes than it locks; where those that it locks
        were read under another name, the next run finds them in the store. So does this one.
        """
        analyses = {each.sha512: each for each in self.known.values() if isinstance(each, Analysis)}
        for each in wanted:
            digest = each.digest
            found = analyses.get(digest.hex) if digest and digest.algorithm == "sha512" else None
            if found is not None and isinstance(self.known[ANALYSED.name, each.release], Missing):
                self.put(each, found)

    def _readings(self, wanted: Iterable[Wanted]) -> dict[Release, bytes]:
        found: dict[Release, bytes] = {}
        for shelf, those in self._by_shelf(wanted, _READINGS).items():
            entries = self._store.load(shelf, {each.release.name for each in those})
            found |= {
                each.release: entries[each.release.name].value
                for each in those
                if each.release.name in entries
            }
        return found

    def _collect(
        self, answered: SimpleQueue[Answer | BaseException], count: int, progress: Progress
    ) -> None:
        unsaved: dict[Shelf, dict[str, Entry]] = defaultdict(dict)
        try:
            for _ in range(count):
                answer = answered.get()
                if isinstance(answer, BaseException):
                    raise answer
                self._take(answer, unsaved)
                progress.advance()
        finally:
            self._save(unsaved)

    def _take(self, answer: Answer, unsaved: dict[Shelf, dict[str, Entry]]) -> None:
        wanted, value, analysis, readings = answer
        self.put(wanted, value)
        if isinstance(value, Missing) or wanted.digest is None:
            return
        for kind, subject, encoded in (
            (_READINGS, wanted.release.name, readings),
            (ANALYSED.name, _subject(wanted), analysis),
        ):
            entry = Entry(subject, encoded, self._now, _FOR_GOOD)
            unsaved[self._shelf(wanted, kind)][subject] = entry
        if max(map(len, unsaved.values())) >= _BATCH:
            self._save(unsaved)

    def _save(self, unsaved: dict[Shelf, dict[str, Entry]]) -> None:
        """Readings first: where there is an analysis, its artifact is not read again for them."""
        for shelf in sorted(unsaved, key=lambda shelf: shelf.kind != _READINGS):
            self._store.save(shelf, unsaved[shelf].values())
        unsaved.clear()


def _subject(wanted: Wanted) -> str:
    return f"{wanted.digest.algorithm}:{wanted.digest.hex}" if wanted.digest else ""


def _decoded(entry: Entry | None) -> Analysis | None:
    if entry is None:
        return None
    try:
        return msgspec.msgpack.decode(entry.value, type=Analysis)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _work(
    left: deque[Wanted],
    answered: SimpleQueue[Answer | BaseException],
    client: Client,
    pool: Pool,
    known: Mapping[Release, bytes],
) -> None:
    """One thread: fetch what is left, one at a time, until nothing is."""
    with suppress(IndexError):  # nothing is left
        while True:
            wanted = left.popleft()
            try:
                answered.put(_analysed(wanted, client, pool, known.get(wanted.release, b"")))
            except BaseException as error:  # noqa: BLE001 - raised again where they are collected
                answered.put(error)


def _analysed(wanted: Wanted, client: Client, pool: Pool, known: bytes) -> Answer:
    with client.get(_request(wanted)) as answer:
        source = _bytes_of(wanted, answer)
        if isinstance(source, Missing):
            return wanted, source, b"", b""
        found = pool.analysed(source, known)
    if isinstance(found, Missing):
        return wanted, found, b"", b""
    analysis, readings = found
    return wanted, msgspec.msgpack.decode(analysis, type=Analysis), analysis, readings


def fetch(wanted: Wanted, registries: Registries, how: How) -> bytes | Missing:
    """The bytes of an artifact, held against their digest. They are kept nowhere.

    Raises:
        SettingsError: The user's authorities or proxies cannot be used.
    """
    if how.offline:
        return Missing(Why.OFFLINE, "offline, and artifacts themselves are not stored")
    with Client(registries, limits=how.limits) as client, client.get(_request(wanted)) as answer:
        return _bytes_of(wanted, answer)


def _request(wanted: Wanted) -> Request:
    return Request(wanted.url, "*/*", None, MOST_BYTES, "identity")


def _bytes_of(wanted: Wanted, answer: Response | Failure) -> bytes | Missing:
    place = urlsplit(wanted.url).netloc
    if isinstance(answer, Failure):
        return Missing(Why.FAILED, answer.why)
    if answer.status != 200:
        return Missing(Why.FAILED, f"{place} answered with status {answer.status} for its artifact")
    source = bytes(answer.body)
    answer.body.clear()
    if wanted.digest is not None and not _is(wanted.digest, source):
        why = f"{place} served other bytes than the digest {wanted.digest.sri[:24]}… names"
        return Missing(Why.FAILED, why)
    return source


def _is(digest: Digest, source: bytes) -> bool:
    return hashlib.new(digest.algorithm, source, usedforsecurity=False).hexdigest() == digest.hex
