"""A store that is used from one thread, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from pratique.store import Closing, Entry, Shelf, Store


class Aside(Closing):
    """`Store` for many threads: each call is made in its own one, and waited for."""

    def __init__(self, opened: Callable[[], Store]) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="facts")
        self._store = self._thread.submit(opened).result()

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._thread.submit(lambda: self._store.warnings).result()

    def credential_key(self, credential: str | None) -> str:
        return self._thread.submit(self._store.credential_key, credential).result()

    def load(self, shelf: Shelf, subjects: Iterable[str]) -> dict[str, Entry]:
        return self._thread.submit(self._store.load, shelf, tuple(subjects)).result()

    def save(self, shelf: Shelf, entries: Iterable[Entry]) -> None:
        self._thread.submit(self._store.save, shelf, tuple(entries)).result()

    def close(self) -> None:
        self._thread.submit(self._store.close).result()
        self._thread.shutdown()
