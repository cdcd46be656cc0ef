"""`pratique log`: what the firewall has on record, and whether that is what was written."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click

from pratique.cli import databases, streams
from pratique.cli.logged import as_json, line
from pratique.errors import Exit, UsageError
from pratique.model.action import Verdict
from pratique.model.duration import parse_duration
from pratique.model.record import Acknowledged
from pratique.reports.escape import ascii_line, shown
from pratique.store.firewall.opening import (
    data_folder,
    exported_head,
    is_there,
    open_firewall,
)
from pratique.store.firewall.port import Firewall, Logged, Verified, Wanted

_AT_ONCE = 64 * 1024
"""Characters that are printed together."""
_DATA = click.option(
    "--data",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The firewall's folder: that of `pratique serve --data`; else the same default.",
)


class _Options(TypedDict):
    package: str | None
    token: str | None
    since: str | None
    verdict: str | None
    form: str


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  pratique log --package left-widget
  pratique log --token ci --since "2 days" --verdict block
  pratique log --since 2026-11-25T08:00 --format jsonl
  pratique log verify --head 1204:9f0c41

Times are in UTC. Entries are printed in the order in which they were written, the newest last.
""",
)
@_DATA
@databases.OPTION
@click.option("--package", metavar="NAME", help="Of this package only.")
@click.option("--token", metavar="NAME", help="Requests with the tokens of this name only.")
@click.option("--since", metavar="TIME", help='From then on: 2026-11-25T08:00, or "2 days" ago.')
@click.option(
    "--verdict",
    type=click.Choice([each.name.lower() for each in Verdict], case_sensitive=False),
    help="What it led to: decisions, and the requests that they answered.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="One line each, one JSON array, or one JSON object a line.",
)
@click.pass_context
def command(
    context: click.Context, data: Path | None, database: str | None, **options: Unpack[_Options]
) -> int:
    """Show what the firewall decided, answered, and was told to judge by."""
    context.obj = (data, database)
    if context.invoked_subcommand is not None:
        return Exit.ALLOWED
    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    verdict = options["verdict"]
    wanted = Wanted(
        package=options["package"],
        token=options["token"],
        since=None if options["since"] is None else _moment(options["since"], now),
        verdict=None if verdict is None else Verdict[verdict.upper()],
    )
    with _opened(data, database, now) as firewall, closing(firewall.record.log(wanted)) as entries:
        _print(_FORMS[options["form"]](entries))
    return Exit.ALLOWED


@command.command(
    epilog="""\b
Examples:
  pratique log verify
  pratique log verify --head 1204:9f0c41
  pratique log verify --acknowledge "restored the backup of 2026-11-24, disk failure"

A head is what head.txt in the folder says after every entry: COUNT:HASH. Keep copies elsewhere:
who may write to the folder can write a shorter log and its head, but none that leads to a head
that you have. A restored backup is such a shorter log: --acknowledge puts on record, as an entry
of the log, who answers for it and why; rows that were edited stay a problem. Exit 1 where the log
is not what was written, 3 where there is no head at all.
"""
)
@_DATA
@databases.OPTION
@click.option(
    "--head",
    "heads",
    metavar="H",
    multiple=True,
    help="A head that the log must lead to: COUNT:HASH or HASH. Several times: all.",
)
@click.option(
    "--acknowledge",
    "why",
    metavar="WHY",
    help="Put on record why the log is shorter or another than was exported: a restored backup.",
)
@click.pass_context
def verify(
    context: click.Context,
    data: Path | None,
    database: str | None,
    heads: tuple[str, ...],
    why: str | None,
) -> int:
    """Say whether the log is what was written."""
    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    data, database = data or context.obj[0], database or context.obj[1]
    # Before the log: the server may write on meanwhile.
    exported = exported_head(_folder(data))
    every = (*heads, *([exported] if exported else []))
    with _opened(data, database, now) as firewall:
        verified = firewall.record.verify(every)
        if why is not None:
            _acknowledge(firewall, verified, why, now)
            verified = firewall.record.verify(every)
    _print(iter(_told(verified, has_head=bool(every))))
    if verified.problems:
        return Exit.BLOCKED
    return Exit.ALLOWED if every else Exit.UNDECIDED


def _acknowledge(firewall: Firewall, verified: Verified, why: str, now: datetime) -> None:
    """Put it on record, where that is something that a person can answer for."""
    if not why.strip():
        raise UsageError("--acknowledge needs a reason", hint='as in --acknowledge "restored"')
    if verified.is_edited:
        hint = "restore a copy of the database that `pratique log verify` finds nothing wrong with"
        raise UsageError("rows that were edited cannot be acknowledged", hint=hint)
    if not verified.problems:
        raise UsageError("there is nothing to acknowledge")
    entry = Acknowledged(now, _user(), why.strip(), verified.problems, verified.lost_heads)
    firewall.record.acknowledge(entry)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # nobody in the machine's list of users
        return f"user {os.getuid()}"


def _told(verified: Verified, *, has_head: bool) -> Iterator[str]:
    for gap in verified.gaps:
        yield line(Logged(0, gap))
    for known in verified.acknowledged:
        yield f"known: {shown(known)}\n"
    for problem in verified.problems:
        yield f"problem: {shown(problem)}\n"
    if verified.problems:
        yield f"the log is not what was written \u00b7 head {verified.head}\n"
    elif verified.acknowledged:
        yield f"the log is what was written, but for what is known \u00b7 head {verified.head}\n"
    elif has_head:
        yield f"the log is what was written \u00b7 head {verified.head}\n"
    else:
        yield (
            f"no entry was edited, but without head.txt or --head nobody knows whether its end "
            f"is there \u00b7 head {verified.head}\n"
        )


@contextmanager
def _opened(data: Path | None, database: str | None, now: datetime) -> Iterator[Firewall]:
    folder = _folder(data)
    if database is None and not is_there(folder):
        hint = "give the folder of `pratique serve --data`"
        raise UsageError(f"{folder} is no firewall's folder", hint=hint)
    with open_firewall(databases.where(folder, database), now) as firewall:
        yield firewall


def _folder(data: Path | None) -> Path:
    return data_folder(os.environ) if data is None else data


def _moment(text: str, now: datetime) -> datetime:
    if span := parse_duration(text):
        return now - span
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        hint = 'as in --since 2026-11-25T08:00, or --since "2 days"'
        raise UsageError(f"--since {text} is no time", hint=hint) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _print(parts: Iterator[str]) -> None:
    """Print in large pieces, and stop where nobody reads any more."""
    waiting: list[str] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= _AT_ONCE:
            if not streams.print_text("".join(waiting)):
                return
            waiting, size = [], 0
    streams.print_text("".join(waiting))


def _text(entries: Iterator[Logged]) -> Iterator[str]:
    return (line(each) for each in entries)


def _jsonl(entries: Iterator[Logged]) -> Iterator[str]:
    return (ascii_line(as_json(each)) for each in entries)


def _json(entries: Iterator[Logged]) -> Iterator[str]:
    between = "[\n"
    for each in entries:
        yield between + ascii_line(as_json(each)).rstrip("\n")
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


_FORMS = {"text": _text, "json": _json, "jsonl": _jsonl}
