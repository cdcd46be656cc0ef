"""A JSON object's members, and where in its text they stand. Nothing of the text is written anew.

A decoder tells what the members are, but not where, and of two with one name it keeps the last;
another reader may keep the first. So the text is put together again from what was decoded: where
that gives the same text, each member stands there once, at a known place. A text that is spaced in
another way is walked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice

import msgspec

Members = dict[str, msgspec.Raw]
Span = tuple[int, int]
"""Offsets of the first byte and of the one after the last."""

MOST_WALKED = 300_000
"""Members of a document that are walked: they take ten times as long as others. The largest real
packuments have a quarter of that, should they be written in no usual style."""
_MOST_NAMES = 10_000
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_DECODER = msgspec.json.Decoder(Members)
_NAME = re.compile(rb'[ \t\n\r]*+("(?:[^"\\]|\\.)*+")[ \t\n\r]*+:[ \t\n\r]*+', re.DOTALL)
_NEXT = re.compile(rb"[ \t\n\r]*+([,}])")


def members_of(text: bytes | bytearray | msgspec.Raw) -> Members | None:
    """The members of the object, in order, of two with one name the last; None: it is none."""
    try:
        return _DECODER.decode(text)
    except BROKEN:
        return None


class Style(dict[str, bytes]):
    """How a writer puts members one behind another: name -> what stands in front of its value."""

    def __init__(self, comma: bytes, colon: bytes) -> None:
        super().__init__()
        self.comma = comma
        self.colon = colon

    def __missing__(self, name: str) -> bytes:
        if len(self) >= _MOST_NAMES:
            self.clear()
        self[name] = made = self.comma + msgspec.json.encode(name) + self.colon
        return made

    def is_all_of(self, text: bytes, members: Mapping[str, msgspec.Raw]) -> bool:
        """Whether nothing but these members stands in the object's text, each once."""
        if self.comma == b"," and self.colon == b":":
            # No text of them is shorter, and a member too many would make it longer.
            names = sum(map(len, members))
            least = 4 * len(members) + 1 + names + sum(map(len, members.values()))
            if len(text) == least:
                return True
        return self.comma + text[1:-1] == self._text(members)

    def _text(self, members: Mapping[str, msgspec.Raw]) -> bytes:
        """The members one behind another, each with a comma in front."""
        names = map(self.__getitem__, members)
        return b"".join(chain.from_iterable(zip(names, members.values(), strict=True)))


class Places:
    """Finds where members of the objects of one document stand.

    Args:
        text: One of its objects: they are written in the same style, as a rule.
    """

    def __init__(self, text: bytes | msgspec.Raw) -> None:
        wide, tight = Style(b", ", b": "), Style(b",", b":")
        begins = bytes(memoryview(text)[:300])
        self._styles = (wide, tight) if b'": ' in begins else (tight, wide)
        self._left = MOST_WALKED

    @property
    def colon(self) -> bytes:
        """What stands behind a name, as a rule."""
        return self._styles[0].colon

    def of(self, name: str, text: bytes, members: Members) -> Span | None:
        """Where the value of a member stands in the object's text.

        Returns:
            None where there is no such member, or some member has the name of another; or where
            too much was walked already.
        """
        if name not in members:
            return None
        for style in self._styles:
            if style.is_all_of(text, members):
                return _counted(name, members, style)
        self._left -= len(members)
        return None if self._left < 0 else dict(_walked(text, members) or ()).get(name)


def _counted(name: str, members: Members, style: Style) -> Span:
    """Its place where nothing but the members stands there, in this style."""
    number = list(members).index(name)
    before = [*members][: number + 1]
    at = 1 - len(style.comma) + sum(map(len, map(style.__getitem__, before)))
    at += sum(map(len, islice(members.values(), number)))
    return at, at + len(members[name])


def _walked(text: bytes, members: Members) -> list[tuple[str, Span]] | None:
    """The places of all members; None where they are not all that stands there, once each."""
    found = list(_steps(text, members))
    if not len(found) == len(members) == len(dict(found)):
        return None
    # A name that stands there once more, with another value, ends the steps before the object.
    behind = text[found[-1][1][1] :] if found else text[1:]
    return found if behind.strip() == b"}" else None


def _steps(text: bytes, members: Members) -> Iterator[tuple[str, Span]]:
    """Member by member, each compared with what was decoded, to the end or to where they differ."""
    at = 1
    while (key := _NAME.match(text, at)) is not None:
        name = msgspec.json.decode(key[1], type=str)
        value = members.get(name)
        stop = key.end() + (0 if value is None else len(value))
        if value is None or text[key.end() : stop] != bytes(value):
            return
        following = _NEXT.match(text, stop)
        if following is None:
            return
        yield name, (key.end(), stop)
        at = following.end()
