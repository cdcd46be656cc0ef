"""Gzip, bounded: RFC 1952 with exactly one member and nothing behind it."""

from __future__ import annotations

import zlib

from pratique.archives.archive import Limits

_STEP = 1 << 20
_GZIP = 31
"""zlib's window bits for a gzip member."""


def inflate(source: bytes, limits: Limits) -> tuple[bytes, tuple[str, ...]]:
    """The bytes of the member, and what is odd about it."""
    if source[:2] != b"\x1f\x8b":
        return b"", ("is not compressed by gzip",)
    stream = zlib.decompressobj(_GZIP)
    out = bytearray()
    try:
        given = source
        while not stream.eof:
            out += stream.decompress(given, _STEP)
            given = stream.unconsumed_tail
            if why := _too_much(len(out), len(source), limits):
                return bytes(out[: limits.free]), (why,)
            if not given and not stream.eof:
                out += stream.flush()
                break
    except zlib.error:
        return bytes(out), ("its compressed bytes are damaged",)
    if not stream.eof:
        return bytes(out), ("its compressed bytes end too early",)
    return bytes(out), _behind(stream.unused_data)


def _too_much(size: int, packed: int, limits: Limits) -> str:
    if size > limits.size:
        return f"unpacks to more than {limits.size // (1024 * 1024)} MiB"
    if size > limits.free and size > packed * limits.ratio:
        return f"unpacks to more than {limits.ratio} times its size"
    return ""


def _behind(rest: bytes) -> tuple[str, ...]:
    """What follows the member. Zeros are padding; another member is read by some clients only."""
    if not rest.strip(b"\0"):
        return ()
    if rest[:2] == b"\x1f\x8b":
        return ("holds a second compressed stream behind the first",)
    return ("holds bytes behind the compressed stream",)
