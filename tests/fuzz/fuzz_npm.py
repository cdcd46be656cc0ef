"""Any bytes are a package-lock, or a LockfileError with a line."""

from __future__ import annotations

from pratique.ecosystems.npm.lockfiles.npm import read
from pratique.errors import LockfileError


def one(data: bytes) -> None:
    try:
        lockfile = read(data, "package-lock.json")
    except LockfileError as error:
        if error.line is None:
            raise AssertionError("a refusal without a line") from error
        return
    assert len({pin.key for pin in lockfile.pins}) == len(lockfile.pins)
