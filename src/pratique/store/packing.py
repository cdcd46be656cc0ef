"""How a value lies in a row: as it is, or deflated where that pays."""

from __future__ import annotations

import zlib

_PLAIN, _DEFLATED = b"\x00", b"\x01"
_WORTH_TRYING = 512
"""Bytes below which deflate saves nothing that matters."""
MAX_VALUE = 16 * 1024 * 1024
"""Bytes of an unpacked value; a longer one is not believed to be ours."""


def pack(value: bytes) -> bytes:
    """The value with a first byte that says how it is kept."""
    if len(value) >= _WORTH_TRYING:
        deflated = zlib.compress(value, 1)
        if len(deflated) < len(value) * 0.9:
            return _DEFLATED + deflated
    return _PLAIN + value


def unpack(body: bytes) -> bytes | None:
    """The value again; None where the row is not one that `pack` made."""
    if body[:1] == _PLAIN:
        return body[1:]
    if body[:1] != _DEFLATED:
        return None
    inflater = zlib.decompressobj()
    try:
        value = inflater.decompress(body[1:], MAX_VALUE)
    except zlib.error:
        return None
    return value if inflater.eof else None
