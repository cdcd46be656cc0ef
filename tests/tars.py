"""Tar archives, header by header: what no writer of archives would write."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from typing import Any

BLOCK = 512
USTAR, GNU, V7 = b"ustar\x0000", b"ustar  \0", bytes(8)
END = bytes(2 * BLOCK)
MANIFEST = b'{"name": "pratique-test-archive", "version": "1.0.0"}\n'


def octal(number: int, width: int) -> bytes:
    return b"%0*o\0" % (width - 1, number)


def header(
    name: bytes,
    size: int | bytes = 0,
    kind: bytes = b"0",
    *,
    link: bytes = b"",
    magic: bytes = USTAR,
    prefix: bytes = b"",
    checksum: bytes | None = None,
    mode: int = 0o644,
) -> bytes:
    """One header block; `size` and `checksum` verbatim where they are bytes."""
    given = size if isinstance(size, bytes) else octal(size, 12)
    start = name.ljust(100, b"\0") + octal(mode, 8) + octal(0, 8) * 2 + given + octal(0, 12)
    rest = kind + link.ljust(100, b"\0") + magic + bytes(80) + prefix.ljust(155, b"\0") + bytes(12)
    summed = b"%06o\0 " % (sum(start) + 8 * 32 + sum(rest))
    return start + (summed if checksum is None else checksum) + rest


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def member(name: str | bytes, content: bytes = b"", kind: bytes = b"0", **more: Any) -> bytes:
    """A header with its bytes; `more` as `header` takes it."""
    raw = name.encode() if isinstance(name, str) else name
    return header(raw, len(content), kind, **more) + padded(content)


def link(name: str, target: str, kind: bytes = b"2") -> bytes:
    return header(name.encode(), 0, kind, link=target.encode())


def record(key: str, value: str | bytes) -> bytes:
    """One record of a pax header, its length counting itself."""
    raw = value.encode() if isinstance(value, str) else value
    rest = b" " + key.encode() + b"=" + raw + b"\n"
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    return member("package/PaxHeader/x", b"".join(records), kind)


def long_name(name: str | bytes) -> bytes:
    raw = name.encode() if isinstance(name, str) else name
    return member("././@LongLink", raw + b"\0", b"L", magic=GNU)


def manifest(content: bytes = MANIFEST) -> bytes:
    return member("package/package.json", content)


def tgz(*members: bytes, end: bytes = END) -> bytes:
    return gzip.compress(b"".join(members) + end, 6, mtime=0)


def package(*members: bytes, end: bytes = END) -> bytes:
    """A tarball with a manifest before what is given."""
    return tgz(manifest(), *members, end=end)


def streamed(pieces: Iterable[bytes], level: int = 9) -> bytes:
    """A gzip member of pieces that together would not fit into memory."""
    packer = zlib.compressobj(level, wbits=31)
    return b"".join([*map(packer.compress, pieces), packer.flush()])
