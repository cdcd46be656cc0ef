"""How much faster a pnpm-lock.yaml is read than by PyYAML's C loader under the same reader.

Both sides turn the same bytes into the same pins; only pratique's also know their lines.
"""

from __future__ import annotations

import gc
from time import perf_counter
from typing import TYPE_CHECKING
from unittest.mock import patch

import yaml

from pratique.ecosystems.npm.lockfiles import pnpm
from pratique.syntax.text import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.model.pin import Lockfile


class NoLines(Lines):
    """The lines of what PyYAML's loaders return: they keep none."""

    def of(self, *_path: str | int) -> int:
        return 0


def read_by_libyaml(source: bytes) -> tuple[tuple[object, Lines], ...]:
    documents = yaml.load_all(source, Loader=yaml.CSafeLoader)
    return tuple((document, NoLines(0)) for document in documents)


def ours(source: bytes) -> Lockfile:
    return pnpm.read(source, "pnpm-lock.yaml")


def theirs(source: bytes) -> Lockfile:
    with patch.object(pnpm, "read_yaml", read_by_libyaml):
        return pnpm.read(source, "pnpm-lock.yaml")


def equal(source: bytes) -> bool:
    """Whether both make the same pins of it."""
    mine, other = ours(source).every_pin, theirs(source).every_pin
    return [(pin.key, pin.digests) for pin in mine] == [(pin.key, pin.digests) for pin in other]


def seconds(read: Callable[[bytes], Lockfile], source: bytes) -> float:
    gc.collect()
    start = perf_counter()
    read(source)
    return perf_counter() - start
