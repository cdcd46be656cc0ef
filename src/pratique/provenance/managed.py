"""A signature over an artifact's digest by a key of one's own, logged as `hashedrekord/0.0.1`.

npm serves no such bundle: `pratique verify-bundle` has it, because no library here verifies it.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from pratique.provenance import strict
from pratique.provenance.bundle import read_material
from pratique.provenance.rekor import read_body, require_signer, verify_entry
from pratique.provenance.root import Root

_KIND = "hashedrekord/0.0.1"


def verify_managed(stated: object, digest: bytes, spki: bytes, root: Root) -> None:
    """Verify that a key signed an artifact, and that a log of `root` has it.

    Args:
        stated: The bundle as JSON values, read strictly.
        digest: SHA-256 of the artifact.
        spki: DER of the key that was expected; the bundle's hint is not asked.
        root: Whose logs count.

    Raises:
        RefusedError: Anything of it does not hold.
    """
    material = read_material(stated)
    if material.hint is None or material.entry.kind != _KIND:
        strict.refuse("the bundle is of no key's signature over a digest")
    message = strict.members(_member(stated, "messageSignature"), "messageSignature")
    said = message.get("messageDigest")
    if said is not None and _said(strict.members(said, "messageDigest")) != digest:
        strict.refuse("the bundle is of another artifact")
    verify_entry(material, root)
    signature = strict.b64(message.get("signature"), "the signature")
    spec = strict.members(read_body(material.entry).get("spec"), "spec")
    logged = strict.members(_member(spec.get("data"), "hash"), "hash")
    if logged != {"algorithm": "sha256", "value": digest.hex()}:
        strict.refuse("the entry is of another artifact")
    one = strict.members(spec.get("signature"), "signature")
    if one.get("content") != message.get("signature"):
        strict.refuse("the entry is of another signature")
    require_signer(strict.b64(_member(one.get("publicKey"), "content"), "publicKey"), spki)
    _require_signed(strict.curve_key(spki, "the key"), signature, digest)


def _member(value: object, name: str) -> object:
    return strict.members(value, f"what has {name}").get(name)


def _said(stated: dict[str, object]) -> bytes:
    if stated.get("algorithm") != "SHA2_256":
        strict.refuse("a digest that is no SHA-256")
    return strict.b64(stated.get("digest"), "messageDigest")


def _require_signed(key: ec.EllipticCurvePublicKey, signature: bytes, digest: bytes) -> None:
    if not strict.is_canonical_signature(signature):
        strict.refuse("the signature is not canonical DER")
    try:
        key.verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        strict.refuse("the signature does not verify")
