"""An artifact's bytes -> its files, in memory. Nothing is ever written to a path of an archive."""

from __future__ import annotations

from pratique.archives.archive import Archive, Entry, Limits
from pratique.archives.tarball import read_archive

__all__ = ["Archive", "Entry", "Limits", "read_archive"]
