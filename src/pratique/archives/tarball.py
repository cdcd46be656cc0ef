"""A tar stream -> entries: POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU long names.

What clients extract with (node-tar, in pacote) reads some archives in another way than other
readers do; whatever is open to two readings is an oddity here, never a guess. The format:
https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html (read 2026-11).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from pratique.archives.archive import Archive, Entry, Limits
from pratique.archives.inflate import inflate

BLOCK = 512
_FILE = frozenset({b"0", b"\0", b"7"})
_FOLDER = b"5"
_KINDS = {
    b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device",
    b"6": "a pipe", b"S": "a sparse file", b"M": "a part of another archive",
    b"D": "an incremental directory", b"V": "a volume name", b"N": "an old long name",
}  # fmt: skip
_PAX_KEYS = frozenset({
    "path", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment", "size",
    "linkpath", "charset", "hdrcharset",
})  # fmt: skip
_LONGEST_EXTRA = 1024 * 1024
_MOST_ODDITIES = 20


@dataclass(slots=True)
class _Reading:
    """One archive while it is read."""

    limits: Limits
    entries: list[Entry] = field(default_factory=list)
    oddities: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    size: int = 0
    pax: dict[str, str] = field(default_factory=dict)
    long_name: bytes | None = None
    count: int = 0

    def odd(self, why: str) -> None:
        if len(self.oddities) < _MOST_ODDITIES and why not in self.oddities:
            self.oddities.append(why)


def read_archive(source: bytes, limits: Limits | None = None) -> Archive:
    """The files of a gzipped tar archive. Never fails: what is wrong with it is an oddity."""
    limits = limits or Limits()
    stream, odd = inflate(source, limits)
    reading = _Reading(limits, oddities=list(odd))
    if stream:
        _walk(stream, reading)
    elif not odd:
        reading.odd("is empty")
    if not reading.entries:
        reading.odd("holds no file")
    return Archive(tuple(reading.entries), tuple(reading.oddities), reading.size)


def _walk(stream: bytes, reading: _Reading) -> None:
    at, view = 0, memoryview(stream)
    while at + BLOCK <= len(stream):
        header = bytes(view[at : at + BLOCK])
        if header == bytes(BLOCK):
            _end(view[at:], reading)
            return
        reading.count += 1
        if reading.count > reading.limits.entries:
            reading.odd(f"has more than {reading.limits.entries:,} entries")
            return
        size = _checked(header, reading)
        if size is None:
            return
        at += BLOCK
        if at + size > len(stream):
            reading.odd("ends inside a file")
            return
        _entry(header, bytes(view[at : at + size]), reading)
        at += -(-size // BLOCK) * BLOCK
    if at != len(stream):
        reading.odd("ends inside a block")
    reading.odd("has no end mark") if not reading.oddities else None


def _end(rest: memoryview, reading: _Reading) -> None:
    """Two zero blocks end it; only zeros may follow (tar pads to its record size)."""
    if bytes(rest).strip(b"\0"):
        reading.odd("holds bytes behind its end mark")
    if reading.pax or reading.long_name is not None:
        reading.odd("ends with a header that belongs to no file")


def _checked(header: bytes, reading: _Reading) -> int | None:
    """The size that a header gives; None where the header cannot be believed."""
    stated = _number(header[148:156])
    summed = sum(header[:148]) + 8 * 32 + sum(header[156:])
    if stated != summed:
        reading.odd("has a header with a wrong checksum")
        return None
    if header[124] & 0x80:
        reading.odd("gives a size in the form that only some readers know")
        return None
    size = _number(header[124:136])
    if size is None:
        reading.odd("has a header whose size is no number")
        return None
    if header[156:157] in {_FOLDER, b"1", b"2", b"3", b"4", b"6"}:
        if size:
            reading.odd("gives a size to an entry that has no bytes")
            return None
        return 0
    return size


def _number(raw: bytes) -> int | None:
    text = raw.strip(b" \0")
    try:
        return int(text, 8) if text else 0
    except ValueError:
        return None


def _entry(header: bytes, content: bytes, reading: _Reading) -> None:
    kind = header[156:157]
    if kind in {b"x", b"g", b"X"}:
        _extended(content, reading, is_global=kind == b"g")
        return
    if kind == b"L":
        if reading.pax or reading.long_name is not None or len(content) > _LONGEST_EXTRA:
            reading.odd("names a file in two ways")
        reading.long_name = content.rstrip(b"\0")
        return
    if kind == b"K":
        reading.odd("holds a long link name")
        return
    name = _name(header, reading)
    pax, reading.pax, reading.long_name = reading.pax, {}, None
    if "size" in pax and pax["size"] != str(len(content)):
        reading.odd("gives two sizes to one file")
    if "linkpath" in pax:
        reading.odd("holds a link")
    if kind in _FILE:
        _file(name, content, header, reading)
    elif kind == _FOLDER:
        _path(name.rstrip("/") + "/x", reading)
    else:
        reading.odd(f"holds {_KINDS.get(kind, 'an entry of a kind that nobody knows')}")


def _name(header: bytes, reading: _Reading) -> str:
    plain = header[:100].partition(b"\0")[0]
    if header[257:263] == b"ustar\0" and (prefix := header[345:500].partition(b"\0")[0]):
        plain = prefix + b"/" + plain
    if reading.long_name is not None:
        if "path" in reading.pax:
            reading.odd("names a file in two ways")
        plain = reading.long_name
    if b"\0" in plain:
        reading.odd("holds a name with a NUL byte")
    if "path" in reading.pax:
        return reading.pax["path"]
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        reading.odd("holds a name that is not UTF-8")
        return plain.decode("utf-8", "replace")


def _extended(content: bytes, reading: _Reading, *, is_global: bool) -> None:
    """The records of a pax header, each `length key=value` and a line feed."""
    if len(content) > _LONGEST_EXTRA:
        reading.odd("has an extended header of more than a mebibyte")
        return
    if reading.long_name is not None or (reading.pax and not is_global):
        reading.odd("names a file in two ways")
    at = 0
    while at < len(content):
        length, space, _ = content[at : at + 20].partition(b" ")
        if not space or not length.isdigit() or at + int(length) > len(content) or int(length) < 5:
            reading.odd("has an extended header that cannot be read")
            return
        record = content[at + len(length) + 1 : at + int(length)]
        at += int(length)
        _record(record, reading, is_global=is_global)


def _record(record: bytes, reading: _Reading, *, is_global: bool) -> None:
    key, equals, value = record.partition(b"=")
    if not equals or value[-1:] != b"\n":
        reading.odd("has an extended header that cannot be read")
        return
    try:
        name, text = key.decode("utf-8"), value[:-1].decode("utf-8")
    except UnicodeDecodeError:
        reading.odd("has an extended header that is not UTF-8")
        return
    if name.startswith("GNU.sparse"):
        reading.odd("holds a sparse file")
    if name in {"path", "size", "linkpath"}:
        if is_global:
            reading.odd("gives every file the same name or size")
        elif name in reading.pax:
            reading.odd("names a file in two ways")
        else:
            reading.pax[name] = text
    elif name not in _PAX_KEYS and "." not in name:
        reading.odd("has an extended header of a key that nobody knows")


def _file(name: str, content: bytes, header: bytes, reading: _Reading) -> None:
    if name.endswith("/"):
        # An old archive's folder (POSIX.1-1988): a name that ends so, and no bytes.
        if content:
            reading.odd("holds a folder that has bytes")
        return
    path = _path(name, reading)
    if path is None:
        return
    folded = unicodedata.normalize("NFKD", path).casefold()
    if folded in reading.seen:
        same = reading.seen[folded] == path
        reading.odd(f"holds {path[:80]} twice" if same else f"holds {path[:80]} in two spellings")
    reading.seen[folded] = path
    reading.size += len(content)
    reading.entries.append(Entry(path, content, (_number(header[100:108]) or 0) & 0o7777))


def _path(name: str, reading: _Reading) -> str | None:
    """The path without its first folder; None for what no client unpacks below the package."""
    if "\0" in name:
        reading.odd("holds a name with a NUL byte")
        return None
    if name.startswith("/") or "\\" in name or name[1:3] in {":/", ":\\"}:
        reading.odd(f"holds the name {name[:80]!r}, which leaves the package on some systems")
        return None
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        reading.odd(f"holds the name {name[:80]!r}, which leaves the package")
        return None
    if len(parts) > reading.limits.depth or len(name.encode()) > reading.limits.name:
        reading.odd("holds a name that is too long or too deep")
        return None
    if len(parts) < 2:
        # Some clients drop the first folder and so this file; others keep its name.
        reading.odd(f"holds the file {name[:80]!r} outside of its folder")
        return None
    return "/".join(parts[1:])
