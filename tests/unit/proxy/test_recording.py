"""The record of requests: what cannot be written is counted, and nothing is written twice."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import pytest
from tests.registry import Registry
from tests.unit.proxy.stand import EVIL, NOW, Stand, days, publish

from pratique.errors import Hindrance, StoreError, StoreUnavailableError
from pratique.model.record import Request
from pratique.proxy import recording
from pratique.proxy.recording import Recording
from pratique.store.firewall.port import Record
from pratique.store.firewall.rows import Line, line_of


class Kept:
    """A record that can refuse; what it was told."""

    def __init__(self) -> None:
        self.rows: list[Line] = []
        self.gaps: list[tuple[int, datetime, str]] = []
        self.refuses = False

    def lines(self, rows: list[Line]) -> None:
        if self.refuses:
            raise StoreError("no room")
        self.rows += rows

    def give_up(self, lost: int, since: datetime, why: str) -> None:
        self.gaps.append((lost, since, why))


def row(number: int = 0) -> Request:
    return Request(NOW, "", "GET", "ping", status=200 + number)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def recording_of(kept: Kept) -> Recording:
    return Recording(cast("Record", kept), lambda: NOW)


def test_what_is_written_is_written_once_and_in_order(kept: Kept) -> None:
    made = recording_of(kept)
    rows = [row(number) for number in range(1200)]
    for each in rows:
        made.add(each)
    made._write()
    made._write()
    assert kept.rows == [line_of(each) for each in rows]
    assert made.waiting == 0


def test_what_comes_while_it_is_written_is_not_written_by_itself_but_with_what_comes_next(
    kept: Kept,
) -> None:
    made = recording_of(kept)
    batches: list[int] = []

    def lines(rows: list[Line]) -> None:
        batches.append(len(rows))
        for _ in range(3):  # answered meanwhile
            made.add(row())

    kept.lines = lines  # type: ignore[method-assign]  # of this test
    for _ in range(5):
        made.add(row())
    made._write()
    assert (batches, made.waiting) == ([5], 3)
    made._write()
    assert batches == [5, 3]


def test_what_the_record_refuses_waits_in_its_order(kept: Kept) -> None:
    made = recording_of(kept)
    rows = [row(number) for number in range(700)]
    for each in rows[:600]:
        made.add(each)
    kept.refuses = True
    made._write()
    assert made.waiting == 600
    for each in rows[600:]:
        made.add(each)
    kept.refuses = False
    made._write()
    assert kept.rows == [line_of(each) for each in rows]


def test_what_finds_no_room_is_counted_once(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_WAITING", 3)
    made = recording_of(kept)
    for round_ in (1, 2):
        for number in range(5):
            made.add(row(number))
        assert (made.unsaid, made.waiting) == (2, 3)
        made._write()
        assert (made.unsaid, made.waiting) == (0, 0)
        assert [lost for lost, _, _ in kept.gaps] == [2] * round_
    assert len(kept.rows) == 6


def test_what_cannot_be_written_at_the_end_is_counted(kept: Kept) -> None:
    made = recording_of(kept)
    made.add(row())
    made.add(row())
    kept.refuses = True
    made.close()
    assert [(lost, since) for lost, since, _ in kept.gaps] == [(2, NOW)]


# Where nothing can be written


@pytest.fixture
def full(stand: Stand, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """A firewall whose record takes nothing any more, after one document was served."""
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20), files=EVIL)
    stand.ask("left-pad/-/left-pad-1.0.0.tgz")

    def refuse(*_rows: object, **_more: object) -> None:
        raise StoreUnavailableError("no room is left", Hindrance.FULL)

    for method in ("decide", "lines"):
        monkeypatch.setattr(stand.running.firewall.record, method, refuse)
    return stand


def test_what_cannot_be_put_on_record_is_not_given(full: Stand) -> None:
    for path in ("left-pad/-/left-pad-1.1.0.tgz", "left-pad/-/left-pad-1.1.1.tgz"):
        found = full.ask(path)
        assert (found.status, found.headers["content-type"]) == (503, "application/json")
        assert "record" in found.error


def test_the_requests_of_a_full_store_wait(full: Stand) -> None:
    full.ask("-/ping")
    full.running.recording._write()
    assert full.running.recording.waiting


def test_a_full_disk_refuses_documents_and_artifacts(
    stand: Stand, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(registry)

    def refuse(*_arguments: object, **_more: object) -> None:
        raise StoreUnavailableError("no room is left", Hindrance.FULL)

    monkeypatch.setattr(stand.running.blobs, "keep", refuse)
    monkeypatch.setattr(stand.running.blobs, "spool", refuse)
    for path in ("left-pad", "left-pad/-/left-pad-1.1.0.tgz"):
        assert stand.ask(path).status == 503
    assert stand.ask("-/ping").status == 200
    assert not stand.blobs()
