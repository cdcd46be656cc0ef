"""`pratique keys`: the keys and roots that evidence is verified under, and new ones from a file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import streams
from pratique.errors import Exit, RefusedError, UsageError
from pratique.model.evidence import EXPIRED, STALE
from pratique.reports.escape import shown

if TYPE_CHECKING:
    from pratique.model.evidence import Key
    from pratique.provenance.root import Log, Root, Window
    from pratique.store.pinned import Pinned

_LARGEST = 4 * 1024 * 1024


@click.group(
    epilog="""\b
Examples:
  pratique keys list
  pratique keys update --from trusted_root.json
  pratique keys update --from keys.json --dated 2026-11-01 --yes

Nothing is fetched. Both files are targets of Sigstore's repository of trust: fetch them with a
client of The Update Framework (TUF), which verifies them, and import them here.
"""
)
def command() -> None:
    """Show what evidence is verified under, or import it from a file."""


@command.command("list", short_help="Show keys, authorities and logs, and their age.")
def list_() -> int:
    """Show the keys, authorities and logs that count, with their windows and their age.

    Exit 3 where they are older than 400 days: what they verify is unknown then.
    """
    from pratique.store.pinned import location, pinned  # noqa: PLC0415 - loads cryptography

    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    place = location(os.environ)
    found = pinned(place)
    lines = [*_part("keys", found.keys_updated, found, now), *_keys(found)]
    lines += [*_part("root", found.root_updated, found, now), *_root(found.root)]
    if found.own:
        lines.append(f"imported into {shown(str(place))}")
    streams.print_text("".join(f"{line}\n" for line in lines))
    return _warn(found.updated, now)


@command.command(short_help="Import keys or a trusted root, after showing what changes.")
@click.option(
    "--from",
    "source",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of keys, or a trusted_root.json.",
)
@click.option(
    "--dated",
    metavar="YYYY-MM-DD",
    help="When FILE was last compared with where it comes from; today.",
)
@click.option("--yes", is_flag=True, help="Import without asking.")
def update(source: Path, dated: str | None, *, yes: bool) -> int:
    """Import FILE in place of what counts now, after showing the difference.

    Exit 1 where it is not imported.
    """
    from pratique.store.pinned import (  # noqa: PLC0415 - loads cryptography
        Imported,
        location,
        pinned,
        put,
    )

    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - here the clock is read, once
    updated = now if dated is None else _day(dated, now)
    place = location(os.environ)
    content = _read(source)
    part, lines = _difference(content, pinned(place))
    streams.print_text("".join(f"{line}\n" for line in lines))
    if not yes and not _agreed():
        click.echo("nothing is imported")
        return int(Exit.BLOCKED)
    put(place, part, Imported(content, updated))
    click.echo(f"imported {part} into {shown(str(place))}")
    return _warn(updated, now)


def _agreed() -> bool:
    """A person at a terminal says so; a script must say --yes."""
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here", hint="--yes imports it without asking")
    return click.confirm("import this?", default=False)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise UsageError(f"{path} is larger than {_LARGEST} bytes")
    return content


def _day(text: str, now: datetime) -> datetime:
    try:
        found = datetime.combine(datetime.fromisoformat(text).date(), time(), UTC)
    except ValueError as error:
        raise UsageError(f"--dated {text} is no day", hint="as in --dated 2026-11-01") from error
    if found > now:
        raise UsageError(f"--dated {text} is yet to come")
    return found


def _difference(content: bytes, current: Pinned) -> tuple[str, list[str]]:
    """Which part the file is, and what it changes, one line each."""
    from pratique.provenance.keys import read_keys  # noqa: PLC0415 - loads cryptography
    from pratique.provenance.root import read_root  # noqa: PLC0415 - as above

    try:
        if b'"certificateAuthorities"' in content:
            before, after = _root(current.root), _root(read_root(content))
            return "root", _changes("root", list(before), list(after))
        keys = read_keys(content)
    except RefusedError as error:
        raise UsageError(f"the file is refused: {error.message}") from error
    listed = [_key(each) for each in current.keys], [_key(each) for each in keys]
    return "keys", _changes("keys", *listed)


def _changes(part: str, before: list[str], after: list[str]) -> list[str]:
    gone = [f"- {line.strip()}" for line in before if line not in after]
    new = [f"+ {line.strip()}" for line in after if line not in before]
    return [f"{part}:", *gone, *new] if gone or new else [f"{part}: no change"]


def _part(name: str, updated: datetime, found: Pinned, now: datetime) -> Iterator[str]:
    whose = "imported" if name in found.own else "shipped"
    yield f"{name}, {whose}, of {updated:%Y-%m-%d} ({(now - updated).days} days)"


def _keys(found: Pinned) -> Iterator[str]:
    for key in found.keys:
        yield _key(key)


def _key(key: Key) -> str:
    from hashlib import sha256  # noqa: PLC0415 - beside its only use

    end = "" if key.end is None else f" to before {key.end:%Y-%m-%d %H:%M}"
    digest = sha256(key.spki).hexdigest()[:16]
    return f"  {key.usage}  {shown(key.id)}  {digest}  from {key.start:%Y-%m-%d}{end}"


def _root(root: Root) -> Iterator[str]:
    for authority in root.authorities:
        name = shown(authority.issuer.subject.rfc4514_string())
        digest = authority.key_hash.hex()[:16]
        yield f"  authority  {name}  {digest}  {_window(authority.window)}"
    yield from _logs("log", root.logs.values())
    yield from _logs("certificate log", root.certificate_logs.values())
    yield from _others(root)


def _logs(what: str, logs: Iterable[Log]) -> Iterator[str]:
    for each in logs:
        yield f"  {what}  {each.id.hex()[:16]}  {_window(each.window)}"


def _others(root: Root) -> Iterator[str]:
    """What only sigstore-python verifies, by its digest, so that no difference goes unseen."""
    from hashlib import sha256  # noqa: PLC0415 - beside its only use

    from pratique.provenance.root import P256  # noqa: PLC0415 - loads cryptography
    from pratique.provenance.strict import members, read_json  # noqa: PLC0415 - as above

    document: Any = members(read_json(root.source), "the root")
    stamps = [("timestamp authority", each) for each in document.get("timestampAuthorities", [])]
    logs = [("log of another kind", each) for each in document.get("tlogs", [])]
    logs = [each for each in logs if each[1]["publicKey"]["keyDetails"] != P256]
    for what, each in (*stamps, *logs):
        digest = sha256(json.dumps(each, sort_keys=True).encode()).hexdigest()[:16]
        yield f"  {what}  {shown(str(each.get('uri', each.get('baseUrl', ''))))}  {digest}"


def _window(window: Window) -> str:
    end = "" if window.end is None else f" to {window.end:%Y-%m-%d %H:%M}"
    return f"from {window.start:%Y-%m-%d}{end}"


def _warn(updated: datetime, now: datetime) -> int:
    age: timedelta = now - updated
    if age > EXPIRED:
        click.echo(f"older than {EXPIRED.days} days: what they verify is unknown", err=True)
        return int(Exit.UNDECIDED)
    if age > STALE:
        click.echo(f"older than {STALE.days} days: import newer ones", err=True)
    return int(Exit.ALLOWED)
