"""Any bytes under any name can be read for what they can do, alone and in an artifact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.unit.capabilities.pages import SRC, page

from pratique.archives import Archive, Entry
from pratique.capabilities import is_known, tier_of
from pratique.capabilities.analysis import Reading, analyse, read_member
from pratique.capabilities.source import LONGEST_SNIPPET

PATHS = (
    "index.js", "index.mjs", "lib/index.ts", "lib/view.tsx", "types/index.d.ts", "package.json",
    "node_modules/inner/package.json", "binding.gyp", "common.gypi", "npm-shrinkwrap.json",
    ".npmrc", "build.sh", "run.bat", "data", "notes.txt", "addon.node",
)  # fmt: skip
FOUND = Path(__file__).resolve().parent / "corpus" / "spotters"
LARGEST = 16_384
"""Bytes of an input: watched by the fuzzer, reading takes ten times as long as without."""
SHORT = 4_096
"""Bytes of an input that is read twice: it has to give the same."""
_MANIFEST = Entry("package.json", b'{"name": "x", "version": "1.0.0", "files": ["lib"]}')


def seeds() -> Iterator[bytes]:
    """What was found before; the files of all pages, behind the byte that picks a name."""
    for path in sorted(FOUND.iterdir()):
        yield path.read_bytes()
    for path in sorted(SRC.glob("*.md")):
        for case in page(path).cases:
            for name, content in (*case.files.items(), *case.before.items()):
                yield bytes([_nearest(name)]) + content[: LARGEST - 1]


def _nearest(name: str) -> int:
    ending = name.rpartition(".")[2]
    if name in PATHS:
        return PATHS.index(name)
    return next((at for at, path in enumerate(PATHS) if path.endswith(f".{ending}")), 13)


def one(data: bytes) -> None:
    path, content = PATHS[data[0] % len(PATHS)] if data else "data", data[1:]
    reading = read_member(path, content)
    assert list(reading.occurrences) == sorted(reading.occurrences)
    for each in reading.occurrences:
        assert is_known(each.capability)
        assert tier_of(each.capability)
        assert len(each.snippet) <= LONGEST_SNIPPET
        assert 0 <= each.line <= content.count(b"\n") + content.count(b"\r") + 1
    if len(content) <= SHORT:
        assert reading == read_member(path, content)
    entries = {entry.path: entry for entry in (_MANIFEST, Entry(path, content))}

    def read(entry: Entry) -> Reading:
        return reading if entry.path == path else read_member(entry.path, entry.content)

    found = analyse(Archive(tuple(entries.values()), (), len(content)), "0" * 128, read)
    assert {each.capability for each in reading.occurrences} <= set(found.capabilities)
