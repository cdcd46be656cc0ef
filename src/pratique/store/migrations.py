"""Numbered steps from an empty file to today's schema. A released step is never edited."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    inspect,
    select,
)

from pratique.errors import StoreError
from pratique.store.tables import SELF


def _first(connection: Connection) -> None:
    """1: the store's own words, and the facts."""
    schema = MetaData()
    own = Table(
        "store",
        schema,
        Column("name", Text, primary_key=True),
        Column("value", Text, nullable=False),
    )
    Table(
        "facts",
        schema,
        Column("kind", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("registry", Text, nullable=False),
        Column("credential", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("fetched_at", BigInteger, nullable=False),
        Column("fresh_until", BigInteger, nullable=False),
        Column("last_used", BigInteger, nullable=False),
        Column("etag", Text),
        Column("size", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
        PrimaryKeyConstraint("kind", "version", "registry", "credential", "subject"),
        Index("facts_by_use", "last_used", "size"),
        sqlite_with_rowid=False,
    )
    schema.create_all(connection)
    words = {"schema": "0", "secret": secrets.token_hex(32)}
    connection.execute(own.insert(), [{"name": n, "value": v} for n, v in words.items()])


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first,)
"""Step n (from 1) brings a store of schema n - 1 to schema n."""

SCHEMA = len(MIGRATIONS)


def schema_of(connection: Connection) -> int:
    """The schema's version; 0 for an empty store."""
    if not inspect(connection).has_table(SELF.name):
        return 0
    text = connection.scalar(select(SELF.c.value).where(SELF.c.name == "schema"))
    if text is None or not text.isascii() or not text.isdigit():
        raise StoreError("The store does not say which schema it has", hint=DAMAGED_HINT)
    return int(text)


def migrate(connection: Connection) -> None:
    """Bring the store to today's schema, inside the caller's write transaction.

    Raises:
        StoreError: It was written by a newer program.
    """
    found = schema_of(connection)
    if found > SCHEMA:
        raise StoreError(
            f"The store has schema {found}; this program knows schemas up to {SCHEMA}",
            hint="Use the newer program that wrote it, or set PRATIQUE_CACHE to another folder.",
        )
    for number, step in enumerate(MIGRATIONS[found:], found + 1):
        step(connection)
        connection.execute(SELF.update().where(SELF.c.name == "schema").values(value=str(number)))


DAMAGED_HINT = (
    "Nothing was deleted. Move the file away to start afresh, "
    "or set PRATIQUE_CACHE to another folder."
)
