"""One row of a ledger: its members, each checked as it is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import NoReturn

from pratique.errors import LedgerError
from pratique.model.ledger import More

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_HEX = re.compile(r"[0-9a-f]+")


def canonical(value: object) -> str:
    """JSON with sorted keys and escapes for all that is not ASCII."""
    return json.dumps(value, sort_keys=True)


def _is_day(text: str) -> bool:
    return _DAY.fullmatch(text) is not None and text.isascii()


class Row:
    """The members of one object; what was not taken in the end is kept as it is.

    Every method raises LedgerError, naming file and line, where a member is not what it should be.
    """

    def __init__(self, members: dict[str, object], file: str, number: int) -> None:
        self._left = dict(members)
        self.file, self.number = file, number

    def refuse(self, message: str, hint: str = "") -> NoReturn:
        raise LedgerError(self.file, self.number, message, hint=hint)

    def more(self) -> More:
        """The members that nobody took."""
        return tuple(sorted((name, canonical(value)) for name, value in self._left.items()))

    def inner(self, value: object, what: str) -> Row:
        if not isinstance(value, dict):
            self.refuse(f"{what} is not an object")
        return Row(value, self.file, self.number)

    def _take(self, name: str) -> object:
        return self._left.pop(name, None)

    def text(self, name: str, *, needed: bool = False) -> str:
        value = self._take(name)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or (needed and not value):
            self.refuse(f"{name} is not a text" if value is not None else f"no {name}")
        return value

    def number_of(self, name: str, default: int) -> int:
        value = self._take(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.refuse(f"{name} is not a number")
        return value

    def digest(self, name: str, length: int) -> str:
        return self.as_digest(self._take(name), name, length)

    def as_digest(self, value: object, what: str, length: int) -> str:
        if not isinstance(value, str) or len(value) != length or not _HEX.fullmatch(value):
            self.refuse(f"{what} is not {length} hexadecimal digits")
        return value

    def day(self, name: str) -> date:
        return self._as_day(self._take(name), name)

    def _as_day(self, value: object, what: str) -> date:
        try:
            return date.fromisoformat(value if isinstance(value, str) and _is_day(value) else "")
        except ValueError:
            self.refuse(f"{what} is not a day, as in 2026-11-22")

    def days(self, name: str) -> dict[str, date]:
        return {key: self._as_day(day, f"{name} {key}") for key, day in self.members(name)}

    def members(self, name: str) -> Iterator[tuple[str, object]]:
        value = self._take(name)
        if value is not None and not isinstance(value, dict):
            self.refuse(f"{name} is not an object")
        yield from (value or {}).items()

    def items(self, name: str) -> list[object]:
        value = self._take(name)
        if value is not None and not isinstance(value, list):
            self.refuse(f"{name} is not a list")
        return value or []

    def names(self, name: str) -> tuple[str, ...]:
        found = self.items(name)
        names = sorted({each for each in found if isinstance(each, str)})
        if any(not isinstance(each, str) for each in found):
            self.refuse(f"{name} holds what is not a text")
        return tuple(names)
