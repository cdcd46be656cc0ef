from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.model.evidence import Key, Keys, SignatureState, Usage
from pratique.provenance import keys as pinned
from pratique.provenance.signatures import verify_signature

NAME, VERSION = "@corp/left-widget", "2.4.1"
LOCKED = "sha512-" + base64.b64encode(hashlib.sha512(b"these bytes").digest()).decode()
OTHER = "sha512-" + base64.b64encode(hashlib.sha512(b"others").digest()).decode()
AT = datetime(2026, 2, 1, tzinfo=UTC)
START, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
SECRET, STRANGER = (ec.derive_private_key(number, ec.SECP256R1()) for number in (7, 11))


def key(secret: ec.EllipticCurvePrivateKey, name: str, usage: Usage = Usage.SIGNATURES) -> Key:
    spki = secret.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(name, usage, spki, START, END)


KEYS = Keys((key(SECRET, "SHA256:known"), key(STRANGER, "SHA256:other", Usage.ATTESTATIONS)))


def signed(text: str, secret: ec.EllipticCurvePrivateKey = SECRET) -> str:
    raw = secret.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(raw).decode()


GOOD = signed(f"{NAME}@{VERSION}:{LOCKED}")


def state(
    *claimed: tuple[str, str],
    name: str = NAME,
    version: str = VERSION,
    locked: str | None = LOCKED,
    at: datetime | None = AT,
) -> SignatureState:
    return verify_signature(name, version, locked, claimed, at, KEYS)[0]


def flipped(signature: str, bit: int) -> str:
    raw = bytearray(base64.b64decode(signature))
    raw[bit // 8] ^= 1 << bit % 8
    return base64.b64encode(bytes(raw)).decode()


def test_a_signature_over_the_locked_digest_is_valid() -> None:
    judged = verify_signature(NAME, VERSION, LOCKED, [("SHA256:known", GOOD)], AT, KEYS)
    assert (SignatureState.VALID, "SHA256:known") == judged[:2]


def test_no_flipped_bit_of_a_signature_goes_unnoticed() -> None:
    bits = range(len(base64.b64decode(GOOD)) * 8)
    found = {state(("SHA256:known", flipped(GOOD, bit))) for bit in bits}
    assert found == {SignatureState.INVALID, SignatureState.MALFORMED}


@pytest.mark.parametrize(
    "changed",
    [{"name": "@corp/right-widget"}, {"version": "2.4.2"}, {"locked": OTHER}],
    ids=["another package", "another version", "another locked digest"],
)
def test_a_signature_of_something_else_is_tampering(changed: dict[str, str]) -> None:
    assert SignatureState.INVALID == state(("SHA256:known", GOOD), **changed)  # type: ignore[arg-type] # texts, all of them


def test_a_key_that_is_not_pinned_counts_for_nothing() -> None:
    assert SignatureState.UNKNOWN_KEY == state(("SHA256:never-seen", GOOD))
    assert SignatureState.VALID == state(("SHA256:never-seen", "?"), ("SHA256:known", GOOD))


def test_a_key_that_signs_attestations_signs_no_release() -> None:
    theirs = signed(f"{NAME}@{VERSION}:{LOCKED}", STRANGER)
    assert SignatureState.UNKNOWN_KEY == state(("SHA256:other", theirs))


def test_a_bad_signature_of_a_known_key_outweighs_a_good_one() -> None:
    bad = signed("something else")
    assert SignatureState.INVALID == state(("SHA256:known", GOOD), ("SHA256:known", bad))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (START, SignatureState.VALID),
        (datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC), SignatureState.OUTSIDE_WINDOW),
        (datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC), SignatureState.VALID),
        (END, SignatureState.OUTSIDE_WINDOW),
        (None, SignatureState.UNCHECKED),
    ],
)
def test_a_key_signs_from_its_start_to_before_its_end(
    at: datetime | None, expected: SignatureState
) -> None:
    assert expected == state(("SHA256:known", GOOD), at=at)


@pytest.mark.parametrize("locked", [None, "", "sha1-" + base64.b64encode(bytes(20)).decode()])
def test_a_pin_without_a_sha512_is_covered_by_no_signature(locked: str | None) -> None:
    assert SignatureState.UNCOVERED == state(("SHA256:known", GOOD), locked=locked)


def test_two_locked_digests_are_no_one_message() -> None:
    assert SignatureState.UNCOVERED == state(("SHA256:known", GOOD), locked=f"{LOCKED} {OTHER}")


def test_no_signature_is_absent_and_never_valid() -> None:
    assert SignatureState.ABSENT == state()


def spare_bits(text: str) -> str:
    """Another text that lenient decoders read as the same bytes."""
    assert text.endswith("=")
    body = text.rstrip("=")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = letters[letters.index(body[-1]) + 1]
    changed = body[:-1] + other + "=" * (len(text) - len(body))
    assert base64.b64decode(changed) == base64.b64decode(text)
    return changed


def padded_signature() -> str:
    """A signature whose base64 ends in padding, so that it has spare bits."""
    while not (found := signed(f"{NAME}@{VERSION}:{LOCKED}")).endswith("="):
        pass
    return found


def long_form(text: str) -> str:
    """The same numbers, with a length in more bytes than DER allows."""
    raw = base64.b64decode(text)
    return base64.b64encode(bytes([raw[0], 0x81]) + raw[1:]).decode()


def test_a_signature_has_one_spelling_only() -> None:
    good = padded_signature()
    for bad in (spare_bits(good), good.rstrip("="), f"{good}\n", f" {good}", long_form(good), ""):
        assert SignatureState.MALFORMED == state(("SHA256:known", bad)), bad
    trailing = base64.b64encode(base64.b64decode(good) + b"\0").decode()
    assert SignatureState.MALFORMED == state(("SHA256:known", trailing))


def test_the_twin_that_every_ecdsa_signature_has_is_as_good() -> None:
    """(r, n - s) is valid too: nothing may be told apart by a signature's bytes."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    r, s = decode_dss_signature(base64.b64decode(GOOD))
    twin = base64.b64encode(encode_dss_signature(r, order - s)).decode()
    assert SignatureState.VALID == state(("SHA256:known", twin))


@pytest.mark.parametrize("name", ["a:b", "a@b", "", "a\nb", "\u212bngstrom"])
def test_a_name_that_could_be_read_as_another_release_is_never_valid(name: str) -> None:
    odd = signed(f"{name}@{VERSION}:{LOCKED}")
    assert SignatureState.MALFORMED == state(("SHA256:known", odd), name=name)


def test_more_signatures_than_any_registry_has_are_refused() -> None:
    assert SignatureState.MALFORMED == state(*[("SHA256:known", GOOD)] * 17)


def real(shared: Path) -> list[tuple[str, str, str, str, str]]:
    """(name, version, integrity, key id, signature) of every recorded registry signature."""
    folder = shared / "vectors" / "provenance"
    rows = json.loads((folder / "registry-signatures" / "extracted.json").read_text())
    found = [(r["name"], r["version"], r["integrity"], r["keyid"], r["sig"]) for r in rows]
    document = json.loads((folder / "pnpm" / "lodash-packument.json").read_text())
    for version, each in document["versions"].items():
        (one,) = each["dist"]["signatures"]
        entry = (document["name"], version, each["dist"]["integrity"], one["keyid"], one["sig"])
        found.append(entry)
    return found


def test_125_real_signatures_verify_under_the_shipped_keys(shared: Path) -> None:
    rows = real(shared)
    judged = [verify_signature(n, v, i, [(k, s)], None, pinned.shipped()) for n, v, i, k, s in rows]
    assert [SignatureState.UNCHECKED] * 125 == [each[0] for each in judged]


def test_no_real_signature_is_good_for_another_digest(shared: Path) -> None:
    keys = pinned.shipped()
    for name, version, _, keyid, sig in real(shared):
        judged = verify_signature(name, version, OTHER, [(keyid, sig)], None, keys)
        assert SignatureState.INVALID == judged[0]


def test_the_old_key_signs_nothing_published_after_its_end(shared: Path) -> None:
    old = [row for row in real(shared) if row[3].startswith("SHA256:jl3b")]
    assert old
    end = datetime(2025, 1, 29, tzinfo=UTC)
    for name, version, integrity, keyid, sig in old:
        judged = verify_signature(name, version, integrity, [(keyid, sig)], end, pinned.shipped())
        assert SignatureState.OUTSIDE_WINDOW == judged[0]
