"""Layer 9: what each rule finds in facts, and that a missing one is never a pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.builders import (
    NOW,
    A,
    facts,
    fired,
    known,
    pin,
    policy,
    project,
    published,
    registered,
    release,
    report,
)

from pratique.difference import baseline_of, table
from pratique.errors import Exit
from pratique.layers.behavior import (
    LAYER,
    MOST_SHOWN,
    NEW_CAPABILITY,
    NO_BASELINE,
    PARTLY_READ,
    UNANALYSABLE,
    BehaviorSettings,
)
from pratique.model.behavior import (
    ACCEPTED,
    ANALYSED,
    ANALYSER,
    BASELINE,
    Accepted,
    Analysis,
    Baseline,
    Inner,
    Origin,
    Seen,
    Step,
)
from pratique.model.fact import (
    FIRST_PUBLISHED,
    PUBLISHED,
    REGISTERED,
    Facts,
    FirstPublished,
    Key,
    Missing,
    PublishSource,
    Why,
)
from pratique.model.finding import Finding
from pratique.model.package import Package
from pratique.model.pin import Pin, Source
from pratique.model.policy import Action
from pratique.model.report import Report

PIN = pin()
OLD, DAY = timedelta(days=400), timedelta(days=1)
FIRST = Baseline(Origin.NONE)
EXEC = Seen("exec.process:child_process", "lib/setup.js", 14, "require('child_process')", "cjs")
ODD = ("holds 'package.json' twice", "has bytes behind its end")


def analysis(*seen: Seen, **more: Any) -> Analysis:
    ids = tuple(sorted({each.capability for each in seen}))
    return Analysis(A.hex, ANALYSER, ids, seen, **{"inner": Inner("left-pad", "1.3.0"), **more})


def past(*those: tuple[str, Analysis], origin: Origin = Origin.BASE) -> Baseline:
    return baseline_of(those or [("1.2.9", analysis())], origin)


def given(
    now: Analysis | Missing,
    before: Baseline | Missing = FIRST,
    *more: tuple[Any, Key, object],
    age: timedelta | None = OLD,
) -> Facts:
    """Facts of the one release that is locked; `more` as (kind, subject, value)."""
    found: list[tuple[Any, Key, object]] = [
        (REGISTERED, PIN.release, registered()),
        (ANALYSED, PIN.release, now),
        (BASELINE, PIN.release, before),
        *more,
    ]
    if age is not None:
        found.append((PUBLISHED, PIN.release, published(age)))
    return facts(*found)


def judged(of: Facts, *pins: Pin, **settings: Any) -> Report:
    chosen = {LAYER.name: BehaviorSettings(**settings)} if settings else {}
    return report(project(*(pins or (PIN,))), facts=of, policy=policy(settings=chosen))


def findings(found: Report) -> list[Finding]:
    return [each.finding for each in found.judged if each.finding.rule.startswith("behavior/")]


def one(found: Report) -> Finding:
    (each,) = findings(found)
    return each


def actions(found: Report) -> dict[str, Action]:
    mine = (each for each in found.judged if each.finding.rule.startswith("behavior/"))
    return {each.finding.rule: each.action for each in mine}


# -- a new capability ------------------------------------------------------------------------------


def test_a_gain_is_told_with_its_code_what_it_is_compared_with_and_what_to_type() -> None:
    found = one(judged(given(analysis(EXEC), past(("1.2.9", analysis())))))
    assert found.rule == "behavior/new-capability"
    assert found.message == "newly exec.process:child_process (compared with 1.2.9)"
    assert [each.text for each in found.evidence] == [
        "A exec.process:child_process lib/setup.js:14  require('child_process')"
    ]
    assert (found.release, found.where, found.sha512) == (PIN.release, PIN.where, A.hex)
    assert found.remedy is not None
    assert found.remedy.look == "pratique diff left-pad@1.2.9 left-pad@1.3.0"
    assert (found.remedy.command or "").startswith("pratique accept left-pad@1.3.0 ")


def test_a_release_that_can_do_what_it_could_do_before_passes() -> None:
    found = judged(given(analysis(EXEC), past(("1.2.9", analysis(EXEC)))))
    assert findings(found) == []
    assert [row.summary for row in found.layers if row.name == LAYER.name] == [
        "1 releases analysed, nothing new"
    ]


@pytest.mark.parametrize(
    ("age", "action"),
    [(DAY, "young"), (table().young, "older"), (OLD, "older"), (None, "young")],
)
def test_the_table_decides_by_age_and_an_unknown_age_is_none(
    age: timedelta | None, action: str
) -> None:
    found = judged(given(analysis(EXEC), past(("1.3.0-rc.1", analysis())), age=age))
    young, older = table().rows["tier-a"].actions[Step.PATCH]
    assert actions(found) == {NEW_CAPABILITY.id: young if action == "young" else older}


def test_stricter_raises_what_it_leads_to() -> None:
    of = given(analysis(replace(EXEC, capability="net.client:fetch")), past())
    assert actions(judged(of)) == {NEW_CAPABILITY.id: Action.WARN}
    assert actions(judged(of, stricter=True)) == {NEW_CAPABILITY.id: Action.QUARANTINE}


def test_the_policys_action_is_a_ceiling() -> None:
    of = given(analysis(EXEC), past(), age=DAY)
    laxer = policy(actions={NEW_CAPABILITY.id: Action.WARN})
    assert actions(report(project(PIN), facts=of, policy=laxer)) == {NEW_CAPABILITY.id: Action.WARN}


def test_a_downgrade_is_judged_against_the_ledger() -> None:
    ledger = past(("1.4.0", analysis()), origin=Origin.LEDGER)
    found = one(judged(given(analysis(EXEC), ledger)))
    assert found.message == "newly exec.process:child_process (compared with 1.4.0)"
    assert found.weight >= Action.QUARANTINE


def test_other_bytes_under_an_accepted_version_are_judged() -> None:
    ledger = past(("1.3.0", analysis()), origin=Origin.LEDGER)
    assert one(judged(given(analysis(EXEC), ledger))).weight is Action.BLOCK


def test_two_versions_of_one_line_are_compared_with_together() -> None:
    fetch = replace(EXEC, capability="net.client:fetch")
    both = past(("1.2.9", analysis(EXEC)), ("1.1.0", analysis(fetch)))
    assert findings(judged(given(analysis(EXEC, fetch), both))) == []
    found = one(judged(given(analysis(EXEC, replace(EXEC, capability="fs.write")), both)))
    assert found.message == "newly fs.write (compared with 1.1.0, 1.2.9)"


def test_what_the_ledger_accepted_days_ago_is_still_new() -> None:
    ids = frozenset({EXEC.capability})
    day = NOW.date()
    for age, expected in ((29, {NEW_CAPABILITY.id}), (30, set())):
        since = {EXEC.capability: day - timedelta(days=age)}
        ledger = Baseline(Origin.LEDGER, ("1.2.9",), ids, since=since)
        assert set(actions(judged(given(analysis(EXEC), ledger)))) == expected


def test_evidence_is_bounded() -> None:
    many = tuple(Seen(f"net.host:h{at}.test", "a.js", at + 1, "x" * 160) for at in range(40))
    found = one(judged(given(analysis(*many), past())))
    assert len(found.evidence) == MOST_SHOWN
    assert "and 36 more" in found.message


# -- new dependencies ------------------------------------------------------------------------------

HELPER = pin("helper", "2.0.0", key="node_modules/helper")
NEEDS = Inner("left-pad", "1.3.0", dependencies=(("dependencies", "helper", "^2.0.0"),))
PACKAGE = Package("helper")


def of_helper(
    installs: tuple[tuple[str, str], ...] = (),
    first: timedelta | None = OLD,
    own: timedelta | None = OLD,
    **more: Any,
) -> Facts:
    told: list[tuple[Any, Key, object]] = [
        (REGISTERED, HELPER.release, registered("helper", "2.0.0")),
        (ANALYSED, HELPER.release, analysis(installs=installs)),
        (BASELINE, HELPER.release, FIRST),
    ]
    if first is not None:
        at = FirstPublished(NOW - first, PublishSource.REGISTRY)
        told.append((FIRST_PUBLISHED, PACKAGE, at))
    if own is not None:
        told.append((PUBLISHED, HELPER.release, published(own)))
    return given(analysis(inner=NEEDS), past(), *told, **more)


@pytest.mark.parametrize(
    ("told", "capability"),
    [
        ({}, "B dep.new:helper"),
        ({"installs": (("postinstall", "node a.js"),)}, "A dep.new:installs/helper"),
        ({"installs": (("install", "node-gyp rebuild"),)}, "A dep.new:installs/helper"),
        ({"first": timedelta(days=29)}, "A dep.new:young/helper"),
        ({"first": timedelta(days=30)}, "B dep.new:helper"),
        ({"own": DAY}, "A dep.new:young/helper"),
        ({"own": table().young}, "B dep.new:helper"),
    ],
)
def test_a_new_dependency_is_lifted_where_it_is_young_or_runs_code_at_install(
    told: Mapping[str, Any], capability: str
) -> None:
    found = one(judged(of_helper(**told), PIN, HELPER))
    assert found.evidence[0].text.startswith(f"{capability} package.json")
    lifted = capability.startswith("A ")
    assert (found.weight >= Action.QUARANTINE) == lifted
    assert (found.weight is Action.OBSERVE) == (not lifted)


def test_of_several_locked_versions_of_a_new_dependency_any_can_lift_it() -> None:
    other = pin("helper", "1.0.0", key="node_modules/left-pad/node_modules/helper")
    of = of_helper(installs=(("install", "make"),)).with_facts(
        {(ANALYSED.name, other.release): analysis(), (BASELINE.name, other.release): FIRST}
    )
    for pins in ((PIN, HELPER, other), (PIN, other, HELPER)):
        found = next(each for each in findings(judged(of, *pins)) if each.release == PIN.release)
        assert found.evidence[0].text.startswith("A dep.new:installs/helper")


def test_the_age_below_which_a_package_is_young_is_the_policys() -> None:
    of = of_helper(first=timedelta(days=40))
    assert one(judged(of, PIN, HELPER)).weight is Action.OBSERVE
    assert one(judged(of, PIN, HELPER, young=timedelta(days=90))).weight >= Action.QUARANTINE


# -- nothing to compare with -----------------------------------------------------------------------


def test_a_first_install_says_that_there_is_no_baseline_and_what_it_can_do() -> None:
    found = judged(given(analysis(EXEC)))
    each = one(found)
    assert each.rule == "behavior/no-baseline"
    assert each.message == "can exec.process:child_process"
    assert actions(found) == {NO_BASELINE.id: Action.OBSERVE}
    assert each.remedy is not None
    assert each.remedy.look == "pratique inspect left-pad@1.3.0"
    assert each.evidence[0].text.startswith("A exec.process:child_process lib/setup.js:14")


@pytest.mark.parametrize("seen", [(), (replace(EXEC, capability="fs.read"),)])
def test_a_first_install_that_can_nothing_of_weight_is_quiet(seen: tuple[Seen, ...]) -> None:
    assert findings(judged(given(analysis(*seen)))) == []


@pytest.mark.parametrize(
    ("age", "action"), [(DAY, Action.QUARANTINE), (None, Action.QUARANTINE), (OLD, Action.WARN)]
)
def test_a_first_install_that_runs_code_and_hides_it_is_held_by_its_age(
    age: timedelta | None, action: Action
) -> None:
    hidden = (
        replace(EXEC, capability="install.script:postinstall"),
        replace(EXEC, capability="shape.obfuscated:hex"),
    )
    assert actions(judged(given(analysis(*hidden), age=age))) == {NO_BASELINE.id: action}


# -- what cannot be read ---------------------------------------------------------------------------


@pytest.mark.parametrize("before", [FIRST, past(("1.2.9", analysis(EXEC)))])
def test_an_archive_that_clients_may_read_differently_is_blocked_and_nothing_else_is_said(
    before: Baseline,
) -> None:
    found = judged(given(analysis(EXEC, oddities=ODD), before))
    each = one(found)
    assert each.rule == "behavior/unanalysable"
    assert each.message == "cannot be analysed: the archive holds 'package.json' twice"
    assert [line.text for line in each.evidence] == [f"the archive {odd}" for odd in ODD]
    assert each.sha512 == A.hex
    assert (actions(found), found.exit) == ({UNANALYSABLE.id: Action.BLOCK}, Exit.BLOCKED)


def test_files_that_were_not_examined_whole_are_counted_and_named() -> None:
    unread = tuple((f"dist/{at}.js", "it is larger than what is parsed") for at in range(20))
    each = one(judged(given(analysis(unread=unread), past())))
    assert each.rule == "behavior/partly-read"
    assert each.message == "20 of its files were not examined whole"
    assert each.evidence[0].text == "dist/0.js: it is larger than what is parsed"
    assert len(each.evidence) == MOST_SHOWN


# -- missing facts ---------------------------------------------------------------------------------

FAILED = Missing(Why.FAILED, "its artifact did not come")
EVERY = {UNANALYSABLE.id, NEW_CAPABILITY.id, NO_BASELINE.id, PARTLY_READ.id}


def unknown(found: Report) -> set[str]:
    return {each.rule for each in found.unknowns if each.rule.startswith("behavior/")}


@pytest.mark.parametrize("why", list(Why))
def test_without_an_analysis_every_rule_is_unknown_and_the_run_undecided(why: Why) -> None:
    found = judged(given(Missing(why, "x"), past()))
    assert (findings(found), unknown(found)) == ([], EVERY)
    assert all(each.action >= Action.WARN for each in found.unknowns)
    if why is not Why.ABSENT:
        assert found.exit is Exit.UNDECIDED


def test_without_its_baseline_a_release_is_unknown_and_not_a_first_one() -> None:
    found = judged(given(analysis(EXEC), FAILED))
    assert (findings(found), unknown(found)) == ([], {NEW_CAPABILITY.id, NO_BASELINE.id})
    assert found.exit is Exit.UNDECIDED


def test_what_is_unanalysable_is_so_without_a_baseline_too() -> None:
    found = judged(given(analysis(oddities=ODD), FAILED))
    assert actions(found) == {UNANALYSABLE.id: Action.BLOCK}


def test_without_a_clock_nothing_is_said_to_be_new_or_old() -> None:
    of = given(analysis(EXEC), past()).without([("clock", None)], FAILED)
    assert unknown(judged(of)) == {NEW_CAPABILITY.id, NO_BASELINE.id}


# -- what is not judged ----------------------------------------------------------------------------


def test_bytes_that_the_ledger_accepts_are_not_judged() -> None:
    accepted = (ACCEPTED, None, Accepted(frozenset({PIN.release})))
    for now in (analysis(EXEC), analysis(oddities=ODD), FAILED):
        found = judged(given(now, past(), accepted))
        assert (findings(found), unknown(found)) == ([], set())


def test_what_the_ledger_accepts_of_another_release_lets_nothing_in() -> None:
    other = (ACCEPTED, None, Accepted(frozenset({release("helper"), release(version="1.2.9")})))
    assert set(actions(judged(given(analysis(EXEC), past(), other)))) == {NEW_CAPABILITY.id}


def test_bytes_that_no_sha512_locks_are_told_by_what_was_read() -> None:
    bare = replace(PIN, digests=())
    for digest, expected in ((A.hex, set()), ("00" * 64, {NEW_CAPABILITY.id})):
        accepted = (ACCEPTED, None, Accepted(artifacts=frozenset({(PIN.release, digest)})))
        found = judged(given(analysis(EXEC), past(), accepted), bare)
        assert set(actions(found)) == expected


def test_unreadable_bytes_are_said_to_be_so_though_nothing_locks_them() -> None:
    accepted = (ACCEPTED, None, Accepted(artifacts=frozenset({(PIN.release, A.hex)})))
    found = judged(given(analysis(oddities=ODD), past(), accepted), replace(PIN, digests=()))
    assert set(actions(found)) <= {UNANALYSABLE.id}


def test_what_no_registry_can_have_published_is_not_asked_about() -> None:
    local = pin(source=Source.GIT, url="git+https://forge.example/a.git", digests=())
    found = report(project(local), facts=facts(), policy=policy())
    assert (findings(found), unknown(found)) == ([], set())


def test_every_release_is_judged_once_wherever_it_is_locked() -> None:
    twin = pin(key="node_modules/a/node_modules/left-pad")
    found = judged(given(analysis(EXEC), past()), PIN, twin)
    assert len(findings(found)) == 1


def test_a_healthy_project_has_nothing_of_this_layer() -> None:
    found = report(project(PIN), facts=known(PIN), policy=policy())
    assert not {each for each in fired(found) if each[0].startswith("behavior/")}
