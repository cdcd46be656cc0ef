"""Fills a store until it is killed; forks a fresh filler for each line on its standard input.

Not a test: `test_kill.py` starts it once, so that fifty fillers do not import fifty times.
"""

from __future__ import annotations

import itertools
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pratique.store.sqlite as _preloaded  # noqa: F401 - every copy has it
from pratique.model.fact import Clock
from pratique.store import Entry, Shelf, open_store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHELF = Shelf("registered", 1, "https://registry.example/", "")


def fill(folder: Path, rounds: int | None) -> None:
    """Save batches of 50 entries, for ever or for so many rounds; a small cap makes it evict."""
    for number in itertools.count() if rounds is None else range(rounds):
        with open_store(folder, Clock(NOW + timedelta(seconds=number)), size_cap=400_000) as store:
            assert not store.warnings, store.warnings
            for batch in range(4):
                names = [f"package-{(number * 4 + batch) % 40}-{n}" for n in range(50)]
                value = os.urandom(700) + str(number).encode()
                store.save(SHELF, [Entry(name, value, NOW, NOW) for name in names])
            assert not store.warnings, store.warnings


def main() -> None:
    folder = Path(sys.argv[1])
    if len(sys.argv) > 2:
        fill(folder, int(sys.argv[2]))
        return
    for _line in sys.stdin:
        pid = os.fork()
        if not pid:
            fill(folder, None)
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("gone", flush=True)


if __name__ == "__main__":
    main()
