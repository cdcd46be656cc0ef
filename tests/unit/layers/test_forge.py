"""What a forge says of a run and a commit, judged: D14, D15, D16, and what is unknown of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.builders import facts, policy, published, release
from tests.evidence_builders import record

from pratique.evaluate.door import Ruling, judge_release, rules_at_the_door
from pratique.layers import _forge
from pratique.model.evidence import ATTESTATIONS, Attestations
from pratique.model.fact import PUBLISHED, Missing, Why
from pratique.model.forge import FORGED, Actor, Forge, Forged, Order, Step
from pratique.model.layer import Layer
from pratique.model.policy import Action, LayerPolicy, OnUnknown, Policy, Verdict

RELEASE = release("left-widget", "2.4.1")
ALICE, MALLORY = Actor(501, "alice"), Actor(666, "mallory")
FORGE = Forge(repositories="https://github.com/", api="https://api.github.com/")
FINE = Forged(
    conclusion="success",
    publishing=(Step("Publish Packages", "success"),),
    actor=ALICE,
    actors=(ALICE,),
    branch="main",
    on_branch=True,
    previous="2.4.0",
    was_on_branch=True,
    since=Order.AHEAD,
)
STOLEN = replace(FINE, conclusion="failure", publishing=(Step("Publish Packages", "skipped"),))
FAILED = Missing(Why.FAILED, "the forge did not answer")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    forges: tuple[Forge, ...] = (FORGE,)
    hold: timedelta = 7 * DAY


LAYER = Layer("trust", 8, "trust", _forge.RULES, Settings)


def chosen(forges: tuple[Forge, ...] = (FORGE,)) -> Policy:
    found = policy()
    rules = {rule.id: Action.BLOCK for rule in _forge.RULES}
    of_layer = LayerPolicy(True, OnUnknown(Action.WARN, Action.QUARANTINE), Settings(forges=forges))
    return replace(
        found, actions={**found.actions, **rules}, layers={**found.layers, "trust": of_layer}
    )


def ruled(
    said: Forged | Missing | None,
    age: timedelta | None = DAY,
    with_policy: Policy | None = None,
    **more: Any,
) -> Ruling:
    built: object = more.get("built", Attestations(provenance=record("2.4.1")))
    at: object = FAILED if age is None else published(age)
    known = [(PUBLISHED, RELEASE, at), (ATTESTATIONS, RELEASE, built)]
    known += [(FORGED, RELEASE, said)] if said is not None else []
    with_policy = with_policy or chosen()
    return judge_release(
        RELEASE, facts(*known), with_policy, rules_at_the_door(with_policy, (LAYER,))
    )


def found(ruling: Ruling) -> Mapping[str, tuple[str, Action]]:
    """Rule -> (which check fired, what it comes to)."""
    return {x.finding.rule.partition("/")[2]: (x.finding.key, x.action) for x in ruling.judged}


def test_a_run_that_is_as_it_should_be_finds_nothing() -> None:
    ruling = ruled(FINE)
    assert ({}, (), Verdict.ALLOW) == (found(ruling), tuple(ruling.unknowns), ruling.verdict)


def test_the_stolen_run_that_failed_is_blocked_by_its_run_alone() -> None:
    """2026-05-11: same repository, workflow, ref, event and runner; the run failed, and the step
    that publishes was skipped."""
    ruling = ruled(STOLEN)
    assert {"run-not-successful": ("D15", Action.BLOCK)} == found(ruling)
    assert Verdict.BLOCK is ruling.verdict
    (judged,) = ruling.judged
    assert "its run ended with failure (Publish Packages: skipped)" in judged.finding.message


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "neutral", "skipped"])
def test_every_end_of_a_run_but_success_counts(conclusion: str) -> None:
    said = replace(FINE, conclusion=conclusion, publishing=())
    assert {"run-not-successful": ("D15", Action.BLOCK)} == found(ruled(said))


def test_a_run_that_failed_after_it_had_published_is_held() -> None:
    said = replace(FINE, conclusion="failure")
    assert {"run-not-successful": ("D15", Action.QUARANTINE)} == found(ruled(said))


def test_a_run_that_succeeded_without_publishing_is_blocked() -> None:
    said = replace(FINE, publishing=STOLEN.publishing)
    assert {"run-not-successful": ("D15", Action.BLOCK)} == found(ruled(said))


def test_a_run_whose_jobs_are_not_all_told_did_not_succeed_in_publishing() -> None:
    untold = Missing(Why.FAILED, "its run has more than 100 jobs")
    ruling = ruled(replace(FINE, publishing=untold))
    assert ["trust/run-not-successful"] == [each.rule for each in ruling.unknowns]
    failed = ruled(replace(FINE, publishing=untold, conclusion="failure"))
    assert {"run-not-successful": ("D15", Action.BLOCK)} == found(failed)


def test_a_commit_off_the_default_branch_is_held_where_the_last_one_was_on_it() -> None:
    off = replace(FINE, on_branch=False)
    assert {"commit-out-of-line": ("D14", Action.QUARANTINE)} == found(ruled(off))
    assert {} == found(ruled(replace(off, was_on_branch=False)))
    first = replace(off, previous=None, was_on_branch=False, since=None)
    assert {"commit-out-of-line": ("D14", Action.WARN)} == found(ruled(first))


def test_an_older_commit_than_the_last_release_s_is_held() -> None:
    older = replace(FINE, since=Order.BEHIND)
    assert {"commit-out-of-line": ("D14", Action.QUARANTINE)} == found(ruled(older))
    for order in (Order.AHEAD, Order.IDENTICAL, Order.DIVERGED):
        assert {} == found(ruled(replace(FINE, since=order)))


def test_an_account_that_started_no_earlier_run_is_told() -> None:
    assert {"actor-new": ("D16", Action.WARN)} == found(ruled(replace(FINE, actor=MALLORY)))
    renamed = replace(FINE, actor=Actor(ALICE.id, "alicia"))
    assert {} == found(ruled(renamed))
    assert {} == found(ruled(replace(FINE, actor=MALLORY, actors=())))


def test_an_answer_that_did_not_come_is_never_clean() -> None:
    for said in (FAILED, None):
        ruling = ruled(said)
        rules = {each.rule for each in ruling.unknowns}
        assert {rule.id for rule in _forge.RULES} == rules
        assert Verdict.ALLOW is not ruling.verdict


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (replace(FINE, conclusion=None), "trust/run-not-successful"),
        (replace(FINE, since=FAILED), "trust/commit-out-of-line"),
        (replace(FINE, was_on_branch=FAILED), "trust/commit-out-of-line"),
        (replace(FINE, actors=FAILED), "trust/actor-new"),
        (replace(FINE, actor=None), "trust/actor-new"),
    ],
)
def test_a_part_that_did_not_come_leaves_its_rule_unknown(said: Forged, rule: str) -> None:
    ruling = ruled(said)
    assert [rule] == [each.rule for each in ruling.unknowns]
    assert Verdict.ALLOW is not ruling.verdict


def test_the_rules_ask_nothing_without_a_forge_of_an_old_release_or_of_one_built_nowhere() -> None:
    for ruling in (
        ruled(FAILED, with_policy=chosen(())),
        ruled(FAILED, 7 * DAY),
        ruled(FAILED, built=Attestations()),
    ):
        assert (Verdict.ALLOW, ()) == (ruling.verdict, tuple(ruling.unknowns))


def test_what_is_not_known_of_a_release_does_not_excuse_it() -> None:
    for more in ({"built": FAILED}, {"age": None}):
        ruling = ruled(STOLEN, **more)
        assert Verdict.BLOCK is ruling.verdict, more
    assert {rule.id for rule in _forge.RULES} == {
        each.rule for each in ruled(STOLEN, built=FAILED).unknowns
    }
