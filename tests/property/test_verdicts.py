"""DECISIONS 4 as properties: a missing fact never helps, and neither does one more finding."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import BASE, NOW, RUN, document, pin, project, published, report, url

from pratique.errors import Exit
from pratique.evaluate import exit_of
from pratique.layers import LAYERS
from pratique.model.fact import (
    FIRST_PUBLISHED,
    HOSTS,
    NEWCOMERS,
    PUBLISHED,
    REGISTERED,
    Facts,
    FirstPublished,
    Hosts,
    Key,
    Missing,
    Newcomers,
    PublishSource,
    Registered,
    Why,
)
from pratique.model.package import Digest
from pratique.model.pin import Location, Pin, Source
from pratique.model.policy import Action, LayerPolicy, OnUnknown, Policy, Verdict
from pratique.model.report import Judged

DIGESTS = tuple(Digest("sha512", letter * 128) for letter in "ab")
NAMES = ("left-pad", "is-even", "@corp/app")
ACTIONS = st.sampled_from(list(Action))
FAILURES = st.sampled_from([Why.NOT_ASKED, Why.OFFLINE, Why.FAILED])


@st.composite
def pins(draw: st.DrawFn) -> Pin:
    name = draw(st.sampled_from(NAMES))
    return pin(
        name,
        "1.0.0",
        key=f"k{draw(st.integers(0, 99))}",
        where=Location("package-lock.json", draw(st.integers(1, 99))),
        url=draw(
            st.sampled_from(
                [None, url(name, "1.0.0"), url("other", "1.0.0"), "http://x.example/a.tgz"]
            )
        ),
        source=draw(st.sampled_from([Source.REGISTRY, Source.REMOTE, Source.GIT, Source.BUNDLED])),
        digests=draw(st.sampled_from([(), DIGESTS[:1], DIGESTS[1:]])),
        alias=draw(st.sampled_from([None, "nick"])),
        direct=draw(st.booleans()),
        install_script=draw(st.sampled_from([None, True, False])),
    )


@st.composite
def observed(draw: st.DrawFn, locked: list[Pin]) -> Facts:
    known: dict[tuple[str, Key], object] = dict(RUN)
    known[(HOSTS.name, None)] = Hosts({"registry.example": BASE}, BASE)
    known[(NEWCOMERS.name, None)] = Newcomers(
        frozenset({each.release.package for each in locked if draw(st.booleans())}), compared=True
    )
    for each in locked:
        scripts = draw(st.sampled_from([(), (("postinstall", "node x.js"),)]))
        answer = document(each.name, each.version, digests=DIGESTS[:1], scripts=scripts)
        there = draw(st.booleans())
        known[(REGISTERED.name, each.release)] = Registered(BASE, answer if there else None)
        age = timedelta(days=draw(st.integers(0, 60)))
        known[(PUBLISHED.name, each.release)] = published(age)
        first = FirstPublished(NOW - age, PublishSource.REGISTRY)
        known[(FIRST_PUBLISHED.name, each.release.package)] = first
    return Facts(known)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Policies that config would accept: a required layer's on_unknown is warn or more."""
    actions = {rule.id: draw(ACTIONS) for layer in LAYERS for rule in layer.rules}
    layers = {}
    for layer in LAYERS:
        required = draw(st.booleans())
        lowest = Action.WARN if required else Action.OFF
        legal = st.sampled_from([each for each in Action if each >= lowest])
        unknown = OnUnknown(draw(legal), draw(legal))
        layers[layer.name] = LayerPolicy(required, unknown, layer.settings())
    return Policy("recommended", actions, layers)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Pin], Facts, Policy]:
    locked = draw(st.lists(pins(), min_size=1, max_size=4, unique_by=lambda each: each.key))
    return locked, draw(observed(locked)), draw(policies())


def all_required(policy: Policy) -> Policy:
    layers = {
        name: LayerPolicy(
            required=True,
            on_unknown=OnUnknown(
                max(of.on_unknown.absent, Action.WARN), max(of.on_unknown.failed, Action.WARN)
            ),
            settings=of.settings,
        )
        for name, of in policy.layers.items()
    }
    return Policy(policy.preset, policy.actions, layers)


@settings(max_examples=300, deadline=None)
@given(cases(), st.data())
def test_removing_facts_never_lowers_a_verdict(case: Any, data: st.DataObject) -> None:
    locked, facts, policy = case
    policy = all_required(policy)
    keys = sorted(facts.known(), key=str)
    dropped = data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
    fewer = facts.without(dropped, Missing(data.draw(FAILURES), "removed"))
    shop = project(*locked)
    before = report(shop, facts=facts, policy=policy)
    after = report(shop, facts=fewer, policy=policy)
    assert after.verdict >= before.verdict


@settings(max_examples=300, deadline=None)
@given(cases(), st.data())
def test_a_fact_that_its_source_cannot_give_never_reads_as_allow(
    case: Any, data: st.DataObject
) -> None:
    locked, facts, policy = case
    policy = all_required(policy)
    keys = [(kind, key) for kind, key in facts.known() if key is not None]
    dropped = data.draw(st.lists(st.sampled_from(sorted(keys, key=str)), min_size=1, unique=True))
    fewer = facts.without(dropped, Missing(Why.ABSENT, "this registry has none"))
    shop = project(*locked)
    after = report(shop, facts=fewer, policy=policy)
    touched = {each.missing.detail for each in after.unknowns}
    assert not touched or after.verdict > Verdict.ALLOW


@settings(max_examples=200, deadline=None)
@given(cases())
def test_blocked_or_undecided_never_exits_0(case: Any) -> None:
    locked, facts, policy = case
    found = report(project(*locked), facts=facts, policy=policy)
    verdicts = [each.verdict for each in found.judged] + [each.verdict for each in found.unknowns]
    held = any(each >= Verdict.QUARANTINE for each in verdicts)
    assert held == (found.exit is not Exit.ALLOWED)


@settings(max_examples=200, deadline=None)
@given(cases(), cases())
def test_adding_a_finding_never_relaxes_a_verdict(case: Any, more: Any) -> None:
    locked, facts, policy = case
    found = report(project(*locked), facts=facts, policy=policy)
    other = report(project(*more[0]), facts=more[1], policy=policy)
    for extra in other.judged:
        grown: list[Judged] = [*found.judged, extra]
        worst = max(each.verdict for each in grown)
        assert worst >= max((each.verdict for each in found.judged), default=Verdict.ALLOW)
        code = exit_of(grown, found.unknowns, found.layers, None)
        assert code is not Exit.ALLOWED or found.exit is Exit.ALLOWED
        assert code is Exit.BLOCKED or code is found.exit


@settings(max_examples=100, deadline=None)
@given(cases(), st.sampled_from([Verdict.WARN, Verdict.QUARANTINE, Verdict.BLOCK]))
def test_fail_on_tightens_and_never_loosens(case: Any, threshold: Verdict) -> None:
    locked, facts, policy = case
    found = report(project(*locked), facts=facts, policy=policy)
    code = exit_of(found.judged, found.unknowns, found.layers, threshold)
    assert code is not Exit.ALLOWED or found.exit is Exit.ALLOWED
