"""Quarantine: artifacts wait here until they were read. The queue is a table, so a restart resumes.

What is found is a fact of the bytes, kept for good under their digest; whether it clears a release
or holds it is decided where the release is judged, each time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from pratique.errors import StoreError
from pratique.gather.pool import Pool
from pratique.model.behavior import ANALYSED, ANALYSER, Analysis
from pratique.model.fact import Clock, Missing, Why
from pratique.proxy.aside import Aside
from pratique.proxy.settings import Now
from pratique.store import Entry, Shelf, Store
from pratique.store.blobs import Blobs
from pratique.store.firewall.port import Job, Key, Queue, Standing, State

_SHELF = Shelf(ANALYSED.name, ANALYSER, "", "")
_FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
_LEASE = 300.0
"""Seconds: twice what a worker is given for one artifact, and room for a large fetch."""
_AGAIN = timedelta(hours=1)
"""After so long, an artifact whose analysis failed is read again when it is asked for."""
_IDLE = 0.5
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
FAILED = Missing(Why.FAILED, "its analysis failed again and again")
FULL = Missing(Why.FAILED, "too many artifacts wait to be analysed")


class Analyses:
    """Analyses by digest, in a store that is for many threads."""

    def __init__(self, opened: Callable[[Clock], Store], now: Now) -> None:
        self._now = now
        self.store: Store = Aside(lambda: opened(Clock(now())))

    def load(self, digests: Iterable[str]) -> dict[str, Analysis]:
        """Hex SHA-512 -> analysis, of those that are known."""
        subjects = [f"sha512:{each}" for each in digests]
        found = self.store.load(_SHELF, subjects)
        decoded = {each.subject.removeprefix("sha512:"): _decoded(each) for each in found.values()}
        return {digest: each for digest, each in decoded.items() if each is not None}

    def save(self, sha512: str, encoded: bytes) -> None:
        entry = Entry(f"sha512:{sha512}", encoded, self._now(), _FOR_GOOD)
        self.store.save(_SHELF, [entry])

    def close(self) -> None:
        self.store.close()


def _decoded(entry: Entry) -> Analysis | None:
    try:
        return msgspec.msgpack.decode(entry.value, type=Analysis)
    except _BROKEN:
        return None


Fetch = Callable[[Job], str | Missing]
"""Brings the artifact into the blobs: its SHA-512, or why it cannot be had."""


class Quarantine:
    """Reads what waits, with a few threads, each of which waits for a worker process."""

    def __init__(
        self,
        queue: Queue,
        analyses: Analyses,
        blobs: Blobs,
        fetch: Fetch,
        now: Now,
        *,
        workers: int = 2,
    ) -> None:
        self._queue, self._analyses, self._blobs = queue, analyses, blobs
        self._fetch, self._now = fetch, now
        self._pool = Pool(workers)
        self._closing = threading.Event()
        self._work = threading.Condition()
        self._waiting: dict[Key, list[Future[None]]] = {}
        self._threads = [
            threading.Thread(target=self._run, name=f"quarantine-{number}", daemon=True)
            for number in range(workers)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def want(self, jobs: Iterable[Job]) -> list[Future[None]]:
        """Queue the jobs; each future is done when its artifact was read, or cannot be."""
        wanted = list(jobs)
        futures: list[Future[None]] = [Future() for _ in wanted]
        with self._work:
            for job, future in zip(wanted, futures, strict=True):
                self._waiting.setdefault(job.key, []).append(future)
        turned_away = self._queue.put(wanted, self._now())
        standing = self._queue.states(job.key for job in wanted)
        over = {key for key, each in standing.items() if each.state in _OVER}
        over -= self._begun_anew(over, standing)
        for key in over | {job.key for job in turned_away}:
            self._tell(key)
        with self._work:
            self._work.notify_all()
        return futures

    def _begun_anew(self, over: set[Key], standing: Mapping[Key, Standing]) -> set[Key]:
        """Those whose analysis the store had no room for, or failed long ago: queued again."""
        read = self._analyses.load(key.sha512 for key in over)
        cleared = {key for key in over if standing[key].state is State.CLEARED}
        lost = {key for key in cleared if key.sha512 not in read}
        lost |= {key for key in over if self._is_tried_again(standing[key])}
        for key in lost:
            self._queue.settle(key, State.QUEUED, "its analysis is no longer there", self._now())
        return lost

    def _is_tried_again(self, each: Standing) -> bool:
        """Whether it failed so long ago that a registry or a disk may be well again."""
        return each.state is State.FAILED and self._now() - each.at >= _AGAIN

    def found(self, keys: Iterable[Key]) -> dict[Key, Analysis | Missing]:
        """What is known of the artifacts; those that still wait are not there."""
        wanted = list(keys)
        read = self._analyses.load(key.sha512 for key in wanted)
        left = [key for key in wanted if key.sha512 not in read]
        standing = self._queue.states(left) if left else {}
        failed = {
            key: FAILED
            for key, each in standing.items()
            if each.state is State.FAILED and not self._is_tried_again(each)
        }
        return {key: read[key.sha512] for key in wanted if key.sha512 in read} | failed

    def _tell(self, key: Key) -> None:
        with self._work:
            waiting = self._waiting.pop(key, [])
        for future in waiting:
            with suppress(Exception):  # who waited went away
                future.set_result(None)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                job = self._queue.lease(self._now(), _LEASE, ANALYSER)
            except StoreError:
                job = None
            if job is None:
                self._tell_what_is_over()
                with self._work:
                    self._work.wait(_IDLE)
                continue
            self._do(job)

    def _tell_what_is_over(self) -> None:
        """Another node, with the same database, may have read what is waited for here."""
        with self._work:
            waiting = list(self._waiting)
        if waiting:
            with suppress(StoreError):
                for key, each in self._queue.states(waiting).items():
                    if each.state in _OVER:
                        self._tell(key)

    def _do(self, job: Job) -> None:
        state, why = State.QUEUED, "its analysis was broken off"
        with suppress(Exception):  # whatever a full disk or an artifact does, the thread lives on
            state, why = self._read(job)
        with suppress(StoreError):
            self._queue.done(job, state, why, self._now())
        if self._state(job.key) in _OVER:
            self._tell(job.key)

    def _state(self, key: Key) -> State | None:
        with suppress(StoreError):
            found = self._queue.states([key]).get(key)
            return found.state if found else None
        return None

    def _read(self, job: Job) -> tuple[State, str]:
        if job.key.sha512 in self._analyses.load([job.key.sha512]):
            return State.CLEARED, "it was read before"
        fetched = self._fetch(job)
        if isinstance(fetched, Missing):
            return State.QUEUED, fetched.detail
        source = self._blobs.file(fetched)
        if source is None or fetched != job.key.sha512:
            return State.QUEUED, "its artifact is not there"
        answer = self._pool.analysed(source, b"")
        if isinstance(answer, Missing):
            return State.QUEUED, answer.detail
        self._analyses.save(job.key.sha512, answer[0])
        return State.CLEARED, "it was read"

    def close(self) -> None:
        """Let the jobs that are being done end; the others wait for the next start."""
        self._closing.set()
        with self._work:
            self._work.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_LEASE)
        self._pool.__exit__(None, None, None)


_OVER = frozenset({State.CLEARED, State.HELD, State.FAILED})
