"""kill -9 of a real server while clients ask it: what they got, and what is on record of it."""

from __future__ import annotations

import hashlib
import http.client
import random
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from tests.contract.test_firewall_record import rechain
from tests.e2e.lifecycle import Child, until
from tests.registry import Answer, Exchange, Registry, faults

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
CHANCE = random.Random(4)  # noqa: S311 - moments, not secrets
THREADS = 3
LATEST = 1.0
"""Seconds that the record of an allowed request may be late."""


@dataclass
class Seen:
    """What the clients of one life of the server got.

    Attributes:
        answered: (their number, which is their user-agent; when the answer was whole; its status).
        decisions: Ids that stood in refusals.
        wrong: Bodies that are not what they have to be.
    """

    answered: list[tuple[str, float, int]] = field(default_factory=list)
    decisions: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def publish(registry: Registry, life: int) -> list[str]:
    """Two packages with two releases that may be had and one that may not; their names."""
    names = [f"pad-{life}-{number}" for number in range(2)]
    for name in names:
        files = {"index.js": f"// {name}\n" + "module.exports = 1;\n" * CHANCE.randrange(1, 9000)}
        registry.publish(name, "1.0.0", published=NOW - timedelta(days=900), files=files)
        registry.publish(name, "1.0.1", published=NOW - timedelta(days=800), files=files)
        registry.publish(name, "1.0.2", published=NOW - timedelta(hours=1), files=files)
    return names


def lie(exchange: Exchange, answer: Answer) -> Answer:
    """Every fifth artifact comes cut, or is another one."""
    kind = CHANCE.randrange(10)
    if kind > 1:
        return answer
    return (faults.truncated() if kind else faults.other_bytes())(exchange, answer)


def ask_on(server: Child, registry: Registry, names: list[str], life: int, seen: Seen) -> None:
    """Ask until the server is gone, over one connection at a time."""
    threads = [
        threading.Thread(target=_loop, args=(server, registry, names, f"{life}-{number}", seen))
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    if life == 0:
        until(lambda: seen.decisions, "nothing is refused")
    time.sleep(CHANCE.uniform(0.05, 2.5))
    server.kill()
    for thread in threads:
        thread.join(60)


def _loop(server: Child, registry: Registry, names: list[str], who: str, seen: Seen) -> None:
    number = 0
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        while True:
            name = names[number // 4 % len(names)]
            version = ("", "1.0.2", "1.0.0", "1.0.1")[number % 4]
            agent = f"client-{who}-{number}"
            path = f"/{name}/-/{name}-{version}.tgz" if version else f"/{name}"
            connection.request("GET", path, headers={"user-agent": agent})
            answer = connection.getresponse()
            body = b""
            try:
                body = answer.read()
            except http.client.IncompleteRead as error:
                _compare(registry, path, answer.status, error.partial, seen, whole=False)
                return
            seen.answered.append((agent, time.time(), answer.status))  # noqa: TID251 - a client's
            _compare(registry, path, answer.status, body, seen, whole=True)
            if answer.status == 403:
                seen.decisions.add(answer.reason.rpartition("(decision ")[2].rstrip(")"))
            number += 1
    except (OSError, http.client.HTTPException):
        pass  # it was killed
    finally:
        connection.close()


def _compare(
    registry: Registry, path: str, status: int, body: bytes, seen: Seen, *, whole: bool
) -> None:
    if status != 200:
        return
    if not path.endswith(".tgz"):
        if whole and b"1.0.2" in body:
            seen.wrong.append(f"{path} shows what is refused")
        return
    name, _, file = path[1:].partition("/-/")
    version = file.removeprefix(f"{name}-").removesuffix(".tgz")
    right = registry.release(name, version).bytes
    if version == "1.0.2" or (body != right if whole else not right.startswith(body)):
        seen.wrong.append(f"{path} is not what was verified")


@pytest.mark.parametrize("lives", [3, pytest.param(50, marks=pytest.mark.full)])
@pytest.mark.timeout(470)
def test_a_server_that_is_killed_again_and_again_loses_no_refusal_and_serves_no_other_byte(
    tmp_path: Path, registry: Registry, lives: int
) -> None:
    registry.fault(lie, kind="tarball")
    server = Child(tmp_path / "firewall", registry.url, options=("--wait", "2 seconds"))
    heads, seen, killed = [], [], []
    names: list[str] = []
    for life in range(lives):
        names += publish(registry, life)
        server.start()
        of_life = Seen()
        ask_on(server, registry, names[-6:], life, of_life)
        killed.append(time.time())  # noqa: TID251 - a client's
        seen.append(of_life)
        heads.append((server.data / "head.txt").read_text().strip())
        assert not of_life.wrong
        for path in (server.data / "blobs").glob("??/*"):
            assert hashlib.sha512(path.read_bytes()).hexdigest() == path.name
    with server:
        pass
    assert not list((server.data / "blobs" / "tmp").iterdir())
    entries = server.entries()
    _every_refusal_is_there(entries, seen)
    _what_is_lost_is_recent(entries, seen, killed)
    gaps = [each for each in entries if each["type"] == "gap"]
    assert len(gaps) == lives
    assert all("did not end in order" in each["why"] for each in gaps)
    words = [word for head in heads for word in ("--head", head)]
    assert server.log("verify", *words).returncode == 0
    _whoever_changes_it_is_found_out(server, tmp_path, heads[-1])


def _every_refusal_is_there(entries: list[dict[str, Any]], seen: list[Seen]) -> None:
    on_record = {each["id"] for each in entries if each["type"] == "decision"}
    told = set().union(*(each.decisions for each in seen))
    assert told
    assert told <= on_record


def _what_is_lost_is_recent(
    entries: list[dict[str, Any]], seen: list[Seen], killed: list[float]
) -> None:
    agents = {each["client"] for each in entries if each["type"] == "request"}
    lost = 0
    for of_life, end in zip(seen, killed, strict=True):
        for agent, at, status in of_life.answered:
            lost += agent not in agents
            assert agent in agents or end - at <= LATEST, (agent, status, end - at)
    assert sum(len(each.answered) for each in seen) > lost


def _whoever_changes_it_is_found_out(server: Child, tmp_path: Path, head: str) -> None:
    """A cut tail, an edited row, and a log of which every hash was made anew."""
    place = int(head.partition(":")[0])
    tables = ("log", "decisions", "batches", "batched")
    cut = "; ".join(f"DELETE FROM {each} WHERE place > {place - 2}" for each in tables)  # noqa: S608 - ours
    edit = "UPDATE batches SET body = replace(body, ',403,', ',200,')"
    for statements, anew in ((cut, False), (edit, False), (edit, True)):
        folder = tmp_path / f"changed-{len(statements)}-{anew}"
        shutil.copytree(server.data, folder / "data")
        file = folder / "data" / "firewall.sqlite"
        with closing(sqlite3.connect(file)) as raw, raw:
            raw.executescript(statements)
        if anew:
            engine = create_engine(f"sqlite:///{file}")
            with engine.begin() as connection:
                rechain(connection)
            engine.dispose()
            (folder / "data" / "head.txt").unlink()
        changed = Child(folder, "")
        found = changed.log("verify", "--head", head)
        assert found.returncode == 1, found.stdout
        assert "the log is not what was written" in found.stdout
        if anew:
            assert changed.log("verify").returncode == 3
