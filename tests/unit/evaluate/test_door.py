"""One release at the firewall's door: the same answers as everywhere, and never clean for want."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from tests.builders import NOW, A, facts, made, policy, published, registered, release

from pratique.difference import baseline_of, table
from pratique.evaluate.door import (
    NOTHING,
    Ruling,
    Turning,
    instants,
    judge_release,
    rules_at_the_door,
)
from pratique.layers import rules
from pratique.layers.build_scripts import BuildScriptsSettings
from pratique.model.behavior import (
    ANALYSED,
    ANALYSER,
    BASELINE,
    DEPENDENCIES,
    Analysis,
    Dependencies,
    Inner,
    Origin,
)
from pratique.model.fact import PUBLISHED, REGISTERED, Facts, Missing, Why
from pratique.model.layer import Subject
from pratique.model.pin import Location
from pratique.model.policy import Action, Exemption, Policy, Verdict
from pratique.model.project import Approval

DAY = timedelta(days=1)
OLD, YOUNG = 400 * DAY, timedelta(hours=7)
RELEASE = release()
CLEAN = Analysis(A.hex, ANALYSER, inner=Inner("left-pad", "1.3.0"))
PAST = baseline_of([("1.2.9", CLEAN)], Origin.REGISTRY)
SCRIPTS = (("postinstall", "node x.js"),)
SCRIPTED = Analysis(A.hex, ANALYSER, inner=Inner("left-pad", "1.3.0", SCRIPTS), installs=SCRIPTS)


def given(
    *more: tuple[Any, Any, object],
    age: timedelta = OLD,
    analysis: Analysis = CLEAN,
    **document: Any,
) -> Facts:
    return facts(
        (REGISTERED, RELEASE, registered(**document)),
        (PUBLISHED, RELEASE, published(age)),
        (ANALYSED, RELEASE, analysis),
        (BASELINE, RELEASE, PAST),
        *made(RELEASE),
        *more,
    )


def ruled(known: Facts, chosen: Policy | None = None, **more: Any) -> Ruling:
    chosen = chosen or policy()
    return judge_release(RELEASE, known, chosen, rules_at_the_door(chosen, **more))


def test_a_release_that_nothing_speaks_against_is_allowed_and_says_nothing() -> None:
    assert ruled(given()) is NOTHING
    assert (Verdict.ALLOW, (), "") == (NOTHING.verdict, NOTHING.rules, NOTHING.text)


def test_what_is_refused_names_its_rules_and_the_sentence_of_the_most_severe() -> None:
    found = ruled(given(age=YOUNG, scripts=SCRIPTS, analysis=Analysis(A.hex, 1, oddities=("x",))))
    assert Verdict.BLOCK is found.verdict
    expected = ("behavior/unanalysable", "release-age/too-new", "build-scripts/undecided")
    assert expected == found.rules
    assert "cannot be analysed: the archive x" == found.text


def test_only_the_rules_at_the_verdicts_level_are_named() -> None:
    chosen = policy(actions={"release-age/too-new": Action.WARN})
    found = ruled(given(age=YOUNG, scripts=SCRIPTS, analysis=SCRIPTED), chosen)
    assert (("build-scripts/undecided",), 2) == (found.rules, len(found.judged))


def test_every_rule_on_releases_is_asked_but_those_that_are_off_or_need_what_is_skipped() -> None:
    of_releases = {rule.id for rule in rules().values() if rule.subject is Subject.RELEASE}
    assert of_releases == {rule.id for _, rule in rules_at_the_door(policy())}
    chosen = policy(actions={"release-age/too-new": Action.OFF})
    left = {rule.id for _, rule in rules_at_the_door(chosen, skip=(ANALYSED, BASELINE))}
    needing = {rule.id for rule in rules().values() if {ANALYSED, BASELINE} & {*rule.needs}}
    assert of_releases - needing - {"release-age/too-new"} == left
    assert {"behavior/new-capability", "lockfile/manifest-confusion"} <= needing


@pytest.mark.parametrize("kind", [REGISTERED, PUBLISHED, ANALYSED, BASELINE])
@pytest.mark.parametrize("why", list(Why))
def test_a_missing_fact_is_never_clean(kind: Any, why: Why) -> None:
    known = given().without([(kind.name, RELEASE)], Missing(why, "it did not come"))
    found = ruled(known)
    assert found.verdict >= (Verdict.WARN if why is Why.ABSENT else Verdict.QUARANTINE)
    assert ("it did not come", bool(found.rules)) == (found.text, True)


def test_a_fact_that_nobody_gathered_is_never_clean() -> None:
    assert Verdict.BLOCK is ruled(facts()).verdict


# -- exemptions and approvals ----------------------------------------------------------------------


def exempted(**more: Any) -> Policy:
    fields: dict[str, Any] = {
        "rule": "release-age/too-new",
        "purl": RELEASE.purl,
        "sha512": A.hex,
        "reason": "a fix",
        "owner": "team-web",
        "until": date(2026, 12, 1),
        **more,
    }
    return policy(exemptions=(Exemption(**fields),))


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, Verdict.ALLOW),
        ({"sha512": None, "purl": "pkg:npm/left-*@*"}, Verdict.ALLOW),
        ({"sha512": "b" * 128}, Verdict.BLOCK),
        ({"until": NOW.date()}, Verdict.BLOCK),
        ({"purl": release(version="1.3.1").purl}, Verdict.BLOCK),
    ],
)
def test_an_exemption_counts_for_the_bytes_that_the_registry_states(
    more: Mapping[str, Any], verdict: Verdict
) -> None:
    found = ruled(given(age=YOUNG), exempted(**more))
    assert verdict is found.verdict
    assert 1 == len(found.judged)


def test_a_registry_without_a_sha512_states_no_bytes_until_they_were_read() -> None:
    known = given(age=YOUNG, digests=())
    assert Verdict.ALLOW is ruled(known, exempted()).verdict
    unread = known.without([(ANALYSED.name, RELEASE)], Missing(Why.FAILED, "not yet"))
    chosen = exempted()
    by_metadata = rules_at_the_door(chosen, skip=(ANALYSED, BASELINE))
    assert Verdict.BLOCK is judge_release(RELEASE, unread, chosen, by_metadata).verdict


@pytest.mark.parametrize(
    ("sha512", "verdict"), [(A.hex, Verdict.ALLOW), ("b" * 128, Verdict.BLOCK)]
)
def test_an_approval_of_a_script_counts_for_the_bytes_that_it_names(
    sha512: str, verdict: Verdict
) -> None:
    approval = Approval("left-pad", "1.3.0", True, Location("pratique.toml", 3), sha512=sha512)
    settings = {"build-scripts": BuildScriptsSettings(approve=(approval,))}
    known = given(scripts=SCRIPTS, analysis=SCRIPTED)
    assert verdict is ruled(known, policy(settings=settings)).verdict


# -- new dependencies ------------------------------------------------------------------------------

NEEDS = Analysis(
    A.hex,
    ANALYSER,
    inner=Inner("left-pad", "1.3.0", dependencies=(("dependencies", "helper", "^2.0.0"),)),
)
DEPENDS = (("dependencies", "helper", "^2.0.0"),)


def with_helper(told: Dependencies | Missing | None) -> Ruling:
    more = [] if told is None else [(DEPENDENCIES, RELEASE, told)]
    return ruled(given(*more, analysis=NEEDS, dependencies=DEPENDS))


@pytest.mark.parametrize(
    ("told", "weight"),
    [({"helper": ""}, 1), ({"helper": "young"}, 3), ({"helper": "installs"}, 3)],
)
def test_a_new_dependency_weighs_what_is_told_of_it(told: Mapping[str, str], weight: int) -> None:
    found = with_helper(Dependencies(told))
    assert [Action(weight)] == [each.action for each in found.judged]
    assert () == found.unknowns


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (None, "of its new dependencies: dependencies was not asked for"),
        (Missing(Why.ABSENT, "no answer"), "of its new dependencies: no answer"),
        (Dependencies(), "of its new dependency helper: it was not looked at"),
        (Dependencies({}, {"helper": "a 500"}), "of its new dependency helper: a 500"),
        (Dependencies({"helper": ""}, {"helper": "a 500"}), "of its new dependency helper: a 500"),
    ],
)
def test_a_new_dependency_of_which_nothing_is_known_is_undecided_and_never_clean(
    told: Dependencies | Missing | None, text: str
) -> None:
    found = with_helper(told)
    assert (Verdict.BLOCK, text) == (found.verdict, found.text)
    assert [Why.FAILED] == [each.missing.why for each in found.unknowns]
    assert ("behavior/new-capability",) == found.rules


# -- when it changes by itself ---------------------------------------------------------------------


def test_a_ruling_changes_at_the_end_of_the_cooldown_to_the_second_and_of_youth() -> None:
    known = given(age=YOUNG)
    ages = (3 * DAY, 7 * DAY, table().young, 60 * DAY)
    ends = tuple(NOW - YOUNG + each for each in ages)
    assert ends == instants(RELEASE, known, policy())
    assert () == instants(RELEASE, given(), policy())


def test_a_ruling_turns_at_the_first_of_its_instants() -> None:
    known = given(age=YOUNG)
    for ruled_by in (policy(), exempted()):
        every = instants(RELEASE, known, ruled_by)
        assert every[0] == Turning(known, ruled_by).of(RELEASE)
    assert Turning(given(), policy()).of(RELEASE) is None
    assert Turning(known, policy()).of(release("other")) is None
    assert Turning(Facts(), exempted()).of(RELEASE) is None


def test_a_ruling_changes_at_midnight_of_the_day_on_which_an_exemption_ends() -> None:
    known, end = given(), NOW.replace(day=1, month=12, hour=0)
    assert (end,) == instants(RELEASE, known, exempted())
    assert (end,) == instants(RELEASE, known, exempted(sha512=None, purl="pkg:npm/left-*@*"))
    assert () == instants(RELEASE, known, exempted(purl=release("other").purl))
    assert () == instants(RELEASE, known, exempted(until=NOW.date()))
