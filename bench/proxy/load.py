"""wrk against one server: what it got, what the server spent, and what is on record of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.proxy.processes import seconds
from bench.proxy.servers import HERE, Server

CONNECTIONS = 8
_LATE = 2.0
"""Seconds after which nothing more comes of what was answered: four times the record's batches."""
_SETTLES = 10.0
"""Seconds after which what was answered has to be on record."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk.

    Attributes:
        requests: Answers that came whole.
        seconds: The run's length.
        p50, p99, longest: Seconds of a request.
        refused: Answers with a status above 399.
        lost: Connections that failed, and requests without an answer.
        spent: Processor time of the server's process, in seconds.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    longest: float
    refused: int
    lost: int
    spent: float

    @property
    def rate(self) -> float:
        """Requests a second; where none was answered in time, what one would have been."""
        return max(self.requests, 1) / self.seconds

    @property
    def cost(self) -> float:
        """Seconds of the server's processor for one request."""
        return self.spent / max(self.requests, 1)


@dataclass(frozen=True, slots=True)
class Load:
    """Files and lengths of the runs: seconds of each."""

    scratch: Path
    seconds: float

    def run(
        self, server: Server, paths: Sequence[str], *, rate: float = 0, seconds: float | None = None
    ) -> Run:
        """Ask for these paths in turn; as fast as it goes, or `rate` times a second."""
        return self.ended(self.begun(server, paths, rate=rate, seconds=seconds), server)

    def begun(
        self, server: Server, paths: Sequence[str], *, rate: float = 0, seconds: float | None = None
    ) -> tuple[subprocess.Popen[str], float]:
        """wrk, which runs, and the server's processor time before it."""
        wanted, known = self.scratch / f"{server.name}.paths", self.scratch / f"{server.name}.known"
        wanted.write_text("".join(f"/{path}\n" for path in paths), encoding="utf-8")
        known.write_text("".join(f"{token}\n" for token in server.tokens), encoding="utf-8")
        wrk, length = shutil.which("wrk") or "wrk", round(seconds or self.seconds)
        command = [
            wrk, "-t1", f"-c{CONNECTIONS}", f"-d{length}s", "--timeout", "60s",
            "-s", HERE / "mix.lua", server.url, "--", wanted, known, f"{rate:g}",
        ]  # fmt: skip
        before = _spent(server)
        words = [str(each) for each in command]
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True), before

    def ended(self, begun: tuple[subprocess.Popen[str], float], server: Server) -> Run:
        process, before = begun
        told, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"wrk exited {process.returncode}: {told}")
        found = json.loads(told.splitlines()[-1])
        return Run(
            found["requests"],
            found["seconds"],
            found["p50"] or found["seconds"],
            found["p99"],
            found["longest"],
            found["refused"],
            found["lost"],
            _spent(server) - before,
        )


def _spent(server: Server) -> float:
    return seconds(server.pid)


def on_record(data: Path) -> int:
    """Requests that the firewall has on record."""
    place = f"file:{data / 'firewall.sqlite'}?mode=ro"
    with closing(sqlite3.connect(place, uri=True, timeout=30)) as connection:
        (found,) = connection.execute("SELECT total(count) FROM batches").fetchone()
    return int(found)


def settled(data: Path) -> int:
    """Likewise, once what was answered before is there."""
    before, found = -1, on_record(data)
    while found != before:
        time.sleep(_LATE)
        before, found = found, on_record(data)
    return found


def recorded(data: Path, before: int, answered: int) -> int:
    """Requests on record since there were `before`, once nothing more comes of them."""
    ends = time.monotonic() + _SETTLES
    while on_record(data) - before < answered and time.monotonic() < ends:
        time.sleep(0.25)
    return settled(data) - before


def middle(runs: Sequence[Run], name: str) -> float:
    """The median of a run's attribute."""
    return float(median(getattr(each, name) for each in runs))
