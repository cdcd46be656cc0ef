"""DSSE envelopes, and what a transparency log's entry says about one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.forge.keys import Key, b64
from tests.forge.log import canonical

IN_TOTO = "application/vnd.in-toto+json"


@dataclass(frozen=True)
class Signature:
    """One signature of an envelope; `verifier` is the PEM of a certificate or a public key."""

    raw: bytes
    keyid: str
    verifier: bytes


@dataclass(frozen=True)
class Envelope:
    """A payload with its signatures."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    def document(self) -> dict[str, Any]:
        return {
            "payload": b64(self.payload),
            "payloadType": self.payload_type,
            "signatures": [{"sig": b64(one.raw), "keyid": one.keyid} for one in self.signatures],
        }


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that a DSSE signature covers."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(
    payload: bytes,
    signers: Sequence[tuple[Key, str, bytes]],
    payload_type: str = IN_TOTO,
) -> Envelope:
    """Sign with each (key, keyid, PEM of what verifies it)."""
    message = pae(payload_type, payload)
    signed = tuple(Signature(key.sign(message), keyid, pem) for key, keyid, pem in signers)
    return Envelope(payload, payload_type, signed)


def dsse_entry(envelope: Envelope) -> dict[str, Any]:
    """The body of a `dsse` 0.0.1 entry."""
    signatures = [
        {"signature": b64(one.raw), "verifier": b64(one.verifier)} for one in envelope.signatures
    ]
    spec = {
        "envelopeHash": _sha256(canonical(envelope.document())),
        "payloadHash": _sha256(envelope.payload),
        "signatures": signatures,
    }
    return {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}


def intoto_entry(envelope: Envelope) -> dict[str, Any]:
    """The body of an `intoto` 0.0.2 entry, where a signature is base64 of base64."""
    signatures = [
        {"publicKey": b64(one.verifier), "sig": b64(b64(one.raw).encode())}
        | ({"keyid": one.keyid} if one.keyid else {})
        for one in envelope.signatures
    ]
    content = {
        "envelope": {"payloadType": envelope.payload_type, "signatures": signatures},
        "hash": _sha256(canonical(envelope.document())),
        "payloadHash": _sha256(envelope.payload),
    }
    return {"apiVersion": "0.0.2", "kind": "intoto", "spec": {"content": content}}


def pem(certificate: bytes) -> bytes:
    """A certificate's PEM, lines of 64."""
    text = base64.b64encode(certificate)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    return b"\n".join([begin, *lines, end, b""])


def _sha256(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}
