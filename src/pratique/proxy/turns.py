"""One at a time for each name. Nothing is kept of a name that nobody is at: names are foreign."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager


class Turns:
    """For the coroutines of one loop."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[asyncio.Lock, list[None]]] = {}

    def __len__(self) -> int:
        return len(self._held)

    @asynccontextmanager
    async def at(self, name: Hashable) -> AsyncIterator[None]:
        """Wait for the turn, and have it."""
        lock, users = self._held.setdefault(name, (asyncio.Lock(), []))
        users.append(None)
        try:
            async with lock:
                yield
        finally:
            users.pop()
            if not users:
                del self._held[name]


class ThreadTurns:
    """The same for threads."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[threading.Lock, list[None]]] = {}
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    @contextmanager
    def at(self, name: Hashable) -> Iterator[None]:
        """Wait for the turn, and have it."""
        with self._guard:
            lock, users = self._held.setdefault(name, (threading.Lock(), []))
            users.append(None)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                users.pop()
                if not users:
                    del self._held[name]
