"""The firewall's tables, as the newest migration leaves them (a test compares).

Times are microseconds since 1970 (UTC). The tables of private packages and tokens stand in
`private.py`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from pratique.store.firewall import evidence, private

METADATA = MetaData()

SELF = Table(
    "firewall",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What the database says of itself: `schema`, its version."""

RUNS = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("node", Text, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended", Integer, nullable=False),
)
"""Runs of the server; `ended` is 1 where it closed in order, or its crash is on record."""

LOG = Table(
    "log",
    METADATA,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("head", Text, nullable=False),
    Index("log_by_time", "at"),
)
"""The chain. What a row of kind `decisions` or `requests` covers lies in these tables, under its
`place`; that of the others is `body`, as JSON. `head` is the chain's head after the row."""

DECISIONS = Table(
    "decisions",
    METADATA,
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

BATCHES = Table(
    "batches",
    METADATA,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""Requests, as they were written together: `count` arrays in one JSON text, which the chain covers
as it is. A row with indexes for each cost five times what the rest of answering a request did."""

BATCHED = Table(
    "batched",
    METADATA,
    Column("place", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("kind", "value", "place"),
    sqlite_with_rowid=False,
)
"""Which batches have requests of a package (`kind` is name) or of a token; each once."""

SEEN = Table(
    "seen",
    METADATA,
    Column("registry", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("registry", "name"),
)

SIGHTS = Table(
    "sights",
    METADATA,
    Column("registry", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("registry", "name"),
)
"""A package's versions: packed JSON `[[at, before or null, [version, ...]], ...]`. One row: they
are only ever read together, and a row for each would be ten times as large."""

JOBS = Table(
    "jobs",
    METADATA,
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

DOCUMENTS = Table(
    "documents",
    METADATA,
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

ARTIFACTS = Table(
    "artifacts",
    METADATA,
    Column("sha512", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("verified_at", BigInteger, nullable=False),
    Column("last_used", BigInteger, nullable=False),
    Index("artifacts_by_use", "last_used"),
)

BOUND = Table(
    "bound",
    METADATA,
    Column("registry", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("sha512", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("registry", "name", "version"),
)

FACTS = Table(
    "facts",
    METADATA,
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "version", "subject"),
)
"""Facts of content, where several nodes share them. They never go stale, and are kept."""

private.tables(METADATA)
evidence.table(METADATA)
