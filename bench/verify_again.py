"""What a second `pratique verify` costs: 2,000 releases whose evidence is all stored.

A registry on the loopback address signs and attests each release, minted by the tests' own forge.
The first run fetches and verifies all of it and is timed once; the second asks the registry
nothing, which is held. Each run is a process of its own, its start included. The bar is on
processor time, so that other work on the machine counts less.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import perf_counter

from tests.e2e.checking import entry, npm
from tests.forge import WHEN, Forge
from tests.forge.serving import publish, registry_of
from tests.registry import Registry

from bench.table import Row
from pratique.store.pinned import Imported, location, put

RELEASES, BAR = 2_000, 1.5


def rows(runs: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="pratique-bench-") as scratch:
        yield from _rows(Path(scratch), runs)


def _rows(scratch: Path, runs: int) -> Iterator[Row]:
    forge = Forge("bench")
    with registry_of(forge) as registry:
        environment = _set_up(scratch, forge, registry)
        first, _ = _run(scratch, environment)
        registry.forget()
        again = [_run(scratch, environment) for _ in range(runs)]
        assert registry.requests == []
    wall, cpu = median(each[0] for each in again), median(each[1] for each in again)
    what = f"`pratique verify` of {RELEASES:,} releases"
    yield Row(f"{what}, all with provenance, first", f"{first:.2f} s", "", "")
    text = f"{cpu:.2f} s of processor time ({wall:.2f} s passed)"
    yield Row(f"{what} again, from stored facts", text, "", "", f"< {BAR} s", cpu < BAR)


def _set_up(scratch: Path, forge: Forge, registry: Registry) -> Mapping[str, str]:
    entries = {}
    for number in range(RELEASES):
        name, at = f"widget-{number}", WHEN + timedelta(minutes=number)
        entries[name] = entry(registry, publish(registry, forge, name, "1.0.0", at=at))
    for file, text in npm(entries).items():
        (scratch / file).write_text(text, encoding="utf-8")
    (scratch / ".npmrc").write_text(f"registry={registry.url}\n", encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(scratch)}
    now = datetime.now(UTC)  # noqa: TID251 - the command reads the clock, too
    for part, content in (("keys", forge.keys()), ("root", forge.root())):
        put(location(environment), part, Imported(json.dumps(content).encode(), now))
    return environment


def _run(scratch: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """(seconds, seconds of processor time) of one run that verifies everything."""
    before, start = getrusage(RUSAGE_CHILDREN), perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pratique", "verify", "."],
        cwd=scratch, env=dict(environment), capture_output=True, text=True, check=False,
    )  # fmt: skip
    wall, after = perf_counter() - start, getrusage(RUSAGE_CHILDREN)
    told = done.stdout.splitlines()[-1]
    assert told.startswith(f"{RELEASES:,} verified ({RELEASES:,} with provenance)"), done.stdout
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu
