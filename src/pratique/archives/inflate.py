"""Gzip, bounded: RFC 1952 with exactly one member and nothing behind it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from pratique.archives.archive import MEBIBYTE, Limits

_STEP = 256 * 1024
"""Bytes that are unpacked at once, at most."""
_FEED = 64 * 1024
"""Packed bytes that are handed on at once."""
_GZIP = 31
"""zlib's window bits for a gzip member."""
_MAGIC = b"\x1f\x8b"


class Stream:
    """The bytes of a gzip member, unpacked as they are read.

    Attributes:
        fault: Why it ends before its end; "" where it does not.
        is_over: Whether a bound was broken.
        unpacked: Bytes so far.
    """

    def __init__(self, source: bytes, limits: Limits) -> None:
        self._source, self._limits = memoryview(source), limits
        self._inflater = zlib.decompressobj(_GZIP)
        self._given = self._used = self.unpacked = 0
        self._ready = b""
        self.is_over = False
        self.fault = "" if source[:2] == _MAGIC else "is not compressed by gzip"

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer at the end only."""
        self._used += size
        if self._used <= len(self._ready):
            return self._ready[self._used - size : self._used]
        self._used -= size
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes in pieces, none of them larger than is unpacked at once."""
        while size > 0 and (self._used < len(self._ready) or self._more()):
            piece = self._ready[self._used : self._used + size]
            self._used += len(piece)
            size -= len(piece)
            yield piece

    def skip(self, size: int) -> int:
        """Leave out the next `size` bytes; how many of them there were."""
        if self._used + size <= len(self._ready):
            self._used += size
            return size
        return sum(map(len, self.pieces(size)))

    def _more(self) -> bool:
        """Unpack the next step; False at the end, or at a fault."""
        try:
            while not self.fault and not self._inflater.eof:
                if piece := self._step():
                    self._ready, self._used = piece, 0
                    self.unpacked += len(piece)
                    self._bound()
                    return True
        except zlib.error:
            self.fault = "its compressed bytes are damaged"
        return False

    def _step(self) -> bytes:
        piece: bytes | memoryview = self._inflater.unconsumed_tail
        if not piece:
            piece = self._source[self._given : self._given + _FEED]
            self._given += len(piece)
        if piece:
            return self._inflater.decompress(piece, _STEP)
        rest = self._inflater.flush()
        if not self._inflater.eof:
            self.fault = "its compressed bytes end too early"
        return rest

    def _bound(self) -> None:
        limits, packed = self._limits, len(self._source)
        if self.unpacked > limits.size:
            self.fault = f"unpacks to more than {limits.size // MEBIBYTE} MiB"
        elif self.unpacked > limits.free and self.unpacked > packed * limits.ratio:
            self.fault = f"unpacks to more than {limits.ratio} times its size"
        self.is_over = bool(self.fault)

    def behind(self) -> str:
        """What is odd behind the member, where it was read to its end; "" where nothing is.

        Zeros are padding; another member is read by some clients only.
        """
        if not self._inflater.eof:
            return ""
        unused = self._inflater.unused_data
        if not unused.strip(b"\0") and not bytes(self._source[self._given :]).strip(b"\0"):
            return ""
        second = unused[:2] == _MAGIC
        what = "a second compressed stream behind the first" if second else ""
        return f"holds {what or 'bytes behind the compressed stream'}"
