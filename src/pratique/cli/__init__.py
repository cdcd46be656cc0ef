"""The command line: one command = one file, loaded only when it is asked for.

A new command is one file with `command`, and one line in COMMANDS.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from pratique.errors import Exit, PratiqueError

__all__ = ["COMMANDS", "main", "program", "run"]

COMMANDS = {
    "check": "Judge a repository: may its dependencies go in?",
    "inspect": "Say what one release or archive can do.",
    "diff": "Say what a release can do that another cannot.",
    "accept": "Take what is locked into the ledger, as known from now on.",
    "explain": "Say why a rule or a layer exists, and what to do about it.",
    "exempt": "Accept one finding, for a reason and until a day.",
    "init": "Write a starter policy.",
    "serve": "Serve a registry that shows and gives only what the policy admits.",
    "log": "Show what the firewall has on record, and verify it.",
    "token": "Make, list and revoke the firewall's tokens.",
    "verify": "Verify signatures and provenance of a project, a release or a file.",
    "keys": "Show what evidence is verified under, or import it from a file.",
    "verify-bundle": "Verify one Sigstore bundle, as sigstore-conformance asks for it.",
    "setup": "Point a project at the firewall, or take that back.",
    "completion": "Print the completion script of a shell.",
}
"""Name -> what `pratique --help` says of it. The module has the command's name, `-` as `_`."""

_COLLECT_AFTER = 1_000_000
"""New objects between two searches for cycles, where Python's own default is 700.

A check makes many objects that live to its end and few cycles; to look at them all, again and
again, was a quarter of its time.
"""

INTERRUPTED = 130
"""128 + SIGINT, as shells count (POSIX.1-2017, Shell Command Language 2.8.2)."""


_NOT_TAKEN = 120
"""Nobody took the output: as the interpreter exits then (CPython 3.6, "What's New")."""


class _Program(click.Group):
    """Lists the commands without loading them: help must be instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command = importlib.import_module(f"pratique.cli.{module}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's signature
    if asked and not ctx.resilient_parsing:
        click.echo(f"pratique {version()}")
        ctx.exit()


def version() -> str:
    """The installed program's version."""
    return importlib.import_module("importlib.metadata").version("pratique")  # type: ignore[no-any-return] # loaded late: it costs more than all of --help


@click.command(
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 allowed, 1 blocked or quarantined, 2 usage or policy error, "
    "3 could not decide, 4 internal error.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
def program() -> None:
    """Let a release in only when it is cleared, with the reason on record."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. Every error is one line and a hint."""
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
    try:
        code = program.main(arguments, prog_name="pratique", standalone_mode=False)
    except click.ClickException as error:
        return _fail(error.format_message(), _usage_hint(error), Exit.USAGE)
    except PratiqueError as error:
        return _fail(error.message, error.hint, error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last stop: a line for the user, not a traceback
        return _fail_internally(error)
    return int(code or Exit.ALLOWED)


def run() -> NoReturn:
    """The program: as `main`, and ends without taking apart what the system takes back at once.

    After a check of thousands of releases that is a tenth of its time. All that is written is
    closed by then; output that nobody takes ends as the interpreter ends it.
    """
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = _NOT_TAKEN
    os._exit(code)


def _usage_hint(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path} --help" if context else ""


def _fail(message: str, hint: str, code: Exit) -> int:
    """`pratique: message` and its hint on stderr, on lines of their own."""
    terminal = importlib.import_module("pratique.reports.escape").terminal
    click.echo(f"pratique: {terminal(message)}", err=True)
    for line in hint.splitlines():
        click.echo(f"hint: {terminal(line)}", err=True)
    return int(code)


def _fail_internally(error: Exception) -> int:
    if os.environ.get("PRATIQUE_DEBUG") == "1":
        traceback.print_exception(error, file=sys.stderr)
    what = f"internal error: {type(error).__name__}: {error}"
    return _fail(what, "PRATIQUE_DEBUG=1 shows where", Exit.INTERNAL)
