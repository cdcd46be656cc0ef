"""Room for bodies in memory: many small ones at once, few medium ones, one large one.

Without it, as many packuments of 50 MB and more could be held at once as there are threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from pratique.gather.transport import extend_deadline

_MIB = 1024 * 1024
MEDIUM, LARGE = 1 * _MIB, 8 * _MIB
"""Bytes above which a body needs a medium or a large place."""
_MEDIUM_PLACES, _LARGE_PLACES = 4, 1

Grow = Callable[[int], None]
"""Told how long a body has become; returns once there is room for it."""


class Room:
    """The places of one client. Medium ones are taken first, so that none waits in a circle."""

    def __init__(self) -> None:
        self._places = (
            (MEDIUM, threading.Semaphore(_MEDIUM_PLACES)),
            (LARGE, threading.Semaphore(_LARGE_PLACES)),
        )

    @contextmanager
    def lent(self) -> Iterator[Grow]:
        """A `Grow` for one answer; what it took is given back at the end."""
        with ExitStack() as taken:
            left = list(self._places)

            def grow(size: int) -> None:
                while left and size > left[0][0]:
                    before = time.monotonic()
                    taken.enter_context(left.pop(0)[1])
                    extend_deadline(time.monotonic() - before)

            yield grow
