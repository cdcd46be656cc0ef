"""One header block of a tar stream: POSIX.1-1988 ustar, GNU, and the form before both (v7).

The fields: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar
Interchange Format" (read 2026-11). What npm (node-tar 7.5) and pnpm 11 make of each was read in
their code; a field that they read in another way than the standard says is an oddity.
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache

from msgspec import Struct

BLOCK = 512
FILES = frozenset({b"0", b"\0"})
FOLDER = b"5"
EXTENDED, GLOBAL, LONG_NAME = b"x", b"g", b"L"
_LINKS = frozenset({b"1", b"2"})
_EMPTY = frozenset({FOLDER, b"1", b"2", b"3", b"4", b"6"})
"""Kinds that have no bytes, whatever their size field says."""
_NUMBER = re.compile(rb" *([0-7]+)[ \0]*")
_CHECKSUM = re.compile(rb" *([0-7]+)[ \0]+")
"""Needs an end: node-tar reads four bytes more than the field has."""
_BLANK = b" \0"
_USTAR = b"ustar\x0000"
_NO_TARGET, _NO_PREFIX = bytes(257 - 157), bytes(BLOCK - 345)
"""The end of a header that is about a file with a short name: of most."""


class Header(Struct, frozen=True):
    """A header that can be believed.

    Attributes:
        kind: Its type flag.
        name: The path, prefix and name put together.
        size: Bytes that follow.
        mode: Permission bits.
    """

    kind: bytes
    name: bytes
    size: int
    mode: int


def read_header(block: bytes) -> tuple[Header | None, list[str]]:
    """The header and what is odd about it; None where it cannot be said what follows it."""
    kind = block[156:157]
    size, why = _size(block, kind)
    if size is None:
        return None, [why]
    name, odd = _name(block)
    if kind not in _LINKS and block[157:257] != _NO_TARGET:
        odd.append("gives the target of a link to an entry that is none")
    return Header(kind, name, size, _mode(block[100:108])), odd


def _size(block: bytes, kind: bytes) -> tuple[int | None, str]:
    stated = _CHECKSUM.fullmatch(block[148:156])
    if not stated or int(stated[1], 8) != _sum(block) - sum(block[148:156]) + 8 * 32:
        return None, "has a header with a wrong checksum"
    if block[124] & 0x80:
        return None, "gives a size in the form that only some readers know"
    size = _number(block[124:136])
    if size is None:
        return None, "has a header whose size is no number"
    if size and kind in _EMPTY:
        return None, "gives a size to an entry that has no bytes"
    return size, ""


def _sum(block: bytes) -> int:
    """The sum of its bytes: the lower half of Adler-32 is one more, modulo 65,521 (RFC 1950, 8.2).

    Where half of them or more are zeros, the sum is less than that.
    """
    is_small = block[157:257] == _NO_TARGET and block[345:] == _NO_PREFIX
    if is_small or block.count(0) >= BLOCK // 2:
        return (zlib.adler32(block) & 0xFFFF) - 1
    return sum(block)


def _number(field: bytes) -> int | None:
    found = _NUMBER.fullmatch(field)
    if found:
        return int(found[1], 8)
    return None if field.strip(_BLANK) else 0


@lru_cache(maxsize=64)
def _mode(field: bytes) -> int:
    """Remembered: most files of an archive have the same one."""
    return _number(field) or 0


def _name(block: bytes) -> tuple[bytes, list[str]]:
    """The path; some readers see line breaks behind its NUL, some a prefix whatever the format."""
    odd = []
    name, _, behind = block[:100].partition(b"\0")
    if not name:
        odd.append("has a header without a name")
    prefix = rest = b""
    if block[345:] != _NO_PREFIX:
        # Without a byte in 475, some writers keep times in what is left of the prefix.
        area = block[345:500] if block[475] else block[345:475]
        prefix, _, rest = area.partition(b"\0")
    if behind.strip(b"\0") or rest.strip(b"\0"):
        odd.append("has bytes behind the end of a name")
    if not prefix:
        return name, odd
    if block[257:265] != _USTAR:
        odd.append("gives a folder in a form that only some readers know")
    return prefix + b"/" + name, odd
