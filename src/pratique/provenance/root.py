"""The trusted root of Sigstore: who may issue certificates, and which logs count, and when.

Read once; its own intermediate certificates are verified then. What it says of timestamp
authorities is kept as bytes, for the library that verifies their tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    DuplicateExtension,
    ExtensionNotFound,
    InvalidVersion,
    KeyUsage,
    UnsupportedGeneralNameType,
    load_der_x509_certificate,
)

from pratique.provenance import strict

SHIPPED_AT = datetime(2026, 8, 21, tzinfo=UTC)
"""When the shipped root and keys were last compared with Sigstore's repository of trust."""
UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    DuplicateExtension,
    InvalidVersion,
    UnsupportedGeneralNameType,
)
"""What the library raises for a certificate that it cannot read: on loading, or at any part."""
_SHIPPED = "trusted-root.json"
_LARGEST = 1024 * 1024
_MOST = 64
_MEDIA_TYPES = (
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
)
P256 = "PKIX_ECDSA_P256_SHA_256"


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end`; both count (sigstore's protobuf-specs), None has no end."""

    start: datetime
    end: datetime | None

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at <= self.end)


@dataclass(frozen=True, slots=True)
class Log:
    """A log, of transparency or of certificates. `id` is the SHA-256 of its key's SPKI."""

    id: bytes
    key: ec.EllipticCurvePublicKey
    window: Window


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority, whose own chain holds.

    Attributes:
        issuer: The certificate that signs those of the builds.
        key: Its key where that is on a curve, loaded; None for another kind.
        key_hash: SHA-256 of its SPKI, which SCTs speak of.
        life: When `issuer` is valid, as it says itself.
        window: When it issues, as the root says.
    """

    issuer: Certificate
    key: ec.EllipticCurvePublicKey | None
    key_hash: bytes
    life: Window
    window: Window


@dataclass(frozen=True, slots=True)
class Root:
    """A trusted root. `source` is the file, for what only sigstore-python reads of it."""

    authorities: tuple[Authority, ...]
    logs: Mapping[bytes, Log]
    certificate_logs: Mapping[bytes, Log]
    source: bytes


@cache
def shipped() -> Root:
    """The root that comes with the program: Sigstore's public good instance."""
    return read_root(files("pratique.provenance").joinpath("shipped", _SHIPPED).read_bytes())


def read_root(source: bytes) -> Root:
    """The trusted root of a `trusted_root.json`, at most 1 MB and 64 members a list.

    Raises:
        RefusedError: It is malformed, has no authority or no log, or a chain in it does not hold.
    """
    document = strict.members(strict.read_json(source, _LARGEST), "the trusted root")
    if document.get("mediaType") not in _MEDIA_TYPES:
        strict.refuse("not a trusted root of Sigstore, version 0.1 or 0.2")
    root = Root(
        authorities=tuple(_authority(each) for each in _each(document, "certificateAuthorities")),
        logs=_logs(document, "tlogs"),
        certificate_logs=_logs(document, "ctlogs"),
        source=source,
    )
    if not root.authorities:
        strict.refuse("the trusted root has no certificate authority")
    return root


def _each(document: dict[str, object], name: str) -> list[dict[str, object]]:
    stated = strict.items(document.get(name, []), name, _MOST)
    return [strict.members(each, name) for each in stated]


def _window(stated: dict[str, object], what: str) -> Window:
    window = strict.members(stated.get("validFor"), f"validFor of {what}")
    end = window.get("end")
    return Window(
        strict.instant(window.get("start"), f"validFor.start of {what}"),
        None if end is None else strict.instant(end, f"validFor.end of {what}"),
    )


def _logs(document: dict[str, object], name: str) -> dict[bytes, Log]:
    """Those whose keys are on P-256, which is what npm's bundles use; by id."""
    found: dict[bytes, Log] = {}
    for each in _each(document, name):
        public = strict.members(each.get("publicKey"), f"publicKey of {name}")
        window = _window(public, name)
        spki = strict.b64(public.get("rawBytes"), f"the key of {name}")
        ident = strict.members(each.get("logId"), f"logId of {name}").get("keyId")
        if public.get("keyDetails") != P256:
            continue
        if strict.b64(ident, f"logId of {name}") != sha256(spki).digest():
            strict.refuse(f"a log of {name} has an id that is not its key's")
        log = Log(sha256(spki).digest(), strict.curve_key(spki, f"the key of {name}"), window)
        if found.setdefault(log.id, log) is not log:
            strict.refuse(f"a log of {name} stands there twice")
    return found


def _authority(stated: dict[str, object]) -> Authority:
    chain = strict.members(stated.get("certChain"), "certChain")
    listed = strict.items(chain.get("certificates"), "certificates", 8)
    certificates = [certificate(_raw(each), "a certificate of the root") for each in listed]
    if not certificates:
        strict.refuse("an authority has no certificate")
    for each, above in zip(certificates, [*certificates[1:], certificates[-1]], strict=True):
        _require_issued(each, above)
    issuer = certificates[0]
    key = issuer.public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Authority(
        issuer=issuer,
        key=key if isinstance(key, ec.EllipticCurvePublicKey) else None,
        key_hash=sha256(spki).digest(),
        life=Window(issuer.not_valid_before_utc, issuer.not_valid_after_utc),
        window=_window(stated, "an authority"),
    )


def _raw(stated: object) -> bytes:
    return strict.b64(strict.members(stated, "certificate").get("rawBytes"), "a certificate")


def certificate(raw: bytes, what: str) -> Certificate:
    """The certificate of a DER encoding.

    The library reads DER and no other BER: no second form of a length, a truth or a default, and
    nothing after the end; a test holds that.
    """
    try:
        return load_der_x509_certificate(raw)
    except UNREADABLE as error:
        strict.refuse(f"{what} cannot be read: {str(error)[:200]}")


def _require_issued(lower: Certificate, upper: Certificate) -> None:
    """That `upper`, an authority's certificate, signed `lower`, an authority's as well."""
    try:
        lower.verify_directly_issued_by(upper)
        constraints = lower.extensions.get_extension_for_class(BasicConstraints).value
        usage = lower.extensions.get_extension_for_class(KeyUsage).value
    except (*UNREADABLE, InvalidSignature, ExtensionNotFound) as error:
        strict.refuse(f"an authority's chain does not hold: {str(error)[:200]}")
    if not (constraints.ca and usage.key_cert_sign):
        strict.refuse("an authority's certificate may not sign others")
