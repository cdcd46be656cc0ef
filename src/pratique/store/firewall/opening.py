"""Opening what the firewall keeps, and what the last run left behind."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, make_url, select, update
from sqlalchemy.exc import ArgumentError

from pratique.errors import Hindrance, StoreError, StoreUnavailableError
from pratique.model.record import Gap
from pratique.store.closing import Closing
from pratique.store.firewall.database import (
    BUSY_SECONDS,
    Database,
    micros,
    moment,
    postgresql_database,
    sqlite_database,
)
from pratique.store.firewall.documents import SqlDocuments
from pratique.store.firewall.facts import SqlFacts
from pratique.store.firewall.migrations import SCHEMA, migrate, schema_of
from pratique.store.firewall.private import Private
from pratique.store.firewall.queue import SqlQueue
from pratique.store.firewall.record import SqlRecord
from pratique.store.firewall.seen import SqlSeen
from pratique.store.firewall.tables import LOG, RUNS, SELF

FILE = "firewall.sqlite"
HEAD = "head.txt"
NODE = "node.txt"
LOCK = "serving.lock"
_LONGEST_HEAD = 200
_LARGE_PROBE = 128 * 1024
_CRASHED = "the last run did not end in order: what it had not yet written is missing"
_NO_HEAD = f"{HEAD} is not there, or is no head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which database.

    Attributes:
        folder: The data folder.
        url: Address of a PostgreSQL database, `postgresql://...`; None for the file.
        node: Name of this node, where several share a database; "" for the folder's own.
    """

    folder: Path
    url: str | None = None
    node: str = ""
    busy_seconds: float = BUSY_SECONDS


def open_firewall(where: Where, now: datetime, *, serving: bool = False) -> SqlFirewall:
    """Open it, made with access for the user alone if need be.

    Args:
        where: Which.
        now: The time.
        serving: Whether this is the server's run. It is the only one in its folder; a gap is put
            on record where the last one did not end in order or the log is not the one whose head
            was exported; and jobs that were being done are queued again.

    Raises:
        StoreUnavailableError: It cannot be made or opened now, or is being served from.
        StoreError: It is damaged, or newer than the program. It is left as it is.
    """
    lock = _lock(where.folder) if serving else None
    try:
        if serving and where.url is not None and not where.node:
            where = replace(where, node=_node(where.folder))
        database = _database(where)
        try:
            _bring_up_to_date(database)
            firewall = SqlFirewall(database, where, lock)
            if serving:
                firewall.begin(now)
        except BaseException:
            database.close()
            raise
    except BaseException:
        if lock is not None:
            os.close(lock)
        raise
    return firewall


def database_address(text: str) -> str | None:
    """The address of a PostgreSQL database as the driver is told it; None where it is none."""
    scheme, _, rest = text.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+psycopg"} or not rest:
        return None
    try:
        address = make_url(f"postgresql+psycopg://{rest}")
    except (ArgumentError, ValueError):
        return None
    return address.render_as_string(hide_password=False)


def _node(folder: Path) -> str:
    """The name of the node that this folder is, made with it: two never have the same one."""
    file = folder / NODE
    try:
        if not file.exists():
            temporary = folder / f".{NODE}"
            temporary.write_text(f"{secrets.token_hex(16)}\n", "ascii")
            temporary.replace(file)
        return file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {error}"
        raise StoreUnavailableError(message, Hindrance.UNREACHABLE) from error


def data_folder(environ: Mapping[str, str]) -> Path:
    """The firewall's folder where none is named: PRATIQUE_DATA, else that of the user's data.

    XDG_DATA_HOME counts where it is absolute (XDG Base Directory Specification 0.8), else
    `~/.local/share`, with the home directory from HOME.
    """
    if own := environ.get("PRATIQUE_DATA"):
        return Path(own)
    data = Path(environ.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():
        data = Path(environ.get("HOME") or Path.home()) / ".local" / "share"
    return data / "pratique"


def is_there(folder: Path) -> bool:
    """Whether a firewall has kept anything in this folder."""
    return (folder / FILE).exists() or (folder / HEAD).exists()


def exported_head(folder: Path) -> str | None:
    """The head that was exported last, `COUNT:HASH`; None where there is none."""
    try:
        with (folder / HEAD).open("rb") as file:
            text = file.read(_LONGEST_HEAD).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    count, sign, digest = text.partition(":")
    is_head = sign and count.isdigit() and (len(digest) == 64 or not digest)
    return text if is_head else None


class SqlFirewall(Closing):
    """`Firewall` over a database. Made by `open_firewall`."""

    def __init__(self, database: Database, where: Where, lock: int | None) -> None:
        self._database = database
        self._where = where
        self._lock = lock
        self._run = ""
        self.record = SqlRecord(database, self._export)
        self.seen = SqlSeen(database)
        self.queue = SqlQueue(database)
        self.documents = SqlDocuments(database)
        self.facts = SqlFacts(database)
        self.private = Private(database.reading, partial(database.writing, durable=True))

    def begin(self, now: datetime) -> None:
        """Begin a server's run."""
        for gap in self._gaps(now):
            self.record.note_gap(gap)
        run = secrets.token_hex(16)
        row = {"id": run, "node": self._where.node, "began_at": micros(now), "ended": 0}
        with self._database.writing(durable=True) as connection:
            # Only now: a crash up to here finds the same gap again.
            connection.execute(update(RUNS).where(self._is_open()).values(ended=1))
            connection.execute(RUNS.insert(), row)
        self._run = run
        self.record.export()
        self.queue.take_back(now, every=self._database.is_sqlite)

    def _is_open(self) -> ColumnElement[bool]:
        return and_(RUNS.c.node == self._where.node, RUNS.c.ended == 0)

    def _gaps(self, now: datetime) -> list[Gap]:
        with self._database.reading() as connection:
            open_since = connection.scalar(select(RUNS.c.began_at).where(self._is_open()))
            ran_before = connection.scalar(
                select(RUNS.c.id).where(RUNS.c.node == self._where.node).limit(1)
            )
            last = connection.execute(self._own_last()).first()
        since = moment(last.at) if last is not None else None
        found = []
        if open_since is not None:
            found.append(Gap(now, since or moment(open_since), None, _CRASHED))
        if ran_before is not None and (why := self._why_not_exported()):
            found.append(Gap(now, since, None, why, altered=why is not _NO_HEAD))
        return found

    def _own_last(self) -> Select[Any]:
        """The last row of the log that this node wrote, as far as the exported head says it."""
        query = select(LOG).order_by(LOG.c.place.desc()).limit(1)
        count = (exported_head(self._where.folder) or "").partition(":")[0]
        is_shared = not self._database.is_sqlite
        return query.where(LOG.c.place <= int(count)) if is_shared and count else query

    def _why_not_exported(self) -> str:
        """Why the log is not the one whose head was exported; "" where it is."""
        head = exported_head(self._where.folder)
        if head is None:
            return _NO_HEAD
        count, _, digest = head.partition(":")
        if count == "0":
            return ""
        with self._database.reading() as connection:
            found = connection.scalar(select(LOG.c.head).where(LOG.c.place == int(count)))
        if found == digest:
            return ""
        what = "was written anew" if found else "was cut off"
        return f"the log {what}: it does not lead to the exported head {head}"

    def _export(self, head: str) -> None:
        """Replace the file of the head, whole or not at all."""
        target = self._where.folder / HEAD
        temporary = target.with_name(f".{HEAD}.{os.getpid()}")
        handle = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, f"{head}\n".encode("ascii"))
        finally:
            os.close(handle)
        temporary.replace(target)

    def why_not_writable(self) -> str:
        # A few bytes may find a place where a decision did not.
        probes = ("x" * _LARGE_PROBE, "") if self.record.is_failing else ("",)
        try:
            for value in probes:
                row = self._database.insert(SELF).values(name="probe", value=value)
                with self._database.writing() as connection:
                    connection.execute(
                        row.on_conflict_do_update(index_elements=["name"], set_={"value": value})
                    )
        except StoreError as error:
            return error.message
        return ""

    def close(self) -> None:
        with suppress(StoreError):  # the next opening finds an open run, and says so
            self.record.flush()
            if self._run:
                with self._database.writing(durable=True) as connection:
                    connection.execute(update(RUNS).where(RUNS.c.id == self._run).values(ended=1))
        self._database.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _database(where: Where) -> Database:
    if where.url is not None:
        _make_folder(where.folder)
        return postgresql_database(where.url, where.busy_seconds)
    path = where.folder / FILE
    _make_folder(where.folder)
    try:
        # SQLite gives its `-wal` and `-shm` files the mode that the database has.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        if not path.exists():
            raise _cannot(path, error) from error
    return sqlite_database(path, where.busy_seconds)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot(folder, error) from error


def _lock(folder: Path) -> int:
    """The server's place in the folder, which ends with its process, however that ends."""
    _make_folder(folder)
    try:
        handle = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot(folder / LOCK, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        message = f"Another firewall is being served from {folder}"
        hint = "Stop it, or use another --data folder."
        raise StoreUnavailableError(message, Hindrance.BUSY, hint=hint) from error
    return handle


def _cannot(path: Path, error: OSError) -> StoreUnavailableError:
    why = f"{path} cannot be made or opened: {error.strerror}"
    return StoreUnavailableError(why, Hindrance.READ_ONLY)


def _bring_up_to_date(database: Database) -> None:
    with database.reading() as connection:
        is_current = schema_of(connection) == SCHEMA
    if not is_current:
        with database.writing(durable=True) as connection:
            migrate(connection)
