"""From findings and Unknowns to states, verdict and exit code (DECISIONS 1 to 8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.builders import A, B, fired, known, pin, policy, project, report

from pratique.errors import Exit
from pratique.evaluate import Asked
from pratique.evaluate.judging import unknown_action
from pratique.evaluate.subjects import Scope
from pratique.layers import LAYERS
from pratique.model.fact import HOSTS, PUBLISHED, REGISTERED, Missing, Why
from pratique.model.finding import Finding
from pratique.model.pin import Location
from pratique.model.policy import Action, Exemption, LayerPolicy, OnUnknown, Policy, Verdict
from pratique.model.project import Unread
from pratique.model.report import Report, State

GOOD = pin()
BAD = pin(digests=(B,), integrity=B.sri)
RULE = "lockfile/digest-mismatch"


def judged_by(action: Action, *, fail_on: Verdict | None = None) -> Report:
    chosen = policy(action=Action.OFF, actions={RULE: action})
    return report(project(BAD), facts=known(GOOD), policy=chosen, asked=Asked(fail_on=fail_on))


@pytest.mark.parametrize(
    ("action", "verdict", "code", "state"),
    [
        (Action.OFF, Verdict.ALLOW, Exit.ALLOWED, State.NOT_APPLICABLE),
        (Action.OBSERVE, Verdict.ALLOW, Exit.ALLOWED, State.PASS),
        (Action.WARN, Verdict.WARN, Exit.ALLOWED, State.WARN),
        (Action.QUARANTINE, Verdict.QUARANTINE, Exit.BLOCKED, State.QUARANTINE),
        (Action.BLOCK, Verdict.BLOCK, Exit.BLOCKED, State.BLOCK),
    ],
)
def test_an_action_becomes_verdict_exit_code_and_state(
    action: Action, verdict: Verdict, code: Exit, state: State
) -> None:
    found = judged_by(action)
    assert (verdict, code, state) == (found.verdict, found.exit, found.layers[0].state)


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [(None, Exit.ALLOWED), (Verdict.WARN, Exit.BLOCKED), (Verdict.BLOCK, Exit.ALLOWED)],
)
def test_fail_on_moves_the_threshold_of_a_warning(fail_on: Verdict | None, code: Exit) -> None:
    assert code is judged_by(Action.WARN, fail_on=fail_on).exit


def test_fail_on_block_does_not_let_a_quarantine_through() -> None:
    assert judged_by(Action.QUARANTINE, fail_on=Verdict.BLOCK).exit is Exit.BLOCKED


GONE = Missing(Why.FAILED, "answered with status 500")
ABSENT = Missing(Why.ABSENT, "carries none")


def without_times(missing: Missing, **more: Any) -> Report:
    given = known(GOOD).with_facts({(PUBLISHED.name, GOOD.release): missing})
    chosen = policy(action=Action.OFF, actions={"release-age/too-new": Action.WARN}, **more)
    return report(project(GOOD), facts=given, policy=chosen)


@pytest.mark.parametrize(
    ("found", "verdict", "code"),
    [
        (without_times(GONE), Verdict.QUARANTINE, Exit.UNDECIDED),
        (without_times(ABSENT), Verdict.WARN, Exit.ALLOWED),
        (without_times(ABSENT, absent=Action.BLOCK), Verdict.BLOCK, Exit.UNDECIDED),
        (without_times(GONE, required=False, failed=Action.OFF), Verdict.ALLOW, Exit.ALLOWED),
        (without_times(GONE, required=False), Verdict.QUARANTINE, Exit.UNDECIDED),
    ],
)
def test_an_unknown_is_weighed_by_reason_and_requirement(
    found: Report, verdict: Verdict, code: Exit
) -> None:
    assert (verdict, code) == (found.verdict, found.exit)
    assert (State.UNKNOWN, 1, 1) == (
        found.layers[1].state, found.layers[1].unknown, found.layers[1].subjects
    )  # fmt: skip


def test_a_finding_outranks_an_unknown_in_the_exit_code() -> None:
    given = known(GOOD).with_facts({(PUBLISHED.name, GOOD.release): GONE})
    assert report(project(BAD), facts=given, policy=policy()).exit is Exit.BLOCKED


@pytest.mark.parametrize(
    ("required", "why", "of_rule", "action"),
    [
        (True, Why.FAILED, Action.BLOCK, Action.BLOCK),
        (True, Why.OFFLINE, Action.OBSERVE, Action.QUARANTINE),
        (True, Why.NOT_ASKED, Action.WARN, Action.QUARANTINE),
        (True, Why.ABSENT, Action.BLOCK, Action.WARN),
        (False, Why.FAILED, Action.BLOCK, Action.QUARANTINE),
    ],
)
def test_a_missing_fact_weighs_what_its_rule_could_have_found(
    required: bool, why: Why, of_rule: Action, action: Action
) -> None:
    layer = LayerPolicy(required, OnUnknown(Action.WARN, Action.QUARANTINE), None)
    assert action is unknown_action(of_rule, why, layer)


def test_an_unread_lockfile_is_undecided_under_every_policy() -> None:
    shop = project(lockfile=None, unread=Unread("uv.lock", "not read by this version"))
    lenient = policy(action=Action.OFF, required=False, absent=Action.OFF, failed=Action.OFF)
    found = report(shop, facts=known(), policy=lenient)
    assert (Exit.UNDECIDED, State.UNKNOWN) == (found.exit, found.layers[0].state)


def test_a_partial_run_says_so_and_exits_0_only_if_every_required_layer_ran() -> None:
    only = Asked(only=("lockfile",))
    found = report(project(GOOD), facts=known(GOOD), policy=policy(), asked=only)
    assert (Exit.UNDECIDED, State.NOT_ENFORCED) == (found.exit, found.layers[1].state)
    assert any(note.startswith("partial run: only lockfile") for note in found.notes)
    free = policy(required=False)
    found = report(project(GOOD), facts=known(GOOD), policy=free, asked=only)
    assert found.exit is Exit.ALLOWED


EXEMPTION = Exemption(RULE, GOOD.release.purl, B.hex, "looked at it", "ana", date(2026, 11, 23))


@pytest.mark.parametrize(
    ("exemption", "exempted"),
    [
        (EXEMPTION, True),
        (replace(EXEMPTION, until=date(2026, 11, 22)), False),
        (replace(EXEMPTION, sha512=A.hex), False),
        (replace(EXEMPTION, rule="lockfile/not-bound"), False),
        (replace(EXEMPTION, purl="pkg:npm/left-pad@1.3.1"), False),
        (replace(EXEMPTION, purl="pkg:npm/left-*", sha512=None), True),
    ],
)
def test_an_exemption_removes_one_rule_of_one_release_until_its_day(
    exemption: Exemption, exempted: bool
) -> None:
    chosen = policy(exemptions=(exemption,))
    found = report(project(BAD), facts=known(GOOD), policy=chosen)
    assert exempted == (found.judged[0].exemption is not None)
    assert exempted == (found.exit is Exit.ALLOWED)


def test_expired_exemptions_are_named() -> None:
    old = replace(EXEMPTION, until=date(2026, 11, 22))
    found = report(project(BAD), facts=known(GOOD), policy=policy(exemptions=(old,)))
    assert (old,) == found.expired


def test_only_what_a_change_touches_is_judged() -> None:
    other = pin("is-even", "1.0.0", digests=(B,), integrity=B.sri)
    given = known(GOOD, other)
    scope = Scope(frozenset({("", other.key)}))
    found = report(project(BAD, other), facts=given, policy=policy(), scope=scope)
    assert {(RULE, "is-even@1.0.0")} == fired(found)


def test_what_a_change_loosens_is_quarantined_and_first() -> None:
    laxer = Finding("policy/loosened", "loosens release-age", where=Location("pratique.toml", 3))
    chosen = policy(action=Action.WARN)
    found = report(project(BAD), facts=known(GOOD), policy=chosen, loosened=[laxer])
    assert [("policy/loosened", Action.QUARANTINE), (RULE, Action.WARN)] == [
        (each.finding.rule, each.action) for each in found.judged
    ]
    assert found.exit is Exit.BLOCKED


def test_without_hosts_binding_is_undecided_and_not_skipped() -> None:
    given = known(GOOD).with_facts({(HOSTS.name, None): GONE})
    found = report(project(GOOD), facts=given, policy=policy())
    assert {"lockfile/not-bound", RULE} <= {each.rule for each in found.unknowns}


def test_layers_that_are_not_in_this_version_are_never_a_pass() -> None:
    found = report(project(GOOD), facts=known(GOOD), policy=policy())
    assert 11 == len(found.layers)
    absent = [row for row in found.layers if row.name not in {layer.name for layer in LAYERS}]
    assert 11 - len(LAYERS) == len(absent)
    assert {State.NOT_IN_THIS_VERSION} == {row.state for row in absent}


def test_two_runs_on_the_same_facts_are_the_same_report() -> None:
    chosen: Policy = policy()
    given = known(GOOD).with_facts({(REGISTERED.name, GOOD.release): GONE})
    first = report(project(BAD, GOOD), facts=given, policy=chosen)
    assert first == report(project(BAD, GOOD), facts=given, policy=chosen)
