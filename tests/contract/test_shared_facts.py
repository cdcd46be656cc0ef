"""Facts of content that several nodes share, and which node wrote what, on each database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.contract.conftest import Place
from tests.contract.recorded import NOW, decision

from pratique.model.record import Gap
from pratique.store.firewall import database_address, open_firewall
from pratique.store.firewall.opening import NODE, SqlFirewall
from pratique.store.firewall.port import Wanted
from pratique.store.port import Entry, Shelf

SHELF = Shelf("analysed", 7, "", "")
SECOND = timedelta(seconds=1)


def entry(number: int, value: bytes = b"\x00\xff value") -> Entry:
    return Entry(f"sha512:{number}", value, NOW, NOW)


def test_a_fact_is_found_by_kind_version_and_subject_and_by_nothing_else(place: Place) -> None:
    facts = place.open(NOW).facts
    facts.save(SHELF, [entry(1), entry(2)])
    assert facts.load(SHELF, ["sha512:1", "sha512:3"]) == {"sha512:1": entry(1)}
    for other in (replace(SHELF, kind="baseline"), replace(SHELF, version=8)):
        assert facts.load(other, ["sha512:1"]) == {}
    many = [f"sha512:{number}" for number in range(5000)]
    assert set(facts.load(SHELF, many)) == {"sha512:1", "sha512:2"}


def test_a_fact_that_is_kept_again_is_replaced_and_outlives_its_server(place: Place) -> None:
    with place.open(NOW) as firewall:
        firewall.facts.save(SHELF, [entry(1, b"old")])
        firewall.facts.save(SHELF, [entry(1, b"new")])
    place.opened.clear()
    assert place.open(NOW).facts.load(SHELF, ["sha512:1"])["sha512:1"].value == b"new"


def gaps(firewall: SqlFirewall) -> list[Gap]:
    found = [each.entry for each in firewall.record.log(Wanted())]
    return [each for each in found if isinstance(each, Gap)]


def test_a_node_has_the_name_of_its_folder_and_its_crash_is_a_gap_since_its_own_last_row(
    place: Place, tmp_path: Path
) -> None:
    if place.is_sqlite:
        place.open(NOW)
        assert not (place.where.folder / NODE).exists()
        return
    one = place.open(NOW)
    one.record.decide(decision(1, at=NOW + SECOND))
    other_where = replace(place.where, folder=tmp_path / "other")
    with open_firewall(other_where, NOW, serving=True) as other:
        other.record.decide(decision(2, at=NOW + 60 * SECOND))
        names = {(each.folder / NODE).read_text() for each in (place.where, other_where)}
        assert len(names) == 2
        assert gaps(other) == []
        place.crash(one)
        again = place.open(NOW + 90 * SECOND)
        [gap] = gaps(again)
        assert gap.since == NOW + SECOND
        again.record.decide(decision(3, at=NOW + 91 * SECOND))
        assert other.record.verify().problems == ()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("postgresql://a@h/n", "postgresql+psycopg://a@h/n"),
        ("postgres://a:p%40@h:5/n?x=y", "postgresql+psycopg://a:p%40@h:5/n?x=y"),
        ("postgresql+psycopg://h/n", "postgresql+psycopg://h/n"),
        ("postgresql://", None),
        ("postgresql://h:port/n", None),
        ("sqlite:///x", None),
        ("", None),
    ],
)
def test_an_address_is_told_to_the_driver_as_it_knows_it(text: str, address: str | None) -> None:
    assert database_address(text) == address
