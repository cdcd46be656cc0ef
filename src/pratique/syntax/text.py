"""What every text reader shares: its error, its bounds, and the lines of what it read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?:[ \t\r].*)?$", re.MULTILINE)
_BOM = "\ufeff"


class TextError(ValueError):
    """A text that cannot be read, or that is beyond a bound.

    Attributes:
        line: 1-based line of the first thing that is wrong.
        message: One clause without the file's name: "duplicate key 'a'".
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a text from outside may cost at most.

    Attributes:
        max_bytes: Size of the whole text.
        max_depth: Nesting of containers.
        max_nodes: Values and containers together.
        max_aliases: Uses of an anchor (YAML).
    """

    max_bytes: int = 64 * 1024 * 1024
    max_depth: int = 64
    max_nodes: int = 4_000_000
    max_aliases: int = 0


LOCKFILE = Bounds()
MANIFEST = Bounds(max_bytes=4 * 1024 * 1024, max_nodes=400_000)
SETTINGS = Bounds(max_bytes=1024 * 1024, max_nodes=100_000, max_aliases=100)

Place: TypeAlias = "int | tuple[int, Places]"
"""A position; for a container, its position and those of its members."""
Places: TypeAlias = "Mapping[str | int, Place]"


class Lines:
    """The lines of what stands in a text, by path of keys and indices."""

    __slots__ = ("_line_at", "_root")

    def __init__(self, root: Place, line_at: Callable[[int], int] = int) -> None:
        """Take the place of the outermost value, and what turns a position into a 1-based line."""
        self._root = root
        self._line_at = line_at

    def of(self, *path: str | int) -> int:
        """The 1-based line of the member at `path`, or of its nearest ancestor that is known."""
        place = self._root
        for step in path:
            if isinstance(place, int) or step not in place[1]:
                break
            place = place[1][step]
        return self._line_at(place if isinstance(place, int) else place[0])


def decoded(source: bytes, bounds: Bounds) -> str:
    """`source` as text, without a byte order mark.

    Raises:
        TextError: It is larger than `bounds` allow, or is not UTF-8.
    """
    if len(source) > bounds.max_bytes:
        raise TextError(1, f"larger than {bounds.max_bytes} bytes")
    try:
        return source.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise TextError(line, f"not UTF-8 (byte 0x{source[error.start]:02x})") from None


def conflict_line(text: str) -> int | None:
    """The line of the first merge conflict marker, or None where there is none."""
    found = _CONFLICT.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else None
