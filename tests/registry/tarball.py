"""Package tarballs, built in memory; the same input gives the same bytes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable

# The time that npm itself writes into every entry of a tarball it packs.
PACKED_AT = 499162500


def pack(
    entries: Iterable[tuple[str, bytes]],
    *,
    executable: frozenset[str] = frozenset(),
    root: str = "package/",
) -> bytes:
    """A gzipped tar of (path, bytes) entries in the given order; a path may occur twice."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in entries:
            entry = tarfile.TarInfo(root + path)
            entry.size = len(content)
            entry.mtime = PACKED_AT
            entry.mode = 0o755 if path in executable else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def sri(content: bytes, algorithm: str = "sha512") -> str:
    """The digest of some bytes as subresource integrity: `sha512-<base64>`."""
    raw = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return f"{algorithm}-{base64.b64encode(raw).decode('ascii')}"


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
