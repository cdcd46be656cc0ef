"""What a worker process does: bytes of an artifact -> its analysis. It keeps nothing.

A worker may be killed by what it reads; whoever runs it counts on that.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import msgspec

from pratique.archives import Entry, read_archive
from pratique.capabilities.analysis import Reading, analyse, digest_of, read_member, role_of
from pratique.model.behavior import Analysis

SMALL, LITTLE = 256 * 1024, 2 * 1024 * 1024
"""Bytes of an artifact, packed and unpacked, that is read without a worker where it is the only
one: 10 kB can unpack to a file that takes ten seconds and a gigabyte."""
MOST_SECONDS = 120
"""Time for one artifact; the largest of the corpus needs 5."""
GRACE = 10
"""Seconds of the processor beyond that, after which the system ends the worker: what a native
parser does cannot be interrupted."""
MOST_MEMORY = 2 * 1024 * 1024 * 1024
"""Bytes of address space of a worker."""

Readings = dict[str, Reading]
"""`role:sha256` of a file -> what it shows: what the next version of a package does not repeat."""
_ENCODE = msgspec.msgpack.Encoder()
_READINGS = msgspec.msgpack.Decoder(Readings)


class TooLongError(Exception):
    """The artifact takes more time than it is given."""


def begin() -> None:
    """Bound the worker's memory, where the system can, and its life by its parent's."""
    threading.Thread(target=_outlive_nobody, daemon=True).start()
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def is_small(source: bytes) -> bool:
    """Whether an artifact can take neither long nor much memory."""
    return len(source) <= SMALL and read_archive(source).size <= LITTLE


def analysed(source: bytes | Path, known: bytes) -> tuple[bytes, bytes]:
    """(encoded Analysis, encoded Readings) of an artifact's bytes.

    Args:
        source: The artifact, or the file that holds it.
        known: Encoded Readings of an earlier version of it; b"" for none.

    Raises:
        TooLongError: It took more than MOST_SECONDS.
        OSError: The file cannot be read.
    """
    before = decoded_readings(known)
    now: Readings = {}
    timed = hasattr(signal, "setitimer")
    _bound_time()
    if timed:
        signal.signal(signal.SIGALRM, _too_long)
        signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        held = source if isinstance(source, bytes) else source.read_bytes()
        analysis = analysed_with(held, before, now)
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return encoded(analysis), encoded(now)


def analysed_with(source: bytes, before: Mapping[str, Reading], now: Readings) -> Analysis:
    """The analysis; readings of `before` are used again, and all that count are put into `now`."""

    def read(entry: Entry) -> Reading:
        key = f"{role_of(entry.path)}:{digest_of(entry.content)}"
        reading = before.get(key) or now.get(key) or read_member(entry.path, entry.content)
        now[key] = reading
        return reading

    return analyse(read_archive(source), hashlib.sha512(source).hexdigest(), read)


def encoded(value: Analysis | Readings) -> bytes:
    """As it is stored."""
    return _ENCODE.encode(value)


def decoded_readings(known: bytes) -> Readings:
    """The readings again; none where the bytes are not ours."""
    try:
        return _READINGS.decode(known) if known else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _bound_time() -> None:
    """Have the system end this worker where it cannot end itself; never the process of the run."""
    if multiprocessing.parent_process() is None:
        return
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + MOST_SECONDS + GRACE
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def _outlive_nobody() -> None:
    """End where the parent was killed: who waits for work holds the pipe open for the others."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TooLongError
