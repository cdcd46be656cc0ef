"""What a build's certificate must be like, on certificates of the tests' own authority."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)
from tests.forge import WHEN, Build, Forge, Leaf, Sct
from tests.forge.authority import BORN, DIES
from tests.unit.provenance import vectors

from pratique.errors import RefusedError
from pratique.model.evidence import Certified
from pratique.provenance import root
from pratique.provenance.bundle import read_bundle
from pratique.provenance.certificates import verify_certificate
from pratique.provenance.root import Root, certificate, read_root

FORGE = Forge("certificates")
ROOT = read_root(json.dumps(FORGE.root()).encode())
GOOD = FORGE.leaf(Build())
AT = WHEN + timedelta(seconds=1)
DAY = timedelta(days=1)
CRITICAL = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"\0")
CONSTRAINED = x509.NameConstraints([x509.DNSName("a.example")], None)
POLICIES = x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier("1.2.4"), None)])


def issued(leaf: Leaf = GOOD) -> bytes:
    return FORGE.authority.issue(leaf, FORGE.key())


def certified(leaf: Leaf = GOOD) -> Certified:
    return verify_certificate(issued(leaf), AT, ROOT).certified


def refused(leaf: Leaf) -> str:
    with pytest.raises(RefusedError) as caught:
        certified(leaf)
    return caught.value.message


def claim(number: int, value: bytes) -> Leaf:
    """The good leaf, with another value in one of Fulcio's extensions."""
    return GOOD.but(claims=tuple((n, value if n == number else v) for n, v in GOOD.claims))


def text(content: str) -> bytes:
    """A DER UTF8String."""
    raw = content.encode()
    size = len(raw)
    if size < 0x80:
        return bytes((0x0C, size)) + raw
    if size < 0x100:
        return bytes((0x0C, 0x81, size)) + raw
    return bytes((0x0C, 0x82, *divmod(size, 256))) + raw


@pytest.mark.parametrize("size", [1, 127, 128, 129, 255, 256, 257, 1024])
def test_a_claim_is_read_at_every_length_that_der_writes_otherwise(size: int) -> None:
    assert "x" * size == certified(claim(14, text("x" * size))).ref


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x0c",
        b"main",
        b"\x0c\x05main",
        b"\x0c\x04main\0",
        b"\x0c\x81\x04main",
        b"\x0c\x82\x00\x04main",
        b"\x0c\x80main\0\0",
        b"\x13\x04main",
        b"\x0c\x02\xff\xfe",
        text(""),
        text("x" * 1025),
        text("a\nb"),
        text("\u202egnp.exe"),
    ],
)
def test_a_claim_that_is_no_short_printable_text_in_der_is_refused(value: bytes) -> None:
    assert "extension 14" in refused(claim(14, value))


def test_new_claims_count_before_old_ones() -> None:
    leaf = claim(6, b"refs/heads/old")
    assert "refs/heads/main" == certified(leaf).ref


def test_a_claim_of_a_number_that_is_not_known_changes_nothing() -> None:
    more = GOOD.but(claims=(*GOOD.claims, (99, b"\xff")))
    assert certified() == certified(more)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"usages": ()}, "not for signing code"),
        ({"usages": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "not for signing code"),
        ({"signs": False}, "may not sign"),
        ({"is_authority": True}, "no authority issued"),
        ({"sct": Sct.NONE}, "no word of a certificate log"),
        ({"sct": Sct.EMPTY}, "in no certificate log"),
        ({"sct": Sct.OTHER_LOG}, "certificate log's signature does not verify"),
        ({"sct": Sct.OTHER_LEAF}, "certificate log's signature does not verify"),
        ({"start": WHEN + timedelta(seconds=2)}, "no authority issued"),
        ({"start": WHEN - timedelta(seconds=700)}, "no authority issued"),
        ({"more": ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\0"), True),)},
         "no authority issued"),
        ({"more": ((x509.NameConstraints([x509.DNSName("a.example")], None), True),)},
         "no authority issued"),
    ],
)  # fmt: skip
def test_a_certificate_for_anything_else_is_refused(
    changes: dict[str, object], expected: str
) -> None:
    assert expected in refused(GOOD.but(**changes))


def test_another_authority_of_the_same_name_is_refused() -> None:
    other = Forge("another")
    raw = other.authority.issue(GOOD, other.key())
    with pytest.raises(RefusedError, match="no authority issued"):
        verify_certificate(raw, AT, ROOT)


def test_a_certificate_is_read_in_der_only() -> None:
    """As `root.certificate` says of the library: each is BER for the same, and no DER."""
    raw = issued()
    certificate(raw, "it")
    assert raw[:2] == b"\x30\x82"
    true = raw.index(b"\x01\x01\xff")
    long_length = b"\x30\x83\0" + raw[2:]
    endless = b"\x30\x80" + raw[4:] + b"\0\0"
    truth = raw[: true + 2] + b"\x01" + raw[true + 3 :]
    for bad in (raw + b"\0", long_length, endless, b"", raw[:-1]):
        with pytest.raises(RefusedError):
            certificate(bad, "it")
    with pytest.raises(RefusedError):
        verify_certificate(truth, AT, ROOT)


def by_the_library(raw: bytes, at: datetime, roots: Root = ROOT) -> bool:
    """Whether a library's path validation takes it, in the profile of the web's certificates."""
    of_any_purpose = (x509.ExtendedKeyUsage, Criticality.NON_CRITICAL, None)
    authority = ExtensionPolicy.webpki_defaults_ca().may_be_present(*of_any_purpose)
    leaf = ExtensionPolicy.webpki_defaults_ee().may_be_present(*of_any_purpose)
    store = Store([each.issuer for each in roots.authorities])
    builder = PolicyBuilder().store(store).time(at)
    builder = builder.extension_policies(ca_policy=authority, ee_policy=leaf)
    try:
        builder.build_client_verifier().verify(x509.load_der_x509_certificate(raw), [])
    except (VerificationError, x509.UnsupportedGeneralNameType, ValueError):
        return False
    return True


PATHS = {
    "good": (GOOD, AT),
    "first instant": (GOOD, GOOD.start),
    "last instant": (GOOD, GOOD.start + GOOD.life),
    "too early": (GOOD, GOOD.start - timedelta(seconds=1)),
    "too late": (GOOD, GOOD.start + GOOD.life + timedelta(seconds=1)),
    "before the authority": (GOOD.but(start=BORN - DAY), BORN - DAY + timedelta(seconds=1)),
    "after the authority": (GOOD.but(start=DIES + DAY), DIES + DAY + timedelta(seconds=1)),
    "an authority": (GOOD.but(is_authority=True), AT),
    "old": (FORGE.leaf(Build(), is_old=True), AT),
    "critical and unknown": (GOOD.but(more=((CRITICAL, True),)), AT),
    "unknown": (GOOD.but(more=((CRITICAL, False),)), AT),
    "constrained": (GOOD.but(more=((CONSTRAINED, True),)), AT),
    "policies": (GOOD.but(more=((POLICIES, True),)), AT),
}


@pytest.mark.parametrize("name", PATHS)
def test_nothing_passes_that_a_librarys_path_validation_would_not_let_pass(name: str) -> None:
    leaf, at = PATHS[name]
    raw = issued(leaf)
    try:
        verify_certificate(raw, at, ROOT)
    except RefusedError:
        assert name not in {"good", "old", "unknown", "first instant", "last instant"}
        assert not by_the_library(raw, at) or name == "policies"
    else:
        assert by_the_library(raw, at)


def test_every_recorded_certificate_passes_there_as_well(shared: Path) -> None:
    accepted = [row for row in vectors.rows() if row.is_accepted]
    bundles = [read_bundle(vectors.stated(shared, row)) for row in accepted]
    signed = [each for each in bundles if each.certificates]
    assert len(signed) > 40
    for each in signed:
        verify_certificate(each.certificates[0], each.entry.at, root.shipped())
        assert by_the_library(each.certificates[0], each.entry.at, root.shipped())


def test_a_certificate_has_a_bound() -> None:
    with pytest.raises(RefusedError, match="larger than"):
        verify_certificate(issued() + bytes(16 * 1024), AT, ROOT)


def test_an_identity_is_one_name() -> None:
    mail = certified(GOOD.but(name=x509.RFC822Name("somebody@forge.example")))
    assert ("somebody@forge.example", "email") == (mail.identity, mail.identity_kind)
    dns = certified(GOOD.but(name=x509.DNSName("forge.example")))
    assert "other" == dns.identity_kind
