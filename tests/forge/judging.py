"""What `pratique` makes of an offer: the only module of the forge that knows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from tests.evidence_builders import facts_of, preset, ruling
from tests.forge.claims import Document
from tests.forge.offer import Offer

from pratique.errors import RefusedError
from pratique.evaluate.door import Ruling
from pratique.model.evidence import (
    ATTESTATIONS,
    CLAIMED,
    SIGNATURE,
    Attestations,
    Authority,
    Build,
    Carries,
    Claimed,
    Earlier,
    Provenance,
    Refused,
    Sealed,
    SignatureFact,
    SignatureState,
)
from pratique.model.fact import PUBLISHED, Published, PublishSource
from pratique.model.package import Package, Release
from pratique.provenance import strict
from pratique.provenance.binding import Expected, bound
from pratique.provenance.bundle import read_bundle
from pratique.provenance.keys import read_keys
from pratique.provenance.root import read_root
from pratique.provenance.signatures import verify_signature
from pratique.provenance.verifying import verify

_NOTHING: Document = {"attestations": []}
DAY = timedelta(days=1)


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


def ruled(offer: Offer, *, after: timedelta = DAY, carries: bool = True) -> Ruling:
    """What layers 7 and 8 come to, `after` it was published, by the recommended preset.

    Args:
        carries: Whether the registry's documents are known to carry evidence at all.
    """
    release = Release(Package("npm", offer.artifact.name), offer.artifact.version)
    found = attested(offer) if offer.claims is not None else Attestations()
    at = found.publish or offer.published
    source = PublishSource.ATTESTED if found.publish else PublishSource.REGISTRY
    own = {
        PUBLISHED: Published(at, source),
        CLAIMED: claimed(offer, carries=carries),
        SIGNATURE: SignatureFact(signed(offer)),
        ATTESTATIONS: found,
    }
    past = tuple(map(earlier, offer.earlier))
    facts = facts_of(
        release, now=offer.published + after, past=past, sha512=offer.artifact.sha512, facts=own
    )
    return ruling(facts, release, preset())


def claimed(offer: Offer, *, carries: bool) -> Claimed:
    """What the registry's document says of it: its trusted publisher, a workflow, published it."""
    return Claimed(
        signatures=tuple((one["keyid"], one["sig"]) for one in offer.signatures),
        integrity=offer.stated,
        provenance=offer.claims,
        attestations=offer.claims is not None,
        publisher="GitHub Actions" if carries else None,
        trusted_publisher="github" if carries else None,
        carries=Carries(signatures=carries, attestations=carries, publishers=carries),
    )


def earlier(offer: Offer) -> Earlier:
    """A release that was published before, with its evidence verified."""
    return Earlier(
        version=offer.artifact.version,
        published=offer.published,
        sha512=offer.artifact.sha512,
        authority=Authority.TRUSTED_PUBLISHER,
        build=Build.VERIFIED,
        provenance=proven(offer),
        publisher="GitHub Actions",
    )


def proven(offer: Offer) -> Provenance:
    """Its record; an offer that has none is no part of a history."""
    found = attested(offer)
    if found.provenance is None:
        raise AssertionError(found.refused)
    return found.provenance


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
