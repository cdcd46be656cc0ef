"""Where the store lies, and how it is opened or done without."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pratique.model.fact import Clock
from pratique.store.closing import Closing
from pratique.store.port import BUSY_SECONDS, SIZE_CAP, Entry, Shelf, Store

FILE = "facts.sqlite"


def location(environ: Mapping[str, str]) -> Path:
    """The store's folder: PRATIQUE_CACHE, else `pratique` in the user's cache directory.

    XDG_CACHE_HOME counts where it is absolute (XDG Base Directory Specification 0.8), else
    `~/.cache`, with the home directory from HOME.
    """
    if own := environ.get("PRATIQUE_CACHE"):
        return Path(own)
    cache = Path(environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():
        cache = Path(environ.get("HOME") or Path.home()) / ".cache"
    return cache / "pratique"


def open_store(
    folder: Path, clock: Clock, *, size_cap: int = SIZE_CAP, busy_seconds: float = BUSY_SECONDS
) -> Store:
    """The store in `folder`, made there with access for the user alone if need be.

    Where it cannot be opened or made, a store that keeps nothing and says so in `warnings`. Where
    there is none yet, it is made when there is something to keep.

    Raises:
        StoreError: It is damaged, or newer than the program. It is left as it is.
    """
    if (folder / FILE).exists():
        return _opened(folder / FILE, clock, size_cap, busy_seconds)
    return Later(lambda: _opened(folder / FILE, clock, size_cap, busy_seconds))


def _opened(path: Path, clock: Clock, size_cap: int, busy_seconds: float) -> Store:
    """Loads the SQL library: a quarter of a second that a first check spends while it waits."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - see above

    from pratique.store.sqlite import SqliteStore, connect, unusable  # noqa: PLC0415 - see above

    try:
        _make(path)
        connection = connect(path, busy_seconds)
        return SqliteStore(path, connection, clock.at, size_cap=size_cap)
    except (OSError, DBAPIError, sqlite3.Error) as error:
        return Forgetful(unusable(path, error))


def _make(path: Path) -> None:
    """SQLite gives its `-wal` and `-shm` files the mode that the database has."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


class Later(Closing):
    """A `Store` that is not there yet: empty, and opened when something is to be kept."""

    def __init__(self, opened: Callable[[], Store]) -> None:
        self._open = opened
        self._store: Store | None = None

    def _there(self) -> Store:
        if self._store is None:
            self._store = self._open()
        return self._store

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._there().warnings

    def credential_key(self, credential: str | None) -> str:
        return "" if credential is None else self._there().credential_key(credential)

    def load(self, shelf: Shelf, subjects: Iterable[str]) -> dict[str, Entry]:
        return {} if self._store is None else self._store.load(shelf, subjects)

    def save(self, shelf: Shelf, entries: Iterable[Entry]) -> None:
        self._there().save(shelf, entries)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


class Forgetful(Closing):
    """A `Store` that keeps nothing, because there is no place for it."""

    def __init__(self, why: str = "") -> None:
        self.warnings: tuple[str, ...] = (why,) if why else ()

    def credential_key(self, credential: str | None) -> str:
        return "" if credential is None else "unknown"

    def load(self, shelf: Shelf, subjects: Iterable[str]) -> dict[str, Entry]:  # noqa: ARG002 - the port's signature
        return {}

    def save(self, shelf: Shelf, entries: Iterable[Entry]) -> None:
        pass

    def close(self) -> None:
        pass
