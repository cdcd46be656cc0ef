"""The largest document built anew while others are served, and what each step of it takes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from bench.proxy.load import Load, Run
from bench.proxy.servers import HERE, Server
from bench.proxy.subjects import LARGEST, SEMVER
from bench.table import Row

BUILT, OTHERS = 0.060, 0.060
"""The bars, in seconds: building it, and the p99 of other requests meanwhile."""
_SECONDS = 4.0
"""Of the run in which it is built again and again."""


def rebuilding(load: Load, runs: int, server: Server, data: Path) -> Iterator[Row]:
    """A policy that is read anew makes the firewall judge, rewrite and pack the document again."""
    quiet = [_built(server, data) for _ in range(runs * 3)]
    busy: list[float] = []
    others = [_beside(load, server, data, busy) for _ in range(runs)]
    took = median(quiet)
    yield Row(
        f"{LARGEST}, judged, rewritten and packed anew: until its last byte came",
        f"{took * 1e3:.0f} ms",
        f"while others are served: {median(busy) * 1e3:.0f} ms",
        f"{took / BUILT:.2f} of the bar",
        f"<= {BUILT * 1e3:g} ms",
        took <= BUILT,
    )
    slow = median(each.p99 for each in others)
    yield Row(
        "semver, whole document, meanwhile: p99",
        f"{slow * 1e3:.1f} ms",
        f"the slowest of all: {max(each.longest for each in others) * 1e3:.1f} ms",
        f"{slow / OTHERS:.2f} of the bar",
        f"<= {OTHERS * 1e3:g} ms",
        slow <= OTHERS,
    )


def _built(server: Server, data: Path) -> float:
    """Seconds of one building, by who waits for it."""
    before = _reloads(data)
    os.kill(server.pid, signal.SIGHUP)
    while _reloads(data) == before:
        time.sleep(0.005)
    began = time.perf_counter()
    status, _ = server.get(LARGEST)
    taken = time.perf_counter() - began
    assert status == 200, status
    return taken


def _reloads(data: Path) -> int:
    """Times that a policy was read, as they are on record: it judges from just before then on."""
    place = f"file:{data / 'firewall.sqlite'}?mode=ro"
    with closing(sqlite3.connect(place, uri=True, timeout=30)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM log WHERE kind = 'policy'").fetchone()
    return int(found)


def _beside(load: Load, server: Server, data: Path, busy: list[float]) -> Run:
    """The requests of a run during all of which it is built again and again."""
    begun = load.begun(server, SEMVER.paths, seconds=_SECONDS)
    while begun[0].poll() is None:
        busy.append(_built(server, data))
    return load.ended(begun, server)


def steps(registry: str) -> Iterator[Row]:
    """The steps alone, in a process of their own that does nothing else."""
    command = [sys.executable, "-m", "bench.proxy.building", registry]
    done = subprocess.run(
        command, cwd=HERE.parent.parent, capture_output=True, text=True, check=True
    )
    for line in done.stdout.splitlines():
        what, taken = line.split("\t")
        yield Row(f"{LARGEST}: {what}", f"{float(taken) * 1e3:.0f} ms", "", "")
