"""Numbered steps from an empty database to today's schema. A released step is never edited."""

from __future__ import annotations

import json
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
from pratique.store.firewall import evidence, private
from pratique.store.firewall.tables import SELF

DAMAGED_HINT = "Nothing was deleted. Restore it from a copy, or move it away to start afresh."


def _record(connection: Connection) -> None:
    """1: what the database says of itself, the runs, and the record."""
    schema = MetaData()
    own = Table(
        "firewall",
        schema,
        Column("name", Text, primary_key=True),
        Column("value", Text, nullable=False),
    )
    Table(
        "runs",
        schema,
        Column("id", Text, primary_key=True),
        Column("node", Text, nullable=False),
        Column("began_at", BigInteger, nullable=False),
        Column("ended", Integer, nullable=False),
    )
    Table(
        "log",
        schema,
        Column("place", BigInteger, primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("head", Text, nullable=False),
        Index("log_by_time", "at"),
    )
    _decisions_and_requests(schema)
    schema.create_all(connection)
    connection.execute(own.insert(), [{"name": "schema", "value": "0"}])


def _decisions_and_requests(schema: MetaData) -> None:
    Table(
        "decisions",
        schema,
        Column("id", Text, primary_key=True),
        Column("place", BigInteger, nullable=False),
        Column("nth", Integer, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("registry", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("sha512", Text),
        Column("door", Text, nullable=False),
        Column("verdict", Text, nullable=False),
        Column("rules", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("facts", Text, nullable=False),
        Column("policy", Text, nullable=False),
        Column("findings", LargeBinary, nullable=False),
        Index("decisions_by_place", "place", "nth"),
        Index("decisions_by_release", "name", "version"),
    )
    requests = Table(
        "requests",
        schema,
        Column("place", BigInteger, nullable=False),
        Column("nth", Integer, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("token", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("status", Integer, nullable=False),
        Column("decision", Text),
        Column("hidden", Integer, nullable=False),
        Column("bytes", BigInteger, nullable=False),
        Column("client", Text, nullable=False),
        PrimaryKeyConstraint("place", "nth"),
        Index("requests_by_name", "name", "place"),
        Index("requests_by_token", "token", "place"),
        sqlite_with_rowid=False,
    )
    Index(
        "requests_by_decision",
        requests.c.decision,
        sqlite_where=requests.c.decision.is_not(None),
        postgresql_where=requests.c.decision.is_not(None),
    )


def _observed(connection: Connection) -> None:
    """2: what was seen, the queue, documents and artifacts."""
    schema = MetaData()
    Table(
        "seen",
        schema,
        Column("registry", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("first_at", BigInteger, nullable=False),
        Column("last_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("registry", "name"),
    )
    Table(
        "sights",
        schema,
        Column("registry", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        PrimaryKeyConstraint("registry", "name"),
    )
    Table(
        "jobs",
        schema,
        Column("sha512", Text, nullable=False),
        Column("analyser", Integer, nullable=False),
        Column("registry", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("priority", Integer, nullable=False),
        Column("turn", BigInteger, nullable=False),
        Column("state", Text, nullable=False),
        Column("why", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("leased_until", BigInteger),
        Column("changed_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("sha512", "analyser"),
        Index("jobs_by_turn", "turn"),
        Index("jobs_by_state", "state", "analyser", "priority", "turn"),
    )
    _documents_and_artifacts(schema)
    schema.create_all(connection)


def _documents_and_artifacts(schema: MetaData) -> None:
    Table(
        "documents",
        schema,
        Column("registry", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("form", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("blob", Text, nullable=False),
        Column("size", BigInteger, nullable=False),
        Column("etag", Text),
        Column("modified", Text),
        Column("fetched_at", BigInteger, nullable=False),
        Column("checked_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("registry", "name", "form"),
        Index("documents_by_blob", "blob"),
    )
    Table(
        "artifacts",
        schema,
        Column("sha512", Text, primary_key=True),
        Column("size", BigInteger, nullable=False),
        Column("verified_at", BigInteger, nullable=False),
        Column("last_used", BigInteger, nullable=False),
        Index("artifacts_by_use", "last_used"),
    )
    Table(
        "bound",
        schema,
        Column("registry", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("sha512", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
        PrimaryKeyConstraint("registry", "name", "version"),
    )


def _facts(connection: Connection) -> None:
    """4: facts of content that several nodes share."""
    schema = MetaData()
    Table(
        "facts",
        schema,
        Column("kind", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("subject", Text, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("at", BigInteger, nullable=False),
        PrimaryKeyConstraint("kind", "version", "subject"),
    )
    schema.create_all(connection)


def _batches(connection: Connection) -> None:
    """6: the requests of a row of the log together, as the bytes that its chain covers."""
    schema = MetaData()
    made = Table(
        "batches",
        schema,
        Column("place", BigInteger, primary_key=True, autoincrement=False),
        Column("count", Integer, nullable=False),
        Column("body", Text, nullable=False),
    )
    index = Table(
        "batched",
        schema,
        Column("place", BigInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("value", Text, nullable=False),
        PrimaryKeyConstraint("kind", "value", "place"),
        sqlite_with_rowid=False,
    )
    schema.create_all(connection)
    before = Table("requests", MetaData(), autoload_with=connection)
    columns = [each for each in before.c if each.name != "place"]
    places = select(before.c.place).distinct().order_by(before.c.place)
    for place in connection.scalars(places).all():
        query = select(*columns).where(before.c.place == place).order_by(before.c.nth)
        rows = connection.execute(query).mappings().all()
        # Bytes are in no column unless somebody put them there: the chain then tells.
        body = json.dumps(
            [list(each.values()) for each in rows], separators=(",", ":"), default=repr
        )
        connection.execute(made.insert(), {"place": place, "count": len(rows), "body": body})
        entries = {("name", str(each["name"])) for each in rows}
        entries |= {("token", str(each["token"])) for each in rows}
        of_place = [{"place": place, "kind": kind, "value": value} for kind, value in entries]
        connection.execute(index.insert(), of_place)
    before.drop(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _record,
    _observed,
    private.create,
    _facts,
    evidence.create,
    _batches,
)
"""Step n (from 1) brings a database of schema n - 1 to schema n. 3: private packages, tokens. 5:
provenance of private packages."""

SCHEMA = len(MIGRATIONS)


def schema_of(connection: Connection) -> int:
    """The schema's version; 0 for an empty database."""
    if not inspect(connection).has_table(SELF.name):
        return 0
    text = connection.scalar(select(SELF.c.value).where(SELF.c.name == "schema"))
    if text is None or not text.isascii() or not text.isdigit():
        raise StoreError("The firewall's database does not say its schema", hint=DAMAGED_HINT)
    return int(text)


def migrate(connection: Connection) -> None:
    """Bring the database to today's schema, inside the caller's write transaction.

    Raises:
        StoreError: It was written by a newer program.
    """
    found = schema_of(connection)
    if found > SCHEMA:
        raise StoreError(
            f"The firewall's database has schema {found}; this program knows schemas up to "
            f"{SCHEMA}",
            hint="Use the newer program that wrote it, or another --data folder.",
        )
    for number, step in enumerate(MIGRATIONS[found:], found + 1):
        step(connection)
        connection.execute(SELF.update().where(SELF.c.name == "schema").values(value=str(number)))
