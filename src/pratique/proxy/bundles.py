"""The bundle that `npm publish --provenance` sends: what it is about, how it is given out. Pure.

Nothing is verified here but that the bundle is about these bytes; clients verify signatures
themselves, and no document of ours says that somebody did. The form: in-toto Statement 1 in a DSSE
envelope in a Sigstore bundle (https://github.com/sigstore/protobuf-specs, read 2026-11).
"""

from __future__ import annotations

import binascii
from typing import Any
from urllib.parse import unquote

import msgspec

_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Subject(msgspec.Struct):
    name: str
    digest: dict[str, str]


class _Statement(msgspec.Struct):
    subject: list[_Subject]
    predicate_type: str = msgspec.field(name="predicateType")


class _Envelope(msgspec.Struct):
    payload: str
    signatures: list[Any]


class _Bundle(msgspec.Struct):
    envelope: _Envelope = msgspec.field(name="dsseEnvelope")
    media: str = msgspec.field(name="mediaType")


def _statement(bundle: bytes) -> _Statement | None:
    try:
        read = msgspec.json.decode(bundle, type=_Bundle)
        payload = binascii.a2b_base64(read.envelope.payload, strict_mode=True)
        return msgspec.json.decode(payload, type=_Statement)
    except (*_BROKEN, binascii.Error, ValueError):
        return None


def why_not_about(bundle: bytes, name: str, version: str, sha512: str) -> str:
    """Why it is not about this release's bytes, as one clause; "" where it is."""
    statement = _statement(bundle)
    if statement is None:
        return "is no Sigstore bundle with a statement that can be read"
    if len(statement.subject) != 1:
        return f"has {len(statement.subject)} subjects, and not the tarball alone"
    (subject,) = statement.subject
    if unquote(subject.name) != f"pkg:npm/{name}@{version}":
        return "is that of another release"
    if subject.digest.get("sha512") != sha512:
        return "is that of other bytes"
    return ""


def document(bundle: bytes) -> bytes:
    """The answer of `GET /-/npm/v1/attestations/NAME@VERSION`."""
    statement = _statement(bundle)
    kind = statement.predicate_type if statement else ""
    told = [{"predicateType": kind, "bundle": msgspec.Raw(bundle)}]
    return msgspec.json.encode({"attestations": told})
