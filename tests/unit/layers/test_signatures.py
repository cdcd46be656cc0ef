from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.builders import project
from tests.evidence_builders import AT, Level, facts_of, preset, record, ruling

from pratique.evaluate.door import Ruling
from pratique.layers import signatures
from pratique.model.action import Verdict
from pratique.model.evidence import (
    ATTESTATIONS,
    EARLIER,
    PUBLISH,
    ROOT,
    SIGNATURE,
    SLSA_V1,
    UNREAD,
    Attestations,
    Earlier,
    History,
    Provenance,
    Refused,
    RootFact,
    SignatureFact,
    SignatureState,
)
from pratique.model.fact import CLOCK, Clock, Facts, Missing, Why
from pratique.model.package import Package, Release
from pratique.model.policy import Policy
from pratique.model.signer import SignerPin
from pratique.provenance.binding import Expected, bind

SUBJECT = Release(Package("@corp/left-widget"), "2.4.1")
DAY = timedelta(days=1)
ALLOW, WARN, QUARANTINE, BLOCK = Verdict
STATE = SignatureState
ELSEWHERE: dict[str, Any] = {
    "repository": "https://github.com/intruder/x", "repository_id": "98", "owner_id": "99",
}  # fmt: skip


def earlier(version: str, days: float, **more: Any) -> Earlier:
    at = AT - timedelta(days=days)
    return Level.TRUSTED.earlier(version, at, record(version, at=at, built=at, **more))


PAST = (earlier("2.3.0", 60), earlier("2.4.0", 30))


def judged(name: str = "recommended", facts: Facts | None = None, **more: Any) -> Ruling:
    settings = more.pop("settings", {})
    found = facts or facts_of(SUBJECT, Level.TRUSTED, **{"past": PAST, **more})
    return ruling(found, SUBJECT, preset(name, signatures=settings), (signatures.LAYER,))


OF_SIGNATURE = {
    f"signatures/{each}"
    for each in ("missing", "invalid", "unknown-key", "outside-window", "uncovered")
}


def signed(state: SignatureState) -> Ruling:
    fact = SignatureFact(state, "SHA256:a", "seen \x1b[31m")
    return judged(facts=facts_of(SUBJECT, Level.TRUSTED, past=PAST, facts={SIGNATURE: fact}))


@pytest.mark.parametrize(
    ("state", "verdict", "rule"),
    [
        (STATE.VALID, ALLOW, None),
        (STATE.UNCHECKED, ALLOW, None),
        (STATE.WAIVED, ALLOW, None),
        (STATE.ABSENT, BLOCK, "missing"),
        (STATE.INVALID, BLOCK, "invalid"),
        (STATE.MALFORMED, BLOCK, "invalid"),
        (STATE.UNKNOWN_KEY, BLOCK, "unknown-key"),
        (STATE.OUTSIDE_WINDOW, BLOCK, "outside-window"),
        (STATE.UNCOVERED, WARN, "uncovered"),
    ],
)
def test_each_state_of_a_signature_has_its_rule(
    state: SignatureState, verdict: Verdict, rule: str | None
) -> None:
    found = signed(state)
    assert found.verdict is verdict
    assert found.rules == ((f"signatures/{rule}",) if rule else ())


def test_every_state_is_judged() -> None:
    for state in STATE:
        harmless = state in {STATE.VALID, STATE.UNCHECKED, STATE.WAIVED}
        assert (signed(state).verdict is ALLOW) is harmless


def refused(name: str, rule: str = "B9") -> Ruling:
    found = Attestations(refused=(Refused(rule, "for this", name),), present=(PUBLISH, SLSA_V1))
    return judged(facts=facts_of(SUBJECT, Level.TRUSTED, past=PAST, facts={ATTESTATIONS: found}))


@pytest.mark.parametrize(
    "name",
    [
        "attestation-missing",
        "publish-attestation-missing",
        "attestation-invalid",
        "attestation-mismatch",
        "signer-unexpected",
    ],
)
def test_each_refusal_is_told_under_its_own_rule(name: str) -> None:
    found = refused(name)
    assert (found.verdict, found.rules) == (BLOCK, (f"signatures/{name}",))
    assert [each.text for each in found.judged[0].finding.evidence] == ["B9: for this"]


@pytest.mark.parametrize("answer", [{"attestations": []}, {"attestations": [7]}, None])
def test_every_name_that_binding_gives_a_refusal_is_a_rule(answer: object) -> None:
    expected = Expected(name="a", version="1", sha512="", repository=None)
    for each in bind(answer, expected, lambda _: pytest.fail("nothing to seal")).refused:
        assert refused(each.name, each.rule).verdict is BLOCK


@pytest.mark.parametrize(
    ("name", "unknown"),
    [(UNREAD, ["signatures/attestation-mismatch"]), ("attestation-mismatch", [])],
)
def test_a_manifest_that_nobody_read_leaves_it_open_and_an_old_certificate_does_not(
    name: str, unknown: list[str]
) -> None:
    found = Attestations(
        publish=AT, provenance=record("2.4.1"), open=(Refused("B11", "not read", name),),
        present=(PUBLISH, SLSA_V1),
    )  # fmt: skip
    facts = facts_of(SUBJECT, Level.TRUSTED, past=PAST, facts={ATTESTATIONS: found})
    assert [each.rule for each in judged(facts=facts).unknowns] == unknown
    assert (judged(facts=facts).verdict is ALLOW) is (not unknown)


# -- signers ---------------------------------------------------------------------------------------


def test_a_known_signer_is_no_finding_and_one_seen_first_warns() -> None:
    assert judged().verdict is ALLOW
    found = judged(past=())
    assert (found.verdict, found.rules) == (WARN, ("signatures/signer-first-seen",))


def test_in_strict_a_signer_seen_first_is_undecided_and_no_finding() -> None:
    found = judged("strict", past=())
    assert [each.rule for each in found.unknowns] == ["signatures/signer-first-seen"]
    assert found.unknowns[0].missing.why is Why.ABSENT
    assert found.judged == ()
    assert judged("strict").verdict is ALLOW


def test_provenance_from_somewhere_else_blocks_by_history_at_any_age() -> None:
    found = judged(built=record("2.4.1", **ELSEWHERE), now=AT + 400 * DAY)
    assert (found.verdict, found.rules) == (BLOCK, ("signatures/signer-unexpected",))


PIN = SignerPin(package="@corp", repository_id="11", ref="refs/tags/v*")


def pinned(built: Provenance | None = None, pin: SignerPin = PIN, **more: Any) -> Ruling:
    return judged(built=built, settings={"pins": (pin,)}, **more)


def test_a_pin_decides_whatever_the_history_says() -> None:
    assert pinned(past=()).verdict is ALLOW
    others = tuple(earlier(f"2.{each}.0", 90 - each, **ELSEWHERE) for each in range(3))
    assert pinned(past=others).verdict is ALLOW
    assert judged(past=others).verdict is BLOCK
    found = pinned(record("2.4.1", ref="refs/heads/main"))
    assert (found.verdict, found.rules) == (BLOCK, ("signatures/signer-unexpected",))
    assert "refs/tags/v*" in found.text


def test_a_pin_on_what_an_old_certificate_lacks_leaves_the_signer_open() -> None:
    old = record("2.4.1", repository_id=None, owner_id=None)
    found = pinned(old)
    assert (found.verdict, found.judged) == (WARN, ())
    assert "repository id" in found.text


def test_a_pinned_package_without_provenance_is_a_finding() -> None:
    facts = facts_of(SUBJECT, Level.HAND, past=PAST)
    policy = preset(signatures={"pins": (PIN,)})
    found = ruling(facts, SUBJECT, policy, (signatures.LAYER,))
    assert (found.verdict, found.rules) == (BLOCK, ("signatures/attestation-missing",))
    other = Release(Package("@other/left-widget"), "2.4.1")
    facts = facts_of(other, Level.HAND, past=PAST)
    assert ruling(facts, other, policy, (signatures.LAYER,)).verdict is ALLOW


def test_the_ledger_makes_its_signer_known() -> None:
    history = History(accepted=(record("2.4.0"),))
    facts = facts_of(SUBJECT, Level.TRUSTED, facts={EARLIER: history})
    assert judged("strict", facts=facts).verdict is ALLOW


def test_earlier_provenance_that_nobody_verified_leaves_the_signer_open() -> None:
    past = tuple(Level.CLAIM.earlier(f"2.{each}.0", AT - 60 * DAY, None) for each in range(3))
    found = judged(past=past)
    assert {each.rule for each in found.unknowns} == {
        "signatures/signer-unexpected", "signatures/signer-first-seen",
    }  # fmt: skip
    assert pinned(past=past).verdict is ALLOW


# -- roots -----------------------------------------------------------------------------------------


def of_age(days: int) -> Facts:
    root = RootFact(AT + DAY - days * DAY)
    return facts_of(SUBJECT, Level.TRUSTED, past=PAST, facts={ROOT: root})


@pytest.mark.parametrize(
    ("days", "stale", "unknown"), [(180, 0, 0), (181, 1, 0), (400, 1, 0), (401, 1, 11)]
)
def test_old_roots_warn_and_older_ones_are_not_believed(
    days: int, stale: int, unknown: int
) -> None:
    facts = of_age(days)
    rule = signatures.STALE_ROOT
    assert len(list(rule.judge(project(), facts, signatures.SignaturesSettings()))) == stale
    found = judged(facts=facts)
    assert len(found.unknowns) == unknown
    assert (found.verdict is ALLOW) is (unknown == 0)


def signed_under(days: int, state: SignatureState, policy: Policy) -> Ruling:
    root = RootFact(AT + DAY - days * DAY)
    more = {SIGNATURE: SignatureFact(state, "SHA256:a"), ROOT: root, ATTESTATIONS: Attestations()}
    facts = facts_of(SUBJECT, Level.TRUSTED, past=PAST, facts=more)
    return ruling(facts, SUBJECT, policy, (signatures.LAYER,))


BY_KEYS = (STATE.VALID, STATE.UNCHECKED, STATE.UNKNOWN_KEY, STATE.OUTSIDE_WINDOW)
WITHOUT_KEYS = (STATE.ABSENT, STATE.INVALID, STATE.MALFORMED, STATE.UNCOVERED)


@pytest.mark.parametrize("state", BY_KEYS)
@pytest.mark.parametrize("name", ["recommended", "strict"])
def test_what_keys_say_that_are_too_old_is_unknown_and_never_less_than_before(
    name: str, state: SignatureState
) -> None:
    found = signed_under(401, state, preset(name))
    unknown = {each.rule for each in found.unknowns if each.rule in OF_SIGNATURE}
    assert (unknown, found.judged) == (OF_SIGNATURE, ())
    assert {each.missing.why for each in found.unknowns} == {Why.FAILED}
    assert found.verdict >= max(WARN, signed_under(400, state, preset(name)).verdict)


@pytest.mark.parametrize("state", WITHOUT_KEYS)
@pytest.mark.parametrize("name", ["lenient", "recommended", "strict"])
def test_what_no_newer_key_could_mend_is_a_finding_however_old_the_keys_are(
    name: str, state: SignatureState
) -> None:
    found, before = (signed_under(days, state, preset(name)) for days in (401, 30))
    assert found.judged == before.judged != ()
    assert {each.finding.rule for each in found.judged} <= OF_SIGNATURE
    assert found.verdict >= before.verdict


def test_every_state_is_one_of_keys_or_not() -> None:
    assert {*BY_KEYS, *WITHOUT_KEYS, STATE.WAIVED} == set(STATE)
    assert not signed_under(401, STATE.WAIVED, preset()).judged


# -- what is missing -------------------------------------------------------------------------------


def test_without_its_facts_nothing_of_the_layer_is_clean() -> None:
    asked = {rule.id for rule in signatures.LAYER.rules} - {"signatures/stale-root"}
    for missing in (Missing(Why.ABSENT, "stripped"), Missing(Why.FAILED, "no answer")):
        facts = Facts.of(
            (CLOCK, None, Clock(AT)),
            (SIGNATURE, SUBJECT, missing),
            (ATTESTATIONS, SUBJECT, missing),
        )
        found = judged(facts=facts)
        assert {each.rule for each in found.unknowns} == asked
        assert found.verdict > ALLOW


def test_foreign_text_stands_in_evidence_only_where_reports_escape_it() -> None:
    found = signed(STATE.INVALID)
    assert "\x1b" not in found.text
    assert found.judged[0].finding.evidence[0].text == "seen \x1b[31m"
