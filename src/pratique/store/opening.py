"""Where the store lies, and how it is opened or done without."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.exc import DBAPIError

from pratique.model.fact import Clock
from pratique.store.port import Entry, Shelf, Store
from pratique.store.sqlite import BUSY_SECONDS, SIZE_CAP, SqliteStore, connect, unusable

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
    folder: Path,
    clock: Clock,
    *,
    size_cap: int = SIZE_CAP,
    busy_seconds: float = BUSY_SECONDS,
) -> Store:
    """The store in `folder`, made there with access for the user alone if need be.

    Where it cannot be opened or made, a store that keeps nothing and says so in `warnings`.

    Raises:
        StoreError: It is damaged, or newer than the program. It is left as it is.
    """
    path = folder / FILE
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


class Forgetful:
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass
