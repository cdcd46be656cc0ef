"""A document's text, packed with gzip in parts: what is packed already is not packed again. Pure.

Thousands of versions stand in a large document, and of one that is made anew nearly all are the
same. Each part is a piece of one deflate stream that ends at a byte and looks at no piece before
it, so that pieces can be put one behind another (RFC 1951, 3.2.3; `Z_FULL_FLUSH` of zlib.h).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from isal import isal_zlib

from pratique.proxy.packument import Lines, Part, Piece

_LEVEL = 2
_HEAD = b"\x1f\x8b\x08" + bytes(4) + b"\x00\x04\xff"
"""Gzip's, without a time or a name (RFC 1952, 2.3)."""
_END = b"\x03\x00"
"""An empty last block."""
_BLOCK = 256 * 1024


class Packed(NamedTuple):
    """A part of a text: a piece of a deflate stream, what it unpacks to, and its CRC-32."""

    body: bytes
    size: int
    crc: int


Kept = dict[str, tuple[Lines, Packed]]
"""The lines of a document, by the first version of each."""


def packed(parts: Iterable[Part], before: Kept) -> tuple[bytes, Kept]:
    """(the text as gzip, its lines for the next time). Equal texts are packed to equal bytes.

    Args:
        parts: Of the text.
        before: The lines that were packed before.
    """
    kept: Kept = {}
    bodies, size, crc = [_HEAD], 0, 0
    for part in _together(parts):
        if isinstance(part, Lines):
            first = part.versions[0].version
            lines, found = before.get(first, (None, None))
            if found is None or lines != part:
                found = _of(part.pieces())
            kept[first] = part, found
        else:
            found = _of(part)
        bodies.append(found.body)
        size, crc = size + found.size, isal_zlib.crc32_combine(crc, found.crc, found.size)
    bodies += (_END, struct.pack("<II", crc, size & 0xFFFF_FFFF))
    return b"".join(bodies), kept


def _together(parts: Iterable[Part]) -> Iterator[Lines | list[Piece]]:
    """The lines, and what stands between them."""
    waiting: list[Piece] = []
    for part in parts:
        if not isinstance(part, Lines):
            waiting.append(part)
            continue
        if waiting:
            yield waiting
            waiting = []
        yield part
    if waiting:
        yield waiting


def _of(pieces: Iterable[Piece]) -> Packed:
    text = b"".join(pieces)
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
    blocks = [packer.compress(text[at : at + _BLOCK]) for at in range(0, len(text), _BLOCK)]
    blocks.append(packer.flush(isal_zlib.Z_FULL_FLUSH))
    return Packed(b"".join(blocks), len(text), isal_zlib.crc32(text))
