"""Tables of a policy file as they are read: typed values, and errors that name their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from enum import IntEnum

from pratique.config.toml_text import Lines, Path
from pratique.errors import PolicyError
from pratique.model.duration import LONGEST, parse_duration
from pratique.model.pin import Location
from pratique.model.policy import Action

_WHY_UNITS = (
    'write a unit, as in "3 days": a bare 7 means days to npm, minutes to pnpm and yarn,'
    " and seconds to bun"
)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint: the nearest of `known`, else all of them."""
    names = sorted(known)
    near = get_close_matches(word, names, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"


class Table:
    """One table of the file. Each key is taken once; what is left over is an error.

    Attributes:
        path: Where the table stands in the document.
    """

    def __init__(self, values: Mapping[str, object], path: Path, name: str, lines: Lines) -> None:
        self._left = dict(values)
        self._known: list[str] = []
        self._name = name
        self._lines = lines
        self.path = path

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def __bool__(self) -> bool:
        return bool(self._left)

    def names(self) -> list[str]:
        """The keys that nobody has taken yet."""
        return list(self._left)

    def where(self, *key: str | int) -> Location:
        """The line of a key of this table, or of its nearest ancestor."""
        path = (*self.path, *key)
        while path and path not in self._lines:
            path = path[:-1]
        return Location(self._name, self._lines.get(path))

    def error(self, key: str | int | None, message: str, hint: str = "") -> PolicyError:
        path = self.path if key is None else (*self.path, key)
        where = self.where() if key is None else self.where(key)
        dotted = dotted_key(path)
        return PolicyError(
            f"{where}: {dotted}: {message}" if dotted else f"{where}: {message}", hint=hint
        )

    def take(self, key: str) -> object:
        """The value, or None where the key is absent (TOML has no null)."""
        self._known.append(key)
        return self._left.pop(key, None)

    def text(self, key: str) -> str | None:
        value = self.take(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        raise self.error(key, f"must be text, not {spoken(value)}")

    def needed_text(self, key: str, why: str) -> str:
        value = self.text(key)
        if value is None:
            raise self.error(None, f"{key} is missing", why)
        return value

    def flag(self, key: str) -> bool | None:
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.error(key, f"must be true or false, not {spoken(value)}")

    def day(self, key: str, why: str) -> date:
        value = self.take(key)
        if value is None:
            raise self.error(None, f"{key} is missing", why)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        raise self.error(key, f"must be a date, not {spoken(value)}", "as in 2026-12-01, unquoted")

    def duration(self, key: str) -> timedelta | None:
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, str) and (span := parse_duration(value)) is not None:
            return span
        if isinstance(value, (int, float)):
            raise self.error(key, f"{value} is no duration", _WHY_UNITS)
        message = f"{spoken(value)} is no duration of at most {LONGEST.days} days"
        raise self.error(key, message, _WHY_UNITS)

    def action(self, key: str) -> Action | None:
        value = self.text(key)
        return None if value is None else self.as_action(key, value)

    def as_action(self, key: str, value: str) -> Action:
        if value in ACTIONS:
            return ACTIONS[value]
        raise self.error(key, f"{value!r} is no action", did_you_mean(value, ACTIONS))

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
            return tuple(value)
        raise self.error(key, f"must be a list of texts, not {spoken(value)}")

    def table(self, key: str) -> Table:
        """The sub-table; an empty one where the key is absent."""
        value = self.take(key)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.error(key, f"must be a table, not {spoken(value)}")
        return self.inner(key, value)

    def inner(self, key: str, values: Mapping[str, object]) -> Table:
        """A table from a value that was taken already."""
        return Table(values, (*self.path, key), self._name, self._lines)

    def tables(self, key: str) -> list[Table] | None:
        """The array of tables; None where the key is absent."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.error(key, f"must be a list of tables, not {spoken(value)}")
        here = (*self.path, key)
        return [
            Table(each, (*here, index), self._name, self._lines) for index, each in enumerate(value)
        ]

    def finish(self) -> None:
        """Nothing may be left over.

        Raises:
            PolicyError: An unknown key, with the nearest known one.
        """
        for key in self._left:
            raise self.error(key, "is not a key of this table", did_you_mean(key, self._known))


ACTIONS = {action.name.lower(): action for action in Action}


def word(action: IntEnum) -> str:
    """The action as the file spells it."""
    return action.name.lower()


def spoken(value: object) -> str:
    """A value as a sentence names it, cut to a bearable length."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def dotted_key(path: Path) -> str:
    """The path as TOML spells it: `layers.release-age.cooldown`, `exemptions[1].until`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
        shown = part if bare else '"' + part.replace('"', '\\"') + '"'
        text += f".{shown}" if text else shown
    return text
