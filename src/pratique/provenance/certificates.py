"""The certificate of a build: whether an authority issued it then, and what it says.

A path to the authority at the logged time, by a library; a certificate log's word that it saw the
certificate before it was signed (SCT); the usages that Fulcio gives. What it says is read from
Fulcio's own extensions (fulcio, docs/oid-info.md): what is said there, the token of the build
said, where the predicate is only what the build itself wrote.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtendedKeyUsage,
    ExtensionType,
    KeyUsage,
    ObjectIdentifier,
    PrecertificateSignedCertificateTimestamps,
    RFC822Name,
    SubjectAlternativeName,
    UniformResourceIdentifier,
    UnrecognizedExtension,
    Version,
)
from cryptography.x509.certificate_transparency import (
    LogEntryType,
    SignatureAlgorithm,
    SignedCertificateTimestamp,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from pratique.errors import RefusedError
from pratique.model.evidence import Certified
from pratique.provenance import strict
from pratique.provenance.root import UNREADABLE, Authority, Root, certificate

_LARGEST = 16 * 1024
_MOST_SCTS = 8
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - as the library has the times of SCTs
_MILLISECOND = timedelta(milliseconds=1)
_NUMBERS = {ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{n}"): n for n in range(1, 25) if n != 7}
"""Fulcio's extensions; 7 is another form of the identity."""
_CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING
_UTF8 = 0x0C
_LAST_OLD = 6
"""Extensions 1 to 6 are raw text; 8 and later are DER."""
_FORGE = "https://github.com/"
_NAMES: Mapping[str, tuple[int, int | None]] = {
    "commit": (13, 3),
    "ref": (14, 6),
    "trigger": (20, 2),
    "repository_id": (15, None),
    "owner_id": (17, None),
    "owner": (16, None),
    "config_uri": (18, None),
    "config_digest": (19, None),
    "signer_uri": (9, None),
    "signer_digest": (10, None),
    "runner": (11, None),
    "run": (21, None),
    "visibility": (22, None),
    "environment": (23, None),
    "subject": (24, None),
}
"""Field of Certified -> its extension, and the one that older certificates have instead."""
_UNISSUED = "no authority issued the certificate"
_UNDERSTOOD = (KeyUsage, ExtendedKeyUsage, SubjectAlternativeName, BasicConstraints)
"""Extensions that may be critical: each of them is looked at."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate that holds: its key, and what it says."""

    key: ec.EllipticCurvePublicKey
    certified: Certified


def verify_certificate(raw: bytes, at: datetime, root: Root) -> Signer:
    """Verify a build's certificate as of `at`, the time that the log put on its signature.

    Args:
        raw: DER, at most 16 kB.
        at: In UTC; the certificate and an authority of the root must be valid then.
        root: Who may issue it, and whose word counts that it was issued.

    Raises:
        RefusedError: It is malformed, of no authority of the root at that time, not for signing
            code, in no certificate log, has a key that is not on P-256, or a claim that is not
            short and printable.
    """
    if len(raw) > _LARGEST:
        strict.refuse(f"the certificate is larger than {_LARGEST} bytes")
    leaf = certificate(raw, "the certificate")
    try:
        return _signer(leaf, at, root)
    except UNREADABLE as error:  # most parts are decoded when they are asked for
        strict.refuse(f"the certificate cannot be read: {str(error)[:200]}")


def _signer(leaf: Certificate, at: datetime, root: Root) -> Signer:
    known, claims = _extensions(leaf)
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        strict.refuse("the certificate's key is not on P-256")
    _require_code_signing(known)
    authority = _issuer(leaf, at, root)
    _verify_scts(leaf, known, authority, root)
    return Signer(key, _certified(leaf, known, claims))


Known = Mapping[type, ExtensionType]
Claims = Mapping[int, str]


def _extensions(leaf: Certificate) -> tuple[Known, Claims]:
    """Those that the library knows, by type; and what Fulcio's own say, by number."""
    known: dict[type, ExtensionType] = {}
    claims: dict[int, str] = {}
    for each in leaf.extensions:
        value = each.value
        if each.critical and not isinstance(value, _UNDERSTOOD):
            strict.refuse(f"{_UNISSUED}: a critical extension that is not understood")
        if not isinstance(value, UnrecognizedExtension):
            known[type(value)] = value
        elif number := _NUMBERS.get(each.oid):
            claims[number] = _text(number, value.value)
    return known, claims


def _issuer(leaf: Certificate, at: datetime, root: Root) -> Authority:
    """The authority that issued it, all being valid at `at`.

    A path is one step: from the certificate to an authority whose own chain held when the root was
    read. The steps of RFC 5280 (6.1.3) for it are here, as a library's path validation loads the
    authority's key each time; a test holds that nothing passes which that would not let pass.
    """
    if leaf.version is not Version.v3:
        strict.refuse("the certificate is not of version 3")
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        strict.refuse(f"{_UNISSUED}: it was not valid then")
    why = "the root has none of its issuer's name for that time"
    for authority in root.authorities:
        is_then = at in authority.window and at in authority.life
        if is_then and leaf.issuer == authority.issuer.subject:
            if _is_issued(leaf, authority):
                return authority
            why = "its signature does not verify"
    raise RefusedError("crypto", f"{_UNISSUED}: {why}")


def _is_issued(leaf: Certificate, authority: Authority) -> bool:
    algorithm = leaf.signature_hash_algorithm
    try:
        if authority.key is None:
            leaf.verify_directly_issued_by(authority.issuer)
        elif isinstance(algorithm, SHA256 | SHA384 | SHA512):
            signed = leaf.tbs_certificate_bytes
            authority.key.verify(leaf.signature, signed, ec.ECDSA(algorithm))
        else:
            return False
    except (*UNREADABLE, InvalidSignature):
        return False
    return True


def _require_code_signing(known: Known) -> None:
    usage, extended = known.get(KeyUsage), known.get(ExtendedKeyUsage)
    if not isinstance(usage, KeyUsage) or not usage.digital_signature:
        strict.refuse("the certificate's key may not sign")
    if not isinstance(extended, ExtendedKeyUsage) or _CODE_SIGNING not in extended:
        strict.refuse("the certificate is not for signing code")
    constraints = known.get(BasicConstraints)
    is_authority = isinstance(constraints, BasicConstraints) and constraints.ca
    if is_authority or usage.key_cert_sign:
        strict.refuse(f"{_UNISSUED}: it is an authority's own")


def _verify_scts(leaf: Certificate, known: Known, authority: Authority, root: Root) -> None:
    """One log of the root at least vouches for it; what a log of the root signed must hold."""
    stated = known.get(PrecertificateSignedCertificateTimestamps)
    if not isinstance(stated, PrecertificateSignedCertificateTimestamps):
        strict.refuse("the certificate has no word of a certificate log")
    if len(stated) > _MOST_SCTS:
        strict.refuse(f"the certificate has more than {_MOST_SCTS} words of logs")
    words = [each for each in stated if each.log_id in root.certificate_logs]
    if not words:
        strict.refuse("the certificate is in no certificate log of the trusted root")
    for sct in words:
        log = root.certificate_logs[sct.log_id]
        if sct.timestamp.replace(tzinfo=UTC) not in log.window:
            strict.refuse("the certificate log was not in use then")
        is_known = (
            sct.entry_type is LogEntryType.PRE_CERTIFICATE
            and sct.signature_algorithm is SignatureAlgorithm.ECDSA
            and isinstance(sct.signature_hash_algorithm, SHA256)
        )
        if not is_known:
            strict.refuse("a certificate log's word is of another kind")
        message = _logged(sct, leaf, authority)
        strict.require_signed(log.key, sct.signature, message, "a certificate log's signature")


def _logged(sct: SignedCertificateTimestamp, leaf: Certificate, authority: Authority) -> bytes:
    """What the log signed (RFC 6962, 3.2): the certificate without its words of logs."""
    tbs = leaf.tbs_precertificate_bytes
    extra = sct.extension_bytes
    milliseconds = (sct.timestamp - _EPOCH) // _MILLISECOND
    head = struct.pack("!BBQH", sct.version.value, 0, milliseconds, sct.entry_type.value)
    length = len(tbs).to_bytes(3, "big")
    return b"".join((head, authority.key_hash, length, tbs, struct.pack("!H", len(extra)), extra))


def _certified(leaf: Certificate, known: Known, claims: Claims) -> Certified:
    identity, kind = _identity(known)
    issuer = claims.get(8, claims.get(1))
    if issuer is None:
        strict.refuse("the certificate does not say who vouches for the identity")
    old = strict.text(f"{_FORGE}{claims[5]}", "the repository") if 5 in claims else None
    return Certified(
        issuer=issuer,
        identity=identity,
        identity_kind=kind,
        not_before=leaf.not_valid_before_utc,
        repository=claims.get(12, old),
        is_old=all(number <= _LAST_OLD for number in claims),
        **{
            field: claims.get(new, None if older is None else claims.get(older))
            for field, (new, older) in _NAMES.items()
        },
    )


def _text(number: int, value: bytes) -> str:
    what = f"the certificate's extension {number}"
    if number > _LAST_OLD:
        value = _utf8(value, what)
    try:
        said = value.decode("utf-8")
    except UnicodeDecodeError:
        strict.refuse(f"{what} is not UTF-8")
    if not said:  # Fulcio leaves out what it has nothing to say of
        strict.refuse(f"{what} is empty")
    return strict.text(said, what)


def _utf8(value: bytes, what: str) -> bytes:
    """The content of a DER UTF8String, with its length in the one form that it has."""
    size = len(value) - 2
    if 0 <= size < 0x80 and value[0] == _UTF8 and value[1] == size:
        return value[2:]
    size = len(value) - 3
    if 0x80 <= size <= 0xFF and value.startswith(bytes((_UTF8, 0x81, size))):
        return value[3:]
    size = len(value) - 4
    if 0xFF < size <= 0xFFFF and value.startswith(bytes((_UTF8, 0x82, *divmod(size, 256)))):
        return value[4:]
    raise RefusedError("crypto", f"{what} is no text in DER")


def _identity(known: Known) -> tuple[str, Literal["uri", "email", "other"]]:
    """The one subject alternative name: a workflow's address, or whose mail address it is."""
    stated = known.get(SubjectAlternativeName)
    names = list(stated) if isinstance(stated, SubjectAlternativeName) else []
    if len(names) != 1:
        strict.refuse("the certificate must have one identity")
    (name,) = names
    if isinstance(name, UniformResourceIdentifier):
        return strict.text(name.value, "the identity"), "uri"
    if isinstance(name, RFC822Name):
        return strict.text(name.value, "the identity"), "email"
    return strict.text(str(name.value)[:1024], "the identity"), "other"
