"""Layers 7 and 8 at both doors of the firewall, over ASGI, with evidence of a forge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.forge import Forge
from tests.forge.serving import registry_of
from tests.registry import Registry, faults
from tests.trusting import trust
from tests.unit.proxy.evident import LINE, NAME, by_token, evident, line, release, run
from tests.unit.proxy.stand import NOW, Clock, Reply, Stand, days, policy, publish

from pratique.errors import StoreError
from pratique.gather import attesting, evidence
from pratique.model.policy import Verdict
from pratique.provenance.signatures import verify_signature
from pratique.proxy import evidence as evidence_desk
from pratique.proxy.known import UNTRUSTED
from pratique.proxy.proven import Wish

ENDPOINT = "-/npm/v1/attestations/"
UPLOAD = timedelta(seconds=2)
"""From the build's attestation to the registry's, as the forge mints them."""


def tarball(version: str, name: str = NAME) -> str:
    return f"{name}/-/{name.rpartition('/')[2]}-{version}.tgz"


def rules(found: Reply) -> list[str]:
    assert found.status == 403, found.body
    return list(found.json()["rules"])


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def upstream(forge: Forge) -> Iterator[Registry]:
    with registry_of(forge) as made:
        line(made, forge)
        yield made


@pytest.fixture
def stand(tmp_path: Path, upstream: Registry, forge: Forge, clock: Clock) -> Iterator[Stand]:
    with evident(tmp_path / "data", upstream, forge, clock) as made:
        yield made


# What may be seen and had


def test_a_release_with_all_of_its_evidence_is_seen_and_given(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    release(upstream, forge, "1.0.3", 5)
    assert stand.ask(NAME).versions == [*LINE, "1.0.3"]
    assert stand.ask(tarball("1.0.3")).status == 200
    assert [each.verdict for each in stand.decisions()] == [Verdict.ALLOW]


def test_a_release_by_hand_in_a_line_of_a_trusted_publisher_is_neither_seen_nor_given(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    by_token(upstream, forge, "1.0.3", 5)
    found = stand.ask(NAME)
    assert found.versions == list(LINE)
    assert found.json()["dist-tags"] == {"latest": "1.0.2"}
    assert rules(stand.ask(tarball("1.0.3")))[0] == "trust/downgrade"
    assert "trust/downgrade" in stand.ask(tarball("1.0.3")).reason


def test_after_it_has_settled_it_is_seen_and_on_record_as_a_warning(
    stand: Stand, upstream: Registry, forge: Forge, clock: Clock
) -> None:
    by_token(upstream, forge, "1.0.3", 5)
    assert "1.0.3" not in stand.ask(NAME).versions
    clock.move(days=54, hours=23, minutes=59)
    assert "1.0.3" not in stand.ask(NAME).versions
    clock.move(minutes=1)
    assert "1.0.3" in stand.ask(NAME).versions


@pytest.mark.parametrize(
    ("kept", "rule"),
    [
        (slice(0), "signatures/attestation-missing"),
        (slice(1), "signatures/attestation-missing"),
        (slice(1, None), "signatures/publish-attestation-missing"),
    ],
)
def test_what_its_endpoint_leaves_out_is_missed(
    stand: Stand, upstream: Registry, forge: Forge, kept: slice, rule: str
) -> None:
    shelved = release(upstream, forge, "1.0.3", 5)
    shelved.attestations = list(shelved.attestations or [])[kept]
    assert stand.ask(NAME).versions == list(LINE)
    assert rule in rules(stand.ask(tarball("1.0.3")))


def test_attestations_of_another_release_are_none_of_this_one(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    shelved = release(upstream, forge, "1.0.3", 5)
    shelved.attestations = upstream.release(NAME, "1.0.2").attestations
    assert stand.ask(NAME).versions == list(LINE)
    assert "signatures/attestation-mismatch" in rules(stand.ask(tarball("1.0.3")))


def test_provenance_of_another_repository_is_not_this_packages(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    own = run(
        9_999, repository="https://github.com/mallory/widget", repository_id="6", owner_id="7"
    )
    release(upstream, forge, "1.0.3", 5, build=own)
    assert stand.ask(NAME).versions == list(LINE)
    assert "signatures/signer-unexpected" in rules(stand.ask(tarball("1.0.3")))


def test_a_source_that_only_the_artifact_names_otherwise_is_seen_in_its_bytes(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    other = {"repository": "github:mallory/widget"}
    release(upstream, forge, "1.0.3", 5, packed=other)
    assert stand.ask(NAME).versions == list(LINE)
    assert rules(stand.ask(tarball("1.0.3"))) == ["lockfile/manifest-confusion"]


def test_a_registrys_signature_of_other_bytes_is_tampering(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    shelved = release(upstream, forge, "1.0.3", 5)
    before = upstream.release(NAME, "1.0.2").metadata["dist"]["signatures"]
    shelved.metadata["dist"]["signatures"] = before
    assert stand.ask(NAME).versions == list(LINE)
    assert "signatures/invalid" in rules(stand.ask(tarball("1.0.3")))


def test_what_a_document_says_otherwise_than_before_is_judged_anew(
    stand: Stand, upstream: Registry, forge: Forge, clock: Clock
) -> None:
    shelved = release(upstream, forge, "1.0.3", 5)
    assert stand.ask(NAME).versions == [*LINE, "1.0.3"]
    shelved.metadata["dist"]["signatures"] = []
    upstream.shelves[NAME].touch(None)
    clock.move(minutes=6)
    assert stand.ask(NAME).versions == list(LINE)
    assert "signatures/missing" in rules(stand.ask(tarball("1.0.3")))


def test_what_was_hidden_for_its_evidence_is_not_told_by_the_endpoint_either(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    shelved = release(upstream, forge, "1.0.3", 5)
    shelved.attestations = list(shelved.attestations or [])[1:]
    assert stand.ask(f"{ENDPOINT}{NAME}@1.0.3").status == 404
    found = stand.ask(f"{ENDPOINT}{NAME}@1.0.2")
    assert (found.status, len(found.json()["attestations"])) == (200, 2)
    assert len(stand.ask("-/npm/v1/keys").json()["keys"]) == 2


# Times


@pytest.mark.parametrize("stated", [10, 400])
def test_a_release_matures_by_its_attested_time_though_its_document_dates_it_back(
    stand: Stand, upstream: Registry, forge: Forge, clock: Clock, stated: float
) -> None:
    release(upstream, forge, "1.0.3", 1, published=days(stated))
    assert stand.ask(NAME).versions == list(LINE)
    assert rules(stand.ask(tarball("1.0.3"))) == ["release-age/too-new"]
    told = stand.decisions()[-1].findings[0]
    assert "attested" in told["evidence"][0]
    ripe = days(1) + UPLOAD + timedelta(days=3)
    clock.at = ripe - timedelta(seconds=1)
    assert stand.ask(NAME).versions == list(LINE)
    clock.at = ripe
    assert stand.ask(NAME).versions == [*LINE, "1.0.3"]
    assert stand.ask(tarball("1.0.3")).status == 200


def test_a_candidate_that_is_dated_back_and_claims_nothing_is_judged_by_what_came_before(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    by_token(upstream, forge, "1.0.3", 10)
    assert stand.ask(NAME).versions == list(LINE)


# Where evidence does not come


def test_an_endpoint_that_fails_leaves_it_hidden_until_it_is_well(
    stand: Stand, upstream: Registry, forge: Forge, clock: Clock
) -> None:
    release(upstream, forge, "1.0.3", 5)
    upstream.fault(faults.status(500), kind="attestations", path="*1.0.3")
    assert stand.ask(NAME).versions == list(LINE)
    found = stand.ask(tarball("1.0.3"))
    assert "signatures/attestation-missing" in rules(found)
    told = stand.decisions()[-1].findings
    assert {"failed"} == {each["why"] for each in told if "unknown" in each}
    upstream.heal()
    assert stand.ask(NAME).versions == list(LINE), "asked for again after a minute"
    clock.move(minutes=1)
    assert stand.ask(NAME).versions == [*LINE, "1.0.3"]


def test_what_was_refused_is_asked_for_again_after_an_hour(
    stand: Stand, upstream: Registry, forge: Forge, clock: Clock
) -> None:
    shelved = release(upstream, forge, "1.0.3", 5)
    whole, shelved.attestations = shelved.attestations, None
    assert stand.ask(NAME).versions == list(LINE)
    assert "signatures/attestation-missing" in rules(stand.ask(tarball("1.0.3")))
    shelved.attestations = whole
    clock.move(minutes=59)
    assert stand.ask(NAME).versions == list(LINE)
    clock.move(minutes=1)
    assert stand.ask(NAME).versions == [*LINE, "1.0.3"]


def test_a_registry_that_is_away_is_stood_in_for_by_what_was_verified(
    stand: Stand, upstream: Registry, forge: Forge, clock: Clock
) -> None:
    release(upstream, forge, "1.0.3", 5)
    assert stand.ask(NAME).versions == [*LINE, "1.0.3"]
    upstream.fault(faults.status(500))
    clock.move(hours=2)
    assert stand.ask(NAME).versions == [*LINE, "1.0.3"]


@pytest.mark.parametrize(("preset", "shown"), [("recommended", True), ("strict", False)])
def test_a_mirror_that_strips_evidence_leaves_it_unknown_and_the_policy_decides(
    tmp_path: Path, upstream: Registry, forge: Forge, clock: Clock, preset: str, shown: bool
) -> None:
    release(upstream, forge, "1.0.3", 20)
    upstream.fault(faults.stripped_evidence())
    with evident(
        tmp_path / "data", upstream, forge, clock, judged_by=policy(preset=preset)
    ) as made:
        assert ("1.0.3" in made.ask(NAME).versions) is shown
        assert (made.ask(tarball("1.0.3")).status == 200) is shown
        decided = made.decisions()[-1]
        assert decided.verdict is (Verdict.WARN if shown else Verdict.BLOCK)
        unknown = {each["rule"]: each["why"] for each in decided.findings if "unknown" in each}
        assert unknown["signatures/missing"] == "absent"
        assert unknown["trust/downgrade"] == "absent"


def test_a_registry_that_cannot_be_reached_is_not_tried_for_each_release(
    stand: Stand, upstream: Registry, forge: Forge, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(upstream, forge, "0.1.0", 300)
    release(upstream, forge, "0.1.1", 290)
    shown = stand.ask(NAME).versions
    upstream.close()
    clock.move(minutes=6)
    tried: list[object] = []
    monkeypatch.setattr(attesting, "_ask", lambda _client, wanted, _roots: tried.append(wanted))
    assert stand.ask(NAME).versions == shown
    assert rules(stand.ask(tarball("0.1.0")))[0].startswith("signatures/")
    assert tried == []
    told = {each.get("unknown") for each in stand.decisions()[-1].findings}
    assert "its registry could not be reached just now" in told


def test_one_document_proves_what_a_registry_carries_and_that_is_kept(
    tmp_path: Path, upstream: Registry, forge: Forge, clock: Clock
) -> None:
    upstream.publish("bare", "1.0.0", published=days(20), keys=[])
    with evident(tmp_path / "data", upstream, forge, clock) as made:
        assert made.ask("bare").versions == ["1.0.0"]
        assert made.ask(NAME).status == 200
        clock.move(minutes=10)
        assert made.ask("bare").versions == []
        assert "signatures/missing" in rules(made.ask(tarball("1.0.0", "bare")))
    with evident(tmp_path / "data", upstream, forge, clock) as again:
        assert again.ask("bare").versions == []


@pytest.mark.parametrize(("said", "shown"), [("none", True), ("expected", False), ("learn", True)])
def test_the_policy_says_whether_a_registry_signs(
    tmp_path: Path, upstream: Registry, forge: Forge, clock: Clock, said: str, shown: bool
) -> None:
    upstream.publish("bare", "1.0.0", published=days(20), keys=[])
    judged_by = policy(f'[registries.default]\nsignatures = "{said}"\n')
    with evident(tmp_path / "data", upstream, forge, clock, judged_by=judged_by) as made:
        assert bool(made.ask("bare").versions) is shown


def test_what_was_fetched_and_not_judged_is_as_if_it_had_not_been_fetched(
    tmp_path: Path, upstream: Registry, forge: Forge, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(upstream, forge, "1.0.3", 5)

    def ends(*_given: object) -> None:
        raise RuntimeError("the power is cut")

    with monkeypatch.context() as patch:
        patch.setattr(attesting, "judged_answer", ends)
        short = timedelta(seconds=2)
        with evident(tmp_path / "data", upstream, forge, clock, patience=short) as made:
            assert "1.0.3" not in made.ask(NAME).versions
            held = made.ask(tarball("1.0.3"))
            assert (held.status, "analysis pending" in held.reason) == (403, True)
    assert upstream.asked(f"{ENDPOINT}{NAME}@1.0.3")
    upstream.fault(faults.status(500), kind="attestations")
    with evident(tmp_path / "data", upstream, forge, clock) as again:
        assert "1.0.3" not in again.ask(NAME).versions
    upstream.heal()
    with evident(tmp_path / "data", upstream, forge, clock) as well:
        assert "1.0.3" in well.ask(NAME).versions


def test_keys_that_were_imported_judge_from_the_next_reload_on(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    release(upstream, forge, "1.0.3", 5)
    assert "1.0.3" in stand.ask(NAME).versions
    other = Forge("another world")
    place = stand.running.settings.trust
    assert place is not None
    trust(place, other.keys(), other.root(), updated=NOW)
    stand.running.packages.apply()
    assert "1.0.3" not in stand.ask(NAME).versions
    place.write_text("{")
    with pytest.raises(StoreError):
        stand.running.packages.apply()
    assert "1.0.3" not in stand.ask(NAME).versions


def test_under_roots_that_nobody_renewed_for_too_long_nothing_is_given(
    stand: Stand, upstream: Registry, forge: Forge, clock: Clock
) -> None:
    release(upstream, forge, "1.0.3", 5)
    clock.move(days=400)
    assert stand.ask(tarball("1.0.3")).status == 200
    clock.move(minutes=6)
    assert "signatures/attestation-invalid" in rules(stand.ask(tarball("1.0.3")))
    unknown = [each for each in stand.decisions()[-1].findings if "unknown" in each]
    assert any("import newer ones" in each["unknown"] for each in unknown)


# What is verified, and how often


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often something was verified since."""
    counts = {"signatures": 0, "answers": 0}
    signature, answer = verify_signature, attesting.judged_answer

    def counted_signature(*given: Any) -> Any:
        counts["signatures"] += 1
        return signature(*given)

    def counted_answer(*given: Any) -> Any:
        counts["answers"] += 1
        return answer(*given)

    monkeypatch.setattr(evidence, "verify_signature", counted_signature)
    monkeypatch.setattr(attesting, "judged_answer", counted_answer)
    return counts


def test_a_restart_and_a_warm_request_verify_nothing_and_ask_for_nothing_again(
    tmp_path: Path, upstream: Registry, forge: Forge, clock: Clock, verified: dict[str, int]
) -> None:
    release(upstream, forge, "1.0.3", 5)
    with evident(tmp_path / "data", upstream, forge, clock) as made:
        first = made.ask(NAME).body
        assert verified["answers"] > 0
        before = dict(verified)
        assert made.ask(NAME).body == first
        assert made.ask(tarball("1.0.3")).status == 200
        assert verified == before
    upstream.forget()
    with evident(tmp_path / "data", upstream, forge, clock) as again:
        assert again.ask(NAME).body == first
        assert again.ask(tarball("1.0.3")).status == 200
    assert verified == before
    assert upstream.asked(f"{ENDPOINT}*") == []


def test_a_policy_that_asks_the_same_of_evidence_verifies_nothing_again(
    stand: Stand, upstream: Registry, forge: Forge, verified: dict[str, int]
) -> None:
    release(upstream, forge, "1.0.3", 5)
    first, packages = stand.ask(NAME).body, stand.running.packages
    before = packages._evidence._kept[NAME]
    upstream.forget()
    for text in ("", '[layers.release-age]\ncooldown = "4 days"'):
        counted = dict(verified)
        packages.apply(policy(text))
        assert stand.ask(NAME).body == first
        assert packages._evidence._kept[NAME] is before
        assert verified == counted
    packages.apply(policy('[layers.signatures]\nissuers = ["https://issuer.example"]'))
    stand.ask(NAME)
    assert packages._evidence._kept[NAME] is not before


def test_other_keys_verify_anew_and_by_what_was_stored(
    tmp_path: Path, upstream: Registry, forge: Forge, clock: Clock
) -> None:
    release(upstream, forge, "1.0.3", 5)
    with evident(tmp_path / "data", upstream, forge, clock) as made:
        assert made.ask(NAME).versions == [*LINE, "1.0.3"]
    upstream.forget()
    with evident(tmp_path / "data", upstream, Forge("another world"), clock) as again:
        assert "1.0.3" not in again.ask(NAME).versions
        assert "signatures/attestation-invalid" in rules(again.ask(tarball("1.0.3")))


def test_of_hundreds_of_releases_only_candidates_and_what_is_asked_for_are_verified(
    stand: Stand, upstream: Registry, forge: Forge, verified: dict[str, int]
) -> None:
    for number in range(300):
        upstream.publish("many", f"1.{number}.0", published=days(900 - number))
    upstream.publish("many", "1.300.0", published=days(20))
    stand.ask("many")
    assert verified["signatures"] == 1
    stand.ask(tarball("1.7.0", "many"))
    assert verified["signatures"] == 2


def test_what_is_being_found_out_is_not_asked_for_twice(
    stand: Stand, upstream: Registry, forge: Forge
) -> None:
    upstream.fault(faults.slow(wait=0.5), kind="attestations")
    found = stand.running.packages._reading.document(NAME)
    assert isinstance(found, tuple)
    kept, wish = stand.running.packages._evidence, Wish(UNTRUSTED)
    futures = [kept.want(found[1], found[0].digest, {"1.0.2": wish}) for _ in range(3)]
    assert futures[0] == futures[1] == futures[2]
    futures[0][0].result()
    assert len(upstream.asked(f"{ENDPOINT}{NAME}@1.0.2")) == 1
    assert kept.known(NAME, found[0].digest, NOW).keys() == {"1.0.2"}
    assert kept.known(NAME, "another document", NOW) == {}


def test_what_finds_no_place_stays_hidden_and_is_asked_for_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(evidence_desk, "_MOST", 0)
        assert "1.0.2" not in stand.ask(NAME).versions
    assert "1.0.2" in stand.ask(NAME).versions


def test_what_is_kept_at_hand_is_bounded_and_verified_once_all_the_same(
    stand: Stand,
    upstream: Registry,
    forge: Forge,
    clock: Clock,
    verified: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence_desk, "_EARLIER", 4)
    monkeypatch.setattr(evidence_desk, "_LINES", 4)
    line(upstream, forge, name="other")
    kept, counts = stand.running.packages._evidence, list[dict[str, int]]()
    for name in (NAME, "other", NAME, "other"):
        assert len(stand.ask(name).versions) == 3
        assert list(kept._kept) == [name]
        assert list(kept._read) == [name]
        clock.move(minutes=6)
        counts.append(dict(verified))
    assert counts[1] == counts[2] == counts[3]


def test_an_old_candidate_is_asked_for_its_time_alone(
    stand: Stand, upstream: Registry, forge: Forge, verified: dict[str, int]
) -> None:
    for number, age in enumerate((900, 800, 700)):
        release(upstream, forge, f"1.0.{number}", age, name="old")
    upstream.forget()
    assert len(stand.ask("old").versions) == 3
    assert [each.path for each in upstream.asked(f"{ENDPOINT}*")] == [f"/{ENDPOINT}old@1.0.2"]
    assert verified == {"signatures": 0, "answers": 1}


def test_a_registry_without_evidence_shows_what_it_always_did(
    stand: Stand, upstream: Registry
) -> None:
    publish(upstream, keys=[], user=None)
    assert len(stand.ask("left-pad").versions) == 3
    assert stand.ask(tarball("1.1.0", "left-pad")).status == 200
