"""The table of what was published beside a version of a private package: its provenance."""

from __future__ import annotations

from sqlalchemy import Column, Connection, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text


def table(metadata: MetaData) -> Table:
    """The table, as the newest migration leaves it; `bundle` is packed."""
    return Table(
        "private_evidence",
        metadata,
        Column("name", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("bundle", LargeBinary, nullable=False),
        PrimaryKeyConstraint("name", "version"),
    )


def create(connection: Connection) -> None:
    """The migration step. Where a later one changes the table, this keeps its own copy."""
    own = MetaData()
    table(own)
    own.create_all(connection)


EVIDENCE = table(MetaData())
