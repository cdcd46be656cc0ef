r"""Reads the ini dialect of .npmrc.

As the npm package `ini` (6, read 2026-11) reads it: `key = value`, `key[] = value`, `key` alone is
"true", `;` and `#` begin comments, values may be quoted, `\;` and `\#` are literal. Keys below a
`[section]` are not settings of npm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pratique.syntax.text import SETTINGS, TextError, decoded

_LINE = re.compile(r"\r\n|\n|\r")
_SECTION = re.compile(r"\[[^\]]*\]\s*")
_VARIABLE = re.compile(r"(\\*)\$\{([^${}?]+)(\?)?\}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting. `value` may be a secret, so `repr` does not show it."""

    key: str
    value: str = field(repr=False)
    line: int


def read_ini(source: bytes) -> tuple[Entry, ...]:
    """The settings of an .npmrc, in file order; a repeated key repeats.

    Raises:
        TextError: It is not UTF-8, beyond the size of a settings file, or has too many lines.
    """
    lines = _LINE.split(decoded(source, SETTINGS))
    if len(lines) > SETTINGS.max_nodes:
        raise TextError(SETTINGS.max_nodes, f"more than {SETTINGS.max_nodes} lines")
    return tuple(_entries(lines))


def _entries(lines: list[str]) -> Iterator[Entry]:
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped or stripped[0] in ";#":
            continue
        if _SECTION.fullmatch(stripped):
            return
        key, equals, value = stripped.partition("=")
        key = _plain(key).removesuffix("[]")
        if key:
            yield Entry(key, _plain(value) if equals else "true", number)


def _plain(text: str) -> str:
    """`text` without quotes, escapes and a trailing comment."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return _unquoted(text)
    kept: list[str] = []
    escaped = False
    for character in text:
        if escaped:
            kept.append(character if character in "\\;#" else f"\\{character}")
            escaped = False
        elif character in ";#":
            break
        elif character == "\\":
            escaped = True
        else:
            kept.append(character)
    return "".join(kept).strip() + ("\\" if escaped else "")


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    try:
        value = json.loads(inner if text[0] == "'" else text)
    except (ValueError, RecursionError):
        return inner if text[0] == "'" else text
    return value if isinstance(value, str) else inner


def has_variable(text: str) -> bool:
    """Whether npm would expand an environment variable in `text`."""
    return any(len(found[1]) % 2 == 0 for found in _VARIABLE.finditer(text))


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """`text` with `${NAME}` replaced as npm does.

    An odd number of backslashes before it keeps it; an unknown name is kept verbatim, or is
    nothing where written `${NAME?}`. pnpm's and yarn's `${NAME-other}` and `${NAME:-other}` are
    understood, too.
    """

    def value(found: re.Match[str]) -> str:
        slashes, name, optional = found[1], found[2], found[3]
        if len(slashes) % 2:
            return found[0]
        plain, dash, other = name.partition("-")
        known = environment.get(plain.removesuffix(":"), other if dash or optional else None)
        if not known and plain.endswith(":"):
            known = other
        return found[0] if known is None else slashes[: len(slashes) // 2] + known

    return _VARIABLE.sub(value, text)
