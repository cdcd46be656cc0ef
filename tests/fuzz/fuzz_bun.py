"""What bytes do to the reader of bun.lock."""

from __future__ import annotations

import contextlib

from pratique.ecosystems.npm.lockfiles.bun import read
from pratique.errors import LockfileError


def one(data: bytes) -> None:
    """Read `data`; only LockfileError is an answer."""
    with contextlib.suppress(LockfileError):
        read(data, "bun.lock")
