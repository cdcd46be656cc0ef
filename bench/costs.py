"""What is measured: each function gives the rows of one question, whatever they come to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench import lockfile_read
from bench.child import Cost, run
from bench.table import Row

HERE = Path(__file__).resolve().parent
PRATIQUE = Path(sys.executable).with_name("pratique")
DECIDED = (0, 1, 3)
WALL, PEAK, READING, COLD = 2.0, 250.0, 3.0, 1.5
"""The bars: seconds and MB of a warm check; times faster than libyaml; times of the download."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a check runs: the repository, the policies, the registry, a folder for scratch."""

    repository: Path
    scratch: Path
    registry: str
    runs: int

    def policy(self, name: str) -> Path:
        return HERE / f"{name}.toml"

    def environment(self, cache: str) -> dict[str, str]:
        """The user's own, with a cache of its own and this registry as the default one."""
        own = {"PRATIQUE_CACHE": str(self.scratch / cache), "npm_config_registry": self.registry}
        return {**os.environ, **own}

    def check(self, policy: str, cache: str, *more: str) -> Cost:
        command = [PRATIQUE, "check", "--policy", self.policy(policy), *more, self.repository]
        return run([*map(str, command)], self.environment(cache), expected=DECIDED)

    def cold(self, policy: str) -> Cost:
        shutil.rmtree(self.scratch / "cold", ignore_errors=True)
        return self.check(policy, "cold")

    def download(self, client: str, paths: Path) -> Cost:
        command = [sys.executable, str(HERE / "download.py"), client, self.registry, str(paths)]
        return run(command, self.environment("unused"), expected=(0,))


@contextmanager
def loopback(folder: Path, *more: str) -> Iterator[str]:
    """The loopback registry's address, while it serves what is recorded in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bench.loopback", str(folder), *more]
    with subprocess.Popen(
        command, cwd=HERE.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        assert server.stdin is not None
        server.stdin.close()


def asked(registry: str) -> list[str]:
    """The paths that the loopback registry was asked since this was last called."""
    with urllib.request.urlopen(f"{registry}-/asked") as answer:
        return [line for line in answer.read().decode().splitlines() if line]


def record(place: Place) -> None:
    """Have the loopback registry fetch, once, all that the checks will ask."""
    for policy in ("untrusted", "stated"):
        place.cold(policy)


def alternating(runs: int, *each: Callable[[], Cost]) -> list[list[Cost]]:
    """The costs of each, of so many runs that take turns; the one that is first changes."""
    costs: list[list[Cost]] = [[] for _ in each]
    for number in range(runs):
        order = range(len(each)) if number % 2 else reversed(range(len(each)))
        for index in order:
            costs[index].append(each[index]())
    return costs


def wall(costs: list[Cost]) -> float:
    return median(cost.wall for cost in costs)


def busy(costs: list[Cost]) -> float:
    return median(cost.busy for cost in costs)


def peak(costs: list[Cost]) -> float:
    return max(cost.peak for cost in costs)


def reading(place: Place) -> Iterator[Row]:
    source = (place.repository / "pnpm-lock.yaml").read_bytes()
    assert lockfile_read.equal(source)
    lines = len(source.splitlines())
    mine, other = alternating(
        place.runs,
        lambda: Cost(lockfile_read.seconds(lockfile_read.ours, source)),
        lambda: Cost(lockfile_read.seconds(lockfile_read.theirs, source)),
    )
    ratio = wall(other) / wall(mine)
    yield Row(
        f"pnpm-lock.yaml ({lines:,} lines) to pins, with their lines",
        f"{wall(mine) * 1000:.0f} ms",
        f"CSafeLoader, the same reader, no lines: {wall(other) * 1000:.0f} ms",
        f"{ratio:.2f}x faster",
        f">= {READING:g}x",
        ratio >= READING,
    )


def warm(place: Place, policy: str, title: str) -> Iterator[Row]:
    place.check(policy, f"warm-{policy}")
    (costs,) = alternating(place.runs, lambda: place.check(policy, f"warm-{policy}"))
    row = _limit(f"warm check, {title}: wall", wall(costs), WALL, "s", ".2f")
    yield replace(row, against=f"(processor time {busy(costs):.2f} s)")
    yield _limit(f"warm check, {title}: highest peak memory", peak(costs), PEAK, "MB", ".0f")


def revalidation(place: Place) -> Iterator[Row]:
    def again() -> Cost:
        return place.check("untrusted", "warm-untrusted", "--revalidate")

    fresh, stale = alternating(
        place.runs, lambda: place.check("untrusted", "warm-untrusted"), again
    )
    yield Row(
        "warm check with --revalidate, every answer a 304, loopback",
        f"{wall(stale):.2f} s",
        f"the same without: {wall(fresh):.2f} s",
        f"{wall(stale) / wall(fresh):.2f}x",
    )


def whole(place: Place) -> Iterator[Row]:
    """With every artifact, from a registry that has them: the first check, and those after it."""
    first = place.check("whole", "whole")
    yield Row(
        "first check with every artifact read, one run",
        f"{first.wall:.0f} s, {first.peak:.0f} MB",
        f"(processor time {first.busy:.0f} s)",
        "",
    )
    (costs,) = alternating(place.runs, lambda: place.check("whole", "whole"))
    title = "warm check with every artifact known"
    row = _limit(f"{title}: wall", wall(costs), WALL, "s", ".2f")
    yield replace(row, against=f"(processor time {busy(costs):.2f} s)")
    yield _limit(f"{title}: highest peak memory", peak(costs), PEAK, "MB", ".0f")


def cold(place: Place, paths: Path, title: str) -> Iterator[Row]:
    mine, same, bare = alternating(
        place.runs,
        lambda: place.cold("untrusted"),
        lambda: place.download("same", paths),
        lambda: place.download("bare", paths),
    )
    count = len(paths.read_text(encoding="utf-8").splitlines())
    spent, ratio = f"{wall(mine):.2f} s, {peak(mine):.0f} MB", wall(mine) / wall(same)
    yield Row(
        f"cold check, {title}",
        spent,
        f"plain download of the same {count:,} documents, same client: {wall(same):.2f} s",
        f"{ratio:.2f}x",
        f"< {COLD:g}x",
        ratio < COLD,
    )
    yield Row(
        f"cold check, {title}",
        spent,
        f"the same by bare urllib3: {wall(bare):.2f} s",
        f"{wall(mine) / wall(bare):.2f}x",
    )


def help_(place: Place, environment: Mapping[str, str] = os.environ) -> Iterator[Row]:
    (costs,) = alternating(
        place.runs, lambda: run([str(PRATIQUE), "--help"], environment, expected=(0,))
    )
    yield _limit("pratique --help: wall", wall(costs), 0.2, "s", ".2f")


def _limit(what: str, value: float, bar: float, unit: str, form: str) -> Row:
    text = f"{value:{form}} {unit}"
    return Row(what, text, "", f"{value / bar:.2f} of the bar", f"< {bar:g} {unit}", value < bar)
