"""YAML's flow collections on one line: `{integrity: sha512-…}`, `[x64, arm64]`.

Only what has one reading under every version of YAML is read; the rest is left to the full parser.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from pratique.syntax import yaml_scalars

Value: TypeAlias = "object"


class UnsureError(Exception):
    """The text is outside the subset that is read here; it may be good YAML all the same."""


# A plain scalar between brackets, narrower than YAML's own: `:` only before what cannot end it,
# `#` only behind a letter, and no `?` at all (libyaml's reading of it has changed).
_LETTER = r"[A-Za-z0-9^~<=>./_+$\\@|*()!&;%-]"
_PLAIN = (
    r"[A-Za-z0-9^~<=./_+$\\(]"
    rf"(?:{_LETTER}++|:(?=[A-Za-z0-9/])|(?<=[A-Za-z0-9/])\#| ++(?={_LETTER}))*+"
)
_TOKEN = re.compile(
    rf" *+(?:([{{}}\[\],])|'((?:[^']|'')*+)'|\"([^\"\\]*+)\"|({_PLAIN}))(: (?! *+[,}}\]]))?"
)
_ONE_PAIR = re.compile(r"\{([A-Za-z]{1,100}+): ([A-Za-z][A-Za-z0-9+/=._-]*+)\}")
_MAX_SCALAR = 1000
"""libyaml refuses keys of more than 1,024 characters: such a long scalar is left to it."""
_MAX_DEPTH = 8


def read_flow(text: str, room: int = _MAX_DEPTH) -> object:
    """The collection that `text` is, from its bracket to its bracket.

    Args:
        text: One line.
        room: How deep it may be nested.

    Raises:
        UnsureError: It is not certain what it means, or whether it means anything.
    """
    pair = _ONE_PAIR.fullmatch(text)
    if pair and room and pair[1] not in yaml_scalars.WORDS and pair[2] not in yaml_scalars.WORDS:
        return {pair[1]: pair[2]}
    value, end = _collection(text, 0, min(room, _MAX_DEPTH))
    if end != len(text):
        raise UnsureError
    return value


def _collection(text: str, at: int, room: int) -> tuple[object, int]:
    token = _TOKEN.match(text, at)
    if token is None or token[5] or (token[1] and not room):
        raise UnsureError
    if token[1] == "{":
        return _mapping(text, token.end(), room - 1)
    if token[1] == "[":
        return _sequence(text, token.end(), room - 1)
    if token[1]:
        raise UnsureError
    return _scalar(token), token.end()


def _mapping(text: str, at: int, room: int) -> tuple[object, int]:
    members: dict[object, object] = {}
    if text.startswith("}", at):
        return members, at + 1
    while True:
        token = _TOKEN.match(text, at)
        if token is None or token[1] or not token[5]:
            raise UnsureError
        key = _scalar(token)
        if key in members:
            raise UnsureError
        members[key], at = _collection(text, token.end(), room)
        at, ended = _after(text, at, "}")
        if ended:
            return members, at


def _sequence(text: str, at: int, room: int) -> tuple[object, int]:
    items: list[object] = []
    if text.startswith("]", at):
        return items, at + 1
    while True:
        item, at = _collection(text, at, room)
        items.append(item)
        at, ended = _after(text, at, "]")
        if ended:
            return items, at


def _after(text: str, at: int, closing: str) -> tuple[int, bool]:
    """Past the comma or the `closing` bracket at `at`, and which of the two it was."""
    if text.startswith(closing, at):
        return at + 1, True
    if text.startswith(", ", at):
        return at + 2, False
    raise UnsureError


def _scalar(token: re.Match[str]) -> object:
    text = token[4]
    if text is None:
        text = token[2].replace("''", "'") if token[2] is not None else token[3]
    if len(text) > _MAX_SCALAR:
        raise UnsureError
    if token[4] is None:
        return text
    try:
        return yaml_scalars.plain(text)
    except ValueError:
        raise UnsureError from None
