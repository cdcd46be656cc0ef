"""Every negative of the table is refused by the rule that it is made for, and the good one is not.

Each differs from the good offer in one place, so a rule that is lost lets one of them through.
"""

from __future__ import annotations

import pytest
from tests.forge import SHAPES, WHEN, Artifact, Build, Forge
from tests.forge.judging import attested, signed
from tests.forge.negatives import TABLE, Negative, World
from tests.forge.offer import offer

from pratique.model.evidence import SignatureState

OF_BUNDLES = [one for one in TABLE if one.rules[0][0] in "Bc"]
OF_SIGNATURES = [one for one in TABLE if one.rules[0][0] == "R"]
OF_SIGNERS = [one for one in TABLE if one.rules[0][0] == "s"]


def named(cases: list[Negative]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[one.name for one in cases])


@pytest.fixture(scope="module")
def world() -> World:
    return World(Forge(), Forge("another world"))


def test_the_table_is_large_and_says_how_each_is_made() -> None:
    assert len(TABLE) >= 40
    assert len({one.name for one in TABLE}) == len(TABLE)
    assert all(one.how for one in TABLE)
    assert len(OF_BUNDLES) + len(OF_SIGNATURES) + len(OF_SIGNERS) == len(TABLE)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_good_offer_is_verified(world: World, shape: str) -> None:
    build = Build(attempt=2, environment="npm")
    good = offer(world.forge, Artifact("@acme/widget"), build, shape=SHAPES[shape])
    found = attested(good)
    assert (found.refused, signed(good)) == ((), SignatureState.VALID)
    assert found.publish is not None
    assert (found.publish - WHEN).seconds == 2
    record = found.provenance
    assert record is not None
    assert (record.repository, record.commit, record.ref) == (
        build.repository, build.commit, build.ref,
    )  # fmt: skip
    if shape != "first":
        assert (record.workflow, record.run, record.attempt, record.environment) == (
            build.workflow, build.run, 2, "npm",
        )  # fmt: skip


@named(OF_BUNDLES)
def test_attestations_are_refused(world: World, case: Negative) -> None:
    found = attested(case.make(world))
    reasons = [one.why for one in found.refused if one.rule in case.rules]
    assert any(case.says in why for why in reasons), found
    assert (found.publish, found.provenance) == (None, None)


@named([one for one in OF_SIGNATURES if one.rules != ("R1 stated",)])
def test_signatures_are_refused(world: World, case: Negative) -> None:
    (rule,) = case.rules
    assert signed(case.make(world)).value == rule.partition(" ")[2]
