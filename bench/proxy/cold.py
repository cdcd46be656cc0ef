"""`npm ci` of a real project of 300 and more packages, directly and through the firewall.

Every client starts without a cache. The upstream answers from memory, so what is compared is the
work of the firewall, not the distance of a registry.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

from bench.loopback import recordings
from bench.proxy import servers
from bench.proxy.servers import HERE, Server
from bench.proxy.subjects import tarball_of
from bench.table import Row

PROJECT = HERE.parent.parent / "tests" / "data" / "projects" / "real"
OFF, WARM = 1.3, 1.1
"""The bars: times the direct installation without layer 9, and with everything known."""
_AT_ONCE = 15
"""Requests that npm has under way at once."""
_NPM = (
    "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error",
    "--replace-registry-host=always",
)  # fmt: skip
_ATTEMPTS = 20
_MATURE = timedelta(days=10)
_ALL = "cold-all.toml"


class Project:
    """The project with its lockfile, in a scratch folder."""

    def __init__(self, registry: str, scratch: Path) -> None:
        self.folder = scratch / "project"
        self._cache = scratch / "npm-cache"
        shutil.copytree(PROJECT, self.folder)
        kept = recordings() / "proxy" / "project-lock.json"
        lock = self.folder / "package-lock.json"
        if not kept.is_file():
            # Nothing in it is in its cooldown, when it is recorded or later.
            day = (datetime.now(UTC) - _MATURE).date()  # noqa: TID251 - a benchmark's own clock
            self._npm(["install", "--package-lock-only", f"--before={day}"], registry)
            shutil.copyfile(lock, kept)
        document = json.loads(kept.read_text(encoding="utf-8"))
        locked = {key: each for key, each in document["packages"].items() if key}
        for key, each in locked.items():
            name = each.get("name") or key.rpartition("node_modules/")[2]
            # As a client writes it that was not told to leave addresses out.
            each["resolved"] = registry + tarball_of(name, each["version"])
        lock.write_text(json.dumps(document, indent=2), encoding="utf-8")
        addresses = dict.fromkeys(each["resolved"] for each in locked.values())
        self.paths = tuple(each.removeprefix(registry) for each in addresses)

    def ci(self, registry: str, token: str = "") -> tuple[float, int]:
        """Seconds of `npm ci`, and how often it had to be begun until it succeeded."""
        began = time.perf_counter()
        for attempt in range(1, _ATTEMPTS + 1):
            shutil.rmtree(self.folder / "node_modules", ignore_errors=True)
            shutil.rmtree(self._cache, ignore_errors=True)
            started = time.perf_counter()
            if self._npm(["ci"], registry, token, check=attempt == _ATTEMPTS):
                alone = time.perf_counter() - started
                return (alone if attempt == 1 else time.perf_counter() - began), attempt
        raise AssertionError("unreachable")

    def _npm(self, words: list[str], registry: str, token: str = "", *, check: bool = True) -> bool:
        settings = self.folder / ".npmrc"
        place = registry.partition(":")[2]
        lines = [f"registry={registry}", *([f"{place}:_authToken={token}"] if token else [])]
        settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [shutil.which("npm") or "npm", *words, *_NPM, "--cache", str(self._cache)]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and check:
            raise RuntimeError(f"npm {words[0]}: {done.stderr[-500:]}")
        return done.returncode == 0


def rows(registry: str, scratch: Path, runs: int) -> Iterator[Row]:
    project = Project(registry, scratch)
    project.ci(registry)  # the upstream has everything in memory from here on
    direct, off, first, warm = [], [], [], []
    begun = 0
    with servers.pratique(registry, scratch / "known", policy=_ALL) as known:
        waits(known, project.paths)
        project.ci(known.url, known.tokens[0])
        for number in range(runs):
            direct.append(project.ci(registry)[0])
            warm.append(project.ci(known.url, known.tokens[0])[0])
            with _fresh(registry, scratch / f"off-{number}", "cold.toml") as server:
                off.append(project.ci(server.url, server.tokens[0])[0])
            with _fresh(registry, scratch / f"first-{number}", _ALL) as server:
                taken, attempts = project.ci(server.url, server.tokens[0])
                first.append(taken)
                begun = max(begun, attempts)
    bare, title = median(direct), f"npm ci, {len(project.paths)} packages"
    yield _row(f"{title}, empty store, layer 9 off", median(off), bare, OFF)
    yield _row(f"{title}, empty store, recommended (begun {begun} times)", median(first), bare)
    yield _row(f"{title}, everything known", median(warm), bare, WARM)
    with _fresh(registry, scratch / "waits", _ALL) as server:
        found = waits(server, project.paths)
        unread, given = unexamined(scratch / "waits")
    yield Row(
        f"wait for an artifact, empty store, recommended, {_AT_ONCE} at once: p95",
        f"{quantiles(found, n=20)[-1]:.2f} s (median {median(found):.2f}, all {max(found):.2f})",
        "",
        "",
    )
    title = "artifacts that were given, and not examined before"
    yield Row(title, str(unread), f"given: {given}", "", "0", unread == 0)


def _row(what: str, ours: float, bare: float, bar: float | None = None) -> Row:
    times = ours / bare
    text = "" if bar is None else f"<= {bar:g}x"
    met = None if bar is None else times <= bar
    return Row(what, f"{ours:.1f} s", f"directly: {bare:.1f} s", f"{times:.2f}x", text, met)


def _fresh(registry: str, data: Path, policy: str) -> servers.Serving:
    return servers.pratique(registry, data, policy=policy, count=1)


def waits(server: Server, paths: tuple[str, ...]) -> list[float]:
    """Seconds until each artifact was given: asked again while its analysis is pending."""

    def wait(path: str) -> float:
        began = time.perf_counter()
        while True:
            status, body = server.get(path)
            if status == 200:
                return time.perf_counter() - began
            if b"pending" not in body:
                raise RuntimeError(f"{path}: {status} {body[:300]!r}")

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(wait, paths))


def unexamined(data: Path) -> tuple[int, int]:
    """(releases that were given without an analysis of just these bytes, releases given)."""
    place = f"file:{data / 'firewall.sqlite'}?mode=ro"
    # What stands where in a request's array: store/firewall/rows.py.
    query = """
        WITH requests AS (SELECT json_extract(value, '$[4]') AS kind,
            json_extract(value, '$[7]') AS status, json_extract(value, '$[8]') AS decision
            FROM batches, json_each(batches.body))
        SELECT count(DISTINCT decision), count(DISTINCT CASE WHEN jobs.state = 'cleared'
            THEN decision END)
        FROM requests JOIN decisions ON decisions.id = requests.decision
        LEFT JOIN jobs ON jobs.sha512 = decisions.sha512
        WHERE requests.kind = 'tarball' AND requests.status = 200
    """
    time.sleep(2)
    with closing(sqlite3.connect(place, uri=True, timeout=30)) as connection:
        given, examined = connection.execute(query).fetchone()
    return given - examined, given
