"""An envelope of the Dead Simple Signing Envelope (DSSE) that one key of the user's own signs.

Read in one way only: one signature, canonical base64, no member twice. The key id in it is for
people: nobody signed it, and nothing is decided by it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from pratique.errors import RefusedError
from pratique.provenance import strict

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

_CURVE = "secp256r1"


def read_private(pem: bytes) -> PrivateKey | None:
    """The key of a PEM text: ECDSA on P-256, or Ed25519; None for anything else.

    A key that asks for a passphrase is None as well.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key if key.curve.name == _CURVE else None
    return key if isinstance(key, ed25519.Ed25519PrivateKey) else None


def read_public(pem: bytes) -> PublicKey | None:
    """As `read_private`, of a public key."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key if key.curve.name == _CURVE else None
    return key if isinstance(key, ed25519.Ed25519PublicKey) else None


def keyid_of(key: PublicKey) -> str:
    """`SHA256:` and the unpadded base64 of the digest over its SubjectPublicKeyInfo."""
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(sha256(spki).digest()).decode("ascii").rstrip("=")


def pae(payload_type: str, payload: bytes) -> bytes:
    """What is signed: both parts with their lengths (DSSE, protocol.md: PAE)."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sealed(payload_type: str, payload: bytes, key: PrivateKey) -> bytes:
    """The envelope over `payload`, as JSON."""
    message = pae(payload_type, payload)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(message)
    else:
        signature = key.sign(message, ec.ECDSA(SHA256()))
    stated = {
        "payload": base64.b64encode(payload).decode("ascii"),
        "payloadType": payload_type,
        "signatures": [
            {
                "keyid": keyid_of(key.public_key()),
                "sig": base64.b64encode(signature).decode("ascii"),
            }
        ],
    }
    return json.dumps(stated, sort_keys=True).encode("ascii") + b"\n"


def opened(source: bytes, payload_type: str, key: PublicKey, limit: int = strict.BUNDLE) -> bytes:
    """The payload of an envelope that `key` signed; beyond `limit` bytes it is refused.

    Raises:
        RefusedError: `envelope` where it is none that has one reading; `payload-type` where it is
            of another type; `signatures` where it has not one; `signature` where that is not the
            key's over these bytes.
    """
    with under("envelope"):
        stated = strict.members(strict.read_json(source, limit), "the envelope")
        payload = strict.b64(stated.get("payload"), "the payload")
        kind = strict.text(stated.get("payloadType"), "payloadType")
        signatures = strict.items(stated.get("signatures"), "signatures", 1024)
    if kind != payload_type:
        strict.refuse(f"the payload is of the type {kind}, and not {payload_type}", "payload-type")
    if len(signatures) != 1:
        strict.refuse(f"it has {len(signatures)} signatures, and not one", "signatures")
    with under("envelope"):
        one = strict.members(signatures[0], "the signature")
        signature = strict.b64(one.get("sig"), "the signature")
    _require_signed(key, signature, pae(kind, payload))
    return payload


def _require_signed(key: PublicKey, signature: bytes, message: bytes) -> None:
    with under("signature"):
        if isinstance(key, ec.EllipticCurvePublicKey):
            strict.require_signed(key, signature, message, "the signature")
            return
    try:
        key.verify(signature, message)
    except InvalidSignature:
        strict.refuse("the signature does not verify", "signature")


@contextmanager
def under(rule: str) -> Iterator[None]:
    """Whatever is refused within is refused by `rule`."""
    try:
        yield
    except RefusedError as error:
        raise RefusedError(rule, error.message) from error
