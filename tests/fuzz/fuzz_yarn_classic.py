"""Any bytes are a yarn.lock of yarn 1, or a LockfileError with a line."""

from __future__ import annotations

from pratique.ecosystems.npm.lockfiles.yarn_classic import patterns_of, read, with_manifests
from pratique.errors import LockfileError


def one(data: bytes) -> None:
    try:
        lockfile = read(data, "yarn.lock")
    except LockfileError as error:
        if error.line is None:
            raise AssertionError("a refusal without a line") from error
        return
    assert len({pin.key for pin in lockfile.pins}) == len(lockfile.pins)
    assert all(patterns_of(pin.key) for pin in lockfile.pins)
    with_manifests(lockfile, ())
