"""`pratique token`: who may read and publish through this firewall."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click

from pratique.cli import databases, streams
from pratique.errors import UsageError
from pratique.model.duration import parse_duration
from pratique.model.private import Right, Token
from pratique.proxy import tokens
from pratique.reports.escape import shown
from pratique.store.firewall.opening import data_folder, is_there, open_firewall
from pratique.store.firewall.private import Private

_DATA = click.option(
    "--data",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The firewall's folder: that of `pratique serve --data`; else the same default.",
)


class _Options(TypedDict):
    name: str
    read: bool
    publish: bool
    packages: tuple[str, ...]
    expires: str | None


@click.group(
    epilog="""\b
Examples:
  pratique token create --name alice --publish --packages "@corp/*"
  pratique token create --name ci --read --expires "90 days"
  pratique token create --name ci --data /var/lib/pratique
  pratique token revoke 3f9a0c21b7de

Whoever may write to the folder may make tokens: there is no other way to get the first one.
"""
)
def command() -> None:
    """Make, list and revoke the tokens of a firewall."""


@command.command(short_help="Make a token, and print it this once.")
@_DATA
@databases.OPTION
@click.option("--name", required=True, help="Whom it speaks for; owners of packages are names.")
@click.option("--read", is_flag=True, help="It may read; so it is where neither is said.")
@click.option("--publish", is_flag=True, help="It may publish, and read.")
@click.option(
    "--packages",
    metavar="GLOB",
    multiple=True,
    help="For these packages only: @corp/*, left-*. Several times: any of them.",
)
@click.option("--expires", metavar="DURATION", help='When it ends: "90 days". Never, if not said.')
def create(data: Path | None, database: str | None, **options: Unpack[_Options]) -> int:
    """Make a token, and print it: this once, since only its hash is kept."""
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - here the clock is read, once
    chosen = {Right.READ: options["read"], Right.PUBLISH: options["publish"]}
    rights = {right for right, is_meant in chosen.items() if is_meant} or {Right.READ}
    text = tokens.spelled(secrets.token_bytes(tokens.RANDOM_BYTES))
    try:
        token = tokens.made(
            text,
            options["name"],
            rights=rights,
            now=now,
            packages=options["packages"],
            expires_at=_end(now, options["expires"]),
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    with _opened(data, database, now) as store:
        store.add_token(token)
    click.echo(f"token {token.id} of {token.name}: {_can(token)}, {_lasts(token)}", err=True)
    streams.print_text(f"{text}\n")
    return 0


@command.command("list")
@_DATA
@databases.OPTION
def list_tokens(data: Path | None, database: str | None) -> int:
    """List the tokens: id, name, what it may, how long."""
    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    _must_be_there(data, database)
    with _opened(data, database, now) as store:
        every = store.tokens()
    for token in every:
        state = "revoked" if token.revoked_at else _lasts(token)
        if not token.revoked_at and not tokens.is_valid(token, now):
            state = "expired"
        row = (token.id, f"{token.start}…", token.name, _can(token), state)
        streams.print_text("  ".join(shown(part) for part in row) + "\n")
    if not every:
        click.echo("there is no token yet", err=True)
    return 0


@command.command(short_help="Revoke a token, at once and for good.")
@_DATA
@databases.OPTION
@click.argument("token_id", metavar="ID")
def revoke(data: Path | None, database: str | None, token_id: str) -> int:
    """Revoke the token ID, or the token itself, at once and for good."""
    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    if tokens.is_token(token_id):
        token_id = tokens.id_of(token_id)
    _must_be_there(data, database)
    with _opened(data, database, now) as store:
        found = store.revoke(token_id, now)
    if not found:
        raise UsageError(f"there is no token {token_id}", hint="pratique token list")
    click.echo(f"revoked {shown(token_id)}")
    return 0


@contextmanager
def _opened(data: Path | None, database: str | None, now: datetime) -> Iterator[Private]:
    """The tokens in the folder; a server that runs on it sees every change at once."""
    with open_firewall(databases.where(_folder(data), database), now) as firewall:
        yield firewall.private


def _folder(data: Path | None) -> Path:
    return data_folder(os.environ) if data is None else data


def _must_be_there(data: Path | None, database: str | None) -> None:
    if database is None and not is_there(_folder(data)):
        hint = "give the folder of `pratique serve --data`"
        raise UsageError(f"{_folder(data)} is no firewall's folder", hint=hint)


def _end(now: datetime, expires: str | None) -> datetime | None:
    if expires is None:
        return None
    life = parse_duration(expires)
    if not life:
        raise UsageError(f"--expires {expires} is no duration", hint='as in --expires "90 days"')
    return now + life


def _can(token: Token) -> str:
    rights = " and ".join(sorted(token.rights, reverse=True))
    return f"{rights} {', '.join(token.packages) or 'every package'}"


def _lasts(token: Token) -> str:
    if token.expires_at is None:
        return "without an end"
    return f"until {token.expires_at:%Y-%m-%d %H:%M} UTC"
