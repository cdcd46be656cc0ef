"""Every negative of the table is refused by the rule that it is made for, and the good one is not.

Each differs from the good offer in one place, so a rule that is lost lets one of them through.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e.checking import Work, make_user, npm, rules
from tests.forge import SHAPES, WHEN, Artifact, Build, Forge
from tests.forge.judging import attested, ruled, signed
from tests.forge.negatives import TABLE, Negative, World
from tests.forge.offer import Offer, offer
from tests.forge.serving import serving

from pratique.model.evidence import SignatureState
from pratique.model.policy import Verdict

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
    bad = case.make(world)
    found = attested(bad)
    reasons = [one.why for one in found.refused if one.rule in case.rules]
    assert any(case.says in why for why in reasons), found
    assert (found.publish, found.provenance) == (None, None)
    assert blocked_by(bad) & {f"signatures/{one.name}" for one in found.refused}


@named([one for one in OF_SIGNATURES if one.rules != ("R1 stated",)])
def test_signatures_are_refused(world: World, case: Negative) -> None:
    bad = case.make(world)
    (rule,) = case.rules
    state = rule.partition(" ")[2]
    assert signed(bad).value == state
    assert LAYER_7[state] in ruled(bad).rules


LAYER_7 = {
    "invalid": "signatures/invalid",
    "malformed": "signatures/invalid",
    "unknown key": "signatures/unknown-key",
    "outside the key's window": "signatures/outside-window",
    "absent": "signatures/missing",
    "uncovered": "signatures/uncovered",
}


@named(OF_SIGNERS)
def test_signers_are_unexpected(world: World, case: Negative) -> None:
    """All of it holds, down to package.json: what refuses it is what came before."""
    bad = case.make(world)
    assert (attested(bad).refused, signed(bad)) == ((), SignatureState.VALID)
    assert "signatures/signer-unexpected" in blocked_by(bad)
    alone = ruled(bad.but(earlier=()))
    assert (alone.verdict, alone.rules) == (Verdict.WARN, ("signatures/signer-first-seen",))


def test_the_next_release_of_the_right_source_is_allowed(world: World) -> None:
    bad = OF_SIGNERS[0].make(world)
    mine = offer(world.forge, bad.artifact, Build(commit="9" * 40, run="7000000009"))
    assert ruled(mine.but(earlier=bad.earlier)).verdict is Verdict.ALLOW


def blocked_by(bad: Offer) -> set[str]:
    """The rules of layers 7 and 8 that block it."""
    found = ruled(bad)
    return set(found.rules) if found.verdict is Verdict.BLOCK else set()


def test_a_document_that_states_other_bytes_is_refused_where_the_lockfile_is_bound(
    world: World, tmp_path: Path
) -> None:
    """The signature is of what is locked, and holds; the document itself is what differs."""
    (case,) = (one for one in OF_SIGNATURES if one.rules == ("R1 stated",))
    bad = case.make(world)
    assert signed(bad) is SignatureState.VALID
    assert checked(bad, tmp_path / "bad") == ["lockfile/digest-mismatch"]
    assert checked(offer(world.forge), tmp_path / "good") == []


def checked(one: Offer, folder: Path) -> list[str]:
    """The rules of layer 1 by which `check` stops a project that locks an offer."""
    with serving([one]) as (url,):
        user = make_user(folder / "home", f"registry={url}")
        which = one.artifact
        entry = {
            "version": which.version,
            "resolved": f"{url}{which.name}/-/{which.name}-{which.version}.tgz",
            "integrity": one.locked,
        }
        work = Work(folder / "work")
        work.write(npm({which.name: entry}))
        return [
            rule for rule in rules(user.check(work.folder)) if rule == "lockfile/digest-mismatch"
        ]
