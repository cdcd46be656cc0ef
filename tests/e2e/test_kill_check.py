"""A check that dies at any moment, or runs beside another, changes no later report."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.registry import Registry

from pratique.store.opening import FILE

CHECKS = Path(__file__).with_name("checks.py")
PACKAGES = 150
CARRIES = 2  # the registry was seen to sign, and to name publishers
FACTS = 3 * PACKAGES + 2 * (PACKAGES - 1) + CARRIES
"""A document, times, what its signature is worth, an analysis and readings of each; of the
re-pointed one nothing is read. And what the registry carries."""
KILLS = 50


@pytest.fixture
def project(tmp_path: Path, registry: Registry) -> Path:
    """A project with 150 published releases, one of them re-pointed, some with install scripts."""
    names = [f"package-{number}" for number in range(PACKAGES)]
    for number, name in enumerate(names):
        scripts = {"postinstall": "node setup.js"} if number % 25 == 3 else {}
        registry.publish(name, "1.0.0", scripts=scripts)
    entries = {f"node_modules/{name}": entry(registry, name) for name in names}
    entries["node_modules/package-7"]["integrity"] = entry(registry, "package-8")["integrity"]
    wanted = dict.fromkeys(names, "^1.0.0")
    manifest = {"name": "shop", "version": "1.0.0", "dependencies": wanted}
    lock = {"name": "shop", "lockfileVersion": 3, "packages": {"": manifest, **entries}}
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "package-lock.json").write_text(json.dumps(lock, indent=2), encoding="utf-8")
    return folder


def entry(registry: Registry, name: str) -> dict[str, Any]:
    release = registry.release(name, "1.0.0")
    resolved = registry.url + release.path
    return {"version": "1.0.0", "resolved": resolved, "integrity": release.integrity}


class Checks:
    """`pratique check` of one project, each run in a process of its own."""

    def __init__(self, project: Path, server: subprocess.Popen[str]) -> None:
        self._project, self._server = project, server

    def run(self, cache: Path, output: Path, kill: float | None = None) -> int:
        """How it ended: its exit code, or the signal as a negative number."""
        arguments = ["check", "--format", "json", "--output", str(output), str(self._project)]
        wanted = {"cache": str(cache), "arguments": arguments, "kill": kill}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(wanted) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


def environment(home: Path, registry: Registry, **more: str) -> dict[str, str]:
    own = {"HOME": str(home), "npm_config_registry": registry.url, **more}
    return {**{key: os.environ[key] for key in ("PATH",)}, **own}


@contextmanager
def checks(project: Path, registry: Registry) -> Iterator[Checks]:
    with subprocess.Popen(
        [sys.executable, str(CHECKS)],
        env=environment(project.parent, registry),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        yield Checks(project, server)
        assert server.stdin is not None
        server.stdin.close()


def whole(cache: Path) -> int:
    """The number of facts in a store that SQLite finds nothing wrong with; 0 where it is not yet.

    A process that dies while it makes the store can leave an empty file, or one without tables.
    """
    if not (cache / FILE).exists():
        return 0
    with closing(sqlite3.connect(cache / FILE)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_schema")}
        return raw.execute("SELECT count(*) FROM facts").fetchone()[0] if "facts" in tables else 0


def workers() -> set[int]:
    """Worker processes whose parent has died."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = status.with_name("cmdline").read_bytes()
            parent = status.read_text().rpartition(")")[2].split()[1]
            if b"multiprocessing.spawn" in words and parent == "1":
                found.add(int(status.parent.name))
    return found


def orphans(before: set[int]) -> set[int]:
    """Those that are still there after they had the time to notice."""
    until = time.monotonic() + 20
    while (left := workers() - before) and time.monotonic() < until:
        time.sleep(0.1)
    return left


@pytest.mark.timeout(900)
def test_killed_at_fifty_moments_the_next_check_reports_the_same_bytes(
    tmp_path: Path, registry: Registry, project: Path
) -> None:
    moments, left = random.Random("kill a check"), list[int]()  # noqa: S311 - repeatable
    before = workers()
    with checks(project, registry) as all_checks:
        for number in range(2):  # the first one is slow: it warms everything up
            began = time.monotonic()
            assert all_checks.run(tmp_path / f"undisturbed-{number}", tmp_path / "it.json") == 1
            lasts = time.monotonic() - began
        expected = (tmp_path / "it.json").read_bytes()
        for number in range(KILLS):
            cache, report = tmp_path / f"cache-{number}", tmp_path / f"{number}.json"
            moment = moments.uniform(0, lasts)
            while all_checks.run(cache, report, moment) != -signal.SIGKILL:
                shutil.rmtree(cache)  # it was faster than the kill
                report.unlink()
                moment /= 2
            left.append(whole(cache))
            assert all_checks.run(cache, report) == 1
            assert report.read_bytes() == expected
            assert whole(cache) == FACTS
    assert any(0 < facts < FACTS for facts in left), "some died between two writes"
    assert orphans(before) == set(), "workers outlive the check that they work for"
    assert b"package-7@1.0.0" in expected


def test_two_checks_at_once_on_one_cache_report_the_same_bytes(
    tmp_path: Path, registry: Registry, project: Path
) -> None:
    command = [sys.executable, "-m", "pratique", "check", "--format", "json", str(project)]
    variables = environment(tmp_path, registry, PRATIQUE_CACHE=str(tmp_path / "cache"))
    both = [
        subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in "12"
    ]
    (first, told), (second, told_too) = (each.communicate(timeout=120) for each in both)
    assert [each.returncode for each in both] == [1, 1], (told, told_too)
    assert first == second
    assert b"package-7@1.0.0" in first
    assert whole(tmp_path / "cache") == FACTS
