"""What a process that serves asks of the interpreter and of the C library."""

from __future__ import annotations

import ctypes
import gc
import sys

_TURN = 0.000_3
"""Seconds for which a thread keeps the interpreter where another one wants it. The loop takes it
anew for each socket, so that a round over eight of them waits eight times beside a rebuilding."""
_YOUNG, _MIDDLE, _OLD = 20_000, 20, 50
"""Objects and rounds before the collector looks for cycles. A document of thousands of releases is
as many objects, none of them in a cycle: looking at all of them again and again took half of the
time of reading it."""
# glibc 2.36, malloc.h. Other libraries have no `mallopt`, or do not know these.
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_LARGE = 256 * 1024
"""Bytes from which on a block is given back to the system as soon as it is free: else each thread
keeps room for a whole document."""
_ARENAS = 2


def tune() -> None:
    """Once, when everything is put together: what is there now is looked at no more."""
    sys.setswitchinterval(_TURN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    _give_back()


def _give_back() -> None:
    library = ctypes.CDLL(None)
    mallopt = getattr(library, "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_ARENA_MAX, _ARENAS)


def trim() -> None:
    """Give back to the system what lies free between what is used (glibc; else nothing happens)."""
    found = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if found is not None:
        found(ctypes.c_size_t(0))
