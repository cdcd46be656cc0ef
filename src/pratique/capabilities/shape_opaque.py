"""shape.opaque: holds what was not, or cannot be, looked into."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities.formats import extension_of
from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "shape.opaque"
TITLE = "holds what was not, or cannot be, looked into"
LARGE = 500 * 1024
"""Bytes from which a file of code is large."""
BLOB = 4096
"""Characters of base64 or hexadecimal that are a blob."""
_ALPHABET = bytes(
    ord("A") if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "+/=") else 32
    for byte in range(256)
)
_RUN = b"A" * BLOB
_LETTERS = bytes(byte for byte in range(256) if _ALPHABET[byte] == ord("A"))
_STEP, _PIECE = BLOB // 2, 32
_READ = frozenset({"code", "text", "json"})
_DOCUMENTS = frozenset({".css", ".scss", ".less", ".html", ".htm", ".svg", ".map", ".md", ".lock"})
_SOURCE_MAP = b"sourceMappingURL=data:"


def tier(_detail: str) -> Tier:
    return Tier.B


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    if not source.path:
        for path, is_covered in sorted(source.covered.items()):
            if not is_covered:
                yield Occurrence(f"{ID}:uncovered", 0, path[:160])
        return
    is_long = len(source.content) >= BLOB
    if is_long and source.format in _READ and extension_of(source.path) not in _DOCUMENTS:
        yield from _blobs(source)
    if source.format == "code" and len(source.content) > LARGE:
        yield Occurrence(f"{ID}:large", 0, f"{len(source.content):,} bytes of code in one file")
    if source.shape is not None and source.shape.broken:
        yield Occurrence(f"{ID}:unparsable", 0, "code that cannot be parsed")


def _blobs(source: Source) -> Iterator[Occurrence]:
    content = source.content
    if not _may_run(content):
        return
    runs = content.translate(_ALPHABET)
    at = runs.find(_RUN)
    while at >= 0:
        begin = runs.rfind(b" ", 0, at) + 1
        if _SOURCE_MAP not in content[max(0, begin - 120) : begin]:
            line = content.count(b"\n", 0, begin) + 1
            text = content[begin : begin + 60].decode("ascii", "replace")
            yield Occurrence(f"{ID}:blob", line, f"{text}…")
            return
        end = runs.find(b" ", at)
        at = runs.find(_RUN, end) if end >= 0 else -1


def _may_run(content: bytes) -> bool:
    """Whether a blob may be there: half of one, at least, is behind the first step inside of it."""
    pieces = (content[at : at + _PIECE] for at in range(0, len(content), _STEP))
    return any(not piece.translate(None, _LETTERS) for piece in pieces)
