"""`pratique check`: judge a repository."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

from pratique.check import check
from pratique.cli import attesting, bar, streams, version
from pratique.cli import options as shared
from pratique.errors import UsageError
from pratique.layers import rules
from pratique.model.policy import Verdict
from pratique.reports import REPORTS, Page, closing

FORMATS = ("text", "json", "sarif", "markdown")
VERDICTS = ("warn", "quarantine", "block")


class _Options(TypedDict):
    base: str | None
    accept_head_policy: bool
    form: str
    output: Path | None
    fail_on: str | None
    policy: Path | None
    offline: bool
    revalidate: bool
    layers: tuple[str, ...]
    width: int | None
    attest: Path | None
    attest_to: Path | None


_OPTIONS: tuple[Callable[..., Any], ...] = (
    click.argument("path", type=shared.PATH, default=Path()),
    click.option("--base", metavar="REF", help="Judge only what changed since REF's merge base."),
    click.option(
        "--accept-head-policy",
        is_flag=True,
        help="With --base: let the change's own policy judge it; the report says so.",
    ),
    shared.formats(FORMATS),
    shared.output("Write the report"),
    click.option(
        "--fail-on",
        type=click.Choice(VERDICTS),
        help="Exit 1 from this verdict on; it tightens, never loosens.",
    ),
    shared.policy("Judge by"),
    shared.offline(undecided=True),
    click.option("--revalidate", is_flag=True, help="Ask again even what is stored and fresh."),
    click.option(
        "--layer",
        "layers",
        metavar="NAME",
        multiple=True,
        help="Run only this layer (repeatable); the run is partial and says so.",
    ),
    shared.width("the text report"),
    click.option(
        "--attest",
        metavar="KEY",
        type=shared.PATH,
        help="Sign what the check comes to with this private key, in PEM.",
    ),
    click.option(
        "--attest-to",
        metavar="FILE",
        type=shared.PATH,
        help=f"Where to write that; {attesting.DEFAULT} if not said.",
    ),
)


def _with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command(
    epilog="""\b
Examples:
  pratique check                        judge the current directory
  pratique check --base main            judge what this branch changes
  pratique check --format sarif --output pratique.sarif
  pratique check --offline --layer lockfile package-lock.json
  pratique check --attest signer.pem --attest-to clearance.vsa
"""
)
@_with_options
def command(path: Path, **options: Unpack[_Options]) -> int:
    """Judge the repository, or the one lockfile, at PATH.

    Every locked release is compared with what the registry says of it: the bytes, its age, the
    code that it runs at install. The report says what is wrong, why it matters and what to type.
    """
    if options["accept_head_policy"] and not options["base"]:
        raise UsageError("--accept-head-policy needs --base", hint="pratique check --base main")
    return _run(path, options, _attester(options))


def _attester(options: _Options) -> attesting.Attester | None:
    """Who signs; of a part of the layers, or of a change alone, there is nothing to sign."""
    key, target = options["attest"], options["attest_to"]
    if key is None and target is not None:
        raise UsageError("--attest-to needs --attest", hint="pratique check --attest KEY")
    attester = attesting.Attester(key, target or attesting.DEFAULT) if key else None
    other = "--base" if options["base"] else "--layer" if options["layers"] else ""
    if attester and other:
        hint = "attest a run over everything"
        raise UsageError(f"--attest cannot be with {other}", hint=hint)
    return attester


def _run(path: Path, options: _Options, attester: attesting.Attester | None) -> int:
    began = time.monotonic()
    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    report = check(
        path,
        base=options["base"],
        accept_head_policy=options["accept_head_policy"],
        policy_file=options["policy"],
        offline=options["offline"],
        revalidate=options["revalidate"],
        layers=options["layers"],
        fail_on=Verdict[options["fail_on"].upper()] if options["fail_on"] else None,
        now=now,
        progress=bar.watched(sys.stderr, os.environ),
        environment=os.environ,
    )
    to_terminal = options["output"] is None and sys.stdout.isatty()
    page = Page(
        width=streams.width_of(sys.stdout, options["width"]),
        colour=options["output"] is None and streams.may_colour(sys.stdout, os.environ),
        version=version(),
        took=time.monotonic() - began if to_terminal else None,
        rules=rules(),
    )
    render = next(each.render for each in REPORTS if each.name == options["form"])
    summary = closing(report) if options["output"] else ""
    streams.deliver(render(report, page), options["output"], summary)
    return attester.attest(report, now) if attester else int(report.exit)
