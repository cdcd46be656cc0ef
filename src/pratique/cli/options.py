"""Options that several commands have: each is the same everywhere but for what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from pratique.cli import streams

Option = Callable[[Callable[..., Any]], Callable[..., Any]]
PATH: Any = click.Path(path_type=Path)
"""The type of an option that names a file."""


def formats(names: Iterable[str]) -> Option:
    """`--format`, as `form`: text unless it is said."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(tuple(names)),
        default="text",
        show_default=True,
        help="What to print.",
    )


def output(what: str) -> Option:
    """`--output`, for `what` ("Write the report")."""
    return click.option("--output", metavar="FILE", type=PATH, help=f"{what} to FILE.")


def policy(what: str) -> Option:
    """`--policy`, for `what` ("Judge by")."""
    told = f"{what} FILE instead of pratique.toml."
    return click.option("--policy", metavar="FILE", type=PATH, help=told)


def offline(*, undecided: bool) -> Option:
    """`--offline`, where what is not stored is unknown, or cannot be looked at at all."""
    left = "; what is not stored is unknown." if undecided else ": only what was looked at before."
    return click.option("--offline", is_flag=True, help=f"Ask no registry{left}")


def width(of: str) -> Option:
    """`--width`, of `of` ("the text report")."""
    return click.option(
        "--width",
        type=click.IntRange(streams.NARROWEST, streams.WIDEST),
        metavar="COLUMNS",
        help=f"Columns of {of}; the terminal's, or 80.",
    )
