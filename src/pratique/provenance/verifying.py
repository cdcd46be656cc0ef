"""One bundle, verified: whose signature it is, over which bytes, and when.

Nothing is said here of whether the signer is the right one: that is `binding` and `signer`. No
verdict is kept: the same bundle is verified again each time it is asked.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from pratique.model.evidence import Certified, Key, Keys, Logged, Sealed, Usage
from pratique.provenance import strict
from pratique.provenance.bundle import Bundle, Envelope
from pratique.provenance.certificates import verify_certificate
from pratique.provenance.rekor import DSSE, INTOTO, verify_body, verify_entry
from pratique.provenance.root import Root

__all__ = ["KINDS", "verify", "verify_logged"]

KINDS = (DSSE, INTOTO)


def verify(bundle: Bundle, root: Root, keys: Keys) -> Sealed:
    """Verify a bundle of npm's registry: its log's entry, its signer, its signature.

    Args:
        bundle: As `read_bundle` gives it.
        root: Whose certificates and which logs count.
        keys: Those of the registry, for bundles that no certificate signs.

    Raises:
        RefusedError: `B5` where the key is unknown, or was not in use; `crypto` for the rest.
    """
    if bundle.timestamps:
        strict.refuse("the bundle has signed timestamps, which npm's bundles do not have")
    return verify_logged(bundle, root, keys)


def verify_logged(bundle: Bundle, root: Root, keys: Keys) -> Sealed:
    """As `verify`, of a bundle whose signed timestamps somebody else has looked at."""
    if bundle.entry.kind not in KINDS:
        strict.refuse(f"an entry of kind {bundle.entry.kind}, which npm's bundles do not have")
    verify_entry(bundle, root)
    if bundle.hint is None:
        signer: Certified | Key = _by_certificate(bundle, root)
    else:
        signer = _by_key(bundle, bundle.hint, keys)
    return _sealed(bundle, signer)


def _by_certificate(bundle: Bundle, root: Root) -> Certified:
    raw = bundle.certificates[0]
    verify_body(bundle, raw)
    found = verify_certificate(raw, bundle.entry.at, root)
    _require_signed(bundle.envelope, found.key)
    return found.certified


def _by_key(bundle: Bundle, hint: str, keys: Keys) -> Key:
    """The key's window is asked by the log's time, which nobody but the log can set."""
    key = keys.find(hint, Usage.ATTESTATIONS)
    if key is None:
        strict.refuse("no pinned key for attestations has the id that the bundle names", "B5")
    if not key.is_valid_at(bundle.entry.at):
        strict.refuse("the registry's key was not in use when the log took the entry", "B5")
    verify_body(bundle, key.spki)
    _require_signed(bundle.envelope, strict.curve_key(key.spki, "the pinned key"))
    return key


def _require_signed(envelope: Envelope, key: ec.EllipticCurvePublicKey) -> None:
    strict.require_signed(key, envelope.signature, _pae(envelope), "the envelope's signature")


def _pae(envelope: Envelope) -> bytes:
    """What is signed (DSSE, protocol.md: PAE)."""
    kind = envelope.payload_type.encode("utf-8")
    sizes = (len(kind), len(envelope.payload))
    return b"DSSEv1 %d %b %d %b" % (sizes[0], kind, sizes[1], envelope.payload)


def _sealed(bundle: Bundle, signer: Certified | Key) -> Sealed:
    entry, envelope = bundle.entry, bundle.envelope
    return Sealed(
        media_type=bundle.media_type,
        payload_type=envelope.payload_type,
        payload=envelope.payload,
        signer=signer,
        keyid=envelope.keyid,
        hint=bundle.hint or "",
        logged=Logged(entry.kind, entry.log_index, entry.at, entry.proof is not None),
    )
