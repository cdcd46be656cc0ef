"""Hostile shapes: inert, our own, laid over benign releases. Read from the files beside it."""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FILES = ("code.toml", "manifest.toml")
_LONG = base64.b64encode(bytes(range(256)) * 24).decode()


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write a shape.

    Attributes:
        append, prepend, esm: Code for an entry file; `esm` for the ES module entry.
        files: Path -> text of a file that is added.
        binary: Path -> format of native code that is added.
        manifest: Merged into package.json, one level deep.
        dependency: Facts about the dependency that it adds.
    """

    append: str = ""
    prepend: str = ""
    esm: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    binary: Mapping[str, str] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    dependency: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """What it does, what it is modelled on, and its spellings."""

    name: str
    like: tuple[str, ...]
    spellings: tuple[Spelling, ...]


def shapes() -> Iterator[Shape]:
    """Every shape, in the order of the files."""
    for name in FILES:
        document = tomllib.loads((HERE / name).read_text(encoding="utf-8"))
        for each in document["shape"]:
            spellings = tuple(Spelling(**_expanded(spelling)) for spelling in each["spelling"])
            yield Shape(each["name"], tuple(each["like"]), spellings)


def _expanded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(each) for key, each in value.items()}
    return _filled(value) if isinstance(value, str) else value


def _filled(text: str) -> str:
    """`text` with its `@NAME(argument)@` marks replaced."""
    text = text.replace("@BLANKS@", " " * 400).replace("@LONGBASE64@", _LONG)
    for mark, fill in _MARKS.items():
        while (start := text.find(f"@{mark}(")) >= 0:
            end = text.index(")@", start)
            argument = text[start + len(mark) + 2 : end]
            text = text[:start] + fill(argument) + text[end + 2 :]
    return text


def _obfuscated(name: str) -> str:
    return (HERE / "obfuscated" / f"{name}.txt").read_text(encoding="utf-8")


_MARKS: Mapping[str, Callable[[str], str]] = {
    "OBFUSCATED": _obfuscated,
    "BASE64": lambda text: base64.b64encode(text.encode()).decode(),
    "HEX": lambda text: text.encode().hex(),
}
