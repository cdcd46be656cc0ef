"""TOML with the line of every key and element.

`tomllib` gives values without places, so the text that it accepted is walked once more for the
places alone. TOML 1.0.0 (https://toml.io/en/v1.0.0).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping

from pratique.errors import PolicyError

MAX_BYTES = 1024 * 1024
_MAX_DOTS = 32
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'", re.DOTALL
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_ESCAPED_AT = re.compile(r"\(at line (\d+), column \d+\)$")

Path = tuple[str | int, ...]
Lines = Mapping[Path, int]


def read_toml(source: bytes, name: str) -> tuple[dict[str, object], Lines]:
    """The document, and the 1-based line of every key and array element by its path.

    Raises:
        PolicyError: Not UTF-8, not TOML, or beyond a bound; names the line.
    """
    if len(source) > MAX_BYTES:
        raise PolicyError(f"{name} is larger than {MAX_BYTES} bytes")
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"{name}:{line}: not UTF-8") from error
    _refuse_deep_keys(text, name)
    try:
        return tomllib.loads(text), dict(_Walk(text.replace("\r\n", "\n")).document())
    except RecursionError as error:
        raise PolicyError(f"{name}: nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(_placed(name, str(error), text)) from error


def _refuse_deep_keys(text: str, name: str) -> None:
    """Refuse long keys: tomllib's time is quadratic in the parts of a key."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MAX_DOTS and _STRING.sub("", line).count(".") > _MAX_DOTS:
            raise PolicyError(f"{name}:{number}: more than {_MAX_DOTS} dots in one line")


def _placed(name: str, message: str, text: str) -> str:
    found = _ESCAPED_AT.search(message)
    line = int(found[1]) if found else text.count("\n") + 1
    said = _ESCAPED_AT.sub("", message).removesuffix(" (at end of document)").strip()
    return f"{name}:{line}: {said}"


class _Walk:
    """One pass over text that is known to be valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._tables: dict[Path, int] = {}

    def document(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        self._skip()
        while self._at < len(self._text):
            line = self._line_here()
            if self._text.startswith("[", self._at):
                table = self._header()
                yield table, line
            else:
                yield from self._pair(table)
            self._skip()

    def _header(self) -> Path:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        parts = self._key()
        self._at += 2 if is_array else 1
        path: Path = ()
        for part in parts[:-1]:
            path = self._latest((*path, part))
        path = (*path, parts[-1])
        if is_array:
            self._tables[path] = self._tables.get(path, -1) + 1
        return self._latest(path)

    def _latest(self, path: Path) -> Path:
        """The path, or that of its latest element where it is an array of tables."""
        return (*path, self._tables[path]) if path in self._tables else path

    def _pair(self, table: Path) -> Iterator[tuple[Path, int]]:
        line = self._line_here()
        path: Path = table
        for part in self._key():
            path = (*path, part)
            yield path, line
        self._at += 1  # the "="
        self._skip()
        yield from self._value(path)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip()
            parts.append(self._part())
            self._skip()
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _part(self) -> str:
        quoted = _STRING.match(self._text, self._at)
        found = quoted or _BARE.match(self._text, self._at)
        if found is None or found.end() == self._at:
            raise AssertionError(f"no key at {self._at} of valid TOML")
        self._at = found.end()
        return str(tomllib.loads(f"x={found[0]}")["x"]) if quoted else found[0]

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        sign = self._text[self._at]
        if sign == "[":
            yield from self._array(path)
        elif sign == "{":
            yield from self._inline(path)
        else:
            found = _STRING.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
            self._at = found.end() if found else len(self._text)

    def _array(self, path: Path) -> Iterator[tuple[Path, int]]:
        index = 0
        self._step()
        while not self._text.startswith("]", self._at):
            yield (*path, index), self._line_here()
            yield from self._value((*path, index))
            index += 1
            self._comma()
        self._at += 1

    def _inline(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._step()
        while not self._text.startswith("}", self._at):
            yield from self._pair(path)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        self._skip()
        if self._text.startswith(",", self._at):
            self._step()

    def _step(self) -> None:
        self._at += 1
        self._skip()

    def _skip(self) -> None:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line
