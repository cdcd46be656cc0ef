"""The records of a pax header, each `length key=value` and a line feed.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "pax Extended Header"
(read 2026-11). node-tar 7.5 splits the records at line feeds instead of counting, cuts values at
a NUL and knows keys of its own (`type`, `mode`): what that changes is an oddity. Keys of vendors
tell readers nothing; npm itself wrote a whole package.json into them until 2017 (`NODETAR.`).
"""

from __future__ import annotations

import re

LARGEST = 1024 * 1024
"""Bytes; node-tar passes over a larger header."""
_TOLD = frozenset({b"path", b"size", b"linkpath"})
_HARMLESS = frozenset({
    b"mtime", b"atime", b"ctime", b"uid", b"gid", b"uname", b"gname", b"comment", b"charset",
})  # fmt: skip
_SPARSE = (b"GNU.sparse", b"SUN.holesdata", b"SCHILY.realsize", b"SCHILY.filetype")
_RECORD = re.compile(rb"\n[^\nA-Za-z\d]*\d[^\n]*(?:path|size|type|mode)=")
"""A line inside a value that a reader of lines takes for a record."""
_LONGEST_LENGTH = 20


def read_records(content: bytes, *, is_global: bool) -> tuple[dict[str, str], list[str]]:
    """The records that tell something of a file (path, size, linkpath), and what is odd."""
    told: dict[str, str] = {}
    odd: list[str] = []
    at = 0
    while at < len(content):
        length = _length(content, at)
        if not length:
            return told, [*odd, "has an extended header that cannot be read"]
        digits = content.index(b" ", at) + 1
        if why := _record(content[digits : at + length], told, is_global=is_global):
            odd.append(why)
        at += length
    return told, odd


def _length(content: bytes, at: int) -> int:
    """The length that the record at `at` gives; 0 where none can begin there."""
    digits, space, _ = content[at : at + _LONGEST_LENGTH].partition(b" ")
    if not space or not digits.isdigit() or digits[:1] == b"0":
        return 0
    length = int(digits)
    if length < len(digits) + 2 or at + length > len(content):
        return 0
    return length


def _record(record: bytes, told: dict[str, str], *, is_global: bool) -> str:
    """Take in one record; why it is odd, else ""."""
    key, equals, value = record.partition(b"=")
    if not equals or not key or value[-1:] != b"\n":
        return "has an extended header that cannot be read"
    if b"\n" in key or b"\0" in key or _RECORD.search(value):
        return "has an extended header whose values hold records"
    if key in _TOLD:
        return _told(key.decode(), value[:-1], told, is_global=is_global)
    if key.startswith(_SPARSE):
        return "holds a sparse file"
    if key in _HARMLESS or b"." in key:
        return ""
    return "has an extended header of a key that only some readers know"


def _told(key: str, value: bytes, told: dict[str, str], *, is_global: bool) -> str:
    if is_global:
        return "gives every file the same name or size"
    if key in told:
        return "names a file in two ways"
    if b"\n" in value or b"\0" in value:
        return "has an extended header whose values hold line breaks or NUL bytes"
    try:
        told[key] = value.decode("utf-8")
    except UnicodeDecodeError:
        return "has an extended header that is not UTF-8"
    return ""
