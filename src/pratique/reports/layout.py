"""Lines of text for a terminal: display width, wrapping, colour."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# SGR codes (ECMA-48, 8.3.117): bold red, magenta, yellow, green, dim.
_COLOURS = {
    "block": "1;31",
    "quarantine": "35",
    "warn": "33",
    "pass": "32",
    "allow": "32",
    "unknown": "36",
    "partial": "33",
    "quiet": "2",
}
_SGR = re.compile(r"\x1b\[[0-9;]*m")


def columns(text: str) -> int:
    """Columns that `text` takes: wide characters two, combining marks none (UAX 11)."""
    if text.isascii():
        return len(_SGR.sub("", text))
    return sum(_columns(character) for character in _SGR.sub("", text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def pad(text: str, width: int) -> str:
    """`text` with spaces behind it, up to `width` columns."""
    return text + " " * (width - columns(text))


def wrap(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """`text` in lines of at most `width` columns, broken at spaces; a longer word is broken too.

    `first` stands before the first line, `rest` before the others.
    """
    lines, line, blank = [], first, True
    for word in text.split(" "):
        if not blank and columns(line) + 1 + columns(word) > width:
            lines.append(line.rstrip())
            line, blank = rest, True
        line = line + word if blank else f"{line} {word}"
        blank = False
        while columns(line) > width > columns(rest) + 10:
            head, line = _split(line, width)
            lines.append(head)
            line = rest + line
    return [*lines, line.rstrip()]


def _split(line: str, width: int) -> tuple[str, str]:
    used = 0
    for index, character in enumerate(line):
        used += _columns(character)
        if used > width:
            return line[:index], line[index:]
    return line, ""


def clip(text: str, width: int) -> str:
    """`text` in at most `width` columns; what is cut off shows as an ellipsis."""
    if columns(text) <= width:
        return text
    return _split(text, width - 1)[0] + "\u2026"


def rows_taken(lines: Iterable[str], width: int) -> int:
    """Terminal rows of `width` columns that `lines` take when the terminal wraps them."""
    return sum(max(1, -(-columns(line) // width)) for line in lines)


class Paint:
    """Colours words, or leaves them. The word itself always says what the colour says."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, kind: str) -> str:
        code = _COLOURS.get(kind.lower())
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and code else text
