"""What a gain leads to: each row under its condition, at each step and age; chains; light ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.unit.difference.changes import (
    COMPARED,
    OLDER,
    YOUNG,
    difference,
    needs,
    outcome,
    rows,
)

from pratique.difference import LIGHT, table
from pratique.difference.table import ROWS
from pratique.model.behavior import Baseline, Origin, Step
from pratique.model.policy import Action

ODD = ("has bytes behind its end",)
MEETS: dict[str, tuple[str, ...]] = {
    "hard": ("secret.path:ssh",),
    "tier-a": ("exec.process:child_process",),
    "tier-b": ("net.client:fetch",),
    "tier-c": ("fs.read",),
    "light": ("net.host:widget.test",),
    "several": ("net.client:fetch", "fs.write"),
    "chain": ("env.bulk", "net.client:fetch"),
}
"""A row -> gains that meet it."""
OF_FIRST: dict[str, tuple[str, ...]] = {
    "unknown-past": ("exec.process:child_process",),
    "unknown-past-hard": ("install.script:postinstall", "shape.obfuscated:hex"),
}
"""The same of a release that has nothing to be compared with."""
BOTH_AGES = pytest.mark.parametrize("age", [YOUNG, OLDER], ids=["young", "older"])


def test_every_row_of_the_table_is_met_here() -> None:
    assert {"unanalysable", *MEETS, *OF_FIRST} == set(ROWS)


@BOTH_AGES
@pytest.mark.parametrize("step", COMPARED)
@pytest.mark.parametrize("row", MEETS)
def test_a_row_leads_to_the_action_that_stands_in_the_table(
    row: str, step: Step, age: timedelta
) -> None:
    found = outcome(difference(*MEETS[row], step=step), age)
    young, older = table().rows[row].actions[step]
    (reason,) = [each for each in found.reasons if each.row == row]
    assert reason.action is (young if age is YOUNG else older)
    assert set(reason.capabilities) == set(MEETS[row])


@BOTH_AGES
@pytest.mark.parametrize("row", OF_FIRST)
def test_a_first_release_leads_to_what_the_table_says_of_it(row: str, age: timedelta) -> None:
    found = outcome(difference(*OF_FIRST[row], step=Step.FIRST), age)
    young, older = table().rows[row].actions[Step.FIRST]
    (reason,) = [each for each in found.reasons if each.row == row]
    assert reason.action is (young if age is YOUNG else older)


@BOTH_AGES
@pytest.mark.parametrize("step", Step)
def test_what_cannot_be_analysed_is_blocked_at_every_step(step: Step, age: timedelta) -> None:
    found = outcome(difference(step=step, oddities=ODD), age)
    assert found.action is Action.BLOCK
    assert rows(found) == {"unanalysable"}
    assert found.reasons[0].text == "the archive has bytes behind its end"


@pytest.mark.parametrize("row", MEETS)
def test_a_row_is_not_met_by_what_was_there_before(row: str) -> None:
    """Not even where something else is gained."""
    found = outcome(difference("env.named:LANG", had=MEETS[row]))
    assert rows(found) == {"light"}


@pytest.mark.parametrize("step", COMPARED)
def test_nothing_gained_leads_to_nothing(step: Step) -> None:
    assert outcome(difference(step=step, had=("exec.process:child_process",))).action is Action.OFF


@pytest.mark.parametrize(
    ("gained", "met"),
    [
        (("fs.read",), {"tier-c"}),
        (("net.server",), {"tier-c"}),
        (("net.client:fetch",), {"tier-b"}),
        (("net.client:fetch", "net.client:http"), {"tier-b"}),
        (("net.client:fetch", "fs.read"), {"tier-b", "tier-c"}),
        (("net.client:fetch", "net.host:widget.test"), {"tier-b", "light"}),
        (("net.client:fetch", "fs.write"), {"tier-b", "several"}),
        (("exec.process:child_process", "net.client:fetch"), {"tier-a", "tier-b", "several"}),
        (("exec.process:child_process",), {"tier-a"}),
        (("code.eval", "exec.process:child_process"), {"tier-a", "several"}),
        (("net.host:203.0.113.7",), {"tier-a"}),
        (("env.named:NPM_TOKEN",), {"tier-a"}),
        (("dep.url:git/a",), {"tier-a", "hard"}),
        (("from.a-later-version:x",), {"tier-a"}),
    ],
)
def test_gains_meet_these_rows_and_no_others(gained: tuple[str, ...], met: set[str]) -> None:
    assert rows(outcome(difference(*gained))) == met


@pytest.mark.parametrize(
    ("gained", "is_chain"),
    [
        (("secret.path:ssh", "net.client:fetch"), True),
        (("secret.path:ssh", "net.dns"), True),
        (("env.bulk", "net.host:widget.test"), True),
        (("browser.sensitive:wallet", "net.client:fetch"), True),
        (("env.named:NPM_TOKEN", "net.client:fetch"), False),
        (("secret.path:ssh", "env.bulk"), False),
        (("net.client:fetch", "net.host:widget.test"), False),
        (("install.script:postinstall", "net.client:fetch"), True),
        (("install.script:altered-postinstall", "exec.process:child_process"), True),
        (("install.script:altered-install", "net.client:fetch"), True),
        (("install.script:altered-install", "net.host:203.0.113.7"), True),
        (("install.script:altered-install", "dep.new:widget", "net.host:widget.test"), False),
        (
            ("install.script:altered-install", "install.script:preinstall", "dep.new:widget"),
            True,
        ),
        (("install.implicit:gyp", "fs.write"), True),
        (("install.script:postinstall", "net.host:widget.test"), True),
        (("install.script:postinstall", "install.script:fetches"), False),
        (("install.script:postinstall", "fs.read"), False),
        (("install.script:prepare", "exec.process:child_process"), False),
    ],
)
def test_what_makes_a_chain(gained: tuple[str, ...], *, is_chain: bool) -> None:
    assert is_chain == ("chain" in rows(outcome(difference(*gained))))


def test_half_of_a_chain_that_was_there_before_makes_none() -> None:
    found = outcome(difference("net.client:fetch", had=("env.bulk",)))
    assert rows(found) == {"tier-b"}


@pytest.mark.parametrize("step", COMPARED)
@pytest.mark.parametrize("row", ["tier-a", "tier-b"])
def test_a_chain_is_never_weaker_than_its_parts(row: str, step: Step) -> None:
    alone, chain = (outcome(difference(*MEETS[each], step=step)) for each in (row, "chain"))
    assert chain.action >= alone.action


# -- light ones ------------------------------------------------------------------------------------

LIGHT_ONES = ("net.host:widget.test", "net.host:other.test", "env.named:LANG", "env.named:CI")


@BOTH_AGES
@pytest.mark.parametrize("step", COMPARED)
@pytest.mark.parametrize("stricter", [False, True])
def test_light_gains_alone_are_only_recorded_however_many(
    step: Step, age: timedelta, *, stricter: bool
) -> None:
    found = outcome(
        difference(*LIGHT_ONES, step=step, inner=needs("one", "two")), age, stricter=stricter
    )
    assert rows(found) == {"light"}
    assert found.action is Action.OBSERVE
    families = {each.partition(":")[0] for each in found.reasons[0].capabilities}
    assert families == LIGHT


@BOTH_AGES
@pytest.mark.parametrize("step", COMPARED)
@pytest.mark.parametrize(
    "given",
    [
        {"inner": needs("left"), "known": {"left": "young"}},
        {"inner": needs("left"), "known": {"left": "installs"}},
        {"inner": needs("left", group="optionalDependencies"), "known": {"left": "installs"}},
        {"gained": ("net.host:203.0.113.7",)},
        {"gained": ("net.host:xn--80ak6aa92e.com",)},
        {"gained": ("net.host:webhook/chat.test",)},
        {"gained": ("env.named:NPM_TOKEN",)},
    ],
    ids=["young", "installs", "optional", "address", "punycode", "webhook", "token"],
)
def test_a_light_gain_that_is_lifted_to_tier_a_is_held(
    given: dict[str, Any], step: Step, age: timedelta
) -> None:
    given = dict(given)
    found = outcome(difference(*given.pop("gained", ()), step=step, **given), age)
    assert "light" not in rows(found)
    assert found.action >= Action.QUARANTINE


# -- ages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("row", [*MEETS, *OF_FIRST])
def test_an_unknown_age_counts_as_none(row: str, step: Step) -> None:
    found = difference(*(MEETS | OF_FIRST)[row], step=step)
    assert outcome(found, None) == outcome(found, timedelta(0))


def test_a_release_is_young_until_the_very_second() -> None:
    found, young = difference("exec.process:child_process"), table().young
    assert outcome(found, young - timedelta(seconds=1)).action is Action.BLOCK
    assert outcome(found, young).action is Action.QUARANTINE


def test_a_release_of_the_future_is_young() -> None:
    assert (
        outcome(difference("exec.process:child_process"), timedelta(days=-400)).action
        is Action.BLOCK
    )


# -- stricter --------------------------------------------------------------------------------------


@BOTH_AGES
@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("row", [*MEETS, *OF_FIRST])
def test_stricter_is_one_action_more_from_warn_on(row: str, step: Step, age: timedelta) -> None:
    found = difference(*(MEETS | OF_FIRST)[row], step=step)
    plain = {each.row: each.action for each in outcome(found, age).reasons}
    raised = {each.row: each.action for each in outcome(found, age, stricter=True).reasons}
    one_more = {
        Action.OBSERVE: Action.OBSERVE,
        Action.WARN: Action.QUARANTINE,
        Action.QUARANTINE: Action.BLOCK,
        Action.BLOCK: Action.BLOCK,
    }
    assert raised == {row: one_more[action] for row, action in plain.items()}


# -- what is no part of a verdict ------------------------------------------------------------------


@pytest.mark.parametrize("reach", ["install", "bin", "cjs", "esm", ""])
@pytest.mark.parametrize("row", MEETS)
def test_what_leads_to_a_file_is_evidence_and_changes_nothing(row: str, reach: str) -> None:
    found = difference(*MEETS[row])
    told = replace(
        found,
        gained=tuple(
            replace(gain, evidence=tuple(replace(each, reach=reach) for each in gain.evidence))
            for gain in found.gained
        ),
    )
    assert outcome(told) == outcome(found)


@pytest.mark.parametrize("row", MEETS)
def test_a_gain_without_evidence_weighs_as_much(row: str) -> None:
    assert outcome(difference(*MEETS[row], evidence=())) == outcome(difference(*MEETS[row]))


# -- since -----------------------------------------------------------------------------------------

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(("days", "is_new"), [(0, True), (29, True), (30, False), (400, False)])
def test_what_was_accepted_too_short_a_time_ago_counts_as_new(days: int, *, is_new: bool) -> None:
    known = Baseline(
        Origin.LEDGER,
        ("1.2.2",),
        frozenset({"exec.process:child_process"}),
        since={"exec.process:child_process": TODAY - timedelta(days=days)},
    )
    found = outcome(difference("exec.process:child_process", before=known, today=TODAY))
    assert rows(found) == ({"tier-a"} if is_new else set())


def test_a_chain_whose_halves_came_in_one_after_the_other_is_seen() -> None:
    known = Baseline(
        Origin.LEDGER,
        ("1.2.2",),
        frozenset({"env.bulk"}),
        since={"env.bulk": TODAY - timedelta(days=5)},
    )
    found = outcome(difference("net.client:fetch", "env.bulk", before=known, today=TODAY))
    assert "chain" in rows(found)


# -- first releases --------------------------------------------------------------------------------

HIDDEN = {"unknown-past", "unknown-past-hard"}


@pytest.mark.parametrize(
    ("has", "met"),
    [
        ((), set()),
        (("net.client:fetch", "fs.read"), set()),
        (("install.script:postinstall",), {"unknown-past"}),
        (("shape.obfuscated:hex",), {"unknown-past"}),
        (("install.script:prepare", "shape.obfuscated:hex"), {"unknown-past"}),
        (("install.script:postinstall", "shape.obfuscated:hex"), HIDDEN),
        (("install.implicit:gyp", "code.decode-exec"), HIDDEN),
        (("install.script:install", "install.script:fetches"), HIDDEN),
    ],
)
def test_a_first_release_is_judged_by_what_it_can_do_at_all(
    has: tuple[str, ...], met: set[str]
) -> None:
    assert rows(outcome(difference(*has, step=Step.FIRST))) == met


# -- the sentence ----------------------------------------------------------------------------------


def test_the_strongest_reason_comes_first_and_names_what_it_is_about() -> None:
    found = outcome(difference("secret.path:ssh", "net.client:fetch", "fs.read"), OLDER)
    assert [each.action for each in found.reasons] == sorted(
        (each.action for each in found.reasons), reverse=True
    )
    assert found.action is found.reasons[0].action
    assert found.reasons[0].text == "newly secret.path:ssh"


def test_a_long_list_is_cut() -> None:
    found = outcome(difference(*(f"net.host:h{at}.test" for at in range(7))))
    assert found.reasons[0].text.endswith("net.host:h3.test and 3 more")
    assert len(found.reasons[0].capabilities) == 7
