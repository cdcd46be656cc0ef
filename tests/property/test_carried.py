"""What is carried over is what would be decided anew: never a verdict of yesterday."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.proxy.judged import POLICY, Ages, body
from tests.unit.proxy.packuments import BASE, NAME
from tests.unit.proxy.stand import NOW, policy

from pratique.ecosystems.npm.blocklist import blocked_by
from pratique.evaluate.door import Asking, Ruling
from pratique.model.blocklist import BLOCKED
from pratique.model.fact import Facts
from pratique.model.package import Release
from pratique.model.policy import Exemption
from pratique.model.record import Sight
from pratique.proxy.known import Known
from pratique.proxy.packument import Packument, read
from pratique.proxy.verdicts import Judging

NUMBERS = ("1.0.0", "1.0.1", "1.1.0", "1.2.0-rc.1", "2.0.0", "2.0.1")
AGES = st.one_of(st.none(), st.sampled_from([-9, -0.5, 0, 1, 2.9, 2.99, 3, 3.01, 20, 29.9, 900]))
MOVES = st.sampled_from([-3600, 0, 1, 600, 900, 3600, 14 * 3600, 86400, 3 * 86400, 40 * 86400])
"""Seconds between two judgements; time may go back, too."""
LISTED = policy('[layers.registry]\nblocklists = ["blocked.json"]')
EXEMPT = replace(
    LISTED,
    exemptions=tuple(
        Exemption(rule, f"pkg:npm/{NAME}@{number}", None, "why", "who", date(2026, 11, day))
        for rule, number, day in (
            ("release-age/too-new", "2.0.0", 26),
            ("registry/blocked", "1.0.1", 27),
        )
    ),
)
POLICIES = (POLICY, LISTED, EXEMPT, policy('[layers.release-age]\ncooldown = "20 days"'))


def lists(draw: st.DrawFn) -> Facts:
    """A blocklist, which may end, with entries that may end."""
    until = draw(st.sampled_from([{}, {"until": "2026-11-26"}, {"until": "2026-11-28"}]))
    ends = draw(st.sampled_from([{}, {"expires_at": (NOW + timedelta(days=1)).isoformat()}]))
    entry = {"package": NAME, "reason": "bad", "versions": ["1.0.1"], **until}
    value = {"pratique-blocklist": 1, "entries": [entry], **ends}
    return Facts({(BLOCKED.name, None): blocked_by({"blocked.json": json.dumps(value).encode()})})


EXTRAS = st.composite(lists)()


def document(draw: st.DrawFn, ages: Ages, now: datetime, before: Packument | None) -> Packument:
    """The document at a moment; some of its versions say something else than before."""
    whole = json.loads(body(ages))
    for number in draw(st.lists(st.sampled_from(sorted(ages)), unique=True)):
        scripts = draw(st.sampled_from([{"test": "x"}, {"postinstall": "node x.js"}]))
        whole["versions"][number]["scripts"] = scripts
    text = json.dumps(whole, separators=(",", ":")).encode()
    found = read(text, NAME, now=now, known=before)
    assert isinstance(found, Packument)
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[Known]:
    """What is known of a package at some moments, one after the other."""
    moment, found, extra = NOW, list[Known](), draw(EXTRAS)
    ages: dict[str, Any] = {}
    for _ in range(draw(st.integers(2, 4))):
        moment += timedelta(seconds=draw(MOVES))
        new = draw(st.lists(st.sampled_from(NUMBERS), unique=True, min_size=0 if ages else 1))
        ages |= {number: draw(AGES) for number in new}
        sights = {
            each: Sight(NOW, draw(st.sampled_from([None, NOW - timedelta(days=1)])))
            for each in draw(st.lists(st.sampled_from(sorted(ages)), unique=True))
        }
        extra = draw(EXTRAS) if draw(st.integers(0, 3)) == 0 else extra
        before = found[-1] if found else None
        known = Known(
            packument=document(draw, ages, moment, before.packument if before else None),
            now=moment,
            policy=draw(st.sampled_from(POLICIES)) if before is None or draw(st.booleans())
            else before.policy,
            registry=BASE,
            stated=draw(st.integers(0, 4)) > 0,
            sights=sights,
            extra=extra,
        )  # fmt: skip
        found.append(known)
    return found


@settings(max_examples=400, deadline=None)
@given(histories())
def test_what_is_judged_with_what_was_judged_before_comes_to_what_it_comes_to_alone(
    history: list[Known],
) -> None:
    carried = None
    for known in history:
        judging, alone = Judging(known, carried), Judging(known)
        assert judging.by_metadata == alone.by_metadata
        assert judging.seen() == alone.seen()
        for version in known.packument.versions:
            assert judging.facts_digest(version) == alone.facts_digest(version)
        carried = judging.carried


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(POLICIES), st.sampled_from([1, 600, 86400]))
def test_what_cannot_have_changed_is_not_asked_again(judged_by: Any, seconds: int) -> None:
    found = read(body({"1.0.0": 900, "1.1.0": 800, "2.0.0": 1}), NAME, now=NOW)
    assert isinstance(found, Packument)
    known = Known(packument=found, now=NOW, policy=judged_by, registry=BASE)
    before = Judging(known).carried
    later = replace(known, now=NOW.astimezone(UTC) + timedelta(seconds=seconds))
    after = Judging(later, before).carried
    for number in ("1.0.0", "1.1.0"):
        assert after.releases[number] is before.releases[number]
    assert after.releases["2.0.0"] is not before.releases["2.0.0"]


def test_another_policy_asks_the_rules_of_the_layers_that_it_alters_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = read(body({"1.0.0": 900, "1.1.0": 800, "2.0.0": 1}), NAME, now=NOW)
    assert isinstance(found, Packument)
    known = Known(packument=found, now=NOW, policy=POLICIES[0], registry=BASE)
    before = Judging(known).carried
    layers: dict[str, set[str]] = {}

    def of(asking: Asking, release: Release) -> Ruling:
        layers[release.version] = {each.id.partition("/")[0] for each, *_ in asking._rows}
        return ask(asking, release)

    ask = Asking.of
    monkeypatch.setattr(Asking, "of", of)
    after = Judging(replace(known, policy=POLICIES[3]), before).carried
    assert layers["1.0.0"] == layers["1.1.0"] == {"release-age"}
    assert layers["2.0.0"] > {"release-age", "build-scripts"}  # something was found of it
    assert after == Judging(replace(known, policy=POLICIES[3])).carried
