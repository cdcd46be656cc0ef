"""One database behind the firewall's tables: a SQLite file, or PostgreSQL by its address.

Both behave alike: many readers, and one writer at a time, who takes its turn when its transaction
begins (`BEGIN IMMEDIATE`; an advisory lock on PostgreSQL), so that it never fails half-way.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Select,
    Table,
    bindparam,
    cast,
    create_engine,
    event,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from pratique.errors import Hindrance, StoreError, StoreUnavailableError
from pratique.store.firewall.migrations import DAMAGED_HINT

BUSY_SECONDS = 15.0
"""How long a write waits for its turn."""
_CONNECTIONS = 16
_CACHE = 256
"""Kilobytes of pages that a connection to SQLite keeps: the system has them in memory anyway."""
_TURN = 0x70726174
"""Key of the advisory lock that is a writer's turn ("prat")."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# https://sqlite.org/rescode.html and PostgreSQL 17, Appendix A (read 2026-11).
_SQLITE = {
    sqlite3.SQLITE_FULL: Hindrance.FULL,
    sqlite3.SQLITE_READONLY: Hindrance.READ_ONLY,
    sqlite3.SQLITE_PERM: Hindrance.READ_ONLY,
    sqlite3.SQLITE_BUSY: Hindrance.BUSY,
    sqlite3.SQLITE_LOCKED: Hindrance.BUSY,
    sqlite3.SQLITE_IOERR: Hindrance.UNREACHABLE,
    sqlite3.SQLITE_CANTOPEN: Hindrance.UNREACHABLE,
}
_SQLITE_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_POSTGRESQL = {
    "53100": Hindrance.FULL,
    "25006": Hindrance.READ_ONLY,
    "42501": Hindrance.READ_ONLY,
    "55P03": Hindrance.BUSY,
    "57014": Hindrance.BUSY,
    "40P01": Hindrance.BUSY,
    "40001": Hindrance.BUSY,
    "53": Hindrance.BUSY,
    "08": Hindrance.UNREACHABLE,
    "57": Hindrance.UNREACHABLE,
    "58": Hindrance.UNREACHABLE,
    "28": Hindrance.UNREACHABLE,
    "3D": Hindrance.UNREACHABLE,
}
"""SQLSTATE, or its class -> what it means; the longer one counts."""


class Database:
    """Transactions over one database; used from threads."""

    def __init__(self, engine: Engine, place: str, busy_seconds: float) -> None:
        self.engine = engine
        self.place = place
        self._busy_seconds = busy_seconds
        self._turn = threading.Lock()
        self.is_sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads; on SQLite it sees one moment."""
        with self._said(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A transaction that reads, and sees one moment; its queries may be read bit by bit."""
        with self._said(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that may write, in its turn; with `durable`, on the disk when it ends."""
        with self._said(), self._in_turn(), self.engine.connect() as connection:
            connection.execution_options(writes=True, durable=durable)
            with connection.begin():
                yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Threads wait here in order; SQLite lets who waits sleep and starve."""
        if not self._turn.acquire(timeout=self._busy_seconds):
            raise self._unavailable(Hindrance.BUSY, "another write does not end")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Say what a driver's error means. A constraint's is the caller's business."""
        try:
            yield
        except IntegrityError:
            raise
        except PoolTimeoutError as error:
            raise self._unavailable(Hindrance.BUSY, str(error)) from error
        except DBAPIError as error:
            raise self._meant(error.orig or error, error) from error
        except sqlite3.Error as error:
            raise self._meant(error, error) from error

    def _meant(self, cause: BaseException, error: Exception) -> Exception:
        code = getattr(cause, "sqlite_errorcode", None)
        state = getattr(cause, "sqlstate", None)
        if isinstance(code, int):
            if code & 0xFF in _SQLITE_DAMAGED:
                return self._damaged(cause)
            hindrance = _SQLITE.get(code & 0xFF)
        elif isinstance(state, str):
            if state.startswith("XX"):
                return self._damaged(cause)
            hindrance = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
        else:
            # A driver that lost its connection, or never had one, has no code to give.
            hindrance = Hindrance.UNREACHABLE if isinstance(error, OperationalError) else None
        return error if hindrance is None else self._unavailable(hindrance, str(cause))

    def _damaged(self, cause: BaseException) -> StoreError:
        why = f"The firewall's database {self.place} is damaged: {cause}"
        return StoreError(why, hint=DAMAGED_HINT)

    def _unavailable(self, hindrance: Hindrance, why: str) -> StoreUnavailableError:
        first = why.strip().partition("\n")[0]
        message = f"The firewall's database {self.place} cannot be used ({hindrance}): {first}"
        return StoreUnavailableError(message, hindrance)

    # What the two spell differently

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def insert_arrays(
        self, connection: Connection, table: Table, first: Mapping[str, Any], arrays: bytes
    ) -> None:
        """Insert a row for each inner array of `arrays` (JSON), in the order of the columns.

        `first` has the values of the columns that come before, the same for all. One statement,
        however many rows: the driver then keeps the interpreter's lock for none of them.
        """
        columns = list(table.columns)
        each = self._each(bindparam("arrays", arrays.decode("ascii")))
        cells: list[ColumnElement[Any]] = [
            literal(first[column.name], column.type) for column in columns[: len(first)]
        ]
        for number, column in enumerate(columns[len(first) :]):
            if self.is_sqlite:
                cells.append(func.json_extract(each.c.value, f"$[{number}]"))
            else:
                cells.append(cast(each.c.value.op("->>")(number), column.type))
        query = select(*cells).select_from(each)
        connection.execute(table.insert().from_select(columns, query))

    def _each(self, arrays: BindParameter[str]) -> FromClause:
        if self.is_sqlite:
            return func.json_each(arrays).table_valued("value")
        return func.json_array_elements(cast(arrays, JSON)).table_valued("value", name="each")

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def sqlite_database(path: Path, busy_seconds: float = BUSY_SECONDS) -> Database:
    """The database in this file, which is there."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        ),
        poolclass=QueuePool,
        # The one that was used last: each has its own memory of pages.
        pool_use_lifo=True,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=busy_seconds,
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine, str(path), busy_seconds)


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    if connection.execute("PRAGMA page_count").fetchone() == (0,):
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    # FULL: the log is flushed at each commit; NORMAL: at checkpoints only. Both stay sound.
    level = "FULL" if options.get("durable") else "NORMAL"
    connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def postgresql_database(url: str, busy_seconds: float = BUSY_SECONDS) -> Database:
    """The database at this address, `postgresql+psycopg://...`.

    Raises:
        StoreError: The driver is not installed, or this is no such address.
    """
    waiting = f"-c lock_timeout={int(busy_seconds * 1000)} -c timezone=UTC"
    try:
        engine = create_engine(
            url,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=busy_seconds,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "options": waiting},
        )
    except ImportError as error:
        hint = "pip install 'pratique[postgresql]'"
        raise StoreError("The driver of PostgreSQL is not installed", hint=hint) from error
    event.listen(engine, "begin", _begin_postgresql)
    return Database(engine, engine.url.render_as_string(hide_password=True), busy_seconds)


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})


Row = Mapping[Any, Any]
"""A row by the names of its columns."""
_AT_ONCE = 500


def streamed(connection: Connection, query: Select[Any], at_once: int = _AT_ONCE) -> Generator[Row]:
    """The query's rows, bit by bit. Close it before the transaction ends."""
    options = {"yield_per": at_once}
    with closing(connection.execute(query, execution_options=options)) as result:
        yield from result.mappings()


# -- how values lie in rows ------------------------------------------------------------------------


def micros(when: datetime) -> int:
    """Microseconds since 1970."""
    return (when - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """The time again."""
    return _EPOCH + timedelta(microseconds=microseconds)


def plain(value: str) -> str:
    """Text that every database keeps: no NUL, and nothing that is not a character."""
    if value.isascii() and "\0" not in value:
        return value
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def chunks(values: Sequence[str], size: int = 1000) -> Iterator[Sequence[str]]:
    """The values in parts that one statement takes."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
