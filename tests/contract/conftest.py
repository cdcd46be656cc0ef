"""The databases that every store of the firewall is tested on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from tests.conftest import unavailable
from tests.contract import postgresql

from pratique.store.firewall import Where, open_firewall
from pratique.store.firewall.opening import SqlFirewall


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgresql.Cluster]:
    """A PostgreSQL; the test is skipped where there is none."""
    try:
        context = postgresql.running()
        found = context.__enter__()
    except postgresql.UnavailableError as error:
        unavailable("postgresql", str(error))
        raise
    yield found
    context.__exit__(None, None, None)


@dataclass
class Place:
    """A database to be opened again and again, and what may go wrong with it."""

    where: Where
    opened: list[SqlFirewall] = field(default_factory=list)

    @property
    def is_sqlite(self) -> bool:
        return self.where.url is None

    def open(self, now: datetime, *, serving: bool = True) -> SqlFirewall:
        firewall = open_firewall(self.where, now, serving=serving)
        self.opened.append(firewall)
        return firewall

    def crash(self, firewall: SqlFirewall) -> None:
        """What a kill leaves: nothing said, the lock gone."""
        firewall._database.close()
        if firewall._lock is not None:
            os.close(firewall._lock)
            firewall._lock = None
        self.opened.remove(firewall)

    def tamper(self, firewall: SqlFirewall, *statements: str) -> None:
        """Change the database behind the program's back."""
        with firewall._database.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def hinder(self, firewall: SqlFirewall, how: str) -> None:
        """Make it read-only or full, as the database itself says it."""
        engine = firewall._database.engine
        if self.is_sqlite:
            pragma = {"read-only": "query_only = ON", "full": "max_page_count = 1"}[how]
            _at_every_connection(engine, f"PRAGMA {pragma}")
        elif how == "read-only":
            _at_every_connection(engine, "SET default_transaction_read_only = on")
        else:
            self.tamper(firewall, *_FULL)

    def close(self) -> None:
        for firewall in self.opened:
            firewall.close()


_FULL = (
    """CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$""",
    "CREATE TRIGGER full_log BEFORE INSERT ON log EXECUTE FUNCTION no_space()",
)
"""PostgreSQL on a full disk, without filling one."""


def _at_every_connection(engine: Engine, statement: str) -> None:
    def run(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # of either driver
        cursor.execute(statement)
        cursor.close()
        if hasattr(connection, "autocommit"):
            connection.commit()  # type: ignore[attr-defined]  # psycopg's

    engine.dispose()
    event.listen(engine, "connect", run)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty database of each kind."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("cluster").new_database()
    made = Place(Where(folder=tmp_path / "data", url=url, busy_seconds=2))
    yield made
    made.close()
