"""The firewall's door as properties: it says what check says, and a missing fact never helps."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import BASE, NOW, RUN, A, B, document, pin, project, published, report

from pratique.difference import baseline_of
from pratique.ecosystems.npm.blocklist import blocked_by
from pratique.evaluate.door import instants, judge_release, rules_at_the_door
from pratique.layers import LAYERS
from pratique.layers.build_scripts import BuildScriptsSettings
from pratique.layers.registry import RegistrySettings
from pratique.model.behavior import (
    ACCEPTED,
    ANALYSED,
    ANALYSER,
    BASELINE,
    DEPENDENCIES,
    Accepted,
    Analysis,
    Dependencies,
    Inner,
    Origin,
    Seen,
)
from pratique.model.blocklist import BLOCKED
from pratique.model.fact import (
    CLOCK,
    PUBLISHED,
    REGISTERED,
    Clock,
    Facts,
    Key,
    Missing,
    Registered,
    Why,
)
from pratique.model.layer import Subject
from pratique.model.package import Release
from pratique.model.pin import Location
from pratique.model.policy import Action, Exemption, LayerPolicy, OnUnknown, Policy, Verdict
from pratique.model.project import Approval
from pratique.model.registry import OwnName, RegistryUrl

ON_RELEASES = sorted(rule.id for x in LAYERS for rule in x.rules if rule.subject is Subject.RELEASE)
LOUD = st.sampled_from([Action.BLOCK, Action.BLOCK, Action.QUARANTINE, Action.WARN, Action.OFF])
NAMES = ("left-pad", "corp-lib", "corp-libs", "@corp/app")
SCRIPTS = (("postinstall", "node x.js"),)
EXEC = Seen("exec.process:child_process", "lib/setup.js", 14, "require('child_process')", "cjs")
SPECIFIERS = st.sampled_from(["^1.0.0", "git+https://forge.example/a.git", "npm:x@1"])


def _rows(draw: Any) -> tuple[tuple[str, str, str], ...]:
    return (("dependencies", "helper", draw(SPECIFIERS)),) if draw(st.booleans()) else ()


@st.composite
def blocklists(draw: st.DrawFn, name: str) -> object:
    which: dict[str, object] = draw(
        st.sampled_from(
            [{"range": "*"}, {"versions": ["9.0.0"]}, {"sha512": A.hex}, {"sha512": B.hex}]
        )
    )
    until = draw(st.sampled_from([{}, {"until": "2026-11-22"}, {"until": "2026-11-24"}]))
    ends = draw(st.sampled_from([{}, {"expires_at": NOW.isoformat()}]))
    entry = {"package": name, "reason": "bad", **which, **until}
    value = {"pratique-blocklist": 1, "entries": [entry], **ends}
    return blocked_by({"blocked.json": json.dumps(value).encode()})


@st.composite
def observed(draw: st.DrawFn, release: Release, *, gains: bool) -> Facts:
    """Everything that can be known of a release; with `gains`, new dependencies too."""
    scripts = draw(st.sampled_from([(), SCRIPTS]))
    rows = _rows(draw) if gains else ()
    digests = draw(st.sampled_from([(A,), (B,)]))
    stated = document(
        release.name, release.version, digests=digests, scripts=scripts, dependencies=rows
    )
    before = Analysis(B.hex, ANALYSER, inner=Inner(release.name, "1.3.0"))
    seen = draw(st.sampled_from([(), (), (EXEC,)]))
    analysis = Analysis(
        digests[0].hex,
        ANALYSER,
        tuple(each.capability for each in seen),
        seen,
        Inner(release.name, release.version, scripts, rows),
        installs=scripts,
        oddities=draw(st.sampled_from([(), (), ("has bytes behind its end",)])),
        unread=draw(st.sampled_from([(), (("a.js", "too large"),)])),
    )
    known: dict[tuple[str, Key], object] = {
        **RUN,
        (ACCEPTED.name, None): Accepted(),
        (BLOCKED.name, None): draw(blocklists(release.name)),
        (REGISTERED.name, release): Registered(
            draw(st.sampled_from([BASE, "https://packages.corp.example/"])), stated
        ),
        (PUBLISHED.name, release): published(timedelta(days=draw(st.integers(0, 20)))),
        (ANALYSED.name, release): analysis,
        (BASELINE.name, release): baseline_of([("1.3.0", before)], Origin.REGISTRY),
    }
    if draw(st.booleans()):
        told = draw(st.sampled_from([{"helper": "installs"}, {"helper": ""}, {}]))
        known[DEPENDENCIES.name, release] = Dependencies(told)
    return Facts(known)


@st.composite
def policies(draw: st.DrawFn, release: Release) -> Policy:
    actions = dict.fromkeys((rule.id for x in LAYERS for rule in x.rules), Action.OBSERVE)
    loud = draw(st.lists(st.sampled_from(ON_RELEASES), min_size=1, unique=True))
    actions.update({rule: draw(LOUD) for rule in loud})
    own = (OwnName("@corp"), OwnName("corp-lib")) if draw(st.booleans()) else ()
    where = Location("pratique.toml", 3)
    approval = Approval(release.name, None, True, where, sha512=draw(st.sampled_from([A, B])).hex)
    chosen = {
        "registry": RegistrySettings(
            own=own, own_registry=RegistryUrl(BASE), blocklists=("blocked.json",)
        ),
        "build-scripts": BuildScriptsSettings(approve=(approval,)),
    }
    layers = {}
    for layer in LAYERS:
        legal = st.sampled_from([each for each in Action if each >= Action.WARN])
        unknown = OnUnknown(draw(legal), draw(legal))
        made = chosen.get(layer.name, layer.settings())
        layers[layer.name] = LayerPolicy(True, unknown, made)
    rule = draw(st.sampled_from(loud))
    sha512 = draw(st.sampled_from([A.hex, B.hex, None]))
    purl = "pkg:npm/*@*" if sha512 is None else release.purl
    until = draw(st.sampled_from([date(2026, 11, 22), date(2026, 12, 1)]))
    exemption = Exemption(rule, purl, sha512, "why", "who", until)
    return Policy("recommended", actions, layers, exemptions=(exemption,))


@st.composite
def cases(draw: st.DrawFn, *, gains: bool = True) -> tuple[Release, Facts, Policy]:
    release = pin(draw(st.sampled_from(NAMES)), "1.3.1").release
    return release, draw(observed(release, gains=gains)), draw(policies(release))


@settings(max_examples=300, deadline=None)
@given(cases(gains=False))
def test_a_rule_says_at_the_door_what_it_says_in_check_for_the_same_facts(case: Any) -> None:
    release, facts, policy = case
    stated = facts.need(REGISTERED, release).document.digests
    locked = pin(release.name, release.version, digests=stated, integrity=stated[0].sri)
    found = report(project(locked), facts=facts, policy=policy)
    asked = rules_at_the_door(policy)
    here = judge_release(release, facts, policy, asked)
    every = frozenset(ON_RELEASES)
    in_check = {
        (each.finding.rule, each.finding.message, each.finding.sha512, each.action, each.exemption)
        for each in found.judged
        if each.finding.rule in every
    }
    assert in_check == {
        (each.finding.rule, each.finding.message, each.finding.sha512, each.action, each.exemption)
        for each in here.judged
    }
    undecided = {(each.rule, each.missing, each.action) for each in found.unknowns}
    assert {each for each in undecided if each[0] in every} == {
        (each.rule, each.missing, each.action) for each in here.unknowns
    }


@settings(max_examples=400, deadline=None)
@given(cases(), st.data())
def test_removing_facts_never_lowers_what_is_decided_at_the_door(
    case: Any, data: st.DataObject
) -> None:
    release, facts, policy = case
    why = data.draw(st.sampled_from([Why.NOT_ASKED, Why.OFFLINE, Why.FAILED]))
    keys = sorted(facts.known(), key=str)
    several = data.draw(st.lists(st.sampled_from(keys), min_size=2, unique=True))
    asked = rules_at_the_door(policy)
    before = judge_release(release, facts, policy, asked)
    for dropped in (*([each] for each in keys), several):
        fewer = facts.without(dropped, Missing(why, "removed"))
        after = judge_release(release, fewer, policy, asked)
        assert after.verdict >= before.verdict, dropped


@settings(max_examples=200, deadline=None)
@given(cases(), st.data())
def test_a_fact_that_its_source_cannot_give_never_reads_as_allow(
    case: Any, data: st.DataObject
) -> None:
    release, facts, policy = case
    keys = sorted((each for each in facts.known() if each[1] is not None), key=str)
    dropped = data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
    fewer = facts.without(dropped, Missing(Why.ABSENT, "this registry has none"))
    after = judge_release(release, fewer, policy, rules_at_the_door(policy))
    assert not after.unknowns or after.verdict > Verdict.ALLOW


@settings(max_examples=200, deadline=None)
@given(cases())
def test_what_is_decided_names_a_rule_and_a_sentence_where_it_is_more_than_allowed(
    case: Any,
) -> None:
    release, facts, policy = case
    found = judge_release(release, facts, policy, rules_at_the_door(policy))
    verdicts = [each.verdict for each in found.judged]
    verdicts += [each.verdict for each in found.unknowns]
    assert found.verdict is max(verdicts, default=Verdict.ALLOW)
    assert bool(found.rules) == bool(found.text) == (found.verdict > Verdict.ALLOW)


@settings(max_examples=300, deadline=None)
@given(cases(gains=False), st.integers(0, 20 * 24))
def test_a_ruling_changes_at_one_of_its_instants_and_never_between(case: Any, hours: int) -> None:
    release, facts, policy = case
    later = NOW + timedelta(hours=hours)
    asked = rules_at_the_door(policy)

    def at(moment: Any) -> object:
        moved = facts.with_facts({(CLOCK.name, None): Clock(moment)})
        found = judge_release(release, moved, policy, asked)
        return found.verdict, found.rules, [each.exemption for each in found.judged]

    coming = [each for each in instants(release, facts, policy) if each <= later]
    assert at(later) == at(max([NOW, *coming]))
