"""Wrong registry signatures, and bytes that differ between lockfile, document and download."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.forge.forge import Artifact, another
from tests.forge.negatives.table import World, negative
from tests.forge.offer import Offer, offer

_OTHER = another(Artifact(), content=b"other bytes")


@negative("R1 invalid")
def integrity_changed_in_the_lockfile_only(world: World) -> Offer:
    """The lockfile pins other bytes than the registry signed."""
    return world.offer(locked=_OTHER.integrity)


@negative("R1 stated")
def integrity_changed_in_the_document_only(world: World) -> Offer:
    """The registry's document states other bytes than it signed and than the lockfile pins."""
    return world.offer(stated=_OTHER.integrity)


@negative("R1 invalid")
def integrity_changed_in_both(world: World) -> Offer:
    """Lockfile and document agree on other bytes; the signature is of the right ones."""
    return world.offer(locked=_OTHER.integrity, stated=_OTHER.integrity, artifact=_OTHER)


@negative("R4 invalid")
def the_signature_of_another_package(world: World) -> Offer:
    """A good signature of the same bytes under another name."""
    other = world.forge.signature(Artifact("gadget"))
    return world.offer(signatures=(other,))


@negative("R4 invalid")
def the_signature_of_another_version(world: World) -> Offer:
    """A good signature of the same bytes as another version."""
    other = world.forge.signature(another(Artifact(), version="0.9.9"))
    return world.offer(signatures=(other,))


@negative("R4 invalid")
def a_bad_signature_beside_one_of_an_unknown_key(world: World) -> Offer:
    """A key that nobody knows signed well; the known key's signature is of other bytes."""
    unknown = world.forge.signature(Artifact(), world.other.npm)
    bad = world.forge.signature(_OTHER)
    return world.offer(signatures=(unknown, bad))


@negative("R4 unknown key")
def a_signature_by_a_key_that_nobody_pinned(world: World) -> Offer:
    """Signed well, by the attacker's key."""
    return world.offer(signatures=(world.forge.signature(Artifact(), world.other.npm),))


@negative("R3 outside the key's window")
def a_signature_by_an_expired_key(world: World) -> Offer:
    """Signed by the key that ended in January 2025; published in 2026."""
    return world.offer(signatures=(world.forge.signature(Artifact(), world.forge.old_npm),))


@negative("R3 outside the key's window")
def a_signature_at_the_instant_a_key_ends(world: World) -> Offer:
    """The end of a window is exclusive."""
    old = offer(world.forge, at=datetime(2025, 1, 28, tzinfo=UTC))
    by_old = world.forge.signature(Artifact(), world.forge.old_npm)
    return old.but(signatures=(by_old,), published=datetime(2025, 1, 29, tzinfo=UTC))


@negative("R3 unknown key")
def a_signature_by_a_key_for_attestations_only(world: World) -> Offer:
    """The registry's key is pinned for attestations, and not for signatures."""
    keys = [one for one in world.forge.keys()["keys"] if one["keyUsage"] == "npm:attestations"]
    return world.offer(keys={"keys": keys})


@negative("R6 absent")
def signatures_stripped(world: World) -> Offer:
    """No signature: a mirror that strips them."""
    return world.offer(signatures=())


@negative("R5 uncovered")
def a_pin_that_is_a_sha1(world: World) -> Offer:
    """The lockfile pins a SHA-1, of which no signature speaks."""
    return world.offer(locked="sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=")


@negative("R4 malformed")
def a_signature_that_is_not_base64(world: World) -> Offer:
    """The known key's signature is text."""
    return world.offer(signatures=({"keyid": world.forge.npm.id, "sig": "signed, honestly"},))


@negative("R4 malformed")
def a_signature_in_a_second_spelling(world: World) -> Offer:
    """The good signature with a line end in its base64."""
    good = dict(world.forge.signature(Artifact()))
    good["sig"] = good["sig"][:40] + "\n" + good["sig"][40:]
    return world.offer(signatures=(good,))
