"""A Sigstore bundle with a DSSE envelope, in every form that npm's registry has served.

Forms: versions 0.1 to 0.3; signed by a certificate, a chain of them, or a key that a hint names.
What is read is bounded and has one reading; nothing is verified here. Members that are not known
are passed over, as protobuf's JSON would have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from pratique.provenance import strict

MEDIA_TYPES = {
    "application/vnd.dev.sigstore.bundle+json;version=0.1": 1,
    "application/vnd.dev.sigstore.bundle+json;version=0.2": 2,
    "application/vnd.dev.sigstore.bundle+json;version=0.3": 3,
    "application/vnd.dev.sigstore.bundle.v0.3+json": 3,
}
"""Media type -> minor version."""
IN_TOTO = "application/vnd.in-toto+json"
_LONGEST_CHECKPOINT = 4096
_MOST_CERTIFICATES = 8
_MOST_HASHES = 64
"""A log of 2^64 entries has proofs of 64 hashes."""
_MOST_TIMESTAMPS = 32


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is in a log's tree: `hashes` from its leaf up, and the log's signed note."""

    log_index: int
    tree_size: int
    root_hash: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A transparency log's entry.

    Attributes:
        log_index, log_id: Its place, in which log.
        kind: `dsse/0.0.1`, `intoto/0.0.2`.
        integrated: When the log took it, seconds since 1970.
        promise: The log's signature over all of this (SET); None where there is none.
        proof: Where it is in the tree.
        body: What the log has of it, JSON; `body_text` is its base64.
    """

    log_index: int
    log_id: bytes
    kind: str
    integrated: int
    promise: bytes | None
    proof: Proof | None
    body: bytes
    body_text: str

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.integrated, UTC)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A DSSE envelope with its one signature. `signature_text` is its base64."""

    payload_type: str
    payload: bytes
    signature: bytes
    signature_text: str
    keyid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What vouches for a signature, whatever was signed.

    Attributes:
        media_type, minor: The bundle's form; nobody signed that.
        certificates: DER, the signer's first; empty for a key.
        hint: Names the key; None for a certificate.
        entry: The log's only one.
        timestamps: Signed timestamps (RFC 3161), which npm's bundles do not have.
    """

    media_type: str
    minor: int
    certificates: tuple[bytes, ...]
    hint: str | None
    entry: Entry
    timestamps: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle(Material):
    """One bundle with its only envelope."""

    envelope: Envelope


def read_bundle(stated: object) -> Bundle:
    """The bundle of a decoded JSON value (`strict.read_json`).

    Raises:
        RefusedError: `B2` where it has not one envelope for in-toto with one signature and one
            entry; `crypto` where it is malformed, of another form, or beyond a bound.
    """
    document = strict.members(stated, "the bundle")
    if document.get("dsseEnvelope") is None or document.get("messageSignature") is not None:
        strict.refuse("the bundle has no DSSE envelope", "B2")
    envelope = _envelope(strict.members(document["dsseEnvelope"], "dsseEnvelope"))
    return Bundle(**_material(document), envelope=envelope)


def read_material(stated: object) -> Material:
    """As `read_bundle`, of a bundle that signs whatever it signs."""
    return Material(**_material(strict.members(stated, "the bundle")))


class _Material(TypedDict):
    media_type: str
    minor: int
    certificates: tuple[bytes, ...]
    hint: str | None
    entry: Entry
    timestamps: tuple[bytes, ...]


def _material(document: dict[str, object]) -> _Material:
    media_type = strict.text(document.get("mediaType"), "mediaType")
    minor = MEDIA_TYPES.get(media_type)
    if minor is None:
        strict.refuse("a bundle of an unknown media type")
    material = strict.members(document.get("verificationMaterial"), "verificationMaterial")
    certificates, hint = _signer(material, minor)
    entry = strict.only(_list(material.get("tlogEntries")), "tlogEntries")
    stamps = material.get("timestampVerificationData")
    return {
        "media_type": media_type,
        "minor": minor,
        "certificates": certificates,
        "hint": hint,
        "entry": _entry(strict.members(entry, "tlogEntries")),
        "timestamps": () if stamps is None else _timestamps(strict.members(stamps, "timestamps")),
    }


def _list(value: object) -> object:
    """Protobuf's JSON leaves empty lists out, or writes null."""
    return [] if value is None else value


def _timestamps(stated: dict[str, object]) -> tuple[bytes, ...]:
    listed = _list(stated.get("rfc3161Timestamps"))
    tokens = strict.items(listed, "rfc3161Timestamps", _MOST_TIMESTAMPS)
    return tuple(
        strict.b64(strict.members(each, "a timestamp").get("signedTimestamp"), "a timestamp")
        for each in tokens
    )


def _signer(material: dict[str, object], minor: int) -> tuple[tuple[bytes, ...], str | None]:
    """The certificates, or the hint of a key: one of them, in the form of the version."""
    names = ("certificate", "x509CertificateChain", "publicKey")
    given = [name for name in names if material.get(name) is not None]
    if len(given) != 1:
        strict.refuse("the bundle must have one of a certificate, a chain and a public key")
    stated = strict.members(material[given[0]], given[0])
    if given[0] == "publicKey":
        return (), strict.text(stated.get("hint"), "hint")
    if (given[0] == "certificate") != (minor == 3):
        strict.refuse(f"a bundle of version 0.{minor} has no {given[0]}")
    if given[0] == "certificate":
        return (_certificate(stated),), None
    listed = strict.items(stated.get("certificates"), "certificates", _MOST_CERTIFICATES)
    if not listed:
        strict.refuse("the chain has no certificate")
    return tuple(_certificate(strict.members(each, "a certificate")) for each in listed), None


def _certificate(stated: dict[str, object]) -> bytes:
    return strict.b64(stated.get("rawBytes"), "the certificate")


def _envelope(stated: dict[str, object]) -> Envelope:
    payload_type = strict.text(stated.get("payloadType"), "payloadType")
    if payload_type != IN_TOTO:
        strict.refuse("the envelope is not for in-toto", "B2")
    one = strict.members(strict.only(stated.get("signatures"), "signatures"), "signatures")
    signature = strict.b64(one.get("sig"), "the envelope's signature")
    return Envelope(
        payload_type=payload_type,
        payload=strict.b64(stated.get("payload"), "the payload"),
        signature=signature,
        signature_text=str(one["sig"]),
        keyid="" if one.get("keyid") is None else strict.text(one["keyid"], "keyid"),
    )


def _entry(stated: dict[str, object]) -> Entry:
    kind = strict.members(stated.get("kindVersion"), "kindVersion")
    log = strict.members(stated.get("logId"), "logId")
    promise, proof = stated.get("inclusionPromise"), stated.get("inclusionProof")
    body = strict.b64(stated.get("canonicalizedBody"), "canonicalizedBody")
    named = (strict.text(kind.get(each), each) for each in ("kind", "version"))
    return Entry(
        log_index=strict.number(stated.get("logIndex"), "logIndex"),
        log_id=strict.b64(log.get("keyId"), "logId"),
        kind="/".join(named),
        integrated=_seconds(stated.get("integratedTime")),
        promise=None if promise is None else _promise(promise),
        proof=None if proof is None else _proof(strict.members(proof, "inclusionProof")),
        body=body,
        body_text=str(stated["canonicalizedBody"]),
    )


def _seconds(value: object) -> int:
    found = strict.number(value, "integratedTime")
    if not 0 < found < 2**34:
        strict.refuse("integratedTime is no time")
    return found


def _promise(stated: object) -> bytes:
    promise = strict.members(stated, "inclusionPromise")
    return strict.b64(promise.get("signedEntryTimestamp"), "signedEntryTimestamp")


def _proof(stated: dict[str, object]) -> Proof:
    checkpoint = strict.members(stated.get("checkpoint"), "checkpoint").get("envelope")
    if not isinstance(checkpoint, str) or len(checkpoint) > _LONGEST_CHECKPOINT:
        strict.refuse(f"checkpoint must be text of at most {_LONGEST_CHECKPOINT} characters")
    listed = strict.items(_list(stated.get("hashes")), "hashes", _MOST_HASHES)
    return Proof(
        log_index=strict.number(stated.get("logIndex"), "logIndex"),
        tree_size=strict.number(stated.get("treeSize"), "treeSize"),
        root_hash=strict.b64(stated.get("rootHash"), "rootHash"),
        hashes=tuple(strict.b64(each, "a hash") for each in listed),
        checkpoint=checkpoint,
    )
