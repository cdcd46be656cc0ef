"""What waits to be read, before a real server: killed workers, hangs, a full queue, a kill."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.e2e.lifecycle import Child, until
from tests.registry import Registry

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
NEW = "left-pad/-/left-pad-1.1.1.tgz"
SHOWN = ["1.0.0", "1.1.0"]


def days(number: float) -> datetime:
    return NOW - timedelta(days=number)


def publish(registry: Registry, name: str = "left-pad", says: str = "") -> None:
    """Two old releases, and one that has to be read before it may be seen."""
    registry.publish(name, "1.0.0", published=days(900))
    registry.publish(name, "1.1.0", published=days(800))
    files = {"index.js": f"// {says}\nmodule.exports = 1;\n"}
    registry.publish(name, "1.1.1", published=days(20), files=files)


def child(tmp_path: Path, registry: Registry, **environment: str) -> Child:
    """It lets nobody wait for an analysis; the gate is shut."""
    gate = tmp_path / "gate"
    gate.touch()
    return Child(
        tmp_path / "firewall", registry.url, options=("--wait", "0 seconds"), bounded=True,
        environment={"TEST_GATE": str(gate), **environment},
    )  # fmt: skip


def is_hidden(firewall: Child, name: str = "left-pad") -> bool:
    """Not in the document, under no tag, and not given."""
    path = f"{name}/-/{name}-1.1.1.tgz"
    answers = [firewall.ask(path, method) for method in ("GET", "HEAD")]
    answers.append(firewall.ask(path, range="bytes=0-9"))
    return not is_shown(firewall, name) and {each.status for each in answers} == {403}


def is_shown(firewall: Child, name: str = "left-pad") -> bool:
    shown = firewall.ask(name)
    newest = "1.1.1" if "1.1.1" in shown.versions else "1.1.0"
    assert shown.json()["dist-tags"] == {"latest": newest}
    assert shown.versions[:2] == SHOWN
    return newest == "1.1.1"


def kill_workers(firewall: Child) -> int:
    killed = 0
    for pid in firewall.workers():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


def count(firewall: Child, state: str) -> float:
    return firewall.metric(f'pratique_quarantine{{state="{state}"}}')


def is_being_read(firewall: Child) -> bool:
    """The newest release is; the one that it is compared with was."""
    is_next = count(firewall, "cleared") == 1 and count(firewall, "analysing") == 1
    return is_next and bool(firewall.workers())


def test_a_worker_that_is_killed_lets_nothing_through_and_the_next_one_reads_it(
    tmp_path: Path, registry: Registry
) -> None:
    publish(registry, says="WAITS")
    with child(tmp_path, registry) as firewall:
        assert is_hidden(firewall)
        until(lambda: is_being_read(firewall), "no worker reads it")
        assert kill_workers(firewall)
        assert is_hidden(firewall)
        (tmp_path / "gate").unlink()
        until(lambda: is_shown(firewall), "it never becomes visible")
        assert firewall.ask(NEW).body == registry.release("left-pad", "1.1.1").tarball


@pytest.mark.full
def test_what_ends_every_worker_stays_hidden_and_the_log_says_why(
    tmp_path: Path, registry: Registry
) -> None:
    publish(registry, says="WAITS")
    with child(tmp_path, registry) as firewall:
        assert is_hidden(firewall)
        until(lambda: is_being_read(firewall), "no worker reads it")

        def is_given_up() -> bool:
            kill_workers(firewall)
            return count(firewall, "failed") > 0

        until(is_given_up, "it is tried for ever")
        assert is_hidden(firewall)
        assert firewall.ask(NEW).json()["rules"][0] == "behavior/unanalysable"
    found = [each for each in firewall.entries() if each.get("version") == "1.1.1"]
    assert "behavior/unanalysable" in str(found)


@pytest.mark.parametrize("says", ["HANGS", pytest.param("HANGS-IN-C", marks=pytest.mark.full)])
def test_a_release_that_hangs_its_reader_stays_hidden_and_holds_up_nobody_else(
    tmp_path: Path, registry: Registry, says: str
) -> None:
    publish(registry, says=says)
    publish(registry, "right-pad")
    with child(tmp_path, registry, TEST_SECONDS="3") as firewall:
        assert is_hidden(firewall)
        until(lambda: is_shown(firewall, "right-pad"), "one release holds up another")
        until(lambda: count(firewall, "failed") > 0, "it is tried for ever")
        assert is_hidden(firewall)
        assert firewall.ask(NEW).json()["rules"][0] == "behavior/unanalysable"


def test_what_finds_no_place_in_the_queue_is_hidden_until_there_is_one(
    tmp_path: Path, registry: Registry
) -> None:
    names = ("left-pad", "right-pad", "mid-pad", "top-pad")
    for name in names:
        publish(registry, name, says="WAITS")
    with child(tmp_path, registry, TEST_JOBS="1") as firewall:
        for name in names:
            assert is_hidden(firewall, name)
        assert count(firewall, "queued") <= 1
        (tmp_path / "gate").unlink()
        for name in names:
            until(partial(is_shown, firewall, name), f"{name} is never read")


def test_a_server_that_is_killed_reads_on_when_it_is_started_again(
    tmp_path: Path, registry: Registry
) -> None:
    publish(registry, says="WAITS")
    firewall = child(tmp_path, registry).start()
    try:
        assert is_hidden(firewall)
        until(lambda: is_being_read(firewall), "no worker reads it")
        orphans = firewall.workers()
        firewall.kill()
        until(lambda: not any(is_alive(pid) for pid in orphans), "its workers live on")
        firewall.start()
        assert is_hidden(firewall)
        (tmp_path / "gate").unlink()
        until(lambda: count(firewall, "cleared") == 2, "what was being read is forgotten")
        assert is_shown(firewall)
    finally:
        firewall.kill()


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(") ")[2][:1] != "Z"
