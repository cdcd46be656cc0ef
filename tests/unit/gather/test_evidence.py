"""Evidence as it is gathered: what is asked, what is kept, and what each failure comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.forge import Artifact, Forge
from tests.forge.forge import WHEN
from tests.forge.serving import publish, registry_of
from tests.registry import Fault, Registry, Shelved, faults

from pratique.gather.attesting import Roots
from pratique.gather.behavior import Sources
from pratique.gather.evidence import Terms, gather_evidence, with_claims
from pratique.gather.http import Limits
from pratique.gather.npm import How, gather
from pratique.gather.times import Cutoffs
from pratique.model.evidence import (
    ATTESTATIONS,
    EARLIER,
    SIGNATURE,
    Attestations,
    Authority,
    Earlier,
    History,
    SignatureState,
)
from pratique.model.evidence import Build as Built
from pratique.model.fact import PUBLISHED, Clock, Missing, Published, PublishSource, Why
from pratique.model.package import Digest, Package, Release
from pratique.model.registry import Registries
from pratique.model.signer import SignerPin
from pratique.provenance.keys import read_keys
from pratique.provenance.root import read_root
from pratique.store import Forgetful, Store, open_store

NOW = WHEN + timedelta(days=30)
DAY = timedelta(days=1)
WIDGET = Release(Package("widget"), "1.0.0")
HOW = How(
    Cutoffs(NOW - 3 * DAY, NOW - 30 * DAY),
    limits=Limits(connect=2.0, read=1.0, total=6.0, attempts=2, backoff=0.001),
)
FORGE = Forge()
ROOTS = Roots(
    read_keys(json.dumps(FORGE.keys()).encode()), read_root(json.dumps(FORGE.root()).encode())
)
TERMS = Terms(roots=ROOTS, updated=NOW - DAY)
KINDS = (SIGNATURE, ATTESTATIONS, EARLIER)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with registry_of(FORGE) as registry:
        yield registry


def told(
    registry: Registry,
    *asked: Release,
    terms: Terms = TERMS,
    store: Store | None = None,
    how: How = HOW,
    at: datetime = NOW,
    times: bool = False,
) -> Any:
    """The facts about each release, as check.py gathers them."""
    user = Registries(registry.url)
    sources = Sources(user, store or Forgetful(), Clock(at), how)
    wishes = with_claims((kind, each) for kind in KINDS for each in asked)
    wishes |= {(PUBLISHED, each) for each in asked if times}
    known = gather(wishes, user, sources.store, Clock(at), how)
    return known | gather_evidence(wishes, known, terms, sources)


def widget(registry: Registry, version: str = "1.0.0", **details: Any) -> Shelved:
    return publish(registry, FORGE, "widget", version, **details)


def locks(*shelved: Shelved) -> dict[Release, frozenset[Digest | None]]:
    """What a lockfile locks, that is of the bytes that were published."""
    return {
        Release(Package(each.name), each.version): frozenset(
            Digest.from_sri(each.metadata["dist"]["integrity"])
        )
        for each in shelved
    }


def missing(value: object, why: Why, words: str = "") -> bool:
    return isinstance(value, Missing) and value.why is why and words in value.detail


# Signatures


def test_a_signature_is_of_what_is_locked(registry: Registry) -> None:
    shelved = widget(registry)
    found = told(registry, WIDGET, terms=replace(TERMS, locked=locks(shelved)), times=True)
    fact = found["signature", WIDGET]
    assert (fact.state, fact.keyid) == (SignatureState.VALID, FORGE.npm.id)
    other = {WIDGET: frozenset(Digest.from_sri(Artifact().integrity))}
    assert told(registry, WIDGET, terms=replace(TERMS, locked=other))[
        "signature", WIDGET
    ].state is SignatureState.INVALID  # fmt: skip


@pytest.mark.parametrize(
    ("locked", "state"),
    [
        (frozenset({None}), SignatureState.UNCOVERED),
        (frozenset({None, Digest("sha512", "ab" * 64)}), SignatureState.UNCOVERED),
        (frozenset({Digest("sha512", "ab" * 64)}), SignatureState.INVALID),
    ],
)
def test_what_is_locked_without_a_sha512_no_signature_covers(
    registry: Registry, locked: frozenset[Digest | None], state: SignatureState
) -> None:
    widget(registry)
    found = told(registry, WIDGET, terms=replace(TERMS, locked={WIDGET: locked}))
    assert found["signature", WIDGET].state is state


def test_entries_that_disagree_are_of_nothing(registry: Registry) -> None:
    widget(registry)
    two = frozenset({Digest("sha512", "ab" * 64), Digest("sha512", "cd" * 64)})
    found = told(registry, WIDGET, terms=replace(TERMS, locked={WIDGET: two}))
    assert missing(found["signature", WIDGET], Why.FAILED, "different digests")
    assert missing(found["attestations", WIDGET], Why.FAILED, "different digests")


def test_a_bound_of_the_time_does_not_accuse_a_key_that_was_retired_since(
    registry: Registry,
) -> None:
    """Signed in 2024 by the key of then; the package was last modified after it was retired."""
    widget(registry, at=datetime(2024, 5, 1, tzinfo=UTC), trusted_publisher=None)
    widget(registry, "2.0.0", at=datetime(2026, 2, 1, tzinfo=UTC))
    found = told(registry, WIDGET, times=True)
    stated = gather([(PUBLISHED, WIDGET)], Registries(registry.url), Forgetful(), Clock(NOW), HOW)
    published = stated["published", WIDGET]
    assert isinstance(published, Published)
    assert not published.exact
    assert found["signature", WIDGET].state is SignatureState.VALID
    assert found["published", WIDGET].source is PublishSource.ATTESTED


def test_a_registry_that_signs_nothing_by_policy_is_waived(registry: Registry) -> None:
    widget(registry)
    how = replace(HOW, signatures={registry.url: "none"})
    assert told(registry, WIDGET, how=how)["signature", WIDGET].state is SignatureState.WAIVED


# Attestations


def test_attestations_tell_who_built_it_and_when_it_was_published(registry: Registry) -> None:
    widget(registry, published=WHEN - 300 * DAY)
    found = told(registry, WIDGET, times=True)
    fact = found["attestations", WIDGET]
    assert isinstance(fact, Attestations)
    assert fact.refused == ()
    assert fact.provenance is not None
    assert fact.provenance.repository == "https://github.com/acme/widget"
    published = found["published", WIDGET]
    assert published.source is PublishSource.ATTESTED
    assert published.at == fact.publish
    assert published.at >= WHEN
    assert found["root", None].updated == TERMS.updated


def test_attestations_of_other_bytes_than_those_locked_are_refused(registry: Registry) -> None:
    widget(registry)
    other = {WIDGET: frozenset(Digest.from_sri(Artifact().integrity))}
    found = told(registry, WIDGET, terms=replace(TERMS, locked=other))
    assert {each.rule for each in found["attestations", WIDGET].refused} == {"B4"}
    assert ("published", WIDGET) not in found


def test_a_manifest_inside_that_names_another_source_is_refused(registry: Registry) -> None:
    widget(registry)
    terms = replace(TERMS, manifests={WIDGET: "https://github.com/evil/widget"})
    found = told(registry, WIDGET, terms=terms)
    assert [each.rule for each in found["attestations", WIDGET].refused] == ["B11"]
    terms = replace(TERMS, manifests={WIDGET: "github:acme/widget"})
    assert told(registry, WIDGET, terms=terms)["attestations", WIDGET].refused == ()


@pytest.mark.parametrize(
    ("fault", "rules"),
    [
        (faults.not_found(), {"B7"}),
        (faults.attested(), {"B7"}),
        (faults.without_attestation("slsa.dev"), {"B7"}),
        (faults.without_attestation("publish"), {"B5"}),
        (faults.malformed(b'{"attestations":[],"attestations":[]}'), {"crypto"}),
        (faults.malformed(b"[" * 1000), {"crypto"}),
    ],
)
def test_what_is_announced_and_not_there_is_refused(
    registry: Registry, fault: Fault, rules: set[str]
) -> None:
    widget(registry)
    registry.fault(fault, kind="attestations")
    found = told(registry, WIDGET)["attestations", WIDGET]
    assert isinstance(found, Attestations), found
    assert {each.rule for each in found.refused} == rules
    assert (found.publish, found.provenance) == (None, None)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.status(500), "status 500"),
        (faults.status(403), "status 403"),
        (faults.reset(), "broke off"),
        (faults.huge(3_000_000), "larger than"),
    ],
)
def test_an_endpoint_that_fails_is_missing(registry: Registry, fault: Fault, words: str) -> None:
    widget(registry)
    registry.fault(fault, kind="attestations")
    assert missing(told(registry, WIDGET)["attestations", WIDGET], Why.FAILED, words)


def test_a_mirror_that_strips_everything_is_missing_for_every_release(registry: Registry) -> None:
    asked = [Release(Package(name), "1.0.0") for name in ("widget", "gadget", "tool")]
    for each in asked:
        publish(registry, FORGE, each.name, each.version)
    registry.fault(faults.stripped_evidence())
    found = told(registry, *asked)
    for each in asked:
        assert missing(found["signature", each], Why.ABSENT, "127.0.0.1")
        assert missing(found["attestations", each], Why.ABSENT, "127.0.0.1")
    assert registry.asked("-/npm/v1/attestations/*") == []


def test_stripped_from_one_release_it_is_a_lack(registry: Registry) -> None:
    widget(registry)
    publish(registry, FORGE, "gadget", "1.0.0")
    gadget = Release(Package("gadget"), "1.0.0")
    registry.fault(faults.stripped_evidence(), package="gadget")
    found = told(registry, WIDGET, gadget)
    assert found["signature", gadget].state is SignatureState.ABSENT
    assert found["attestations", gadget] == Attestations()


def test_who_is_pinned_has_to_have_provenance_whatever_is_announced(registry: Registry) -> None:
    widget(registry)
    registry.fault(faults.stripped_evidence())
    terms = replace(TERMS, pins=(SignerPin(package="widget", repository="https://a.example/b/c"),))
    found = told(registry, WIDGET, terms=terms)["attestations", WIDGET]
    assert [each.name for each in found.refused] == ["attestation-missing"]


# What is kept


def test_a_second_run_asks_and_verifies_nothing(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget(registry)
    with open_store(tmp_path, Clock(NOW)) as store:
        first = told(registry, WIDGET, store=store, times=True)
    registry.forget()
    monkeypatch.setattr("pratique.gather.attesting.bound", None)
    monkeypatch.setattr("pratique.gather.evidence.verify_signature", None)
    with open_store(tmp_path, Clock(NOW)) as store:
        assert told(registry, WIDGET, store=store, times=True) == first
        offline = replace(HOW, offline=True)
        assert told(registry, WIDGET, store=store, how=offline, times=True) == first
    assert registry.requests == []


def test_what_is_kept_is_judged_anew_by_other_locks_and_other_keys(
    registry: Registry, tmp_path: Path
) -> None:
    widget(registry)
    other = Forge("another")
    keys = read_keys(json.dumps(other.keys()).encode())
    with open_store(tmp_path, Clock(NOW)) as store:
        assert told(registry, WIDGET, store=store)["attestations", WIDGET].refused == ()
        registry.forget()
        stolen = {WIDGET: frozenset(Digest.from_sri(Artifact().integrity))}
        terms = replace(TERMS, locked=stolen)
        found = told(registry, WIDGET, store=store, terms=terms)
        assert {x.rule for x in found["attestations", WIDGET].refused} == {"B4"}
        assert found["signature", WIDGET].state is SignatureState.INVALID
        terms = replace(TERMS, roots=Roots(keys, ROOTS.root))
        found = told(registry, WIDGET, store=store, terms=terms)
        assert "B5" in {x.rule for x in found["attestations", WIDGET].refused}
        assert found["signature", WIDGET].state is SignatureState.UNKNOWN_KEY
    assert registry.asked("-/npm/*") == []


def test_a_refusal_is_asked_for_again_after_an_hour(registry: Registry, tmp_path: Path) -> None:
    widget(registry)
    registry.fault(faults.not_found(), kind="attestations")
    with open_store(tmp_path, Clock(NOW)) as store:
        assert told(registry, WIDGET, store=store)["attestations", WIDGET].refused
        registry.heal()
        assert told(registry, WIDGET, store=store)["attestations", WIDGET].refused
        later = NOW + timedelta(hours=2)
        assert not told(registry, WIDGET, store=store, at=later)["attestations", WIDGET].refused
        far = NOW + timedelta(hours=20)
        registry.forget()
        told(registry, WIDGET, store=store, at=far)
    assert registry.asked("-/npm/*") == []


def test_an_answer_that_held_and_does_not_by_what_is_asked_now_is_asked_for_again(
    registry: Registry, tmp_path: Path
) -> None:
    """First without provenance, which nobody claimed; then the document claims some."""
    widget(registry)
    registry.fault(faults.without_attestation("slsa"), kind="attestations")
    registry.fault(
        faults.edited(lambda d: d["dist"]["attestations"].pop("provenance")), kind="version"
    )
    with open_store(tmp_path, Clock(NOW)) as store:
        assert not told(registry, WIDGET, store=store)["attestations", WIDGET].refused
        registry.heal()
        pins = (SignerPin(package="widget", repository="https://github.com/acme/widget"),)
        terms = replace(TERMS, pins=pins)
        found = told(registry, WIDGET, store=store, terms=terms)["attestations", WIDGET]
        assert [each.rule for each in found.refused] == ["B7"]
        later = NOW + timedelta(hours=2)
        found = told(registry, WIDGET, store=store, terms=terms, at=later)["attestations", WIDGET]
        assert found.provenance is not None


def test_offline_what_was_never_asked_is_missing(registry: Registry, tmp_path: Path) -> None:
    widget(registry)
    with open_store(tmp_path, Clock(NOW)) as store:
        gather(with_claims({(SIGNATURE, WIDGET)}), Registries(registry.url), store, Clock(NOW), HOW)
        found = told(registry, WIDGET, store=store, how=replace(HOW, offline=True))
    assert missing(found["attestations", WIDGET], Why.OFFLINE)


# What came before


COMPARED = replace(TERMS, compared=True)


def line(registry: Registry, *versions: str, **details: Any) -> None:
    for number, version in enumerate(versions):
        widget(registry, version, at=WHEN - (len(versions) - number) * 20 * DAY, **details)


def test_the_last_five_of_the_line_are_verified_and_no_others(registry: Registry) -> None:
    line(registry, *(f"1.{n}.0" for n in range(8)))
    now = Release(Package("widget"), "1.8.0")
    widget(registry, "1.8.0", at=WHEN)
    history = told(registry, now, terms=COMPARED)["earlier", now]
    assert isinstance(history, History)
    assert [each.version for each in history.earlier] == [f"1.{n}.0" for n in range(8)]
    assert [each.build for each in history.earlier] == [Built.CLAIMED] * 3 + [Built.VERIFIED] * 5
    assert all(each.authority is Authority.TRUSTED_PUBLISHER for each in history.earlier)
    assert len(registry.asked("-/npm/v1/attestations/*")) == 6
    assert len(registry.asked("widget")) == 1


def test_without_a_base_or_a_ledger_nothing_came_before(registry: Registry) -> None:
    line(registry, "1.0.0", "1.1.0")
    now = Release(Package("widget"), "1.1.0")
    assert told(registry, now)["earlier", now] == History(compared=False)
    assert registry.asked("widget") == []


def test_who_dates_a_release_back_does_not_hide_what_came_before_it(registry: Registry) -> None:
    line(registry, "1.0.0", "1.1.0", "1.2.0")
    widget(registry, "1.3.0", at=WHEN, published=WHEN - 900 * DAY)
    now = Release(Package("widget"), "1.3.0")
    history = told(registry, now, terms=COMPARED)["earlier", now]
    assert [each.version for each in history.earlier] == ["1.0.0", "1.1.0", "1.2.0"]


def test_an_earlier_one_that_cannot_be_verified_still_claimed_it(registry: Registry) -> None:
    line(registry, "1.0.0", "1.1.0")
    now = Release(Package("widget"), "1.2.0")
    widget(registry, "1.2.0", at=WHEN)
    registry.fault(faults.status(500), path="*widget@1.0.0")
    history = told(registry, now, terms=COMPARED)["earlier", now]
    assert [each.build for each in history.earlier] == [Built.CLAIMED, Built.VERIFIED]


def test_of_a_registry_without_evidence_nothing_is_known_of_what_came_before(
    registry: Registry,
) -> None:
    line(registry, "1.0.0", "1.1.0")
    registry.fault(faults.stripped_evidence())
    now = Release(Package("widget"), "1.1.0")
    [before] = told(registry, now, terms=COMPARED)["earlier", now].earlier
    assert missing(before.authority, Why.ABSENT)
    assert missing(before.build, Why.ABSENT)


@pytest.mark.parametrize("fault", [faults.status(500), faults.malformed(), faults.not_found()])
def test_a_packument_that_cannot_be_had_is_missing(registry: Registry, fault: Fault) -> None:
    line(registry, "1.0.0", "1.1.0")
    registry.fault(fault, kind="packument")
    now = Release(Package("widget"), "1.1.0")
    assert missing(told(registry, now, terms=COMPARED)["earlier", now], Why.FAILED)


def test_where_times_are_untrusted_nothing_says_what_came_before(registry: Registry) -> None:
    line(registry, "1.0.0", "1.1.0")
    now = Release(Package("widget"), "1.1.0")
    how = replace(HOW, publish_time={registry.url: "untrusted"})
    assert missing(told(registry, now, terms=COMPARED, how=how)["earlier", now], Why.ABSENT)


def test_the_past_is_kept_and_asked_again_where_it_lacks_the_release(
    registry: Registry, tmp_path: Path
) -> None:
    line(registry, "1.0.0", "1.1.0")
    now = Release(Package("widget"), "1.1.0")
    with open_store(tmp_path, Clock(NOW)) as store:
        first = told(registry, now, terms=COMPARED, store=store)["earlier", now]
        registry.forget()
        assert told(registry, now, terms=COMPARED, store=store)["earlier", now] == first
        assert registry.requests == []
        widget(registry, "1.2.0", at=WHEN)
        newer = Release(Package("widget"), "1.2.0")
        history = told(registry, newer, terms=COMPARED, store=store)["earlier", newer]
    assert [each.version for each in history.earlier] == ["1.0.0", "1.1.0"]


def test_offline_a_past_that_is_out_of_date_or_lacks_the_release_is_missing(
    registry: Registry, tmp_path: Path
) -> None:
    line(registry, "1.0.0", "1.1.0")
    now = Release(Package("widget"), "1.1.0")
    offline = replace(HOW, offline=True)
    with open_store(tmp_path, Clock(NOW)) as store:
        told(registry, now, terms=COMPARED, store=store)
        for asked, at, is_known in (
            (now, NOW + timedelta(hours=23), True),
            (now, NOW + timedelta(hours=25), False),
            (Release(Package("widget"), "1.2.0"), NOW, False),
        ):
            found = told(registry, asked, terms=COMPARED, store=store, how=offline, at=at)
            assert missing(found["earlier", asked], Why.OFFLINE) is not is_known


# What the ledger knows


ACCEPTED = Earlier(
    version="1.0.0",
    published=WHEN - 90 * DAY,
    authority=Missing(Why.NOT_ASKED, "not in it"),
    build=Built.VERIFIED,
)


def test_the_ledgers_word_on_a_build_leaves_the_publisher_that_it_does_not_keep(
    registry: Registry,
) -> None:
    line(registry, "1.0.0", "1.1.0")
    registry.release("widget", "1.0.0").metadata["dist"].pop("attestations")
    now = Release(Package("widget"), "1.1.0")
    terms = replace(COMPARED, before={now: (ACCEPTED,)})
    history = told(registry, now, terms=terms)["earlier", now]
    [before] = history.earlier
    assert (before.build, before.authority) == (Built.VERIFIED, Authority.TRUSTED_PUBLISHER)
    assert before.publisher
    assert history.open is None
    staged = replace(ACCEPTED, authority=Authority.STAGED)
    terms = replace(COMPARED, before={now: (staged,)})
    [before] = told(registry, now, terms=terms)["earlier", now].earlier
    assert before.authority is Authority.STAGED


def test_what_the_ledger_knows_is_not_all_where_the_packument_cannot_be_had(
    registry: Registry,
) -> None:
    line(registry, "1.0.0", "1.1.0", "1.2.0")
    registry.fault(faults.status(500), kind="packument")
    now = Release(Package("widget"), "1.2.0")
    terms = replace(COMPARED, before={now: (ACCEPTED,)})
    history = told(registry, now, terms=terms)["earlier", now]
    assert history.earlier == (ACCEPTED,)
    assert missing(history.open, Why.FAILED, "status 500")
