"""What worker processes do in `test_pool.py`: what the artifact's bytes say, and worse."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from itertools import repeat
from typing import NoReturn

from pratique.gather import worker

_REAL = worker.analysed


def analysed(source: bytes, known: bytes) -> tuple[bytes, bytes]:
    """In the place of `worker.analysed`."""
    order, _, rest = source.partition(b":")
    match order:
        case b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"exit":
            os._exit(3)
        case b"memory":
            raise MemoryError
        case b"deep":
            raise RecursionError("maximum recursion depth exceeded")
        case b"bug":
            raise ValueError("foreign text \x1b[31m")
        case b"wait":
            time.sleep(float(rest))
        case b"long":
            worker.MOST_SECONDS = 1
            worker.analysed_with = _for_ever
            return _REAL(source, known)
        case b"native":
            worker.MOST_SECONDS, worker.GRACE = 1, 0
            worker.analysed_with = _for_ever_in_c
            return _REAL(source, known)
        case b"real":
            return _REAL(rest, known)
    return source, known


def _for_ever(source: bytes, before: object, now: object) -> NoReturn:
    while True:
        time.sleep(0.01)


def _for_ever_in_c(source: bytes, before: object, now: object) -> NoReturn:
    """As a native parser may: no handler of a signal ever runs."""
    deque(repeat(0), maxlen=0)
    raise AssertionError
