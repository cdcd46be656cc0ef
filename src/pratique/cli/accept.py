"""`pratique accept`: take what is locked into the ledger."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click

from pratique.accepting import Acceptance, Terms, accept
from pratique.cli import bar, streams
from pratique.cli import options as shared
from pratique.ecosystems.npm.operands import is_path, read_operand
from pratique.errors import LedgerError, UsageError
from pratique.gather.git_plumbing import author
from pratique.gather.ledger_file import bytes_of
from pratique.gather.tree import find_place
from pratique.ledger import ATTRIBUTE
from pratique.model.acceptance import Which
from pratique.model.ledger import BOOTSTRAP, LEDGER_FILE
from pratique.model.package import Package, Release
from pratique.reports import acceptance_text
from pratique.reports.escape import shown
from pratique.reports.grouping import counted

_BLANK = frozenset({"", "\u2026", "...", BOOTSTRAP})
_LONGEST = 500


class _Options(TypedDict):
    why: str | None
    by: str | None
    base: str | None
    every: bool
    prune: bool
    gitattributes: bool
    policy: Path | None
    offline: bool
    width: int | None


@click.command(
    epilog="""\b
Examples:
  pratique accept --all                         begin: what is locked now is taken as it is
  pratique accept left-widget@2.4.1 --why "read the diff: a new cache on disk"
  pratique accept --base main --why "read the diffs"
  pratique accept --prune                       take out packages that are no longer locked

A pull request that accepts for itself is held by `pratique check --base`, and its lines are what
its reviewer reads: docs/ledger.md.
"""
)
@click.argument("operands", metavar="[NAME@VERSION]... [PATH]", nargs=-1)
@click.option("--why", metavar="REASON", help="Why it is accepted; a reviewer reads it.")
@click.option("--by", metavar="WHO", help="Who answers for it; git's user.email.")
@click.option("--base", metavar="REF", help="Accept what changed since REF's merge base.")
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Accept every locked release as it is, as never reviewed, and prune.",
)
@click.option("--prune", is_flag=True, help="Take out packages that are no longer locked.")
@click.option(
    "--gitattributes",
    is_flag=True,
    help="Tell git how to merge ledgers: a line in .gitattributes.",
)
@shared.policy("Take registries from")
@shared.offline(undecided=False)
@shared.width("the text")
def command(operands: tuple[str, ...], **options: Unpack[_Options]) -> int:
    """Accept locked releases of the repository at PATH into its ledger, pratique.lock.

    What is accepted is what the locked bytes can do. From then on a check looks at other bytes
    only, and compares them with these. Exit 0: all of it was accepted. Nothing is accepted of an
    artifact that could not be had (exit 3), or that nobody should accept like this (exit 1); the
    others are. Exit 2, and nothing at all: one that is named is not locked.
    """
    releases, path = _operands(operands)
    which = Which(
        named=releases, base=options["base"], every=options["every"], prune=options["prune"]
    )
    why = _why(which, options["why"])
    terms = Terms(
        by=_by(options["by"], path) if which.is_any else "",
        why=why,
        now=datetime.now(UTC),  # noqa: TID251 - here the clock is read, once
        environment=os.environ,
        policy_file=options["policy"],
        offline=options["offline"],
        progress=bar.watched(sys.stderr, os.environ, "reading"),
    )
    made = accept(path, which, terms)
    _write(made)
    attributes = made.attributes if options["gitattributes"] else None
    if attributes:
        _tell_git(attributes)
    width = streams.width_of(sys.stdout, options["width"])
    for line in acceptance_text.refused(made.refused, width):
        click.echo(line, err=True)
    for note in made.notes:
        click.echo(f"note: {shown(note)}", err=True)
    said = (*_said(made, which, terms.by, width), *_next(made, attributes))
    streams.print_text("".join(f"{line}\n" for line in said))
    return int(made.exit)


# What is asked


def _operands(texts: tuple[str, ...]) -> tuple[tuple[Release, ...], Path]:
    """The releases and the path that are named; the text alone tells which is which."""
    paths = [text for text in texts if is_path(text)]
    if len(paths) > 1:
        hint = "as in left-widget@2.4.1; only one PATH is taken"
        raise UsageError(f"{paths[0]} and {paths[1]} are no NAME@VERSION", hint=hint)
    if paths and "/" not in paths[0] and not Path(paths[0]).exists():
        raise UsageError(f"{paths[0]} is no NAME@VERSION", hint="as in left-widget@2.4.1")
    return tuple(_release(text) for text in texts if not is_path(text)), Path(*paths)


def _release(text: str) -> Release:
    found = read_operand(text)
    if isinstance(found, str) or not found.is_exact:
        why = found if isinstance(found, str) else "names no exact version"
        raise UsageError(f"{text} {why}", hint="as in left-widget@2.4.1")
    return Release(Package(found.name), found.wanted)


def _why(which: Which, why: str | None) -> str:
    modes = [bool(which.named), bool(which.base), which.every]
    if sum(modes) > 1:
        raise UsageError("NAME@VERSION, --base and --all are three ways to say what is meant")
    if not any(modes) and not which.prune:
        hint = 'pratique accept left-widget@2.4.1 --why "..."\npratique accept --all'
        raise UsageError("nothing is named that is to be accepted", hint=hint)
    if which.named or which.base:
        return _filled("why", why or "")
    if why is not None:
        what = "--all accepts what nobody looked at" if which.every else "--prune accepts nothing"
        hint = "name releases, or --base, to say why they are accepted"
        raise UsageError(f"{what}: it takes no --why", hint=hint)
    return BOOTSTRAP


def _filled(what: str, text: str) -> str:
    """One line of somebody's own words."""
    words = " ".join(text.split())
    if words in _BLANK:
        raise UsageError(f"--{what} needs your own words", hint="a reviewer will read them")
    if len(words) > _LONGEST:
        raise UsageError(f"--{what} is longer than {_LONGEST} characters")
    return words


def _by(by: str | None, path: Path) -> str:
    if by is not None:
        return _filled("by", by)
    found = author(find_place(path).root)
    if found is None:
        hint = "--by you@mail.example, or git config user.email"
        raise UsageError("nobody answers for it: git knows no user.email here", hint=hint)
    return found


# What is written


def _is_written(made: Acceptance) -> bool:
    return made.is_changed and (made.before is not None or bool(made.taken))


def _write(made: Acceptance) -> None:
    if not _is_written(made):
        return
    if bytes_of(made.file) != made.before:
        hint = "run it again: what it has read already is kept"
        raise LedgerError(LEDGER_FILE, None, "somebody else wrote it meanwhile", hint=hint)
    streams.write_file(made.file, made.after.decode("ascii"))


def _tell_git(attributes: Path) -> None:
    """Add the line with which git merges ledgers; what is there stays."""
    known = (bytes_of(attributes) or b"").decode("utf-8", "surrogateescape")
    if known and not known.endswith("\n"):
        known += "\n"
    streams.write_file(attributes, f"{known}{ATTRIBUTE}\n")


# What is said


def _said(made: Acceptance, which: Which, by: str, width: int) -> Iterator[str]:
    """What was accepted and taken out, or that there was nothing."""
    if made.taken and which.every:
        yield from acceptance_text.first(made.taken, width)
    elif made.taken:
        yield f"{counted(len(made.taken), 'release')} accepted by {shown(by)}:"
        yield from acceptance_text.reviewed(made.taken, width)
    elif which.base and not made.refused:
        yield f"no locked release changed since {shown(which.base)}"
    elif which.every and not made.refused:
        yield f"nothing to accept: {counted(made.settled, 'locked release')} accepted already"
    if made.pruned:
        yield f"taken out, no longer locked: {shown(', '.join(made.pruned))}"
    elif which.prune and not made.notes:
        yield "nothing to take out"


def _next(made: Acceptance, attributes: Path | None) -> Iterator[str]:
    """What was written, and what is left to do."""
    if _is_written(made):
        yield f"wrote {shown(_near(made.file))}: commit it with the change"
    if made.before is None and made.taken and made.left:
        left = counted(made.left, "other locked release is", "other locked releases are")
        yield f"{left} not in it: pratique accept --all takes them as they are"
    if attributes:
        yield f"wrote {shown(_near(attributes))}: git now merges ledgers"
    elif made.attributes and made.taken:
        yield f"git merges ledgers by a line in {shown(_near(made.attributes))}: {ATTRIBUTE}"
        yield "    --gitattributes writes it"


def _near(file: Path) -> str:
    """The path as the user would type it."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
