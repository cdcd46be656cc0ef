"""What a policy says of an outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pratique.config import read_policy
from pratique.difference.limiting import Judge
from pratique.difference.table import ROWS
from pratique.model.behavior import Outcome, Reason
from pratique.model.policy import Action

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def judge(policy: str) -> Judge:
    return Judge.of(read_policy(policy.encode(), "pratique.toml", now=NOW))


def outcome(*rows: str, action: Action = Action.BLOCK) -> Outcome:
    return Outcome(action, tuple(Reason(action, row, row) for row in rows))


def test_without_a_policy_it_is_the_recommended_one() -> None:
    """It is written down twice, for speed."""
    recommended = judge('preset = "recommended"\n')
    known = {rule: recommended.actions[rule] for rule in Judge().actions}
    assert replace(recommended, actions=known) == Judge()


@pytest.mark.parametrize("row", ROWS)
def test_a_lenient_policy_only_warns(row: str) -> None:
    assert judge('preset = "lenient"\n').limited(outcome(row)).action is Action.WARN
    assert Judge().limited(outcome(row)).action is Action.BLOCK


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        ("behavior/new-capability", ["hard", "tier-a", "chain", "several", "light"]),
        ("behavior/no-baseline", ["unknown-past", "unknown-past-hard"]),
        ("behavior/unanalysable", ["unanalysable"]),
    ],
)
def test_a_rule_s_action_is_the_ceiling_of_its_rows_only(rule: str, rows: list[str]) -> None:
    limits = judge(f'[rules]\n"{rule}" = "warn"\n')
    for row in ROWS:
        if row in rows or rule != "behavior/new-capability":
            expected = Action.WARN if row in rows else Action.BLOCK
            assert limits.limited(outcome(row)).action is expected, row


def test_a_rule_that_is_off_gives_no_reason() -> None:
    limits = judge('[rules]\n"behavior/new-capability" = "off"\n')
    assert limits.limited(outcome("hard")) == Outcome(Action.OFF)


def test_other_rules_count_and_the_strongest_comes_first() -> None:
    more = Reason(Action.QUARANTINE, "manifest-confusion", "differs")
    limited = Judge().limited(outcome("light", action=Action.OBSERVE), [more])
    assert limited.action is Action.QUARANTINE
    assert [each.row for each in limited.reasons] == ["manifest-confusion", "light"]
