"""Archive, Entry, Limits: what was read of an artifact, and how much of one is read at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds. The largest tarballs of the registry unpack to some 300 MB and 60,000 files.

    Attributes:
        size: Bytes, unpacked.
        ratio: Unpacked bytes for each packed one, once more than `free` bytes are unpacked
            (deflate gives at most 1,032; of 949 real tarballs the highest was 20).
        free: Bytes up to which the ratio is not looked at.
        kept: Bytes of files that are kept in memory; the files of a larger archive are unpacked
            anew whenever they are gone through.
        file: Bytes of one file that are read; of a larger one only so many.
        entries: Number of entries.
        depth: Folders in a path.
        name: Bytes of a path.
        part: Bytes of a file's or a folder's name: what file systems take.
    """

    size: int = 512 * MEBIBYTE
    ratio: int = 200
    free: int = 8 * MEBIBYTE
    kept: int = 48 * MEBIBYTE
    file: int = 48 * MEBIBYTE
    entries: int = 100_000
    depth: int = 64
    name: int = 1024
    part: int = 255


class Entry(Struct, frozen=True):
    """A file of the archive.

    Attributes:
        path: Without the first folder, which clients drop: `lib/a.js`.
        content: Its bytes; of a file larger than `Limits.file`, the first ones.
        mode: Its permission bits.
    """

    path: str
    content: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Archive:
    """What an artifact holds.

    Attributes:
        entries: The files, in order; those before a fault where there is one, none where a bound
            was broken. Of a large archive, going through them unpacks it again: go through once.
        oddities: Why a client may read the archive in another way, or not at all: one sentence
            each. Where there is one, the artifact is unanalysable.
        size: Bytes of the files.
        cut: Paths of the files whose content is not here whole.
    """

    entries: Sequence[Entry]
    oddities: tuple[str, ...] = ()
    size: int = 0
    cut: tuple[str, ...] = ()
