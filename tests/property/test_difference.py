"""What holds of every difference: more is never judged weaker, and what is not known is no pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.difference.changes import AT, BEFORE, FIRST, seen

from pratique.difference import LIGHT, baseline_of, compare, judge, table
from pratique.model.behavior import (
    ANALYSER,
    Analysis,
    Baseline,
    Difference,
    Inner,
    Origin,
    Step,
    Tier,
)
from pratique.model.policy import Action

CAPABILITIES = (
    "exec.process:child_process", "code.eval", "code.decode-exec", "code.dynamic-load", "code.wasm",
    "dep.url:git/a", "native.binary:elf", "net.client:fetch", "net.client:http", "net.dns",
    "net.server", "net.host:widget.test", "net.host:203.0.113.7", "fs.read", "fs.write",
    "secret.path:ssh", "env.named:LANG", "env.named:NPM_TOKEN", "env.bulk", "sys.fingerprint",
    "browser.sensitive:wallet", "persist:cron", "shape.obfuscated:hex", "shape.opaque:blob",
    "install.implicit:gyp", "from.a-later-version:x",
)  # fmt: skip
EVENTS, COMMANDS, NAMES = ("preinstall", "install", "postinstall"), ("make", "node a"), "abc"
SOME = st.frozensets(st.sampled_from(CAPABILITIES), max_size=6)
STEPS = st.sampled_from(sorted(AT, key=str))
AGES = st.none() | st.integers(-5, 60).map(lambda days: timedelta(days=days))
KNOWN = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["young", "installs"]))


def put_together(
    capabilities: frozenset[str], scripts: dict[str, str], needed: frozenset[str]
) -> Analysis:
    """An analysis as the analyser makes them: a script it runs is a capability that it has."""
    ids = capabilities | {f"install.script:{event}" for event in scripts}
    return Analysis(
        "ab" * 64,
        ANALYSER,
        tuple(sorted(ids)),
        seen(ids),
        Inner(dependencies=tuple(("dependencies", name, "1") for name in sorted(needed))),
        tuple(scripts.items()),
    )


ANALYSES = st.builds(
    put_together,
    SOME,
    st.dictionaries(st.sampled_from(EVENTS), st.sampled_from(COMMANDS), max_size=2),
    st.frozensets(st.sampled_from(NAMES), max_size=2),
)


def past(*those: Analysis) -> Baseline:
    return baseline_of([(BEFORE, each) for each in those], Origin.BASE)


def action(found: Difference, age: timedelta | None, **more: Any) -> Action:
    return judge(found, age, table(), **more).action


@settings(max_examples=400, deadline=None)
@given(ANALYSES, ANALYSES, ANALYSES, STEPS, AGES, KNOWN)
def test_a_larger_past_never_makes_it_stricter(
    now: Analysis,
    before: Analysis,
    more: Analysis,
    step: Step,
    age: timedelta | None,
    known: dict[str, str],
) -> None:
    smaller, larger = past(before), past(before, more)
    one, other = (compare("w", AT[step], now, each, known) for each in (smaller, larger))
    assert action(other, age) <= action(one, age)


@settings(max_examples=400, deadline=None)
@given(ANALYSES, ANALYSES, SOME, STEPS, AGES, KNOWN)
def test_one_more_capability_never_relaxes(
    now: Analysis,
    before: Analysis,
    more: frozenset[str],
    step: Step,
    age: timedelta | None,
    known: dict[str, str],
) -> None:
    ids = tuple(sorted({*now.capabilities, *more}))
    grown = replace(now, capabilities=ids, evidence=seen(ids))
    for baseline, version in ((past(before), AT[step]), (FIRST, "1.0.0")):
        one, other = (compare("w", version, each, baseline, known) for each in (now, grown))
        assert action(other, age) >= action(one, age)


@settings(max_examples=300, deadline=None)
@given(ANALYSES, ANALYSES, STEPS, st.tuples(AGES, AGES), st.booleans())
def test_a_younger_or_an_unknown_age_never_relaxes(
    now: Analysis,
    before: Analysis,
    step: Step,
    ages: tuple[timedelta | None, timedelta | None],
    first: bool,
) -> None:
    found = compare("w", AT[step], now, FIRST if first else past(before))
    unknown, *known = sorted(ages, key=lambda age: (age is not None, age or timedelta(0)))
    assert action(found, None) >= action(found, unknown) >= action(found, known[0])


@settings(max_examples=300, deadline=None)
@given(ANALYSES, ANALYSES, STEPS, AGES, KNOWN)
def test_what_is_known_of_a_new_dependency_never_relaxes(
    now: Analysis, before: Analysis, step: Step, age: timedelta | None, known: dict[str, str]
) -> None:
    one, other = (compare("w", AT[step], now, past(before), each) for each in ({}, known))
    assert action(other, age) >= action(one, age)


@settings(max_examples=300, deadline=None)
@given(ANALYSES, ANALYSES, STEPS, AGES)
def test_stricter_never_relaxes_and_raises_nothing_that_is_only_recorded(
    now: Analysis, before: Analysis, step: Step, age: timedelta | None
) -> None:
    found = compare("w", AT[step], now, past(before))
    plain, raised = action(found, age), action(found, age, stricter=True)
    assert raised >= plain
    assert raised == plain or plain >= Action.WARN


@settings(max_examples=300, deadline=None)
@given(ANALYSES, ANALYSES, STEPS, AGES)
def test_an_archive_that_cannot_be_analysed_is_blocked_whatever_it_shows(
    now: Analysis, before: Analysis, step: Step, age: timedelta | None
) -> None:
    odd = replace(now, oddities=("has bytes behind its end",))
    for baseline, version in ((past(before), AT[step]), (FIRST, "1.0.0")):
        assert action(compare("w", version, odd, baseline), age) is Action.BLOCK


@settings(max_examples=200, deadline=None)
@given(ANALYSES, STEPS, AGES)
def test_what_can_do_what_it_could_do_before_is_let_in(
    now: Analysis, step: Step, age: timedelta | None
) -> None:
    found = compare("w", AT[step], now, past(now))
    assert (found.gained, found.lost, action(found, age)) == ((), (), Action.OFF)


@settings(max_examples=300, deadline=None)
@given(ANALYSES, ANALYSES, STEPS, AGES)
def test_every_gain_is_in_a_reason_and_only_light_ones_are_recorded_alone(
    now: Analysis, before: Analysis, step: Step, age: timedelta | None
) -> None:
    found = compare("w", AT[step], now, past(before))
    outcome = judge(found, age, table())
    told = {each for reason in outcome.reasons for each in reason.capabilities}
    assert told == {gain.capability for gain in found.gained}
    heavy = {
        gain.capability
        for gain in found.gained
        if gain.tier is Tier.A
        or (gain.tier is Tier.B and gain.capability.partition(":")[0] not in LIGHT)
    }
    assert (outcome.action >= Action.WARN) == bool(heavy) or step is Step.SAME
