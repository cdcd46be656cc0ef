"""JSON with the line of every member, strict and bounded.

Values come from the standard library's scanner; the lines, the bounds and the duplicate keys from
one pass of a regular expression over the same text. That pass does not validate: on a text up to
its first syntax error it sees exactly the tokens that the scanner sees, and the scanner has the
last word on the rest.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from typing import NoReturn

from pratique.syntax.text import LOCKFILE, Bounds, Lines, Place, TextError, conflict_line, decoded

# Possessive throughout: no input makes it look at a character more than a few times.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_WORD = r'[^\s,:{}\[\]"]++'
_TOKEN = re.compile(
    rf"({_STRING})(?:\s*+(:)\s*+(?:([{{\[])|{_STRING}|{_WORD})?)?"
    rf'|([{{\[])|([}}\]])|({_WORD})|(")',
    re.DOTALL,
)
_KEY, _COLON, _MEMBER_OPENS, _OPENS, _CLOSES, _WORD_ALONE, _UNTERMINATED = range(1, 8)
_COMMENT = re.compile(rf'{_STRING}|//[^\n]*+|/\*.*?\*/|(/\*|")', re.DOTALL)
_COMMA = re.compile(rf"{_STRING}|([\[{{,]\s*+,)|,(?=\s*+[}}\]])", re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ANY_STRING = re.compile(_STRING, re.DOTALL)
_LONG_NUMBER = re.compile(r"\d{1000}")


def read_json(
    source: bytes, bounds: Bounds = LOCKFILE, *, comments: bool = False
) -> tuple[object, Lines]:
    """The value of a JSON text (RFC 8259), and the lines of its members.

    Args:
        source: UTF-8; a byte order mark is accepted, as npm accepts it.
        bounds: Size, depth and number of values beyond which it is refused.
        comments: Accept `//` and `/* */` comments and trailing commas, as bun.lock has them.

    Raises:
        TextError: Not such a text; or it has a duplicate key, a lone surrogate, NaN, Infinity or
            a number that overflows; or it is beyond a bound.
    """
    text = decoded(source, bounds)
    if comments:
        text = _without_comments(text)
    try:
        root = _places(text, bounds)
        value = _SCANNER.decode(text)
        _refuse_lone_surrogates(text)
    except TextError as error:
        raise _as_conflict(text, error) from None
    except json.JSONDecodeError as error:
        message = error.msg[:1].lower() + error.msg[1:]
        raise _as_conflict(text, TextError(error.lineno, f"not JSON: {message}")) from None
    except ValueError as error:
        raise _number_error(text, str(error)) from None
    newlines = [found.start() for found in re.finditer("\n", text)]
    return value, Lines(root, lambda position: bisect_left(newlines, position) + 1)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number overflows")
    return number


_SCANNER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _places(text: str, bounds: Bounds) -> Place:
    """Where every member stands: offsets into `text`."""
    outer: dict[str | int, Place] = {}
    members = outer
    stack: list[dict[str | int, Place]] = []
    for count, token in enumerate(_TOKEN.finditer(text)):
        kind = token.lastindex
        if kind == _CLOSES:
            if not stack:
                break
            members = stack.pop()
            continue
        if count > bounds.max_nodes * 2 or kind == _UNTERMINATED:
            raise _refused(text, token, bounds)
        start = token.start()
        key = _name(text, token) if kind in (_COLON, _MEMBER_OPENS) else len(members)
        if key in members:
            raise TextError(_line(text, start), f"duplicate key {key!a}")
        if kind not in (_MEMBER_OPENS, _OPENS):
            members[key] = start
            continue
        if len(stack) >= bounds.max_depth:
            raise TextError(_line(text, start), f"nested deeper than {bounds.max_depth}")
        stack.append(members)
        inner: dict[str | int, Place] = {}
        members[key] = (start, inner)
        members = inner
    return outer.get(0, 0)


def _name(text: str, token: re.Match[str]) -> str:
    """The member's name that `token` begins with, unescaped."""
    start, end = token.span(_KEY)
    if "\\" not in token[_KEY]:
        return text[start + 1 : end - 1]
    try:
        return str(json.loads(token[_KEY]))
    except json.JSONDecodeError:
        return token[_KEY]  # the scanner refuses it, with the right line


def _refused(text: str, token: re.Match[str], bounds: Bounds) -> TextError:
    reason = f"more than {bounds.max_nodes} values"
    if token.lastindex == _UNTERMINATED:
        reason = "not JSON: unterminated string"
    return TextError(_line(text, token.start()), reason)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _refuse_lone_surrogates(text: str) -> None:
    """A lone surrogate cannot be written anywhere again, and hides in no legal name."""
    if not _SURROGATE.search(text):
        return
    for found in _ANY_STRING.finditer(text):
        if not _SURROGATE.search(found[0]):
            continue
        if any("\ud800" <= letter <= "\udfff" for letter in json.loads(found[0])):
            raise TextError(_line(text, found.start()), "a lone surrogate in a string")


def _as_conflict(text: str, error: TextError) -> TextError:
    line = conflict_line(text)
    return TextError(line, "merge conflict marker") if line else error


def _number_error(text: str, reason: str) -> TextError:
    """CPython refuses integers of more than 4300 digits without saying where."""
    found = _LONG_NUMBER.search(text)
    if found:
        return TextError(_line(text, found.start()), "a number is too long")
    found = re.search(r"\bNaN\b|\bInfinity\b|\d[eE]\+?\d{3}", text)
    return TextError(_line(text, found.start()) if found else 1, f"not JSON: {reason}")


def _without_comments(text: str) -> str:
    """`text` with comments and trailing commas blanked: every offset and line stays."""

    def blank_comment(found: re.Match[str]) -> str:
        if found[1]:
            raise TextError(_line(text, found.start()), "unterminated comment or string")
        return found[0] if found[0][0] == '"' else re.sub(r"[^\n]", " ", found[0])

    def blank_comma(found: re.Match[str]) -> str:
        if found[1]:
            raise TextError(_line(text, found.start()), "not JSON: a comma without a value")
        return found[0] if found[0][0] == '"' else " "

    return _COMMA.sub(blank_comma, _COMMENT.sub(blank_comment, text))
