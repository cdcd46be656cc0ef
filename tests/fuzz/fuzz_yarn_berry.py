"""What bytes do to the reader of yarn.lock of yarn 2 and later."""

from __future__ import annotations

import contextlib

from pratique.ecosystems.npm.lockfiles.yarn_berry import read
from pratique.errors import LockfileError


def one(data: bytes) -> None:
    """Read `data`; only LockfileError is an answer."""
    with contextlib.suppress(LockfileError):
        read(data, "yarn.lock")
