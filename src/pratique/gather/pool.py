"""A pool of worker processes in which one artifact cannot take others with it.

Where a worker dies, all that were under way are tried again one by one: the one that kills its
worker a second time is Missing, the others are not. So is the one that reading fails on.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Self

from pratique.gather import worker
from pratique.model.fact import Missing, Why

MOST_WORKERS = 8
DIED = Missing(Why.FAILED, "reading it ended the process that did it: it may be made to do so")
TOO_LONG = Missing(Why.FAILED, f"reading it takes more than {worker.MOST_SECONDS} seconds")
TOO_LARGE = Missing(Why.FAILED, "reading it takes more memory than it is given")

Answer = tuple[bytes, bytes] | Missing


class Pool:
    """Worker processes, started when they are first needed. Safe to use from several threads."""

    def __init__(self, artifacts: int) -> None:
        self._workers = max(1, min(os.cpu_count() or 1, artifacts, MOST_WORKERS))
        self._alone = artifacts == 1
        self._executor: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._one = threading.Lock()

    def analysed(self, source: bytes | Path, known: bytes) -> Answer:
        """The encoded analysis and readings of an artifact; Missing where it cannot be had.

        Of one in a file, this process need not hold the bytes: a worker reads them.
        """
        if isinstance(source, bytes) and self._alone and worker.is_small(source):
            return _here(source, known)
        executor = self._started()
        answer = _asked(executor, source, known)
        if answer is not None:
            return answer
        self._replace(executor)
        with self._one:
            return self._apart(source, known)

    def _apart(self, source: bytes | Path, known: bytes) -> Answer:
        with ProcessPoolExecutor(1, get_context("spawn"), worker.begin) as executor:
            return _asked(executor, source, known) or DIED

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._executor is None:
                # Not forked: this process has threads.
                context = get_context("spawn")
                self._executor = ProcessPoolExecutor(self._workers, context, worker.begin)
            return self._executor

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._executor is broken:
                self._executor = None
        broken.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=kind is None, cancel_futures=True)


def _here(source: bytes, known: bytes) -> Answer:
    """Without a process: what is small cannot take long."""

    def read() -> tuple[bytes, bytes]:
        now: worker.Readings = {}
        analysis = worker.analysed_with(source, worker.decoded_readings(known), now)
        return worker.encoded(analysis), worker.encoded(now)

    return _of(read)


def _asked(executor: ProcessPoolExecutor, source: bytes | Path, known: bytes) -> Answer | None:
    """None where a worker died, or where another thread that saw it closed the pool."""
    try:
        future = executor.submit(worker.analysed, source, known)
    except RuntimeError:
        return None
    try:
        return _of(future.result)
    except BrokenProcessPool:
        return None


def _of(read: Callable[[], tuple[bytes, bytes]]) -> Answer:
    """What reading gives. What it fails on is hostile until shown otherwise, and no other's end."""
    try:
        return read()
    except BrokenProcessPool:
        raise
    except worker.TooLongError:
        return TOO_LONG
    except MemoryError:
        return TOO_LARGE
    except Exception as error:  # noqa: BLE001 - whatever an artifact can make of a reader
        return Missing(Why.FAILED, f"reading it failed ({type(error).__name__})")
