"""The tables, as the newest migration leaves them (a test compares)."""

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

METADATA = MetaData()

SELF = Table(
    "store",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What the store says of itself: `schema`, its version; `secret`, hex, the key of its hashes."""

FACTS = Table(
    "facts",
    METADATA,
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
"""Facts. Times in seconds since 1970 (UTC); `size`: bytes that the row counts for the cap."""
