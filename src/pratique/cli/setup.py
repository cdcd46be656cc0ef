"""`pratique setup`: point a project at the firewall, or take that back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict, Unpack

import click

from pratique.cli import streams
from pratique.ecosystems.npm.settings.pointing import (
    address,
    files_of,
    is_pointed,
    pointed,
    unpointed,
)
from pratique.errors import PratiqueError, UsageError
from pratique.reports.escape import shown
from pratique.syntax.text import SETTINGS

MANAGERS = ("npm", "pnpm", "yarn", "bun")
_FILES = (".npmrc", "pnpm-workspace.yaml", ".yarnrc", ".yarnrc.yml", "bunfig.toml")
_OF = {
    "npm": {".npmrc"},
    "pnpm": {".npmrc", "pnpm-workspace.yaml"},
    "yarn": {".npmrc", ".yarnrc", ".yarnrc.yml"},
    "bun": {"bunfig.toml"},
}
DEFAULT = "http://127.0.0.1:4873/"
"""Where `pratique serve` listens unless it is told otherwise."""


class _Options(TypedDict):
    registry: str
    directory: Path
    undo: bool


@click.command(
    epilog="""\b
Examples:
  pratique setup npm                                      .npmrc points at the local firewall
  pratique setup yarn --registry https://npm.corp.example/
  pratique setup npm --undo                               .npmrc is what it was, byte for byte

A token is never written into a project: `npm login` puts it into the user's own settings.
"""
)
@click.argument("manager", type=click.Choice(MANAGERS))
@click.option("--registry", metavar="URL", default=DEFAULT, show_default=True,
              help="The firewall's address.")  # fmt: skip
@click.option(
    "--directory",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The project; the current directory.",
)
@click.option("--undo", is_flag=True, help="Make the files what they were.")
def command(manager: str, **options: Unpack[_Options]) -> int:
    """Write the lines into the project's own settings file that point MANAGER at the firewall.

    A line that names another registry becomes a comment; --undo gives it back.
    """
    folder = options["directory"]
    changes = list(_undone(manager, folder) if options["undo"]
                   else _written(manager, folder, options["registry"]))  # fmt: skip
    for path, content in changes:
        if content is None:
            path.unlink()
        else:
            streams.write_file(path, content.decode("utf-8"))
    if not changes:
        click.echo("nothing to undo" if options["undo"] else "nothing to change")
    for path, content in changes:
        verb = "removed" if content is None else "wrote" if not options["undo"] else "restored"
        click.echo(f"{verb} {shown(str(path))}")
    if not options["undo"]:
        past = _locked_elsewhere(folder, manager, options["registry"])
        for note in (*_elsewhere(folder), *past):
            click.echo(f"note: {shown(note)}", err=True)
    return 0


def _written(manager: str, folder: Path, registry: str) -> Iterator[tuple[Path, bytes]]:
    url = address(registry)
    present = {name: source for name in (*_FILES, "yarn.lock") if (source := _read(folder / name))
               is not None}  # fmt: skip
    for name in files_of(manager, present, _package_manager(folder)):
        yield folder / name, pointed(name, present.get(name), url)


def _undone(manager: str, folder: Path) -> Iterator[tuple[Path, bytes | None]]:
    for name in sorted(_OF[manager]):
        source = _read(folder / name)
        if source is not None and is_pointed(source):
            yield folder / name, unpointed(source)


def _read(path: Path) -> bytes | None:
    """The file; a link could lead out of the project, and is left to its owner."""
    if path.is_symlink():
        raise UsageError(f"{path} is a link", hint="edit what it points at by hand")
    try:
        with path.open("rb") as file:
            source = file.read(SETTINGS.max_bytes * 64)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    return source


def _package_manager(folder: Path) -> str:
    try:
        document = json.loads(_read(folder / "package.json") or b"{}")
    except (ValueError, RecursionError):
        return ""
    named = document.get("packageManager") if isinstance(document, dict) else None
    return named if isinstance(named, str) else ""


def _elsewhere(folder: Path) -> Iterator[str]:
    """Scopes that the project sends to another registry: they do not pass the firewall."""
    from pratique.ecosystems.npm.settings.ini import read_ini  # noqa: PLC0415 - only here

    source = _read(folder / ".npmrc")
    for entry in read_ini(source) if source else ():
        if entry.key.startswith("@") and entry.key.endswith(":registry"):
            scope = entry.key.removesuffix(":registry")
            where = f".npmrc:{entry.line}"
            yield f"{where}: {scope} still comes from another registry, past the firewall"


def _locked_elsewhere(folder: Path, manager: str, registry: str) -> Iterator[str]:
    """Lockfiles whose manager asks the addresses in it, not the firewall (layer 10)."""
    from pratique.ecosystems.npm import binding  # noqa: PLC0415 - only here
    from pratique.ecosystems.npm.projects import read_repository, wanted  # noqa: PLC0415
    from pratique.gather.tree import read_work_tree  # noqa: PLC0415
    from pratique.model.fact import Hosts  # noqa: PLC0415

    try:
        projects = read_repository(read_work_tree(folder, wanted)).projects
    except PratiqueError:
        return  # `check` says what is wrong with it
    for each in projects:
        if each.lockfile is None or not str(each.manager).startswith(manager):
            continue
        every = frozenset(binding.host_of(pin.url) for pin in each.lockfile.every_pin)
        past = binding.led_past(each, Hosts({}, registry, every))
        if past:
            hosts = sorted({binding.host_of(pin.url) for pin in past})
            more = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
            yield (
                f"{each.lockfile.path}: {len(past)} entries name {hosts[0]}{more}: {each.manager} "
                "asks there, past the firewall, until their addresses begin with its own"
            )
