"""What reading artifacts costs: the popular tarballs of popular.tsv, and GuardDog on the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from evals import guarddog
from evals.corpus import POPULAR, Tarball, fetch, folder, listed, pairs
from evals.overlay import packed

from bench.child import Cost, run
from bench.costs import PRATIQUE, alternating, peak, wall
from bench.table import Row
from pratique.archives import Archive, Entry
from pratique.gather.http import Client
from pratique.gather.user import user_registries

HERE = Path(__file__).resolve().parent
LIST = HERE / "popular.tsv"
FASTER, SPEED, AGAIN, ALLOWANCE, MEDIAN, PEAK, INSPECT = 4.0, 2.0, 20.0, 0.10, 0.15, 400.0, 0.35
"""The bars: times GuardDog; MB of JavaScript a second; times; share; seconds; MB; seconds."""
INSPECTED = 20


def fetched() -> list[Tarball]:
    """The popular tarballs, after fetching those that are not there yet."""
    folder().mkdir(parents=True, exist_ok=True)
    wanted = listed(LIST)
    if any(not each.path.exists() for each in wanted):
        registries = user_registries(os.environ)
        with Client(registries, connections=4) as client:
            failed = [
                why for each in wanted if (why := fetch(client, registries.default or "", each))
            ]
        if failed:
            raise RuntimeError(f"{len(failed)} tarballs did not come: {failed[0]}")
    return wanted


def rows(runs: int) -> Iterator[Row]:
    """Every row, whatever it comes to."""
    tarballs = fetched()
    paths = [str(each.path) for each in tarballs]
    yield from beside(paths, runs)
    yield from alone(paths, runs)
    yield from stepped(tarballs)
    yield from inspected()


def beside(paths: list[str], runs: int) -> Iterator[Row]:
    command = [sys.executable, "-m", "bench.analyse", "whole", *paths]
    ours: Callable[[], Cost] = partial(run, command, os.environ, expected=(0,))
    what = f"{len(paths)} popular tarballs, two workers, start included"
    if guarddog.release():
        theirs: Callable[[], Cost] = partial(_guarddog, paths)
        mine, other = alternating(runs, ours, theirs)
        ratio = wall(other) / wall(mine)
        against = f"GuardDog {guarddog.release()}, start left out: {wall(other):.1f} s"
        met = ratio >= FASTER
        yield Row(
            what, f"{wall(mine):.1f} s", against, f"{ratio:.1f}x faster", f">= {FASTER:g}x", met
        )
    else:
        (mine,) = alternating(runs, ours)
        yield Row(what, f"{wall(mine):.1f} s", "GuardDog is not installed", "")
    yield _most("the same: highest peak memory of a process", peak(mine), PEAK, "MB", ".0f")


def _guarddog(paths: list[str]) -> Cost:
    child = guarddog.Child()
    try:
        return Cost(sum(child.scan(Path(path))["seconds"] for path in paths))
    finally:
        child.close()


def alone(paths: list[str], runs: int) -> Iterator[Row]:
    """One worker: throughput, the same again, the median release."""
    told = [_told("each", paths) for _ in range(runs)]
    seconds = [median(each[number]["seconds"] for each in told) for number in range(len(paths))]
    again = [median(each[number]["again"] for each in told) for number in range(len(paths))]
    script = sum(each["script"] for each in told[0]) / 1e6
    speed = script / sum(seconds)
    yield Row(
        f"one worker, nothing known: {script:.0f} MB of JavaScript, and all else in the tarballs",
        f"{sum(seconds):.1f} s",
        "",
        f"{speed:.2f} MB/s",
        f">= {SPEED:g} MB/s",
        speed >= SPEED,
    )
    yield Row(
        "the same artifacts again, by their digest",
        f"{1000 * sum(again):.0f} ms",
        f"nothing known: {sum(seconds):.1f} s",
        f"{sum(seconds) / sum(again):.0f}x faster",
        f">= {AGAIN:g}x",
        sum(seconds) / sum(again) >= AGAIN,
    )
    yield _most("median release, nothing known", median(seconds), MEDIAN, "s", ".3f")


def stepped(tarballs: list[Tarball]) -> Iterator[Row]:
    """The next version: after the one before it in the corpus, where that has it."""
    before = {newer.sha512: older for older, newer in pairs(listed(POPULAR))}
    both = [(before[each.sha512], each) for each in tarballs if each.sha512 in before]
    steps = _told("next", [str(each.path) for pair in both for each in pair])
    own, after = sum(each["alone"] for each in steps), sum(each["after"] for each in steps)
    share = sum(each["alone"] * each["share"] for each in steps) / own
    bar = share + ALLOWANCE
    yield Row(
        f"the next version of {len(steps)} of them, after the one before it",
        f"{after:.2f} s",
        f"nothing known: {own:.2f} s; changed JavaScript weighs {100 * share:.0f} % of that",
        f"{100 * after / own:.0f} %",
        f"<= {100 * bar:.0f} %",
        after / own <= bar,
    )


def _told(what: str, arguments: list[str]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bench.analyse", what, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parent)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def inspected() -> Iterator[Row]:
    """`pratique inspect` on a package of one line of code."""
    files = (
        Entry("package.json", b'{"name":"tiny","version":"1.0.0","main":"index.js"}'),
        Entry("index.js", b'module.exports = require("fs").readFileSync;\n'),
    )
    what = f"pratique inspect FILE.tgz of a tiny package: wall, median of {INSPECTED}"
    with tempfile.TemporaryDirectory(prefix="pratique-bench-") as scratch:
        path = Path(scratch) / "tiny-1.0.0.tgz"
        path.write_bytes(packed(Archive(files)))
        command = [str(PRATIQUE), "inspect", str(path)]
        environment = {**os.environ, "PRATIQUE_CACHE": f"{scratch}/cache"}
        try:
            costs = [run(command, environment, expected=(0,)) for _ in range(INSPECTED)]
        except RuntimeError:
            yield Row(what, "", "not measured: the command failed", "")
        else:
            yield _most(what, wall(costs), INSPECT, "s", ".3f")


def _most(what: str, value: float, bar: float, unit: str, form: str) -> Row:
    text = f"{value:{form}} {unit}"
    return Row(what, text, "", f"{value / bar:.2f} of the bar", f"< {bar:g} {unit}", value < bar)
