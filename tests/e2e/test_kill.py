"""A process that dies at any moment leaves a store that the next one can use."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pratique.model.fact import Clock
from pratique.store import Shelf, open_store
from pratique.store.opening import FILE

FILLER = Path(__file__).with_name("fill.py")
SHELF = Shelf("registered", 1, "https://registry.example/", "")
EVERY = [f"package-{batch}-{n}" for batch in range(40) for n in range(50)]
KILLS = 50


def delays(count: int) -> list[float]:
    """The same "random" moments each time: 0 to 80 ms after the filler began, in seconds."""
    seeds = (hashlib.sha256(f"kill {n}".encode()).digest() for n in range(count))
    return [int.from_bytes(seed[:4], "big") / 2**32 * 0.08 for seed in seeds]


@contextmanager
def filler(folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(FILLER), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def kill_one(process: subprocess.Popen[str], after: float) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    pid = int(process.stdout.readline())
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    assert process.stdout.readline() == "gone\n"


def test_killed_at_fifty_moments_the_store_stays_whole_and_readable(tmp_path: Path) -> None:
    values: set[bytes] = set()
    with filler(tmp_path) as process:
        for delay in delays(KILLS):
            kill_one(process, delay)
            with closing(sqlite3.connect(tmp_path / FILE)) as raw:
                assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            with open_store(tmp_path, Clock(datetime(2026, 11, 22, tzinfo=UTC))) as store:
                found = store.load(SHELF, EVERY)
                assert not store.warnings
            for batch in range(40):
                of_batch = {
                    e.value for name, e in found.items() if name.startswith(f"package-{batch}-")
                }
                assert len(of_batch) <= 1, "a batch is saved whole or not at all"
                values |= of_batch
    assert values, "the fillers did get to work before they were killed"


def test_two_processes_on_one_store_both_finish(tmp_path: Path) -> None:
    both = [subprocess.Popen([sys.executable, str(FILLER), str(tmp_path), "15"]) for _ in "12"]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    with closing(sqlite3.connect(tmp_path / FILE)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("SELECT count(*) FROM facts").fetchone()[0] > 300
