"""The largest document built anew while others are served, and what each step of it takes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.proxy.load import Load, Run
from bench.proxy.servers import HERE, Server
from bench.proxy.subjects import LARGEST, SEMVER
from bench.table import Row

BUILT, OTHERS = 0.060, 0.060
"""The bars, in seconds: building it, and the p99 of other requests meanwhile."""
_POLICY = 'preset = "recommended"\n[layers.release-age]\ncooldown = "{days} days"\n'
_SECONDS = 4.0
"""Of the run in which it is built again and again."""


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """The largest document, built again by a server because its policy was read again.

    Attributes:
        server: The firewall.
        data: Its folder.
        policy: Its policy's file, which is written.
    """

    server: Server
    data: Path
    policy: Path

    def rows(self, load: Load, runs: int) -> Iterator[Row]:
        """Of an unchanged policy, by which what was judged holds, and of another cooldown."""
        self._built(anew=True)
        for anew, what in (
            (False, "the policy read again"),
            (True, "another cooldown, the age of all judged anew"),
        ):
            quiet = [self._built(anew=anew) for _ in range(runs * 3)]
            busy: list[float] = []
            others = [self._beside(load, busy, anew=anew) for _ in range(runs)]
            yield _taken(what, median(quiet), median(busy))
            yield _meanwhile(what, others)

    def _built(self, *, anew: bool) -> float:
        """Seconds of one building, by who waits for it."""
        if anew:
            days = 4 if "4 days" not in self.policy.read_text(encoding="utf-8") else 3
            self.policy.write_text(_POLICY.format(days=days), encoding="utf-8")
        before = _reloads(self.data)
        os.kill(self.server.pid, signal.SIGHUP)
        while _reloads(self.data) == before:
            time.sleep(0.005)
        began = time.perf_counter()
        status, _ = self.server.get(LARGEST)
        taken = time.perf_counter() - began
        assert status == 200, status
        return taken

    def _beside(self, load: Load, busy: list[float], *, anew: bool) -> Run:
        """The requests of a run during all of which it is built again and again."""
        begun = load.begun(self.server, SEMVER.paths, seconds=_SECONDS)
        while begun[0].poll() is None:
            busy.append(self._built(anew=anew))
        return load.ended(begun, self.server)


def _taken(what: str, quiet: float, busy: float) -> Row:
    return Row(
        f"{LARGEST}, judged, rewritten and packed ({what}): until its last byte came",
        f"{quiet * 1e3:.0f} ms",
        f"while others are served: {busy * 1e3:.0f} ms",
        f"{quiet / BUILT:.2f} of the bar",
        f"<= {BUILT * 1e3:g} ms",
        quiet <= BUILT,
    )


def _meanwhile(what: str, others: Sequence[Run]) -> Row:
    slow = median(each.p99 for each in others)
    return Row(
        f"semver, whole document, meanwhile ({what}): p99",
        f"{slow * 1e3:.1f} ms",
        f"the slowest of all: {max(each.longest for each in others) * 1e3:.1f} ms",
        f"{slow / OTHERS:.2f} of the bar",
        f"<= {OTHERS * 1e3:g} ms",
        slow <= OTHERS,
    )


def _reloads(data: Path) -> int:
    """Times that a policy was read, as they are on record: it judges from just before then on."""
    place = f"file:{data / 'firewall.sqlite'}?mode=ro"
    with closing(sqlite3.connect(place, uri=True, timeout=30)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM log WHERE kind = 'policy'").fetchone()
    return int(found)


def steps(registry: str) -> Iterator[Row]:
    """The steps alone, in a process of their own that does nothing else."""
    command = [sys.executable, "-m", "bench.proxy.building", registry]
    done = subprocess.run(
        command, cwd=HERE.parent.parent, capture_output=True, text=True, check=True
    )
    for line in done.stdout.splitlines():
        what, taken = line.split("\t")
        yield Row(f"{LARGEST}: {what}", f"{float(taken) * 1e3:.0f} ms", "", "")
