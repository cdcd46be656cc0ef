"""Syml, the subset of YAML that yarn 2 and later write, with the line of every member.

Yarn reads its lockfile with YAML's "failsafe" schema: every scalar is a string (`on: 1` is the
package "on" at the range "1"). What a general YAML reader would take for numbers, booleans or null
stays text here. The subset is that of yarn's own writer (`stringifySyml`, yarn 2.4 to 4.18, read
2026-11): nested maps by indentation, plain and double-quoted scalars, `? ` before keys of more
than 1,024 characters, comments on lines of their own. Everything else is refused, so that no other
reader sees another text than this one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TypeAlias

from pratique.syntax.text import LOCKFILE, Bounds, Lines, Place, TextError, conflict_line, decoded

Syml: TypeAlias = "str | dict[str, Syml]"

_STEP = 2
"""Spaces of one level."""
# Possessive: no input makes it look at a character twice.
_QUOTED = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+"'
_PLAIN = r"[^\s\-?:,\]\[{}#&*!|>'\"%@`](?:[ ]*+[^\s,\]\[{}:#])*+"
_SCALAR = rf"{_QUOTED}|{_PLAIN}"
_MEMBER = re.compile(rf"({_SCALAR}):(?: ({_SCALAR}))?")
_LONG_KEY = re.compile(rf"\? ({_SCALAR})")
_SKIPPED = re.compile(r" *(?:#.*)?")
# A lone carriage return is a line break to YAML; the others are not printable there.
_UNPRINTABLE = re.compile(r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\ufffe\uffff]")


@dataclass(slots=True)
class _Map:
    """A map that is being read: its members, and the lines of them."""

    members: dict[str, Syml]
    places: dict[str | int, Place]
    line: int


def read_syml(source: bytes, bounds: Bounds = LOCKFILE) -> tuple[dict[str, Syml], Lines]:
    """The map that a Syml text is, and the lines of its members.

    Args:
        source: UTF-8; a byte order mark and CRLF line ends are accepted.
        bounds: Size, depth and number of members beyond which it is refused.

    Raises:
        TextError: Not such a text, a duplicate key, a merge conflict, or beyond a bound.
    """
    text = decoded(source, bounds)
    if line := conflict_line(text):
        raise TextError(line, "merge conflict marker")
    if found := _UNPRINTABLE.search(text):
        raise TextError(text.count("\n", 0, found.start()) + 1, "a character that YAML refuses")
    root = _Map({}, {}, 1)
    _read_lines(text.replace("\r\n", "\n").split("\n"), root, bounds)
    return root.members, Lines((1, root.places))


def _read_lines(lines: list[str], root: _Map, bounds: Bounds) -> None:
    open_maps = [root]
    long_key: str | None = None
    for number, line in enumerate(lines, 1):
        if _SKIPPED.fullmatch(line):
            continue
        depth = _depth(line, number, len(open_maps))
        if number > bounds.max_nodes or depth >= bounds.max_depth:
            raise TextError(number, "beyond the bounds of depth or number of members")
        _close(open_maps, depth, number)
        content = line[depth * _STEP :]
        if long_key is None and (asked := _LONG_KEY.fullmatch(content)):
            long_key = asked[1]
            continue
        key, value = _member(content, long_key, number)
        long_key = None
        _add(open_maps, key, value, number)
    _close(open_maps, 0, len(lines))
    if long_key is not None:
        raise TextError(len(lines), "a key without a value")


def _depth(line: str, number: int, most: int) -> int:
    depth, rest = divmod(len(line) - len(line.lstrip(" ")), _STEP)
    if rest or depth >= most:
        raise TextError(number, "unexpected indentation")
    return depth


def _close(open_maps: list[_Map], depth: int, number: int) -> None:
    """Close the maps deeper than `depth`; each must have got a member."""
    while len(open_maps) > depth + 1:
        closed = open_maps.pop()
        if not closed.members:
            raise TextError(min(closed.line, number), "a key without a value")


def _member(content: str, long_key: str | None, number: int) -> tuple[str, str | None]:
    if long_key is not None:
        if content != ":":
            raise TextError(number, "expected the value of the key above")
        return _scalar(long_key, number), None
    found = _MEMBER.fullmatch(content)
    if not found:
        raise TextError(number, "expected `key: value`")
    value = found[2]
    return _scalar(found[1], number), None if value is None else _scalar(value, number)


def _scalar(text: str, number: int) -> str:
    if text[0] != '"':
        return text
    if "\\" not in text:
        return text[1:-1]
    value = str(json.loads(text))
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise TextError(number, "a lone surrogate in a string")
    return value


def _add(open_maps: list[_Map], key: str, value: str | None, number: int) -> None:
    parent = open_maps[-1]
    if key in parent.members:
        raise TextError(number, f"duplicate key {key!a}")
    if value is not None:
        parent.members[key] = value
        parent.places[key] = number
        return
    child = _Map({}, {}, number)
    parent.members[key] = child.members
    parent.places[key] = (number, child.places)
    open_maps.append(child)
