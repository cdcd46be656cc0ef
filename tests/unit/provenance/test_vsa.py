"""A VSA: who signed it, over which lockfile, by which policy, and how the run ended."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256, sha512
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from securesystemslib import dsse as reference
from securesystemslib.signer._key import SSlibKey
from tests.unit.reports.samples import change, healthy, offline, storefront

from pratique.errors import Exit, RefusedError
from pratique.model.action import Verdict
from pratique.model.report import Examined, Report
from pratique.provenance import dsse, vsa
from pratique.provenance.vsa import Outcome, Summary

AT = datetime(2026, 11, 22, 12, 30, 15, 999, tzinfo=UTC)
LOCKFILE = b'{"lockfileVersion": 3}\n'
OTHER = b"# yarn lockfile v1\n"
POLICY = "ab" * 32
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
KEYS = pytest.mark.parametrize("key", [CURVE, EDWARDS], ids=["P-256", "Ed25519"])


def examined(path: str, source: bytes) -> Examined:
    return Examined(path, sha256(source).hexdigest(), sha512(source).hexdigest())


SUMMARY = Summary(
    outcome=Outcome.ALLOWED,
    verdict=Verdict.WARN,
    at=AT.replace(microsecond=0),
    resource="urn:pratique:project:shop",
    policy="urn:pratique:policy:recommended",
    policy_sha256=POLICY,
    version="0.1.0",
    subjects=(examined("package-lock.json", LOCKFILE), examined("web/yarn.lock", OTHER)),
)


def sealed(summary: Summary = SUMMARY, key: dsse.PrivateKey = CURVE) -> bytes:
    return vsa.attested(summary, key)


def payload_of(source: bytes) -> Any:
    return json.loads(base64.b64decode(json.loads(source)["payload"]))


def resealed(edit: Callable[[Any], object], summary: Summary = SUMMARY) -> bytes:
    """Another statement, signed by the right key."""
    payload = payload_of(sealed(summary))
    edit(payload)
    return dsse.sealed(vsa.IN_TOTO, json.dumps(payload).encode(), CURVE)


def edited(edit: Callable[[Any], object]) -> bytes:
    """The same signature in another envelope."""
    envelope = json.loads(sealed())
    edit(envelope)
    return json.dumps(envelope).encode()


def refusal(source: bytes, lockfile: bytes = LOCKFILE, policy: str | None = POLICY) -> str:
    with pytest.raises(RefusedError) as caught:
        vsa.verify(source, CURVE.public_key(), lockfile, policy)
    assert caught.value.exit_code == Exit.BLOCKED
    return caught.value.rule


@KEYS
@pytest.mark.parametrize("lockfile", [LOCKFILE, OTHER])
def test_it_verifies_under_its_key_for_each_lockfile(key: dsse.PrivateKey, lockfile: bytes) -> None:
    found = vsa.verify(sealed(key=key), key.public_key(), lockfile, POLICY)
    assert SUMMARY == found
    assert found.passed


def test_without_a_policy_to_compare_any_policy_is_told() -> None:
    assert POLICY == vsa.verify(sealed(), CURVE.public_key(), LOCKFILE).policy_sha256


@KEYS
def test_another_program_verifies_the_same_envelope(key: dsse.PrivateKey) -> None:
    """securesystemslib, so that the envelope is not only what our own reader takes."""
    source = sealed(key=key)
    public = SSlibKey.from_crypto(key.public_key(), dsse.keyid_of(key.public_key()))
    envelope = reference.Envelope.from_dict(json.loads(source))
    assert 1 == len(envelope.verify([public], 1))
    assert vsa.IN_TOTO == envelope.payload_type


def test_the_predicate_has_what_slsa_asks_for() -> None:
    stated = payload_of(sealed())
    assert ("https://in-toto.io/Statement/v1", "https://slsa.dev/verification_summary/v1") == (
        stated["_type"],
        stated["predicateType"],
    )
    names = [each["name"] for each in stated["subject"]]
    assert ["package-lock.json", "web/yarn.lock"] == names
    predicate = stated["predicate"]
    assert {"id": "pkg:pypi/pratique", "version": {"pratique": "0.1.0"}} == predicate["verifier"]
    assert "2026-11-22T12:30:15Z" == predicate["timeVerified"]
    assert {"sha256": POLICY} == predicate["policy"]["digest"]
    assert ("PASSED", ["PRATIQUE_WARN"], "1.1") == (
        predicate["verificationResult"],
        predicate["verifiedLevels"],
        predicate["slsaVersion"],
    )
    own = predicate.keys() - {
        "verifier", "timeVerified", "resourceUri", "policy", "verificationResult",
        "verifiedLevels", "slsaVersion",
    }  # fmt: skip
    assert all(":" in name for name in own)


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.ALLOWED])
def test_every_other_outcome_is_failed_and_still_says_which(outcome: Outcome) -> None:
    source = sealed(replace(SUMMARY, outcome=outcome, verdict=Verdict.QUARANTINE))
    predicate = payload_of(source)["predicate"]
    assert ("FAILED", ["FAILED"]) == (
        predicate["verificationResult"],
        predicate["verifiedLevels"],
    )
    found = vsa.verify(source, CURVE.public_key(), LOCKFILE, POLICY)
    assert (outcome, False) == (found.outcome, found.passed)


# -- what a report comes to ------------------------------------------------------------------------


def locked(report: Report, **more: Any) -> Report:
    return replace(report, examined=SUMMARY.subjects, **more)


@pytest.mark.parametrize(
    ("report", "outcome"),
    [
        (healthy, Outcome.ALLOWED),
        (storefront, Outcome.BLOCKED),
        (offline, Outcome.UNDECIDED),
        (change, Outcome.BLOCKED),
    ],
)
def test_a_report_s_exit_decides(report: Callable[[], Report], outcome: Outcome) -> None:
    found = vsa.summary_of(locked(report()), AT, "0.1.0")
    assert found
    assert (outcome, AT.replace(microsecond=0)) == (found.outcome, found.at)


@pytest.mark.parametrize("code", [each for each in Exit if each is not Exit.ALLOWED])
def test_no_exit_but_0_passes(code: Exit) -> None:
    assert Outcome.ALLOWED is not vsa.outcome_of(locked(healthy(), exit=code))


def test_a_run_that_left_a_layer_out_never_passes() -> None:
    report = healthy()
    rows = (replace(report.layers[0], ran=False, required=False), *report.layers[1:])
    assert Outcome.PARTIAL is vsa.outcome_of(replace(report, layers=rows))


def test_a_run_over_a_change_alone_never_passes() -> None:
    assert Outcome.PARTIAL is vsa.outcome_of(replace(healthy(), change=change().change))


def test_where_no_lockfile_was_examined_there_is_nothing_to_attest() -> None:
    assert vsa.summary_of(replace(healthy(), examined=()), AT, "0.1.0") is None


@pytest.mark.parametrize("name", ["", "\x1b[2J\u202e", "x" * 5000, "@corp/shop"])
def test_whatever_a_project_is_called_its_vsa_can_be_read(name: str) -> None:
    odd = Examined("\x1b]0;\u202e", SUMMARY.subjects[0].sha256, SUMMARY.subjects[0].sha512)
    report = replace(healthy(), name=name, examined=(odd,))
    found = vsa.summary_of(report, AT, "0.1.0")
    assert found
    assert found.resource.isascii()
    read = vsa.verify(vsa.attested(found, CURVE), CURVE.public_key(), LOCKFILE)
    assert (found.resource, "%1B%5D0%3B%E2%80%AE") == (read.resource, read.subjects[0].path)


# -- refusals --------------------------------------------------------------------------------------


def test_another_key_is_refused() -> None:
    assert "signature" == refusal(sealed(key=ec.generate_private_key(ec.SECP256R1())))


@KEYS
def test_a_key_of_another_kind_is_refused(key: dsse.PrivateKey) -> None:
    other: dsse.PrivateKey = EDWARDS if key is CURVE else CURVE
    with pytest.raises(RefusedError) as caught:
        vsa.verify(sealed(key=key), other.public_key(), LOCKFILE)
    assert "signature" == caught.value.rule


@KEYS
def test_every_flipped_bit_of_the_payload_or_the_signature_is_refused(
    key: dsse.PrivateKey,
) -> None:
    envelope = json.loads(sealed(key=key))
    for place in ("payload", "sig"):
        holder = envelope["signatures"][0] if place == "sig" else envelope
        raw = base64.b64decode(holder[place])
        for index in range(0, len(raw), 1 if place == "sig" else 37):
            flipped = bytearray(raw)
            flipped[index] ^= 1
            kept, holder[place] = holder[place], base64.b64encode(flipped).decode()
            with pytest.raises(RefusedError) as caught:
                vsa.verify(json.dumps(envelope).encode(), key.public_key(), LOCKFILE)
            assert "signature" == caught.value.rule
            holder[place] = kept


def test_a_changed_lockfile_is_refused() -> None:
    assert "lockfile" == refusal(sealed(), LOCKFILE + b" ")


def test_a_subject_has_to_match_by_both_digests() -> None:
    def swap(statement: Any) -> None:
        first, second = (each["digest"] for each in statement["subject"])
        first["sha512"], second["sha512"] = second["sha512"], first["sha512"]

    assert "lockfile" == refusal(resealed(swap))


def test_a_changed_policy_is_refused() -> None:
    assert "policy" == refusal(sealed(), policy="cd" * 32)


def _retyped(envelope: Any) -> None:
    envelope["payloadType"] = "application/json"


def _signed_twice(envelope: Any) -> None:
    envelope["signatures"] *= 2


def _unsigned(envelope: Any) -> None:
    envelope["signatures"] = []


@pytest.mark.parametrize(
    ("edit", "rule"),
    [(_retyped, "payload-type"), (_signed_twice, "signatures"), (_unsigned, "signatures")],
)
def test_an_envelope_of_another_form_is_refused(edit: Callable[[Any], None], rule: str) -> None:
    assert rule == refusal(edited(edit))


def test_a_payload_of_another_type_is_refused_though_the_key_signed_it() -> None:
    payload = base64.b64decode(json.loads(sealed())["payload"])
    assert "payload-type" == refusal(dsse.sealed("application/json", payload, CURVE))


@pytest.mark.parametrize("place", ["payload", "sig"])
def test_base64_that_is_not_canonical_is_refused(place: str) -> None:
    envelope = json.loads(sealed())
    holder = envelope["signatures"][0] if place == "sig" else envelope
    good: str = holder[place]
    for bad in (good + "\n", good.replace("=", "") + "====", "-" + good[1:], f" {good}", 7, None):
        holder[place] = bad
        assert "envelope" == refusal(json.dumps(envelope).encode()), bad


def test_spare_bits_in_base64_are_refused() -> None:
    """`QQ==` and `QR==` are the same byte to most decoders."""
    summary = SUMMARY
    while len(base64.b64decode(json.loads(sealed(summary))["payload"])) % 3 != 1:
        summary = replace(summary, version=summary.version + "0")
    envelope = json.loads(sealed(summary))
    text: str = envelope["payload"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    envelope["payload"] = text[:-3] + letters[letters.index(text[-3]) + 1] + "=="
    assert base64.b64decode(text) == base64.b64decode(envelope["payload"])
    assert "envelope" == refusal(json.dumps(envelope).encode())


def test_a_member_that_stands_there_twice_is_refused_in_envelope_and_statement() -> None:
    doubled = sealed().replace(b'"payloadType"', b'"payloadType": "x", "payloadType"', 1)
    assert "envelope" == refusal(doubled)
    payload = base64.b64decode(json.loads(sealed())["payload"])
    twice = payload.replace(
        b'"verificationResult"', b'"verificationResult":"FAILED","verificationResult"', 1
    )
    assert "statement" == refusal(dsse.sealed(vsa.IN_TOTO, twice, CURVE))


@pytest.mark.parametrize(
    "source", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"payload": "", "payloadType": ""}']
)
def test_what_is_no_envelope_is_refused(source: bytes) -> None:
    assert refusal(source) in {"envelope", "payload-type"}


def test_an_envelope_beyond_the_bound_is_refused() -> None:
    assert "envelope" == refusal(sealed() + b" " * vsa.LARGEST)


STATEMENTS: list[tuple[str, Callable[[Any], object]]] = [
    ("other type", lambda each: each.update(_type="https://in-toto.io/Statement/v0.1")),
    ("other predicate", lambda each: each.update(predicateType="https://slsa.dev/provenance/v1")),
    ("other verifier", lambda each: each["predicate"]["verifier"].update(id="urn:other")),
    ("passed, levels not", lambda each: each["predicate"].update(verifiedLevels=["FAILED"])),
    ("passed, more levels", lambda each: each["predicate"]["verifiedLevels"].append("FAILED")),
    ("failed, levels not", lambda each: each["predicate"].update(verificationResult="FAILED")),
    ("no outcome", lambda each: each["predicate"].pop(vsa.OUTCOME)),
    ("odd outcome", lambda each: each["predicate"][vsa.OUTCOME].update(ended="fine")),
    ("passed, blocked", lambda each: each["predicate"][vsa.OUTCOME].update(ended="blocked")),
    ("no time", lambda each: each["predicate"].pop("timeVerified")),
    ("no policy", lambda each: each["predicate"].pop("policy")),
    ("short digest", lambda each: each["predicate"]["policy"]["digest"].update(sha256="ab")),
    ("no digest", lambda each: each["subject"][1].pop("digest")),
    ("subject no list", lambda each: each.update(subject={})),
    ("escape in a name", lambda each: each["subject"][0].update(name="\x1b[2J")),
]


@pytest.mark.parametrize(
    "edit", [edit for _, edit in STATEMENTS], ids=[name for name, _ in STATEMENTS]
)
def test_a_signed_statement_that_says_something_else_is_refused(
    edit: Callable[[Any], object],
) -> None:
    assert "statement" == refusal(resealed(edit))


@pytest.mark.parametrize("verdict", [Verdict.QUARANTINE, Verdict.BLOCK])
def test_no_verdict_that_stops_a_change_passes(verdict: Verdict) -> None:
    assert refusal(sealed(replace(SUMMARY, verdict=verdict))) == "statement"


def test_members_that_are_not_known_are_passed_over() -> None:
    def extend(statement: Any) -> None:
        statement["predicate"]["https://other.example/x"] = [1]
        statement["subject"][0]["mediaType"] = "application/json"

    assert SUMMARY == vsa.verify(resealed(extend), CURVE.public_key(), LOCKFILE, POLICY)


# -- keys ------------------------------------------------------------------------------------------


def pem(key: Any, passphrase: bytes = b"") -> bytes:
    how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    found: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
    return found


@KEYS
def test_a_key_in_pem_is_read(key: dsse.PrivateKey) -> None:
    own = dsse.read_private(pem(key))
    assert own
    text = own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public = dsse.read_public(text)
    assert public
    assert SUMMARY == vsa.verify(sealed(key=own), public, LOCKFILE, POLICY)
    assert dsse.read_public(pem(key)) is None
    assert dsse.read_private(text) is None


def test_a_key_of_a_kind_that_is_not_asked_for_is_no_key() -> None:
    others = (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048))
    for other in others:
        public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        assert (None, None) == (dsse.read_private(pem(other)), dsse.read_public(public))
    assert dsse.read_private(pem(CURVE, b"secret")) is None
    for junk in (b"", b"-----BEGIN PRIVATE KEY-----\n", b"\x00" * 100):
        assert (None, None) == (dsse.read_private(junk), dsse.read_public(junk))
