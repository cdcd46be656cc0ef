"""What a release's registry signatures are worth: rules R1 to R6 of docs/layers/signatures.md.

The registry signs `name@version:integrity`. The message is built from the SHA-512 that the
lockfile *locks*, not from what the registry says today (R1): a document and a lockfile that differ
cannot both be right. Whether the bytes have that digest (R2) is asked where they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pratique.errors import RefusedError
from pratique.model.evidence import Key, Keys, SignatureState, Usage
from pratique.model.package import Digest
from pratique.provenance import strict

Judged = tuple[SignatureState, str | None, str]
"""The state, the key that it is said of, and a sentence."""

_MOST = 16
_LONGEST = 1024
_WORST_FIRST = (
    SignatureState.INVALID,
    SignatureState.MALFORMED,
    SignatureState.VALID,
    SignatureState.UNCHECKED,
    SignatureState.OUTSIDE_WINDOW,
    SignatureState.UNKNOWN_KEY,
)
"""One bad signature of a known key outweighs any good one; a good one outweighs unknown keys."""


def verify_signature(
    name: str,
    version: str,
    locked: str | None,
    claimed: Sequence[tuple[str, str]],
    published: datetime | None,
    keys: Keys,
) -> Judged:
    """Judge the signatures that a registry's document claims for a release.

    Args:
        name: The package's.
        version: The release's, as published.
        locked: The pin's integrity (SRI); None where the pin has none.
        claimed: (key id, signature in base64) as the document has them.
        published: When the release was published, as far as anyone says; None where nobody does.
        keys: Those that are pinned; a key that signs attestations only does not count.
    """
    if not claimed:
        return SignatureState.ABSENT, None, "the registry's document has no signature"
    integrity = _sha512(locked)
    if integrity is None:
        return SignatureState.UNCOVERED, None, "what is locked is not one SHA-512"
    if len(claimed) > _MOST:
        return SignatureState.MALFORMED, None, f"more than {_MOST} signatures"
    message = _message(name, version, integrity)
    if message is None:
        return SignatureState.MALFORMED, None, "a name or version that cannot be signed"
    judged = (_judge(keyid, sig, message, published, keys) for keyid, sig in claimed)
    return min(judged, key=lambda each: _WORST_FIRST.index(each[0]))


def _sha512(locked: str | None) -> str | None:
    """The one canonical SHA-512 of an integrity string, options dropped."""
    found = {each.sri for each in Digest.from_sri(locked or "") if each.algorithm == "sha512"}
    return found.pop() if len(found) == 1 else None


def _message(name: str, version: str, integrity: str) -> bytes | None:
    """None where another release could have the same message, or none can be written in ASCII."""
    if ":" in name or ":" in version or "@" in name[1:] or not (name and version):
        return None
    message = f"{name}@{version}:{integrity}"
    return message.encode("ascii") if message.isascii() and message.isprintable() else None


def _judge(
    keyid: str, signature: str, message: bytes, published: datetime | None, keys: Keys
) -> Judged:
    key = keys.find(keyid, Usage.SIGNATURES)
    if key is None:
        return SignatureState.UNKNOWN_KEY, None, "no pinned key has the id of any signature"
    try:
        raw = strict.b64(signature[: _LONGEST + 1], "the signature")
    except RefusedError as error:
        return SignatureState.MALFORMED, keyid, error.message
    if not strict.is_canonical_signature(raw):
        return SignatureState.MALFORMED, keyid, "the signature is not canonical DER"
    if not strict.is_signed(strict.curve_key(key.spki, "the pinned key"), raw, message):
        why = "a pinned key signed something else than this name, version and locked digest"
        return SignatureState.INVALID, keyid, why
    return _in_window(key, published)


def _in_window(key: Key, published: datetime | None) -> Judged:
    """The publish time is what somebody says: this finds a key's misuse, and proves nothing."""
    if published is None:
        return SignatureState.UNCHECKED, key.id, "no publish time says whether the key was in use"
    if not key.is_valid_at(published):
        why = "the release was published when the key was not in use"
        return SignatureState.OUTSIDE_WINDOW, key.id, why
    return SignatureState.VALID, key.id, "signed by a pinned key"
