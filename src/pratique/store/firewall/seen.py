"""When packages and their versions were first seen."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, Table, and_, select, update
from sqlalchemy.sql import ColumnElement

from pratique.errors import StoreError
from pratique.model.record import Sight, canonical
from pratique.store.firewall.database import Database, micros, moment, plain
from pratique.store.firewall.migrations import DAMAGED_HINT
from pratique.store.firewall.tables import SEEN, SIGHTS
from pratique.store.packing import pack, unpack


class SqlSeen:
    """`Seen` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self, registry: str, name: str, versions: Collection[str], now: datetime
    ) -> Mapping[str, Sight]:
        wanted = {each: plain(each) for each in versions}
        with self._database.writing() as connection:
            last = self._note_package(connection, registry, name, now)
            known = _sights(connection, registry, name)
            new = dict.fromkeys(each for each in wanted.values() if each not in known)
            if new:
                sight = Sight(now, last)
                known.update(dict.fromkeys(new, sight))
                self._write(connection, registry, name, known)
        return {each: known[kept] for each, kept in wanted.items()}

    def _note_package(
        self, connection: Connection, registry: str, name: str, now: datetime
    ) -> datetime | None:
        """When the package was seen before now, if it was."""
        is_it = _is(SEEN, registry, name)
        last = connection.scalar(select(SEEN.c.last_at).where(is_it))
        at = micros(now)
        if last is None:
            row = {"registry": registry, "name": name, "first_at": at, "last_at": at}
            connection.execute(SEEN.insert(), row)
            return None
        connection.execute(update(SEEN).where(is_it).values(last_at=at))
        return moment(last)

    def _write(
        self, connection: Connection, registry: str, name: str, known: Mapping[str, Sight]
    ) -> None:
        body = _packed(known)
        row = {"registry": registry, "name": name, "body": body}
        insert = self._database.insert(SIGHTS).values(row)
        key = (SIGHTS.c.registry, SIGHTS.c.name)
        connection.execute(insert.on_conflict_do_update(index_elements=key, set_={"body": body}))

    def sights(self, registry: str, name: str) -> Mapping[str, Sight]:
        with self._database.reading() as connection:
            return _sights(connection, registry, name)

    def first_seen(self, registry: str, name: str) -> datetime | None:
        with self._database.reading() as connection:
            first = connection.scalar(select(SEEN.c.first_at).where(_is(SEEN, registry, name)))
        return None if first is None else moment(first)


def _is(table: Table, registry: str, name: str) -> ColumnElement[bool]:
    return and_(table.c.registry == registry, table.c.name == name)


def _sights(connection: Connection, registry: str, name: str) -> dict[str, Sight]:
    body = connection.scalar(select(SIGHTS.c.body).where(_is(SIGHTS, registry, name)))
    if body is None:
        return {}
    found: dict[str, Sight] = {}
    try:
        for at, before, versions in json.loads(unpack(bytes(body)) or b""):
            sight = Sight(moment(at), None if before is None else moment(before))
            found.update(dict.fromkeys(versions, sight))
    except (ValueError, TypeError, RecursionError) as error:
        why = f"What was seen of {name} cannot be read: {error}"
        raise StoreError(why, hint=DAMAGED_HINT) from error
    return found


def _packed(known: Mapping[str, Sight]) -> bytes:
    """Versions that were first seen together stand together: thousands in the first group."""
    groups: dict[Sight, list[str]] = {}
    for version, sight in known.items():
        groups.setdefault(sight, []).append(version)
    rows = [
        [micros(sight.at), None if sight.before is None else micros(sight.before), versions]
        for sight, versions in groups.items()
    ]
    return pack(canonical(rows))
