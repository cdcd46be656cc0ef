"""Facts of content in the firewall's own database: what one node has read, no other reads again."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, select

from pratique.store.closing import Closing
from pratique.store.firewall.database import Database, chunks, micros, moment
from pratique.store.firewall.tables import FACTS
from pratique.store.port import Entry, Shelf


class SqlFacts(Closing):
    """`Store` over a database, for facts that hold for good. It is closed with the firewall."""

    warnings: tuple[str, ...] = ()

    def __init__(self, database: Database) -> None:
        self._database = database

    def credential_key(self, credential: str | None) -> str:
        """Content has no credential: whoever has the bytes knows what is in them."""
        return "" if credential is None else "unknown"

    def load(self, shelf: Shelf, subjects: Iterable[str]) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        with self._database.reading() as connection:
            for part in chunks(tuple(subjects)):
                is_it = and_(
                    FACTS.c.kind == shelf.kind,
                    FACTS.c.version == shelf.version,
                    FACTS.c.subject.in_(part),
                )
                for row in connection.execute(select(FACTS).where(is_it)).mappings():
                    at = moment(row["at"])
                    found[row["subject"]] = Entry(row["subject"], bytes(row["value"]), at, at)
        return found

    def save(self, shelf: Shelf, entries: Iterable[Entry]) -> None:
        with self._database.writing() as connection:
            for each in entries:
                row = {
                    "kind": shelf.kind,
                    "version": shelf.version,
                    "subject": each.subject,
                    "value": each.value,
                    "at": micros(each.fetched_at),
                }
                insert = self._database.insert(FACTS).values(row)
                key = (FACTS.c.kind, FACTS.c.version, FACTS.c.subject)
                later = {"value": each.value, "at": row["at"]}
                connection.execute(insert.on_conflict_do_update(index_elements=key, set_=later))

    def close(self) -> None:
        pass
