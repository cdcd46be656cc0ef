"""Any bytes are a pnpm-lock.yaml, or a LockfileError with a line."""

from __future__ import annotations

from pratique.ecosystems.npm.lockfiles.pnpm import read
from pratique.errors import LockfileError


def one(data: bytes) -> None:
    try:
        lockfile = read(data, "pnpm-lock.yaml")
    except LockfileError as error:
        if error.line is None:
            raise AssertionError("a refusal without a line") from error
        return
    pins = lockfile.every_pin
    assert len({pin.key for pin in pins}) == len(pins)
    assert all(pin.name and pin.where.line for pin in pins)
