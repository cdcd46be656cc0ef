"""Archive, Entry, Limits: what was read of an artifact, and how much of one is read at all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds. The largest tarballs of the registry unpack to some 300 MB and 60,000 files.

    Attributes:
        size: Bytes, unpacked.
        ratio: Unpacked bytes for each packed one, once more than `free` bytes are unpacked
            (deflate gives at most 1,032).
        free: Bytes up to which the ratio is not looked at.
        entries: Number of entries.
        depth: Folders in a path.
        name: Bytes of a path.
    """

    size: int = 512 * 1024 * 1024
    ratio: int = 200
    free: int = 8 * 1024 * 1024
    entries: int = 100_000
    depth: int = 64
    name: int = 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive.

    Attributes:
        path: Without the first folder, which clients drop: `lib/a.js`.
        content: Its bytes.
        mode: Its permission bits.
    """

    path: str
    content: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Archive:
    """What an artifact holds.

    Attributes:
        entries: The files, in order; those before a fault where there is one.
        oddities: Why a client may read the archive in another way, or not at all: one sentence
            each. Where there is one, the artifact is unanalysable.
        size: Bytes of the files.
    """

    entries: tuple[Entry, ...]
    oddities: tuple[str, ...] = ()
    size: int = 0
