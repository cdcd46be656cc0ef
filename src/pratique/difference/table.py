"""The table of what a gain leads to: `behavior.toml`, read once and checked whole."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

from pratique.model.behavior import Step
from pratique.model.duration import parse_duration
from pratique.model.policy import Action

FILE = "behavior.toml"
ROWS = (
    "unanalysable",
    "hard",
    "tier-a",
    "chain",
    "several",
    "tier-b",
    "tier-c",
    "light",
    "unknown-past",
    "unknown-past-hard",
)
"""The conditions that `judging` knows; the file has a row for each, and no other."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its condition in words, and the action by step, for (a young release, an older)."""

    name: str
    when: str
    actions: Mapping[Step, tuple[Action, Action]]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows by name, in the order of the file; a release below `young` is young."""

    young: timedelta
    rows: Mapping[str, Row]

    def action(self, row: str, step: Step, age: timedelta | None) -> Action:
        """What `row` leads to; an unknown age counts as none."""
        young, older = self.rows[row].actions[step]
        return young if age is None or age < self.young else older


@cache
def table() -> Table:
    """The shipped table."""
    return read_table(files("pratique").joinpath(FILE).read_text(encoding="utf-8"))


def read_table(source: str) -> Table:
    """The table that `source` holds.

    Raises:
        ValueError: A row, a step or an action is missing, or is not one of ours.
    """
    document = tomllib.loads(source)
    young = parse_duration(str(document.get("young")))
    rows = document.get("row", {})
    if young is None or set(rows) != set(ROWS):
        raise ValueError(f"{FILE}: `young` or a row is missing, or a row is unknown")
    return Table(young, {name: _row(name, each) for name, each in rows.items()})


def _row(name: str, row: Mapping[str, object]) -> Row:
    given = {key: value for key, value in row.items() if key != "when"}
    if set(given) != {step.value for step in Step}:
        raise ValueError(f"{FILE}: row.{name} has to name every step")
    return Row(
        name,
        str(row["when"]),
        {Step(step): _pair(name, value) for step, value in given.items()},
    )


def _pair(name: str, value: object) -> tuple[Action, Action]:
    actions = [Action[str(each).upper()] for each in value] if isinstance(value, list) else []
    if len(actions) != 2 or actions[0] < actions[1]:
        raise ValueError(f"{FILE}: row.{name} gives two actions, the one of the young not weaker")
    return actions[0], actions[1]
