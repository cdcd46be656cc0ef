"""Texts that are kept packed, many in one block: one is nearly what the one before it is. Pure.

The versions of a large document take a fifteenth of their size so, and are unpacked at two and a
half gigabytes a second: keeping them as they are would be most of what the firewall holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from isal import isal_zlib

_MOST, _ROOM = 64, 256 * 1024
"""Texts of a block, and bytes of all but the last of them."""
_LEVEL = 1
_UNPACKED = 4
"""Blocks that stay unpacked: whoever reads texts one behind another unpacks each block once."""
_SLACK = 1024 * 1024


class Block:
    """Texts one behind another, as they are packed; there once its `Packer` is `done` with it."""

    __slots__ = ("packed", "size")

    def __init__(self) -> None:
        self.packed = b""
        self.size = 0


class Text(NamedTuple):
    """One text: where it stands in a block."""

    block: Block
    start: int
    stop: int

    def read(self) -> bytes:
        """The text itself."""
        return _unpacked(self.block)[self.start : self.stop]


@lru_cache(maxsize=_UNPACKED)
def _unpacked(block: Block) -> bytes:
    return isal_zlib.decompress(block.packed)


class Packer:
    """Packs texts in the order in which they come. None of them is read before it is `done`."""

    def __init__(self) -> None:
        self._block, self._texts = Block(), list[bytes]()

    def keep(self, text: bytes) -> Text:
        """Keep this one, too."""
        if len(self._texts) == _MOST or self._block.size >= _ROOM:
            self.done()
        start = self._block.size
        self._block.size = stop = start + len(text)
        self._texts.append(text)
        return Text(self._block, start, stop)

    def done(self) -> None:
        """All that came can be read."""
        self._block.packed = isal_zlib.compress(b"".join(self._texts), _LEVEL)
        self._block, self._texts = Block(), []


def is_scattered(texts: Iterable[Text]) -> bool:
    """Whether the blocks of these texts are for the most part texts that nobody has any more."""
    wanted, blocks = 0, set[Block]()
    for each in texts:
        wanted += each.stop - each.start
        blocks.add(each.block)
    return sum(each.size for each in blocks) > 2 * wanted + _SLACK
