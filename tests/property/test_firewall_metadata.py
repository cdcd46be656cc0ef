"""Documents as properties: what is hidden is named nowhere, a validator is its body's."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.proxy.judged import POLICY, body, harmless, hostile
from tests.unit.proxy.packuments import BASE, NAME, OURS, known
from tests.unit.proxy.stand import NOW

from pratique.model.fact import Missing, Why
from pratique.model.policy import Verdict
from pratique.model.record import Sight
from pratique.proxy.known import Known
from pratique.proxy.packument import documents
from pratique.proxy.pages import page_of, rendered
from pratique.proxy.paths import tarball_path
from pratique.proxy.settings import Effect, Enforcement
from pratique.proxy.shelf import Shelf, enforced, places_of
from pratique.proxy.verdicts import Judging

NUMBERS = ("1.0.0", "1.0.1", "1.1.0", "1.2.0-rc.1", "2.0.0", "2.0.1", "3.0.0-alpha.0", "3.0.0")
AGES = st.one_of(st.none(), st.sampled_from([-9, 0, 1, 2.99, 3, 3.01, 20, 40, 179, 181, 900]))
KNOWN = st.sampled_from(["", "", "good", "good", "bad", "failed"])


@st.composite
def packages(draw: st.DrawFn) -> tuple[Known, Shelf]:
    numbers = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, unique=True))
    ages = {number: draw(AGES) for number in numbers}
    names = st.sampled_from(["latest", "next", "beta", "old"])
    tags = draw(st.dictionaries(names, st.sampled_from([*numbers, "9.9.9"])))
    analyses: dict[str, Any] = {}
    sights: dict[str, Sight] = {}
    for number in numbers:
        match draw(KNOWN):
            case "good":
                analyses[number] = harmless(number)
            case "bad":
                analyses[number] = hostile(number)
            case "failed":
                analyses[number] = Missing(Why.FAILED, "reading it failed")
        if draw(st.booleans()):
            before = draw(st.sampled_from([None, NOW - timedelta(days=30)]))
            sights[number] = Sight(NOW - timedelta(days=2), before)
    found = Known(
        packument=known(body(ages, tags)),
        now=NOW,
        policy=POLICY,
        registry=BASE,
        stated=draw(st.booleans()),
        sights=sights,
        analyses=analyses,
    )
    return found, shelf_of(found)


def shelf_of(found: Known) -> Shelf:
    seen = Judging(found).seen()
    every = found.packument
    paths = {v: tarball_path(BASE, (), NAME, of.tarball) for v, of in every.versions.items()}
    places, files = places_of(documents(every), paths)
    decided = {v: enforced(ruling, Enforcement()) for v, ruling in seen.rulings.items()}
    return Shelf(NAME, BASE, "d", 1, NOW, seen, places, files, decided)


@settings(max_examples=200, deadline=None)
@given(packages(), st.booleans())
def test_no_version_time_or_tag_of_a_page_names_what_is_hidden(
    case: tuple[Known, Shelf], short: bool
) -> None:
    found, shelf = case
    abbreviated = found.packument if short else None
    page = json.loads(rendered(shelf, found.packument, abbreviated, Enforcement(), OURS))
    visible = {each for each in found.packument.versions if shelf.is_visible(each)}
    assert page["versions"].keys() == visible
    assert page.get("time", {}).keys() - {"created", "modified"} <= visible
    assert set(page["dist-tags"].values()) <= visible
    if visible and found.packument.tags.get("latest") in found.packument.versions:
        assert "latest" in page["dist-tags"]
    assert all(each["dist"]["tarball"].startswith(OURS) for each in page["versions"].values())
    assert not visible & shelf.seen.pending.keys()


@settings(max_examples=200, deadline=None)
@given(packages())
def test_what_is_shown_is_refused_by_no_rule_and_what_failed_is_never_shown(
    case: tuple[Known, Shelf],
) -> None:
    found, shelf = case
    for version in shelf.seen.visible:
        assert shelf.seen.rulings[version].verdict < Verdict.QUARANTINE
        assert not isinstance(found.analyses.get(version), Missing)


@settings(max_examples=100, deadline=None)
@given(packages())
def test_every_effect_refuses_the_same_artifacts(case: tuple[Known, Shelf]) -> None:
    found, shelf = case
    every = set(found.packument.versions)
    for effect in (Effect.SOFT, Effect.ADVISE):
        how = Enforcement(effect=effect)
        page = json.loads(rendered(shelf, found.packument, None, how, OURS))
        assert page["versions"].keys() == every
        marked = {v for v, of in page["versions"].items() if "BLOCKED" in of.get("deprecated", "")}
        hidden = {each for each in every if not shelf.is_visible(each)}
        assert marked == (hidden if effect is Effect.SOFT else set())


@settings(max_examples=100, deadline=None)
@given(packages(), packages(), st.sampled_from(["gzip", "identity"]))
def test_the_validator_changes_if_and_only_if_the_body_does(
    one: tuple[Known, Shelf], other: tuple[Known, Shelf], encoding: str
) -> None:
    bodies = [
        rendered(shelf, of.packument, None, Enforcement(), OURS) for of, shelf in (one, other)
    ]
    first, second = (page_of(each, short=False, encoding=encoding) for each in bodies)
    again = page_of(bodies[0], short=False, encoding=encoding)
    assert (first.etag == second.etag) is (bodies[0] == bodies[1])
    assert again == first
    plain = gzip.decompress(first.body) if encoding == "gzip" else first.body
    assert plain == bodies[0]
