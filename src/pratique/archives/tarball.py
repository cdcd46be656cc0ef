"""A tar stream -> entries: POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU long names.

Clients read some archives each in their own way; whatever is open to two readings is an oddity
here, never a guess. Which ones these are is settled by tests that install with real npm.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from pratique.archives import header as headers
from pratique.archives import pax
from pratique.archives.archive import MEBIBYTE, Archive, Entry, Limits
from pratique.archives.header import BLOCK, Header, read_header
from pratique.archives.inflate import Stream
from pratique.archives.members import Member, Members
from pratique.archives.paths import key_of, path_of

_KINDS = {
    b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device",
    b"6": "a pipe", b"7": "a contiguous file", b"D": "an incremental directory",
    b"K": "a long link name", b"M": "a part of another archive", b"N": "an old long name",
    b"S": "a sparse file", b"V": "a volume name", b"X": "an old extended header",
}  # fmt: skip
_EXTRA = frozenset({headers.EXTENDED, headers.GLOBAL, headers.LONG_NAME})
_MOST_ODDITIES = 20
_ZEROS = bytes(BLOCK)
_FOLDER = "/"
"""What a folder is called among the paths that were seen."""


@dataclass(slots=True)
class _Reading:
    """One archive while it is read.

    Attributes:
        contents: Of each member; None once they are too much to keep.
        digests: SHA-256 of each member from then on.
        seen: Key of a path -> the path, or _FOLDER.
        written: Path of a file -> its place among the members; of several, the last one's.
        told: What a pax header says of the next file.
        long_name: What a GNU header says of it.
        count: Headers so far.
        at: Bytes of the stream so far.
        bound: Which bound was broken, as an oddity; "" where none was.
    """

    stream: Stream
    limits: Limits
    oddities: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    contents: list[bytes] | None = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    long_name: bytes | None = None
    size: int = 0
    count: int = 0
    at: int = 0
    bound: str = ""

    def odd(self, why: str) -> None:
        if len(self.oddities) < _MOST_ODDITIES and why not in self.oddities:
            self.oddities.append(why)

    def read(self, size: int) -> bytes:
        content = self.stream.read(size)
        self.at += len(content)
        return content

    def digest(self, size: int) -> bytes:
        """SHA-256 of the next `size` bytes, which are not kept."""
        found = hashlib.sha256()
        for piece in self.stream.pieces(size):
            self.at += len(piece)
            found.update(piece)
        return found.digest()

    def skip(self, size: int) -> None:
        self.at += self.stream.skip(size)


def read_archive(source: bytes, limits: Limits | None = None) -> Archive:
    """The files of a gzipped tar archive. Never fails: what is wrong with it is an oddity."""
    limits = limits or Limits()
    reading = _Reading(Stream(source, limits), limits)
    _walk(reading)
    stream = reading.stream
    if bound := reading.bound or (stream.is_over and stream.fault):
        return Archive((), (bound, *reading.oddities))
    if why := stream.fault or stream.behind():
        reading.odd(why)
    if not reading.members:
        reading.odd("holds no file")
    cut = tuple(each.path for each in reading.members if each.size > limits.file)
    if reading.contents is None:
        members = Members(source, reading.members, limits)
        return Archive(members, tuple(reading.oddities), reading.size, cut)
    entries = tuple(
        Entry(member.path, content, member.mode)
        for member, content in zip(reading.members, reading.contents, strict=True)
    )
    return Archive(entries, tuple(reading.oddities), reading.size, cut)


def _walk(reading: _Reading) -> None:
    """Read header after header; to the end of the compressed stream, unless there is a fault."""
    while len(block := reading.read(BLOCK)) == BLOCK:
        if block == _ZEROS:
            _end(reading)
            return
        reading.count += 1
        if reading.count > reading.limits.entries:
            reading.bound = f"has more than {reading.limits.entries:,} entries"
            return
        header, oddities = read_header(block)
        for why in oddities:
            reading.odd(why)
        if header is None or not _entry(header, reading):
            return
    if not reading.stream.fault:
        reading.odd("ends inside a block" if block else "has no end mark")


def _end(reading: _Reading) -> None:
    """Zero blocks end it; only zeros may follow (tar pads to its record size)."""
    for piece in reading.stream.pieces(reading.limits.size + BLOCK):
        if piece.strip(b"\0"):
            reading.odd("holds bytes behind its end mark")
            break
    reading.skip(reading.limits.size + BLOCK)
    if reading.told or reading.long_name is not None:
        reading.odd("ends with a header that belongs to no file")


def _entry(header: Header, reading: _Reading) -> bool:
    """Take in an entry with its bytes; False where it cannot be said what follows."""
    if header.size > reading.limits.size:
        reading.bound = f"holds a file of more than {reading.limits.size // MEBIBYTE} MiB"
        return False
    start = reading.at
    if header.kind in _EXTRA:
        _extra(header, reading)
    else:
        _named(header, reading)
    wanted = start + -(-header.size // BLOCK) * BLOCK
    reading.skip(wanted - reading.at)
    if reading.at < start + header.size and not reading.stream.fault:
        reading.odd("ends inside a file")
    return reading.at == wanted


# -- headers that tell something of the next file --------------------------------------------------


def _extra(header: Header, reading: _Reading) -> None:
    if reading.told or reading.long_name is not None:
        # Which entry the first of two belongs to is read differently (CVE-2026-53655).
        reading.odd("names a file in two ways")
    if header.size > pax.LARGEST:
        reading.odd("has an extended header of more than a mebibyte")
        return
    content = reading.read(header.size)
    if header.kind == headers.LONG_NAME:
        reading.long_name = _long_name(content, reading)
        return
    told, oddities = pax.read_records(content, is_global=header.kind == headers.GLOBAL)
    reading.told |= told
    for why in oddities:
        reading.odd(why)


def _long_name(content: bytes, reading: _Reading) -> bytes:
    name, _, behind = content.partition(b"\0")
    if behind.strip(b"\0"):
        reading.odd("has bytes behind the end of a name")
    return name


# -- files and folders -----------------------------------------------------------------------------


def _named(header: Header, reading: _Reading) -> None:
    name = _name(header, reading)
    told, reading.told, reading.long_name = reading.told, {}, None
    if "size" in told and told["size"] != str(header.size):
        reading.odd("gives two sizes to one file")
    if "linkpath" in told:
        reading.odd("holds a link")
    if header.kind in headers.FILES:
        _file(name, header, reading)
    elif header.kind == headers.FOLDER:
        _folder(name, reading)
    else:
        reading.odd(f"holds {_KINDS.get(header.kind, 'an entry of a kind that nobody knows')}")


def _name(header: Header, reading: _Reading) -> str:
    if "path" in reading.told:
        return reading.told["path"]
    plain = header.name if reading.long_name is None else reading.long_name
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        reading.odd("holds a name that is not UTF-8")
        return plain.decode("utf-8", "replace")


def _folder(name: str, reading: _Reading) -> None:
    """A folder needs no entry; where it has one, it must not stand where a file does."""
    path, why = path_of(name.rstrip("/") + "/x", reading.limits)
    if why:
        reading.odd(why)
    elif "/" in path:
        _folders(key_of(path), path, reading)


def _file(name: str, header: Header, reading: _Reading) -> None:
    if name.endswith("/"):
        # An old archive's folder (POSIX.1-1988): a name that ends so, and no bytes.
        if header.size:
            reading.odd("holds a folder that has bytes")
        _folder(name, reading)
        return
    path, why = path_of(name, reading.limits)
    if why:
        reading.odd(why)
        return
    member = Member(path, reading.at, header.size, header.mode & 0o7777)
    content, digest = _content(member.size, reading)
    if path in reading.written and _is_again(member, content, digest, reading):
        return  # npm 9 packed some files twice: whichever is taken, it is the same one
    _once(path, reading)
    _keep(member, content, digest, reading)


def _content(size: int, reading: _Reading) -> tuple[bytes, bytes]:
    """A file's bytes and b""; b"" and their digest where they are more than is kept.

    Bytes that are kept can be compared: few of them ever are, so that they need no digest.
    """
    if reading.contents is None or reading.size + size > reading.limits.kept:
        return b"", reading.digest(size)
    return reading.read(size), b""


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _is_again(member: Member, content: bytes, digest: bytes, reading: _Reading) -> bool:
    """Whether the last file of the same path has the same mode and bytes.

    Kept bytes are compared, which costs no more than it did to read the shorter ones. They are
    hashed for a file that is no longer kept: if it is another one, that is the last time.
    """
    index = reading.written[member.path]
    if reading.members[index].mode != member.mode:
        return False
    if reading.contents is None:
        return reading.digests[index] == digest
    before = reading.contents[index]
    return _digest(before) == digest if digest else before == content


def _keep(member: Member, content: bytes, digest: bytes, reading: _Reading) -> None:
    reading.written[member.path] = len(reading.members)
    reading.members.append(member)
    reading.size += member.size
    if reading.contents is not None and reading.size > reading.limits.kept:
        reading.digests = [_digest(each) for each in reading.contents]
        reading.contents = None
    if reading.contents is not None:
        reading.contents.append(content)
    else:
        reading.digests.append(digest)


def _once(path: str, reading: _Reading) -> None:
    """No path twice with other bytes, in two spellings, or both as a file and as a folder."""
    key = key_of(path)
    before = reading.seen.get(key)
    if before == _FOLDER:
        reading.odd(f"holds {path[:80]!r} as a file and as a folder")
    elif before is not None:
        reading.odd(f"holds {path[:80]!r} {'twice' if before == path else 'in two spellings'}")
    reading.seen[key] = path
    _folders(key, path, reading)


def _folders(key: str, path: str, reading: _Reading) -> None:
    """Note every folder above a path, from the nearest to the first that is known."""
    while (at := key.rfind("/")) > 0:
        key = key[:at]
        before = reading.seen.setdefault(key, _FOLDER)
        if before != _FOLDER:
            reading.odd(f"holds {path[:80]!r} below a file")
            return
