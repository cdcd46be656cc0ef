"""What is known of who made a release: what is asked for, what is told, what tells it apart."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.proxy.judged import PROVEN
from tests.unit.proxy.stand import NOW

from pratique.model.evidence import Attestations, Authority, Build, Earlier, History
from pratique.model.fact import Missing, Published, PublishSource, Why
from pratique.proxy.needs import Needs
from pratique.proxy.proven import UNREADABLE, Wish, claims_in, says_attested

AT = Published(NOW, PublishSource.REGISTRY)
BEFORE = Earlier(
    version="1.0.0",
    published=NOW - timedelta(days=9),
    authority=Authority.ACCOUNT,
    build=Build.CLAIMED,
)


def test_who_needs_all_of_it_and_its_time_needs_all_of_it() -> None:
    time, whole = Wish(AT, whole=False), Wish(AT)
    for one, other in ((time, whole), (whole, time)):
        both = Needs(evidence={"1.0.0": one}) | Needs(evidence={"1.0.0": other})
        assert both.evidence == {"1.0.0": whole}
    assert (Needs(evidence={"1.0.0": time}) | Needs(evidence={"2.0.0": whole})).evidence == {
        "1.0.0": time,
        "2.0.0": whole,
    }


@pytest.mark.parametrize(
    ("dist", "claims"),
    [
        ({}, False),
        ({"attestations": None}, False),
        ({"attestations": {"provenance": {"predicateType": "x"}}}, True),
        ({"attestations": "of another form"}, True),
    ],
)
def test_who_says_in_any_form_that_there_are_attestations_is_held_to_it(
    dist: dict[str, object], claims: bool
) -> None:
    raw = json.dumps({"dist": dist}).encode()
    assert says_attested(raw) is claims
    assert says_attested(raw.replace(b"attest", b"\\u0061ttest")) is claims


def test_claims_that_cannot_be_read_are_none_and_may_be_of_attestations() -> None:
    raw = b'{"dist": [1, 2]}'
    assert claims_in(raw) is UNREADABLE
    assert says_attested(raw)


def test_only_a_time_that_was_proven_is_attested() -> None:
    assert PROVEN.attested is None
    assert replace(PROVEN, attestations=Missing(Why.FAILED, "a 500")).attested is None
    assert replace(PROVEN, attestations=Attestations(publish=NOW)).attested == NOW


def test_each_part_tells_it_apart_and_how_long_it_holds_does_not() -> None:
    others = [
        replace(PROVEN, attestations=Attestations(publish=NOW)),
        replace(PROVEN, signature=Missing(Why.ABSENT, "none")),
        replace(PROVEN, earlier=History((BEFORE,))),
        replace(PROVEN, earlier=History((replace(BEFORE, build=Build.NONE),))),
        replace(PROVEN, earlier=Missing(Why.FAILED, "a 500")),
        replace(PROVEN, earlier=None),
    ]
    assert len({each.identity for each in (PROVEN, *others)}) == 1 + len(others)
    assert replace(PROVEN, until=NOW).identity == PROVEN.identity
