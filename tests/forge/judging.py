"""What `pratique` makes of an offer: the only module of the forge that knows it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.forge.claims import Document
from tests.forge.offer import Offer

from pratique.errors import RefusedError
from pratique.model.evidence import Attestations, Refused, Sealed, SignatureState
from pratique.provenance import strict
from pratique.provenance.binding import Expected, bound
from pratique.provenance.bundle import read_bundle
from pratique.provenance.keys import read_keys
from pratique.provenance.root import read_root
from pratique.provenance.signatures import verify_signature
from pratique.provenance.verifying import verify

_NOTHING: Document = {"attestations": []}


def attested(offer: Offer) -> Attestations:
    """What its attestations come to. An endpoint that has none is an answer without any."""
    try:
        answer = strict.read_json(offer.answer) if offer.answer is not None else _NOTHING
    except RefusedError as error:
        return Attestations(refused=(Refused(error.rule, error.message),))
    expected = Expected(
        name=offer.artifact.name,
        version=offer.artifact.version,
        sha512=offer.artifact.sha512,
        repository=offer.repository,
        claims_provenance=offer.claims is not None,
    )
    root = read_root(json.dumps(offer.root).encode())
    return bound(answer, expected, root, read_keys(json.dumps(offer.keys).encode()))


def signed(offer: Offer) -> SignatureState:
    """What its registry signatures are worth, over what the lockfile pins."""
    claimed = [(one["keyid"], one["sig"]) for one in offer.signatures]
    keys = read_keys(json.dumps(offer.keys).encode())
    which = offer.artifact
    state, _key, _why = verify_signature(
        which.name, which.version, offer.locked, claimed, offer.published, keys
    )
    return state


def sealed(bundles: Sequence[Document], root: Document, keys: Document) -> list[Sealed | str]:
    """Each bundle as it is verified, or why it is refused."""
    trusted = read_root(json.dumps(root).encode())
    pinned = read_keys(json.dumps(keys).encode())
    found: list[Sealed | str] = []
    for one in bundles:
        try:
            text = strict.read_json(json.dumps(one).encode())
            found.append(verify(read_bundle(text), trusted, pinned))
        except RefusedError as error:
            found.append(f"{error.rule}: {error.message}")
    return found
