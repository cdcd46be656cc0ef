"""A pnpm lockfile's values, read with their types; what has another shape names its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pratique.errors import LockfileError
from pratique.model.pin import Location
from pratique.syntax.text import Lines

Fields: TypeAlias = "Mapping[str, object]"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a lockfile: its outermost mapping, and the lines of all below it."""

    path: str
    root: Fields
    lines: Lines

    def error(self, message: str, *at: str | int, hint: str = "") -> LockfileError:
        return LockfileError(self.path, self.lines.of(*at), message, hint=hint)

    def where(self, *at: str | int) -> Location:
        return Location(self.path, self.lines.of(*at))

    def line_if(self, present: object, *at: str | int) -> int | None:
        return None if present is None else self.lines.of(*at)

    def fields(self, parent: Fields, *at: str | int) -> Fields:
        """The mapping at `at`, whose last step names it in `parent`; empty where absent or null."""
        return self.checked(parent.get(str(at[-1])), *at)

    def checked(self, value: object, *at: str | int) -> Fields:
        """`value` as a mapping with textual keys; null is an empty one."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.error(f"{_name(at)} should be a mapping", *at)
        for key in value:
            if key.__class__ is not str:
                raise self.error(f"the key {key!a} should be text", *at)
        return value

    def text(self, parent: Fields, *at: str | int) -> str | None:
        """The text at `at`; None where absent."""
        value = parent.get(str(at[-1]))
        if value is None or isinstance(value, str):
            return value
        raise self.error(f"{_name(at)} should be text", *at)

    def texts(self, parent: Fields, *at: str | int) -> dict[str, str]:
        """The mapping of texts at `at`; numbers that were left unquoted are errors."""
        found = self.fields(parent, *at)
        for key, value in found.items():
            if value.__class__ is not str:
                raise self.error(f"{key!a} should be text", *at, key)
        return dict(found)  # type: ignore[arg-type]  # every value was just seen to be text


def _name(at: tuple[str | int, ...]) -> str:
    return ascii(at[-1]) if at else "the document"
