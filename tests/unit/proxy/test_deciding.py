"""From a ruling to a decision: what is put on record."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.unit.proxy.judged import POLICY, PROVEN, package
from tests.unit.proxy.packuments import BASE
from tests.unit.proxy.stand import NOW, days

from pratique.model.evidence import SignatureFact, SignatureState
from pratique.model.fact import Missing, Why
from pratique.model.record import Decision, Door
from pratique.proxy.deciding import decision_of
from pratique.proxy.verdicts import Judging

AGES = {"1.0.0": 900.0, "1.0.1": 20.0}
UNKNOWN = SignatureFact(SignatureState.UNKNOWN_KEY)


def decided(judging: Judging, version: str = "1.0.1", *, at_day: float = 0) -> Decision:
    return decision_of(
        judging.release(version),
        judging.seen().rulings[version],
        at=days(at_day),
        registry=BASE,
        sha512="ab" * 64,
        door=Door.METADATA,
        facts=judging.facts_digest(version),
        policy=POLICY.digest,
    )


def test_a_decision_names_what_was_found_and_where() -> None:
    found = decided(package(AGES, good=["1.0.0"], bad=["1.0.1"]))
    assert found.rules == ("behavior/new-capability",)
    told = {each["rule"]: each for each in found.findings}
    assert told["behavior/new-capability"]["verdict"] == "block"
    assert told["behavior/new-capability"]["evidence"]
    assert json.loads(json.dumps(found.findings)) == list(found.findings)


def test_a_decision_names_what_could_not_be_decided() -> None:
    failed = {"1.0.1": Missing(Why.FAILED, "reading it failed")}
    found = decided(package(AGES, good=["1.0.0"], failed=failed))
    unknown = [each for each in found.findings if "unknown" in each]
    assert {each["unknown"] for each in unknown} >= {"reading it failed"}
    assert {each["why"] for each in unknown} == {"failed"}


@pytest.mark.parametrize("day", [0, -1, -20])
def test_equal_grounds_make_an_equal_id_whenever_it_is_decided(day: float) -> None:
    first = decided(package(AGES, good=["1.0.0"], bad=["1.0.1"]))
    later = decided(package(AGES, good=["1.0.0"], bad=["1.0.1"], now=days(day)), at_day=day)
    assert later.id == first.id
    assert first.at == NOW


def test_other_grounds_make_another_id() -> None:
    evidence = {**dict.fromkeys(AGES, PROVEN), "1.0.1": replace(PROVEN, signature=UNKNOWN)}
    ids = {
        decided(package(AGES, good=["1.0.0"], bad=["1.0.1"])).id,
        decided(package(AGES, good=["1.0.0", "1.0.1"])).id,
        decided(package({**AGES, "1.0.1": 1}, good=["1.0.0"], bad=["1.0.1"])).id,
        decided(package(AGES, good=["1.0.0"], bad=["1.0.1"], evidence=evidence)).id,
    }
    assert len(ids) == 4
