"""The YAML that package managers write, read line by line.

One possessive regular expression splits the text into lines of the form `key: value`; Python only
folds them into mappings by their indentation. Whatever a line may mean beyond that raises
`UnsureError`, and the full parser reads the text instead: this reader never guesses.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias, cast

from pratique.syntax.text import Place, TextError
from pratique.syntax.yaml_flow import UnsureError, read_flow
from pratique.syntax.yaml_scalars import WORDS, plain

# Behind its first letter, a plain scalar ends at `: `, at ` #` and at the end of the line.
_REST = r"(?:[^ :#\n]++|:(?=[^ \n])|(?<=[^ ])\#| ++(?=[^ :#\n]|:[^ \n]))*+"
# First letters of what is certainly a string (once `WORDS` are looked up): no indicator, no number
# but `1.2.3…`, which no number or time begins with.
_STRING = rf"(?:[A-Za-z^$_/\\(]|[~=<](?=[^ \n:#<])|\.(?![0-9iInN])|[0-9]++\.[0-9]++\.[0-9]){_REST}"
_ANY_PLAIN = rf"(?:[^ \n,\[\]{{}}#&*!|>'\"%@`?:-]|-(?=[^ \n])){_REST}"


def _line_pattern(quoted: str) -> re.Pattern[str]:
    member = rf"(?:{quoted}|({_STRING}))"
    collection = r"([{\[][^\n]*+)"
    return re.compile(rf"( *+){member}:(?: (?:{member}|{collection}))?\n|([^\n]*+)\n")


_DOUBLE = r'"([^"\\\n]++)"'
_LINES = {"'": _line_pattern(r"'([^'\n]++)'"), '"': _line_pattern(_DOUBLE)}
_SINGLE = r"'((?:[^'\n]|'')*+)'"
_MEMBER = re.compile(rf"( *+)(?:{_SINGLE}|\"([^\"\\\n]*+)\"|({_ANY_PLAIN})):(?: (\S.*+))?")
_ITEM = re.compile(r"( *+)- (\S.*+)")
_QUOTED = re.compile(rf"{_SINGLE}|\"([^\"\\\n]*+)\"")
_PLAIN = re.compile(_ANY_PLAIN)
_MAX_KEY = 1000  # libyaml refuses more than 1,024: left to it
_CHUNK = 1 << 16
_ITEMS_BELOW = 0.5  # an item's dash may stand as deep as the key above it

Members: TypeAlias = "dict[str | int, Place]"
# A mapping, or the list of a sequence's items: which of the two, its indentation tells.
_Container: TypeAlias = "dict[Any, Any]"


def read_document(text: str, before: int, max_depth: int) -> tuple[object, Place] | None:
    """One document and its places (lines of the file); None where there are only comments.

    Args:
        text: Without tabs, carriage returns, control characters and the Unicode line breaks;
            ends with a line feed.
        before: Number of lines of the file before `text`.
        max_depth: Nesting of containers beyond which it is refused.

    Raises:
        UnsureError: It is outside the subset.
        TextError: A key stands twice in a mapping, or the nesting is too deep.
    """
    document = _Document(text, before, max_depth)
    pattern = _LINES['"' if text.count('"') > text.count("'") else "'"]
    at = 0
    while at < len(text):
        end = text.find("\n", min(at + _CHUNK, len(text) - 1)) + 1
        document.fold(pattern.findall(text, at, end))
        at = end
    return document.finished()


class _Document:
    """The containers that are open, innermost last, while lines are folded into them."""

    def __init__(self, text: str, before: int, max_depth: int) -> None:
        self._text = text
        self._lines: list[str] | None = None
        self._before = before
        self._line = before
        self._skip = before
        self._max_depth = max_depth
        self._root: dict[Any, Any] = {}
        self._root_places: Members = {}
        self._stack: list[tuple[float, _Container, Members]] = []
        self._indent: float = 0
        self._current: _Container = self._root
        self._places = self._root_places
        self._open: Any = None  # the key whose value may follow on deeper lines

    def finished(self) -> tuple[object, Place] | None:
        if not self._root:
            return None
        first = next(iter(self._root_places.values()))
        return self._root, (first if isinstance(first, int) else first[0], self._root_places)

    def fold(self, rows: list[tuple[str, ...]]) -> None:
        """Fold lines in. The plain forms are dealt with here: this loop is the reader's speed."""
        line, indent, skip = self._line, self._indent, self._skip
        current, places, opened = self._current, self._places, self._open
        for pad, quoted_key, plain_key, quoted, text, flow, other in rows:
            line += 1
            key = quoted_key or plain_key
            if not key or line <= skip:
                if other and line > skip:
                    self._line, self._indent, self._open = line, indent, opened
                    self._current, self._places = current, places
                    self._fold_other(other)
                    indent, current, places = self._indent, self._current, self._places
                    opened, skip = self._open, self._skip
                continue
            if len(pad) != indent:
                self._line, self._indent, self._open = line, indent, opened
                self._current, self._places = current, places
                self._move(len(pad))
                indent, current, places = self._indent, self._current, self._places
            if key in current:
                raise TextError(line, f"duplicate key {key!a}")
            if plain_key in WORDS or len(key) > _MAX_KEY:
                raise UnsureError
            value: object = None
            opened = None
            if text:
                value = WORDS.get(text, text)
            elif quoted:
                value = quoted
            elif flow:
                value = read_flow(flow, self._max_depth - len(self._stack) - 1)
            else:
                opened = key
            current[key] = value
            places[key] = line
        self._line, self._indent, self._skip = line, indent, skip
        self._current, self._places, self._open = current, places, opened

    def _move(self, depth: int) -> None:
        """To the mapping at `depth`: a new one below the open key, or one that is open already."""
        if depth > self._indent:
            self._push(depth, {})
            return
        self._close_to(depth)
        if depth != self._indent:
            raise UnsureError

    def _push(self, indent: float, container: _Container) -> None:
        key = self._open
        if key is None:
            raise UnsureError
        if len(self._stack) + 1 >= self._max_depth:
            raise TextError(self._line, f"nested deeper than {self._max_depth}")
        inner: Members = {}
        line = cast("int", self._places[key])
        self._current[key] = container
        self._places[key] = (line, inner)
        self._stack.append((self._indent, self._current, self._places))
        self._indent, self._current, self._places = indent, container, inner
        self._open = None

    def _close_to(self, indent: float) -> None:
        while indent < self._indent:
            self._indent, self._current, self._places = self._stack.pop()
        self._open = None

    def _fold_other(self, line: str) -> None:
        """A line of a rarer form: a comment, an item, a value that is no certain string."""
        bare = line.strip(" ")
        if not bare or bare[0] == "#":
            return
        item = _ITEM.fullmatch(line)
        if item:
            self._fold_item(len(item[1]), item[2])
        else:
            self._fold_member(line)

    def _fold_item(self, depth: int, rest: str) -> None:
        indent = depth + _ITEMS_BELOW
        if indent > self._indent:
            self._push(indent, cast("_Container", []))
        else:
            self._close_to(indent)
        items: object = self._current
        if indent != self._indent or not isinstance(items, list):
            raise UnsureError
        index = len(items)
        self._places[index] = self._line
        if _MEMBER.fullmatch(rest) and rest[0] not in "{[":
            items.append(None)
            self._open = index
            self._push(depth + 2, {})
            self._fold_member(" " * (depth + 2) + rest)
        else:
            items.append(self._value(rest, indent))

    def _fold_member(self, line: str) -> None:
        member = _MEMBER.fullmatch(line)
        if member is None:
            raise UnsureError
        pad, single, double, bare, rest = member.groups()
        if len(pad) != self._indent:
            self._move(len(pad))
        key: Any = double if single is None else single.replace("''", "'")
        if bare is not None:
            key = _certain(bare)
        if key is None or len(str(key)) > _MAX_KEY:
            raise UnsureError
        if key in self._current:
            raise TextError(self._line, f"duplicate key {key!a}")
        self._current[key] = None if rest is None else self._value(rest, self._indent)
        self._places[key] = self._line
        self._open = key if rest is None else None

    def _value(self, text: str, indent: float) -> object:
        if text[0] in "{[":
            return read_flow(text, self._max_depth - len(self._stack) - 1)
        if text in {"|", "|-"}:
            return self._literal(indent) + ("\n" if text == "|" else "")
        quoted = _QUOTED.fullmatch(text)
        if quoted:
            return quoted[2] if quoted[1] is None else quoted[1].replace("''", "'")
        if _PLAIN.fullmatch(text):
            return _certain(text)
        raise UnsureError

    def _literal(self, indent: float) -> str:
        """The lines of a literal block scalar, which are skipped from here on."""
        if self._lines is None:
            self._lines = self._text.split("\n")
        start = self._line - self._before
        content: list[str] = []
        depth = 0
        for number in range(start, len(self._lines)):
            line = self._lines[number]
            pad = len(line) - len(line.lstrip(" "))
            depth = depth or pad
            if line and (pad < depth or depth <= indent):
                break
            if line and pad == len(line):
                raise UnsureError  # a line of blanks: content or not, by its length
            content.append(line[depth:])
        self._skip = self._line + len(content)
        text = "\n".join(content).rstrip("\n")
        if not text or content[0] == "":
            raise UnsureError
        return text


def _certain(text: str) -> object:
    try:
        return plain(text)
    except ValueError:
        raise UnsureError from None
