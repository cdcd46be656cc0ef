"""How much faster a pnpm-lock.yaml is read than by PyYAML's C loader under the same reader.

    python bench/lockfile_read.py PATH/pnpm-lock.yaml

Both sides turn the same bytes into the same pins; only pratique's also know their lines. Nine runs
each in alternating order; the medians and their ratio are printed.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING
from unittest.mock import patch

import yaml

from pratique.ecosystems.npm.lockfiles import pnpm
from pratique.syntax.text import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.model.pin import Lockfile

RUNS = 9


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


def seconds(read: Callable[[bytes], Lockfile], source: bytes) -> float:
    gc.collect()
    start = perf_counter()
    read(source)
    return perf_counter() - start


def main() -> None:
    source = Path(sys.argv[1]).read_bytes()
    mine, other = ours(source), theirs(source)
    assert [pin.key for pin in mine.every_pin] == [pin.key for pin in other.every_pin]
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for run in range(RUNS):
        pair = [("ours", ours), ("theirs", theirs)]
        for name, read in pair if run % 2 else reversed(pair):
            times[name].append(seconds(read, source))
    fast, slow = median(times["ours"]), median(times["theirs"])
    lines = source.count(b"\n")
    print(f"{len(mine.every_pin)} pins, {lines} lines")
    print(f"pratique, with lines       {fast * 1000:8.1f} ms")
    print(f"CSafeLoader, same reader   {slow * 1000:8.1f} ms")
    print(f"ratio                      {slow / fast:8.2f}")


if __name__ == "__main__":
    main()
