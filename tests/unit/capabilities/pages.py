"""The .md beside a capability's module: its table of ids, and its cases.

A case is a heading `### Positive: NAME` (or Benign, Minified, Obfuscated twin), its files and what
it gives. In a file `«text»*3` stands for the text three times, `«U+202E»` for that character.
`Before:` instead of `File:` names a file of the release before; `Known:` what is known of
a dependency.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT

SRC = ROOT / "src" / "pratique" / "capabilities"
KINDS = ("Positive", "Benign twin", "Minified twin", "Obfuscated twin")
_NAMES = {
    "js": "index.js",
    "ts": "index.ts",
    "json": "package.json",
    "gyp": "binding.gyp",
    "sh": "build.sh",
    "hex": "lib/program",
}
_ROW = re.compile(r"^\| `([^`]+)` \| ([ABC]) \| (hard|) ?\|", re.MULTILINE)
_FENCE = re.compile(
    r"(?:^(File|Before): `?([^`\n]+?)`?\n+)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
_REPEATED = re.compile(r"«([^»]*)»(?:\*(\d+))?")


@dataclass(frozen=True)
class Row:
    """A line of the table. Words in capitals stand for anything: `net.host:HOST`."""

    capability: str
    tier: str
    hard: bool

    def covers(self, capability: str) -> bool:
        parts = re.split(r"\b[A-Z]{2,}\b", self.capability)
        return re.fullmatch(".+".join(map(re.escape, parts)), capability) is not None


@dataclass(frozen=True)
class Case:
    kind: str
    name: str
    files: dict[str, bytes]
    gives: frozenset[str]
    before: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    title: str
    rows: list[Row]
    cases: list[Case]


def page(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    prose, _, cases = text.partition("\n## Cases\n")
    title = prose.partition("\n")[0].removeprefix("# ")
    rows = [Row(name, tier, hard == "hard") for name, tier, hard in _ROW.findall(prose)]
    return Page(
        title, rows, [case(each) for each in re.split(r"^### ", cases, flags=re.MULTILINE)[1:]]
    )


def case(text: str) -> Case:
    kind, _, name = text.partition("\n")[0].partition(": ")
    files: dict[str, dict[str, bytes]] = {"File": {}, "Before": {}}
    for when, path, language, content in _FENCE.findall(text):
        files[when or "File"][path or _NAMES[language]] = content_of(language, content)
    gives = re.search(r"^Gives: (.*)$", text, re.MULTILINE)
    assert gives, f"{kind}: {name} does not say what it gives"
    found = frozenset(re.findall(r"`([^`]+)`", gives[1]))
    assert found or gives[1] == "nothing", name
    known = dict(re.findall(r"^Known: `([^`]+)` (\w+)$", text, re.MULTILINE))
    return Case(kind, name, files["File"], found, files["Before"], known)


def content_of(language: str, text: str) -> bytes:
    if language == "hex":
        return bytes.fromhex("".join(text.split()))
    return _REPEATED.sub(repeated, text).encode()


def repeated(match: re.Match[str]) -> str:
    codepoint = re.fullmatch(r"U\+([0-9A-F]{4,6})", match[1])
    text = chr(int(codepoint[1], 16)) if codepoint else match[1]
    return text * int(match[2] or 1)
