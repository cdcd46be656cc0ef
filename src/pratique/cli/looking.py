"""What `inspect` and `diff` share: options, terms, and how their reports are delivered."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

import click

from pratique.cli import bar, streams, version
from pratique.cli import options as shared
from pratique.inspecting import Terms
from pratique.model.action import Verdict
from pratique.model.duration import parse_duration
from pratique.reports.difference_formats import Form, Subject
from pratique.reports.page import Page

VERDICTS = ("warn", "quarantine", "block")


class Options(TypedDict):
    """What both commands are given."""

    form: str
    output: Path | None
    fail_on: str | None
    policy: Path | None
    offline: bool
    age: timedelta | None
    width: int | None


def _age(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    span = parse_duration(text)
    if span is None:
        said = f"{text!r} is no duration: a whole number with its unit, like '3 days' or '7 hours'"
        raise click.BadParameter(said)
    return span


def options(forms: Iterable[Form[Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of both commands, with the formats that one of them has."""
    made: tuple[Callable[..., Any], ...] = (
        shared.formats(form.name for form in forms),
        shared.output("Write the report"),
        click.option(
            "--age",
            metavar="DURATION",
            callback=_age,
            help="Judge it as this old ('3 days'); else by the registry's word. What is of no "
            "known age is judged as if it was published now.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(VERDICTS),
            help="Exit 1 from this verdict on; it tightens, never loosens.",
        ),
        shared.policy("Judge by"),
        shared.offline(undecided=False),
        shared.width("the text report"),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(made):
            function = option(function)
        return function

    return decorate


def terms(given: Options) -> Terms:
    """What the shell is told; reads the clock."""
    return Terms(
        now=datetime.now(UTC),  # noqa: TID251 - here the clock is read, once
        environment=os.environ,
        policy_file=given["policy"],
        offline=given["offline"],
        age=given["age"],
        fail_on=Verdict[given["fail_on"].upper()] if given["fail_on"] else None,
        progress=bar.watched(sys.stderr, os.environ, "reading"),
    )


def deliver(subject: Subject, forms: Iterable[Form[Subject]], given: Options, summary: str) -> None:
    """Print the report of `subject`, or write it."""
    page = Page(
        width=streams.width_of(sys.stdout, given["width"]),
        colour=given["output"] is None and streams.may_colour(sys.stdout, os.environ),
        version=version(),
    )
    render = next(form.render for form in forms if form.name == given["form"])
    streams.deliver(render(subject, page), given["output"], summary)
