"""Any bytes are an archive within its bounds, or an oddity; packed or not yet packed."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Iterator

from tests.e2e.hostile_archives import ROWS

from pratique.archives import Limits, read_archive

LIMITS = Limits(size=1024 * 1024, free=256 * 1024, kept=16 * 1024, file=64 * 1024, entries=1000)


def seeds() -> Iterator[bytes]:
    """The small archives of the table, unpacked where they can be."""
    for row in ROWS:
        if not row.is_large:
            source = row.make()
            with contextlib.suppress(zlib.error, OSError, EOFError):
                source = gzip.decompress(source)
            yield source


def one(data: bytes) -> None:
    _read(data)
    _read(gzip.compress(data, 1, mtime=0))


def _read(source: bytes) -> None:
    archive = read_archive(source, LIMITS)
    size = 0
    for entry in archive.entries:
        size += len(entry.content)
        assert entry.path
        assert ".." not in entry.path.split("/")
        assert not entry.path.startswith("/")
        assert len(entry.content) <= LIMITS.file
    assert size <= LIMITS.size
    assert len(archive.entries) <= LIMITS.entries
    assert archive.entries or archive.oddities
