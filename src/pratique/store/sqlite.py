"""The embedded store: one SQLite file, many processes, one writer at a time.

WAL lets readers go on while one process writes; a writer takes its lock at the start (`BEGIN
IMMEDIATE`), so that it waits its turn instead of failing half-way (https://sqlite.org/wal.html and
https://sqlite.org/lang_transaction.html, read 2026-11).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    create_engine,
    delete,
    event,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from pratique.errors import StoreError
from pratique.store.closing import Closing
from pratique.store.migrations import DAMAGED_HINT, SCHEMA, migrate, schema_of
from pratique.store.packing import pack, unpack
from pratique.store.port import BUSY_SECONDS, SIZE_CAP, Entry, Shelf
from pratique.store.tables import FACTS, SELF

T = TypeVar("T")

_EVICTED_TO = 0.9
"""Share of the cap that eviction goes down to, so that it does not run after every save."""
_ROW_COST = 160
"""Bytes that a row needs beside its body: keys, times, the index entry (measured, roughly)."""
_A_DAY = 86_400
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SHRINK = "PRAGMA incremental_vacuum"
_KEY = (FACTS.c.kind, FACTS.c.version, FACTS.c.registry, FACTS.c.credential, FACTS.c.subject)


def connect(path: Path, busy_seconds: float = BUSY_SECONDS) -> Connection:
    """A connection to the file, with today's schema.

    Raises:
        StoreError: It is damaged or newer than the program.
        DBAPIError: It cannot be opened or written: full, read-only, busy.
    """
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(path, timeout=busy_seconds, isolation_level=None),
        poolclass=StaticPool,
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    try:
        with damage_is_an_error(path):
            return _current(engine)
    except BaseException:
        engine.dispose()
        raise


def _current(engine: Engine) -> Connection:
    connection = engine.connect()
    with connection.begin():
        current = schema_of(connection) == SCHEMA
    if not current:
        connection.execution_options(writes=True)
        with connection.begin():
            migrate(connection)
        connection.execution_options(writes=False)
    return connection


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    if connection.execute("PRAGMA page_count").fetchone() == (0,):
        # Only a new file: it is a write, and no run that finds all it needs should write.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def damage_is_an_error(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a damaged file into a StoreError; let other errors through."""
    try:
        yield
    except DBAPIError as error:
        if _code(error) in _DAMAGED:
            message = f"The store {path} is damaged: {error.orig}"
            raise StoreError(message, hint=DAMAGED_HINT) from error
        raise
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in _DAMAGED:
            message = f"The store {path} is damaged: {error}"
            raise StoreError(message, hint=DAMAGED_HINT) from error
        raise


def _code(error: DBAPIError) -> int | None:
    """SQLite's primary result code (https://sqlite.org/rescode.html), where there is one."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


class SqliteStore(Closing):
    """`Store` over one connection. Made by `open_store`."""

    def __init__(
        self, path: Path, connection: Connection, now: datetime, *, size_cap: int = SIZE_CAP
    ) -> None:
        self._path = path
        self._connection = connection
        self._now = int(now.timestamp())
        self._size_cap = size_cap
        self._used: dict[Shelf, set[str]] = {}
        self._warnings: list[str] = []
        self._grew = False
        secret = connection.scalar(select(SELF.c.value).where(SELF.c.name == "secret"))
        connection.rollback()
        try:
            self._secret = bytes.fromhex(secret or "")
        except ValueError:
            self._secret = b""
        if not self._secret:
            raise StoreError(f"The store {path} has lost its secret", hint=DAMAGED_HINT)

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._warnings)

    def credential_key(self, credential: str | None) -> str:
        if credential is None:
            return ""
        digest = hashlib.blake2b(credential.encode(), key=self._secret, digest_size=16)
        return digest.hexdigest()

    def load(self, shelf: Shelf, subjects: Iterable[str]) -> dict[str, Entry]:
        wanted = sorted(set(subjects))
        rows = self._within(lambda: self._rows(shelf, wanted), writes=False)
        found: dict[str, Entry] = {}
        for row in rows or ():
            if (value := unpack(row.body)) is not None:
                found[row.subject] = _entry(row, value)
                self._note_use(shelf, row)
        return found

    def _rows(self, shelf: Shelf, subjects: Sequence[str]) -> list[Any]:
        query = select(
            FACTS.c.subject, FACTS.c.body, FACTS.c.fetched_at, FACTS.c.fresh_until,
            FACTS.c.etag, FACTS.c.last_used,
        ).where(_on(shelf))  # fmt: skip
        return list(self._connection.execute(query.where(_is_among(subjects))))

    def _note_use(self, shelf: Shelf, row: Any) -> None:
        """Uses are kept to the day: a warm run then writes nothing."""
        if self._now - row.last_used > _A_DAY:
            self._used.setdefault(shelf, set()).add(row.subject)

    def save(self, shelf: Shelf, entries: Iterable[Entry]) -> None:
        rows = [self._row(shelf, entry) for entry in entries]
        if not rows:
            return
        statement = insert(FACTS)
        told = {column.name: column for column in statement.excluded if not column.primary_key}
        upsert = statement.on_conflict_do_update(index_elements=_KEY, set_=told)
        self._within(lambda: self._connection.execute(upsert, rows), writes=True)
        self._grew = True

    def _row(self, shelf: Shelf, entry: Entry) -> dict[str, object]:
        body = pack(entry.value)
        return {
            "kind": shelf.kind,
            "version": shelf.version,
            "registry": shelf.registry,
            "credential": shelf.credential,
            "subject": entry.subject,
            "fetched_at": int(entry.fetched_at.timestamp()),
            "fresh_until": int(entry.fresh_until.timestamp()),
            "last_used": self._now,
            "etag": entry.etag,
            "size": len(body) + len(entry.subject) + len(shelf.registry) + _ROW_COST,
            "body": body,
        }

    def close(self) -> None:
        if self._used:
            self._within(self._keep_uses, writes=True)
        if self._grew and self._within(self._evict, writes=True):
            self._within(lambda: self._connection.execute(text(_SHRINK)), writes=False)
        self._connection.close()
        self._connection.engine.dispose()

    def _keep_uses(self) -> None:
        for shelf, subjects in self._used.items():
            of_these = and_(_on(shelf), _is_among(sorted(subjects)))
            self._connection.execute(update(FACTS).where(of_these).values(last_used=self._now))

    def _evict(self) -> bool:
        total = self._connection.scalar(select(func.sum(FACTS.c.size))) or 0
        if total <= self._size_cap:
            return False
        excess = total - int(self._size_cap * _EVICTED_TO)
        oldest = select(*_KEY, FACTS.c.size).order_by(FACTS.c.last_used, *_KEY).limit(150)
        while excess > 0:
            doomed = []
            for row in self._connection.execute(oldest):
                if excess > 0:
                    doomed.append(tuple(row[:-1]))
                    excess -= row.size
            self._connection.execute(delete(FACTS).where(tuple_(*_KEY).in_(doomed)))
        return True

    def _within(self, work: Callable[[], T], *, writes: bool) -> T | None:
        """The work's value, done in one transaction; None where the store is out of use.

        The first failure that is not damage puts it out of use for the rest of the run.
        """
        if self._warnings:
            return None
        self._connection.execution_options(writes=writes)
        try:
            with damage_is_an_error(self._path), self._connection.begin():
                return work()
        except DBAPIError as error:
            self._warnings.append(unusable(self._path, error))
            return None


def unusable(path: Path, error: Exception) -> str:
    """The warning for a store that cannot be used, though nothing is wrong with its bytes."""
    why = getattr(error, "orig", None) or error
    return f"the store {path} cannot be used, so nothing is kept between runs: {why}"


def _on(shelf: Shelf) -> ColumnElement[bool]:
    return and_(
        FACTS.c.kind == shelf.kind,
        FACTS.c.version == shelf.version,
        FACTS.c.registry == shelf.registry,
        FACTS.c.credential == shelf.credential,
    )


def _entry(row: Any, value: bytes) -> Entry:
    return Entry(
        row.subject,
        value,
        datetime.fromtimestamp(row.fetched_at, UTC),
        datetime.fromtimestamp(row.fresh_until, UTC),
        row.etag,
    )


def _is_among(subjects: Sequence[str]) -> ColumnElement[bool]:
    """One parameter for any number of subjects: a parameter each costs more than the query."""
    listed = func.json_each(json.dumps(subjects)).table_valued("value")
    return FACTS.c.subject.in_(select(listed.c.value))
