"""The option that names a database which several firewalls share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pratique.errors import UsageError

OPTION = click.option(
    "--database",
    metavar="URL",
    envvar="PRATIQUE_DATABASE",
    help="A PostgreSQL database that several firewalls share, postgresql://USER@HOST/NAME; else"
    " PRATIQUE_DATABASE, else a file in the folder.",
)


def address(text: str | None) -> str | None:
    """The database's address as its driver is told it.

    Raises:
        UsageError: It is none.
    """
    from pratique.store.firewall import database_address  # noqa: PLC0415 - loads the SQL library

    found = None if text is None else database_address(text)
    if text is not None and found is None:
        hint = "as in postgresql://pratique@db.example/pratique, the password in PGPASSWORD"
        raise UsageError("--database is no address of a PostgreSQL database", hint=hint)
    return found


def where(folder: Path, database: str | None) -> Any:
    """Which database: that of the option, else the file in the folder."""
    from pratique.store.firewall import Where  # noqa: PLC0415 - as above

    return Where(folder=folder, url=address(database))
