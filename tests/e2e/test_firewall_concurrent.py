"""Many clients at once, with nothing in the store: each artifact is fetched once.

A trace is recorded from a real npm that installs directly; forty threads replay it through the
firewall, each from the first request to the last, while four real clients install the same.
"""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3
from tests.clients import Clients
from tests.clients.client import write_user_settings
from tests.clients.commands import NOWHERE, by_its_files, install, manager_of, open_settings
from tests.e2e.relay import Relay
from tests.e2e.serving import Served, served
from tests.e2e.upstream import configured
from tests.registry import Registry, Request, faults

from pratique.cli import main

pytestmark = [pytest.mark.online, pytest.mark.timeout(600)]

RECOMMENDED = 'preset = "recommended"\n'
NOT_READ = 'preset = "lenient"\n[rules]\n' + "".join(
    f'"{rule}" = "off"\n'
    for rule in (
        "behavior/unanalysable", "behavior/new-capability", "behavior/no-baseline",
        "behavior/partly-read", "build-scripts/unstated", "lockfile/manifest-confusion",
    )
)  # fmt: skip
REPLAYS, REAL = 40, ("npm12", "pnpm11", "yarn4", "bun")
REAL_PROJECT = Path(__file__).resolve().parent.parent / "data" / "projects" / "real"
SLOW = "slow-widget"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Registry, Path]]:
    """A registry of thirty packages in a chain of pairs, and a project that wants them all."""
    folder = tmp_path / "project"
    folder.mkdir()
    with Registry() as registry:
        for number in range(30):
            further = {f"widget-{number + 1}": "^1.0.0"} if number % 2 == 0 else {}
            files = {"index.js": f"module.exports = {number};\n", "data.bin": bytes(50_000)}
            registry.publish(f"widget-{number}", "1.0.0", dependencies=further, files=files)
        wanted = {f"widget-{number}": "^1.0.0" for number in range(0, 30, 2)}
        manifest = {"name": "p", "version": "1.0.0", "private": True, "dependencies": wanted}
        (folder / "package.json").write_text(json.dumps(manifest))
        yield registry, folder


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Registry, Path]]:
    """A relay of the configured registry, and the real project."""
    upstream = configured()
    with Relay(upstream.url, upstream.ca) as relay:
        yield relay, REAL_PROJECT


def cloned(project: Path, place: Path, name: str) -> Path:
    place.mkdir()
    shutil.copy(project / "package.json", place)
    open_settings(name, place)
    return place


def recorded(clients: Clients, registry: Registry, folder: Path) -> list[Request]:
    """What npm asks for in order to install the project."""
    arguments = install("npm12", scripts=False)
    ran = clients.npm12.run(arguments, cwd=folder, registry=registry.url, seconds=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    trace = list(registry.requests)
    registry.forget()
    return trace


def replay(trace: list[Request], firewall: Served, begin: threading.Barrier) -> Counter[int]:
    """Ask for everything, one after the other; how often each status came."""
    found: Counter[int] = Counter()
    with urllib3.PoolManager(maxsize=1, timeout=120, retries=False) as pool:
        begin.wait(60)
        for each in trace:
            kept = {name: text for name, text in each.headers.items() if name.startswith("accept")}
            answer = pool.request("GET", firewall.url + each.path.lstrip("/"), headers=kept)
            found[answer.status] += 1
    return found


def fetched(registry: Registry) -> Counter[str]:
    """Path of an artifact -> how often the upstream was asked for it."""
    return Counter(each.path for each in registry.requests if each.path.endswith(".tgz"))


def all_at_once(
    clients: Clients, project: Path, trace: list[Request], firewall: Served, place: Path
) -> None:
    def really(name: str) -> int:
        folder = cloned(project, place / name, name)
        where = ["--registry", firewall.url, "--directory", str(folder)]
        main(["setup", manager_of(name), *where])
        begin.wait(60)
        client = by_its_files(clients[name])
        arguments = install(name, scripts=False)
        ran = client.run(arguments, cwd=folder, registry=NOWHERE, seconds=500)
        return ran.returncode

    begin = threading.Barrier(REPLAYS + len(REAL))
    with ThreadPoolExecutor(REPLAYS + len(REAL)) as threads:
        replays = [threads.submit(replay, trace, firewall, begin) for _ in range(REPLAYS)]
        installs = [threads.submit(really, name) for name in REAL]
        assert [0] * len(REAL) == [each.result() for each in installs]
        assert all(each.result() == Counter({200: len(trace)}) for each in replays)


@pytest.mark.parametrize(
    ("registry_of", "least", "policy"),
    [
        pytest.param("made", 30, RECOMMENDED, id="made, read"),
        pytest.param("made", 30, NOT_READ, id="made, not read"),
        pytest.param("real", 300, NOT_READ, id="real", marks=pytest.mark.full),
    ],
)
def test_forty_replays_and_four_clients_fetch_each_artifact_once(
    registry_of: str, least: int, policy: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    registry, project = request.getfixturevalue(registry_of)
    clients: Clients = request.getfixturevalue("clients")
    trace = recorded(clients, registry, cloned(project, tmp_path / "recorded", "npm12"))
    artifacts = fetched_by(trace)
    assert len(artifacts) >= least
    (place := tmp_path / "firewall").mkdir()
    write_user_settings(place, registry.url)
    with served(registry, place, policy) as firewall:
        all_at_once(clients, project, trace, firewall, tmp_path)
    asked = fetched(registry)
    assert artifacts <= asked.keys()
    assert {1} == set(asked.values()), asked.most_common(5)


def fetched_by(trace: list[Request]) -> set[str]:
    return {each.path for each in trace if each.path.endswith(".tgz")}


@pytest.mark.parametrize("policy", [RECOMMENDED, NOT_READ], ids=["read", "not read"])
def test_an_artifact_is_fetched_once_though_who_asked_first_goes_away(
    policy: str, registry: Registry, tmp_path: Path
) -> None:
    release = registry.publish(SLOW, "1.0.0", files={"data.bin": bytes(200_000)})
    path = f"{SLOW}/-/{SLOW}-1.0.0.tgz"
    registry.fault(faults.slow(wait=1.0, chunk=50_000), kind="tarball")
    with served(registry, tmp_path, policy) as firewall:
        address = urlsplit(firewall.url)
        with socket.create_connection((address.hostname, address.port), 10) as leader:
            leader.sendall(f"GET /{path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
            await_true(lambda: bool(registry.asked(path)))
            with ThreadPoolExecutor(20) as threads:
                followers = [
                    threads.submit(urllib3.request, "GET", firewall.url + path, timeout=30)
                    for _ in range(20)
                ]
                time.sleep(0.1)
                leader.close()
                assert all(each.result().data == release.bytes for each in followers)
        assert len(registry.asked(path)) == 1


def await_true(holds: Callable[[], bool]) -> None:
    for _attempt in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")
