r"""Reads the ini dialect of .npmrc.

As the npm package `ini` (6, read 2026-11) reads it: `key = value`, `key[] = value`, `key` alone is
"true", `;` and `#` begin comments, values may be quoted, `\;` and `\#` are literal. Keys below a
`[section]` are not settings of npm; a line that begins with a space opens no section. White space
is what JavaScript trims.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pratique.syntax.text import SETTINGS, TextError, decoded

_LINE = re.compile(r"\r\n|\n|\r")
_SECTION = re.compile(r"\[[^\]]*\]\s*")
_SPACE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_ENDS_A_LINE = re.compile("[\u2028\u2029]")
"""What a dot of JavaScript does not match: the line of a value with one is no setting."""
_BOM = b"\xef\xbb\xbf"
_VARIABLE = re.compile(r"(\\*)\$\{([^${}?]+)(\?)?\}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting. `value` may be a secret, so `repr` does not show it.

    `is_further`: it is not the first of a list (`key[]`), of which npm takes the first where it
    wants one value.
    """

    key: str
    value: str = field(repr=False)
    line: int
    is_further: bool = False


def read_ini(source: bytes) -> tuple[Entry, ...]:
    """The settings of an .npmrc, in file order; a repeated key repeats.

    Raises:
        TextError: It is not UTF-8, beyond the size of a settings file, or has too many lines.
    """
    lines = _LINE.split(decoded(source, SETTINGS))
    if len(lines) > SETTINGS.max_nodes:
        raise TextError(SETTINGS.max_nodes, f"more than {SETTINGS.max_nodes} lines")
    if source.startswith(_BOM):  # part of the first line, which opens no section then
        lines[0] = f"\ufeff{lines[0]}"
    return tuple(_entries(lines))


def _entries(lines: list[str]) -> Iterator[Entry]:
    seen: set[str] = set()
    lists: set[str] = set()
    for number, line in enumerate(lines, start=1):
        stripped = line.strip(_SPACE)
        if not stripped or stripped[0] in ";#":
            continue
        if _SECTION.fullmatch(line):
            return
        name, equals, value = line.partition("=")
        if _ENDS_A_LINE.search(value):
            continue
        name = _plain(name)
        key = name.removesuffix("[]")
        if key:
            lists |= {key} - {name}
            is_further = key in lists and key in seen
            yield Entry(key, _plain(value) if equals else "true", number, is_further)
            seen.add(key)


def _plain(text: str) -> str:
    """`text` without quotes, escapes and a trailing comment."""
    text = text.strip(_SPACE)
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
    return "".join(kept).strip(_SPACE) + ("\\" if escaped else "")


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
