"""Which document of a package serves, and until when: the newest that can be read, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.registry import Answer, Exchange, Fault, Registry, faults
from tests.unit.proxy.stand import NOW, SHORT, Clock, Stand, publish, standing

from pratique.gather.http import Request
from pratique.proxy.settings import Freshness

SHOWN = ["1.0.0", "1.0.1", "1.1.0"]
FORMS = ("application/json", SHORT)


@pytest.fixture
def filled(stand: Stand, registry: Registry) -> Stand:
    publish(registry)
    return stand


def other_name(document: dict[str, object]) -> None:
    document["name"] = "right-pad"


@pytest.mark.parametrize(
    "fault",
    [
        faults.malformed(),
        faults.malformed(b""),
        faults.malformed(b"<html>busy</html>"),
        faults.edited(other_name),
        faults.gzip_bomb(65 * 2**20),
        faults.truncated(),
        faults.status(500),
    ],
)
def test_a_document_that_cannot_be_read_takes_no_others_place(
    filled: Stand, registry: Registry, clock: Clock, fault: Fault
) -> None:
    first = {accept: filled.ask("left-pad", accept=accept).body for accept in FORMS}
    kept = filled.blobs()
    registry.fault(fault, kind="packument")
    clock.move(minutes=6)
    for accept in FORMS:
        found = filled.ask("left-pad", accept=accept)
        assert (found.status, found.body) == (200, first[accept])
    assert filled.blobs() == kept
    registry.heal()
    clock.move(minutes=6)
    assert filled.ask("left-pad").versions == SHOWN


def test_what_stands_in_for_an_unreadable_document_has_the_same_bound(
    filled: Stand, registry: Registry, clock: Clock
) -> None:
    filled.ask("left-pad")
    registry.fault(faults.malformed(), kind="packument")
    clock.move(hours=23)
    assert filled.ask("left-pad").status == 200
    clock.move(hours=1)
    found = filled.ask("left-pad")
    assert found.status == 502
    assert "is refused" in found.error
    assert "too old" in found.error


def test_no_document_serves_an_instant_past_its_bound(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    bound = Freshness().stale
    with standing(tmp_path / "data", registry, clock) as made:
        for accept in FORMS:
            made.ask("left-pad", accept=accept)
        registry.close()
        clock.at = NOW + bound - Freshness().fresh / 2
        served = [made.ask("left-pad", accept=accept) for accept in FORMS]
        left = (Freshness().fresh / 2).total_seconds()
        assert [each.status for each in served] == [200, 200]
        for each in served:
            assert each.headers["cache-control"] == f"private, max-age={int(left)}"
        clock.move(seconds=left - 1)
        assert made.ask("left-pad").status == 200
        clock.move(seconds=1)
        assert [made.ask("left-pad", accept=accept).status for accept in FORMS] == [502, 502]


def test_a_document_is_no_longer_fresh_for_having_been_judged_late(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    with standing(tmp_path / "data", registry, clock) as before:
        before.ask("left-pad")
    clock.move(minutes=4)
    with standing(tmp_path / "data", registry, clock) as made:
        assert made.ask("left-pad").headers["cache-control"] == "private, max-age=60"
        registry.withdraw("left-pad", "1.0.1")
        clock.move(minutes=1)
        assert made.ask("left-pad").versions == ["1.0.0", "1.1.0"]


def only_short(exchange: Exchange, answer: Answer) -> Answer:
    is_short = SHORT in exchange.request.headers.get("accept", "")
    return faults.status(503)(exchange, answer) if is_short else answer


@pytest.mark.parametrize("fault", [None, only_short])
def test_the_whole_document_does_where_the_short_one_cannot_be_had(
    filled: Stand, registry: Registry, fault: Fault | None
) -> None:
    whole = filled.ask("left-pad")
    if fault is None:
        registry.close()
    else:
        registry.fault(fault, kind="packument")
    found = filled.ask("left-pad", accept=SHORT)
    assert (found.status, found.body) == (200, whole.body)


def test_names_that_are_asked_for_once_leave_nothing_behind(stand: Stand) -> None:
    for number in range(50):
        assert stand.ask(f"nothing-{number}").status == 404
    packages = stand.running.packages
    assert (len(packages._turns), len(packages._upstream._turns)) == (0, 0)


def test_a_registry_that_could_not_be_reached_is_left_alone_for_a_moment(
    filled: Stand, registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who installs 300 packages then does not wait for 300 connections that never come."""
    publish(registry, "right-pad")
    pages = {name: filled.ask(name).body for name in ("left-pad", "right-pad")}
    registry.close()
    tried: list[str] = []
    client = filled.running.client
    get = client.get

    def noted(request: Request) -> object:
        tried.append(request.url.rpartition("/")[2])
        return get(request)

    monkeypatch.setattr(client, "get", noted)
    clock.move(minutes=6)
    for name, page in pages.items():
        assert filled.ask(name).body == page
    assert filled.ask("mid-pad").status == 502
    assert tried == ["left-pad", "mid-pad"]
    clock.move(minutes=6)
    assert filled.ask("right-pad").body == pages["right-pad"]
    assert tried[2:] == ["right-pad"]


def test_what_a_registry_answers_to_one_name_keeps_no_other_one_old(
    filled: Stand, registry: Registry, clock: Clock
) -> None:
    publish(registry, "right-pad")
    filled.ask("left-pad")
    filled.ask("right-pad")
    for fault in (faults.status(503), faults.reset()):
        registry.fault(fault, kind="packument", package="left-pad")
        clock.move(minutes=6)
        registry.forget()
        assert filled.ask("left-pad").status == 200
        assert filled.ask("right-pad").status == 200
        assert registry.asked("right-pad")
