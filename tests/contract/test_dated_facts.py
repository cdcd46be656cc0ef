"""What a registry told, in a database that keeps facts of content: whose it is, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.contract.conftest import Place
from tests.contract.recorded import NOW

from pratique.store.firewall.dated import Dated
from pratique.store.port import Entry, Shelf

SHELF = Shelf("attestations", 1, "https://registry.example/", "")
ENTRY = Entry("widget@1.0.0", b"\x00\xff value", NOW, NOW + timedelta(hours=1))


def test_an_entry_is_found_as_it_was_kept_with_the_end_of_its_freshness(place: Place) -> None:
    with place.open(NOW) as firewall:
        Dated(firewall.facts).save(SHELF, [ENTRY])
    with place.open(NOW) as again:
        found = Dated(again.facts).load(SHELF, [ENTRY.subject, "widget@2.0.0"])
    assert found == {ENTRY.subject: ENTRY}


def test_an_entry_of_one_registry_or_credential_is_none_of_another(place: Place) -> None:
    facts = Dated(place.open(NOW).facts)
    facts.save(SHELF, [ENTRY])
    for other in (
        replace(SHELF, registry="https://mirror.example/"),
        replace(SHELF, credential="k"),
        replace(SHELF, kind="past"),
    ):
        assert facts.load(other, [ENTRY.subject]) == {}


def test_what_somebody_else_kept_under_its_subject_is_none(place: Place) -> None:
    facts = place.open(NOW).facts
    subject = f"{SHELF.registry}  {ENTRY.subject}"
    facts.save(SHELF, [replace(ENTRY, subject=subject, value=b"short")])
    assert Dated(facts).load(SHELF, [ENTRY.subject]) == {}
