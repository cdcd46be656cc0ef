"""The transparency log's word for an entry: its promise, its tree, and what the entry is of.

An entry counts where the log signed it (the promise, SET) within the log's own window; where there
is an inclusion proof it must hold, up to a tree head that the log signed. Bundles from version 0.2
on must have one. The body of the entry must name this payload, this signature and this signer:
without that, an entry of something else would vouch for the time (CVE-2022-36056).
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from hashlib import sha256

from pratique.errors import RefusedError
from pratique.provenance import strict
from pratique.provenance.bundle import Bundle, Entry, Envelope, Material, Proof
from pratique.provenance.root import Log, Root

_SIGNATURE = re.compile("\u2014 ([^\\s+]+) ([A-Za-z0-9+/=]+)")
_MOST_SIGNATURES = 16
_PEM = (
    (b"-----BEGIN CERTIFICATE-----\n", b"\n-----END CERTIFICATE-----"),
    (b"-----BEGIN PUBLIC KEY-----\n", b"\n-----END PUBLIC KEY-----"),
)


def verify_entry(material: Material, root: Root) -> None:
    """Verify that a log of `root` has the bundle's entry.

    Raises:
        RefusedError: It is no log of the root, or not then; the promise is absent or not its own;
            the proof is absent from a bundle that must have it, or does not hold.
    """
    entry = material.entry
    log = root.logs.get(entry.log_id)
    if log is None:
        strict.refuse("the entry is of no transparency log of the trusted root")
    if entry.at not in log.window:
        strict.refuse("the entry was made when the log was not in use")
    if entry.promise is None:
        strict.refuse("the entry has no promise of the log, so no time")
    strict.require_signed(log.key, entry.promise, _promised(entry), "the log's promise")
    if entry.proof is not None:
        _verify_proof(entry, entry.proof, log)
    elif material.minor > 1:
        strict.refuse(f"a bundle of version 0.{material.minor} must have an inclusion proof")


def _promised(entry: Entry) -> bytes:
    """The message of the promise: canonical JSON (RFC 8785).

    That is this text: the names are in order, the strings are base64 and hexadecimal, and no
    number is beyond 2^53. A test compares it with a library's.
    """
    return (
        f'{{"body":"{entry.body_text}","integratedTime":{entry.integrated},'
        f'"logID":"{entry.log_id.hex()}","logIndex":{entry.log_index}}}'
    ).encode("ascii")


def _verify_proof(entry: Entry, proof: Proof, log: Log) -> None:
    if _root_hash(sha256(b"\0" + entry.body).digest(), proof) != proof.root_hash:
        strict.refuse("the inclusion proof does not lead to its root hash")
    size, root_hash = _checkpoint(proof.checkpoint, log)
    if (size, root_hash) != (proof.tree_size, proof.root_hash):
        strict.refuse("the checkpoint is of another tree")


def _root_hash(leaf: bytes, proof: Proof) -> bytes | None:
    """What the proof's hashes make of the leaf (RFC 9162, 2.1.3.2); None where they do not fit."""
    place, last = proof.log_index, proof.tree_size - 1
    if place > last:
        return None
    found = leaf
    for each in proof.hashes:
        if not last:
            return None
        if place & 1 or place == last:
            found = sha256(b"\1" + each + found).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = sha256(b"\1" + found + each).digest()
        place, last = place >> 1, last >> 1
    return None if last else found


def _checkpoint(note: str, log: Log) -> tuple[int, bytes]:
    """(size, root hash) of a tree head that `log` signed (C2SP tlog-checkpoint, signed-note)."""
    text, gap, signatures = note.partition("\n\n")
    lines = signatures.split("\n")
    if not gap or not text.isascii() or lines.pop() or not 0 < len(lines) <= _MOST_SIGNATURES:
        strict.refuse("the checkpoint is no signed note")
    stated = text.split("\n")
    if len(stated) < 3 or not stated[0]:
        strict.refuse("the checkpoint has no origin, size and root hash")
    for line in lines:
        found = _SIGNATURE.fullmatch(line)
        raw = strict.b64(found[2], "a signature of the checkpoint") if found else b""
        if len(raw) < 5:
            strict.refuse("the checkpoint has a malformed signature")
        if raw[:4] == log.id[:4]:
            message = f"{text}\n".encode("ascii")
            strict.require_signed(log.key, raw[4:], message, "the checkpoint's signature")
            return strict.number(stated[1], "tree size"), strict.b64(stated[2], "root hash")
    raise RefusedError("crypto", "the log did not sign the checkpoint")


def read_body(entry: Entry) -> dict[str, object]:
    """What the log has of the entry, which must be of the kind that the bundle says."""
    body = strict.members(strict.read_json(entry.body), "the entry's body")
    if f"{body.get('kind')}/{body.get('apiVersion')}" != entry.kind:
        strict.refuse("the entry is of another kind than its bundle says")
    return body


def verify_body(bundle: Bundle, signer: bytes) -> None:
    """Verify that the entry is of this envelope and this signer.

    Args:
        bundle: With an entry of kind `dsse/0.0.1` or `intoto/0.0.2`.
        signer: DER of the certificate, or of the key's SubjectPublicKeyInfo.
    """
    envelope = bundle.envelope
    body = read_body(bundle.entry)
    kind = bundle.entry.kind
    if kind not in _SIGNATURES:
        strict.refuse("the entry is of a kind that npm's bundles do not have")
    spec = strict.members(body.get("spec"), "spec")
    content = spec if kind == DSSE else strict.members(spec.get("content"), "content")
    digest = strict.members(content.get("payloadHash"), "payloadHash")
    if digest != {"algorithm": "sha256", "value": sha256(envelope.payload).hexdigest()}:
        strict.refuse("the entry is of another payload")
    signature, pem = _SIGNATURES[kind](content, envelope)
    if signature != envelope.signature_text:
        strict.refuse("the entry is of another signature")
    require_signer(pem, signer)


def _of_dsse(content: dict[str, object], _envelope: Envelope) -> tuple[str, bytes]:
    one = strict.members(strict.only(content.get("signatures"), "signatures"), "signatures")
    pem = strict.b64(one.get("verifier"), "verifier")
    return strict.text(one.get("signature"), "signature"), pem


def _of_intoto(content: dict[str, object], envelope: Envelope) -> tuple[str, bytes]:
    """The signature in it is base64 of base64."""
    stated = strict.members(content.get("envelope"), "envelope")
    if stated.get("payloadType") != envelope.payload_type:
        strict.refuse("the entry is of another payload type")
    one = strict.members(strict.only(stated.get("signatures"), "signatures"), "signatures")
    sig = strict.b64(one.get("sig"), "sig")
    return sig.decode("ascii", "replace"), strict.b64(one.get("publicKey"), "publicKey")


DSSE, INTOTO = "dsse/0.0.1", "intoto/0.0.2"
_SIGNATURES = {DSSE: _of_dsse, INTOTO: _of_intoto}


def require_signer(pem: bytes, signer: bytes) -> None:
    """That a PEM text in an entry is of this certificate, or key, in DER.

    Its lines may be of any length, as npm's clients write them; without their ends, it must be the
    canonical base64 of the DER.
    """
    text, expected = pem.removesuffix(b"\n"), b2a_base64(signer, newline=False)
    for head, foot in _PEM:
        if text.startswith(head) and text.endswith(foot):
            body = text[len(head) : len(text) - len(foot)]
            if body.replace(b"\n", b"") == expected:
                return
    strict.refuse("the entry is of another signer")
