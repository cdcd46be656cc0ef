"""Evidence at the metadata door as properties: what is missing of it never shows more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.proxy.judged import POLICY, TRUSTED, body, harmless
from tests.unit.proxy.packuments import BASE, NAME
from tests.unit.proxy.packuments import given as rendered
from tests.unit.proxy.stand import NOW, policy

from pratique.model.evidence import (
    Attestations,
    Authority,
    Build,
    Carries,
    Claimed,
    Earlier,
    History,
    Refused,
    SignatureFact,
    SignatureState,
)
from pratique.model.fact import Missing, Why
from pratique.proxy.candidates import candidates
from pratique.proxy.known import Known
from pratique.proxy.packument import Packument, read
from pratique.proxy.proven import Proven
from pratique.proxy.verdicts import Judging

NUMBERS = ("1.0.0", "1.0.1", "1.1.0", "2.0.0-rc.1", "2.0.0", "2.0.1")
AGES = st.sampled_from([0, 1, 2.99, 3.01, 20, 59, 61, 179, 181, 900])
POLICIES = (POLICY, policy(preset="strict"))
FAILED = Missing(Why.FAILED, "a 500")
PREDICATE = "https://slsa.dev/provenance/v1"
URL = BASE + "-/npm/v1/attestations/" + NAME
BEFORE = tuple(
    Earlier(
        version=f"1.0.0-{number}" if number > 2 else f"{number}.0.0",
        published=NOW - timedelta(days=400 - number),
        authority=Authority.TRUSTED_PUBLISHER,
        build=Build.CLAIMED,
    )
    for number in range(4)
)


@st.composite
def proofs(draw: st.DrawFn, *, claims: bool) -> Proven:
    """What the evidence of a release comes to: well, refused, missing, and by whose leave."""
    age = draw(st.sampled_from([None, 1, 2.99, 3.01, 20, 200]))
    refused = (Refused("B4", "it is about other bytes", "attestation-mismatch"),)
    attestations: Attestations | Missing = Attestations(present=(PREDICATE,) if claims else ())
    if claims and age is not None:
        attestations = Attestations(publish=NOW - timedelta(days=age), present=(PREDICATE,))
    if draw(st.integers(0, 4)) == 0:
        bad: list[Attestations | Missing] = [Attestations(refused=refused), FAILED]
        attestations = draw(st.sampled_from(bad))
    state = draw(st.sampled_from([*[SignatureState.VALID] * 4, SignatureState.INVALID]))
    claimed = Claimed(
        attestations=claims,
        provenance=PREDICATE if claims else None,
        publisher="ann",
        trusted_publisher=draw(st.sampled_from([None, "github"])),
        carries=Carries(signatures=True, attestations=True, publishers=True),
    )
    earlier = draw(st.sampled_from([History(), History(BEFORE)]))
    return Proven(claimed, attestations, SignatureFact(state), earlier)


def document(ages: Mapping[str, float], urls: Mapping[str, str], tags: Mapping[str, str]) -> Any:
    whole = json.loads(body(ages, tags))
    for number, url in urls.items():
        told = {"url": url, "provenance": {"predicateType": PREDICATE}}
        whole["versions"][number]["dist"]["attestations"] = told
    return whole


@st.composite
def packages(draw: st.DrawFn) -> Known:
    """A package of which everything is known that could be asked for."""
    numbers = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, unique=True))
    attested = draw(st.lists(st.sampled_from(numbers), unique=True))
    tags = draw(st.dictionaries(st.sampled_from(["latest", "next"]), st.sampled_from(numbers)))
    ages = {number: draw(AGES) for number in numbers}
    urls = {number: f"{URL}@{number}" for number in attested}
    packument = read(json.dumps(document(ages, urls, tags)).encode(), NAME, now=NOW)
    assert isinstance(packument, Packument)
    return Known(
        packument=packument,
        now=NOW,
        policy=draw(st.sampled_from(POLICIES)),
        registry=BASE,
        analyses={number: harmless(number) for number in numbers},
        evidence={number: draw(proofs(claims=number in attested)) for number in numbers},
        extra=TRUSTED,
    )


def visible(known: Known) -> set[str]:
    return set(Judging(known).seen().visible)


@settings(max_examples=300, deadline=None)
@given(packages(), st.data())
def test_what_is_not_known_of_a_release_never_makes_a_hidden_one_visible(
    known: Known, data: st.DataObject
) -> None:
    version = data.draw(st.sampled_from(sorted(known.evidence)))
    member = data.draw(st.sampled_from(["claimed", "attestations", "signature", "earlier"]))
    why = data.draw(st.sampled_from([Why.FAILED, Why.NOT_ASKED, Why.OFFLINE]))
    fewer: Any = {member: Missing(why, "removed")}
    proven = replace(known.evidence[version], **fewer)
    assert visible(replace(known, evidence={**known.evidence, version: proven})) <= visible(known)


@settings(max_examples=300, deadline=None)
@given(packages(), st.data())
def test_a_candidate_is_hidden_until_its_evidence_is_known(
    known: Known, data: st.DataObject
) -> None:
    version = data.draw(st.sampled_from(sorted(known.evidence)))
    left = {each: of for each, of in known.evidence.items() if each != version}
    fewer = replace(known, evidence=left)
    judging = Judging(fewer)
    seen = judging.seen()
    shown = set(seen.visible)
    assert shown - visible(known) <= {version}
    is_candidate = version in candidates(known.packument.tags, shown)
    if version in shown and is_candidate:
        assert judging.is_long_settled(version)
        assert not known.packument.versions[version].raw.count(b"attestations")


@settings(max_examples=100, deadline=None)
@given(packages())
def test_what_is_visible_is_refused_by_no_evidence_that_is_known(known: Known) -> None:
    for version in visible(known):
        proven = known.evidence[version]
        assert isinstance(proven.attestations, Attestations)
        assert proven.attestations.refused == ()
        assert proven.signature == SignatureFact(SignatureState.VALID)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(NUMBERS), min_size=1, unique=True), st.data())
def test_no_address_of_attestations_names_another_release(
    numbers: list[str], data: st.DataObject
) -> None:
    spelled = data.draw(st.sampled_from(["@", "%40"]))
    named = st.sampled_from(NUMBERS)
    urls = {number: f"{URL}{spelled}{data.draw(named)}" for number in numbers}
    shown = data.draw(st.lists(st.sampled_from(numbers), unique=True))
    source = json.dumps(document(dict.fromkeys(numbers, 400), urls, {})).encode()
    escaped = source.replace(b'"attestations"', b'"attest\\u0061tions"')
    found = read(data.draw(st.sampled_from([source, escaped])), NAME, now=NOW)
    assert isinstance(found, Packument)
    for version, each in json.loads(rendered(found, shown))["versions"].items():
        told = each["dist"]["attestations"]["url"]
        assert told.replace("%40", "@") == f"{URL}@{version}"
