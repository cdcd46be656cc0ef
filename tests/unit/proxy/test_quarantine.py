"""What waits to be read: nothing of it is shown or given before it was, whatever happens."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.registry import Registry, faults
from tests.unit.proxy.stand import NOW, Clock, Stand, days, publish, standing

from pratique.errors import StoreError
from pratique.gather.pool import DIED, Pool
from pratique.model.behavior import ANALYSER
from pratique.model.fact import Missing
from pratique.model.policy import Verdict
from pratique.proxy.settings import Enforcement
from pratique.store.firewall import Where, open_firewall
from pratique.store.firewall.port import Job, Key, State
from pratique.store.firewall.queue import SqlQueue

NEW = "left-pad/-/left-pad-1.1.1.tgz"
SHOWN = ["1.0.0", "1.0.1", "1.1.0"]


@pytest.fixture
def made(tmp_path: Path, registry: Registry, clock: Clock) -> Iterator[Stand]:
    """With a young release that has to be read before it may be seen."""
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20))
    with standing(tmp_path / "data", registry, clock) as made:
        yield made


def key_of(registry: Registry, version: str) -> Key:
    tarball = registry.release("left-pad", version).tarball or b""
    return Key(hashlib.sha512(tarball).hexdigest(), ANALYSER)


class Hopeless(Pool):
    """A pool whose workers end as `end` says, until it is `well`."""

    def __init__(self, end: Callable[[], Missing]) -> None:
        super().__init__(1)
        self.end, self.well, self.asked = end, False, 0

    def analysed(self, source: bytes | Path, known: bytes) -> tuple[bytes, bytes] | Missing:
        self.asked += 1
        return super().analysed(source, known) if self.well else self.end()


def dies() -> Missing:
    return DIED


def is_full() -> Missing:
    raise StoreError("no room is left")


def fails() -> Missing:
    raise ValueError("nobody thought of this")


@pytest.mark.parametrize("end", [dies, is_full, fails])
def test_what_ends_its_worker_is_not_shown_and_is_read_again_much_later(
    made: Stand, registry: Registry, clock: Clock, end: Callable[[], Missing]
) -> None:
    pool = made.running.packages.quarantine._pool = Hopeless(end)
    assert "1.1.1" not in made.ask("left-pad").versions
    found = made.ask(NEW)
    assert (found.status, found.json()["rules"][:1]) == (403, ["behavior/unanalysable"])
    clock.move(minutes=10)
    tried = pool.asked
    assert "1.1.1" not in made.ask("left-pad").versions
    assert pool.asked == tried
    pool.well = True
    clock.move(hours=1)
    assert shown_at_last(made) == [*SHOWN, "1.1.1"]
    assert made.ask(NEW).status == 200


def shown_at_last(made: Stand) -> list[str]:
    """What is shown once all is read: a busy machine may take longer than an answer waits."""
    versions: list[str] = []
    for _ in range(100):
        versions = made.ask("left-pad").versions
        if "1.1.1" in versions:
            break
        time.sleep(0.1)
    return versions


def test_an_artifact_that_cannot_be_had_is_not_shown(made: Stand, registry: Registry) -> None:
    registry.fault(faults.other_bytes(), kind="tarball", path="*1.1.1*")
    assert made.ask("left-pad").versions == SHOWN
    assert made.ask(NEW).status == 403


def test_a_release_whose_predecessors_cannot_be_had_is_no_first_one(
    made: Stand, registry: Registry
) -> None:
    for version in SHOWN:
        registry.fault(faults.not_found(), kind="tarball", path=f"*-{version}.tgz")
    assert not made.ask("left-pad").versions
    assert made.ask(NEW).status == 403


def test_what_finds_no_place_in_the_queue_is_not_shown_until_there_is_one(
    made: Stand, clock: Clock
) -> None:
    queue = made.running.firewall.queue
    assert isinstance(queue, SqlQueue)
    most, queue._most = queue._most, 0
    assert made.ask("left-pad").versions == SHOWN
    held = made.ask(NEW)
    assert held.status == 403
    assert "pending" in held.reason
    queue._most = most
    assert shown_at_last(made) == [*SHOWN, "1.1.1"]


def test_a_release_that_waits_is_refused_by_a_decision_that_is_on_record(made: Stand) -> None:
    queue = made.running.firewall.queue
    assert isinstance(queue, SqlQueue)
    queue._most = 0
    held = made.ask(NEW)
    (decision,) = [each for each in made.decisions() if each.id == held.json()["decision"]]
    assert decision.id in held.reason
    assert (decision.verdict, decision.version) == (Verdict.QUARANTINE, "1.1.1")
    assert "behavior/new-capability" in decision.rules
    assert made.requests()[-1].decision == decision.id


def test_a_dry_run_gives_what_waits_and_puts_on_record_that_it_would_be_refused(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    new = registry.publish("left-pad", "1.1.1", published=days(20))
    how = Enforcement(dry_run=True)
    with standing(tmp_path / "data", registry, clock, enforcement=how) as dry:
        queue = dry.running.firewall.queue
        assert isinstance(queue, SqlQueue)
        queue._most = 0
        assert dry.ask(NEW).body == new.tarball
        assert dry.decisions()[-1].verdict is Verdict.QUARANTINE


def test_who_asks_while_it_waits_sees_the_release_before(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20))
    with standing(tmp_path / "data", registry, clock, patience=timedelta(0)) as hasty:
        first = hasty.ask("left-pad")
        assert first.json()["dist-tags"] == {"latest": "1.1.0"}
        assert first.versions == SHOWN
        assert first.headers["cache-control"] == "private, max-age=0"


def test_a_restart_goes_on_with_what_was_being_read(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20))
    key = key_of(registry, "1.1.1")
    job = Job(key, registry.url, "left-pad", "1.1.1", 0)
    with open_firewall(Where(folder=tmp_path / "data"), NOW, serving=True) as before:
        before.queue.put([job], NOW)
        assert before.queue.lease(NOW, 300.0, ANALYSER)
        assert before.queue.states([key])[key].state is State.ANALYSING
    with standing(tmp_path / "data", registry, clock) as made:
        (future,) = made.running.packages.quarantine.want([job])
        future.result(timeout=20)
        assert made.running.firewall.queue.states([key])[key].state is State.CLEARED
        assert registry.asked("left-pad/-/left-pad-1.1.1.tgz")


def test_what_was_read_before_a_restart_is_not_read_again(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20))
    with standing(tmp_path / "data", registry, clock) as made:
        first = made.ask("left-pad")
    registry.forget()
    with standing(tmp_path / "data", registry, clock) as again:
        again.running.packages.quarantine._pool = Hopeless(dies)
        assert again.ask("left-pad").body == first.body
    assert not registry.asked("*/-/*")


def test_an_analysis_that_is_gone_is_made_again_and_not_taken_for_cleared(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20))
    with standing(tmp_path / "data", registry, clock) as made:
        first = made.ask("left-pad")
    for file in (tmp_path / "data" / "facts").rglob("*"):
        if file.is_file():
            file.unlink()
    with standing(tmp_path / "data", registry, clock) as again:
        pool = again.running.packages.quarantine._pool = Hopeless(dies)
        pool.well = True
        assert again.ask("left-pad").body == first.body
        assert pool.asked


def test_what_a_bucket_says_it_has_and_does_not_give_is_fetched_anew(
    made: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is where somebody cut a file there: it has a size, and is not what it is called."""
    blobs = made.running.blobs
    monkeypatch.setattr(blobs, "size", lambda _sha512: 5)
    monkeypatch.setattr(blobs, "at_hand", lambda sha512: blobs._path(sha512).exists())
    assert shown_at_last(made) == [*SHOWN, "1.1.1"]
