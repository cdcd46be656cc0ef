"""Parts of a JSON document, each with its place: what is wrong is said with path and line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NoReturn

from pratique.syntax.text import Lines, TextError


class Part:
    """A value of a document. Every method raises TextError where it is not what it should be."""

    __slots__ = ("_lines", "_path", "value")

    def __init__(self, value: object, lines: Lines, path: tuple[str | int, ...] = ()) -> None:
        self.value = value
        self._lines, self._path = lines, path

    @property
    def line(self) -> int:
        return self._lines.of(*self._path)

    def refuse(self, message: str) -> NoReturn:
        steps = (f"[{each}]" if isinstance(each, int) else f".{each[:64]}" for each in self._path)
        path = "".join(steps).lstrip(".")
        raise TextError(self.line, f"{path}: {message}" if path else message)

    def members(self, known: Collection[str] | None = None) -> dict[str, object]:
        """The object's members; with `known`, none but these."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        for name in self.value if known is not None else ():
            if name not in (known or ()):
                self.inner(name).refuse(f"is not a member here; known: {', '.join(known or ())}")
        return self.value

    def inner(self, key: str) -> Part:
        return Part(self.members().get(key), self._lines, (*self._path, key))

    def get(self, key: str) -> Part | None:
        """A member of the object; None where it is absent or null."""
        return None if self.members().get(key) is None else self.inner(key)

    def needed(self, key: str) -> Part:
        found = self.get(key)
        if found is None:
            self.refuse(f"{key} is missing")
        return found

    def items(self, most: int) -> Iterator[Part]:
        """The parts of a list of at most `most`."""
        if not isinstance(self.value, list):
            self.refuse("must be a list")
        if len(self.value) > most:
            self.refuse(f"has more than {most} members")
        for index, each in enumerate(self.value):
            yield Part(each, self._lines, (*self._path, index))

    def each(self, key: str, most: int) -> Iterator[Part]:
        """The parts of the list that a member of the object is; none where it is absent."""
        found = self.get(key)
        return found.items(most) if found else iter(())

    def text(self) -> str:
        """A text that is not blank."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.refuse("must be text")
        return self.value
