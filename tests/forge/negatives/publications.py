"""Wrong publish attestations: whose key signed them, when, and what the log has of them."""

from __future__ import annotations

import base64
from datetime import timedelta

from tests.forge.forge import WHEN, Artifact
from tests.forge.negatives.table import World, entry_of, negative
from tests.forge.offer import Offer
from tests.forge.sealing import IN_TOTO, Envelope, Signature, dsse_entry


@negative("B5", says="no pinned key")
def the_key_of_signatures_only(world: World) -> Offer:
    """The registry's key is pinned for signatures, and not for attestations."""
    keys = [one for one in world.forge.keys()["keys"] if one["keyUsage"] == "npm:signatures"]
    return world.offer(keys={"keys": keys})


@negative("B5", says="not in use")
def an_expired_key(world: World) -> Offer:
    """The publish attestation is by the key that ended in January 2025, a year later."""
    by_old = world.forge.publish()
    old, made = world.forge.old_npm, base64.b64decode(by_old["bundle"]["dsseEnvelope"]["payload"])
    by_old["bundle"] = world.forge.keyed(made, old, WHEN + timedelta(seconds=2))
    return world.offer(by_old, world.pair()[1])


@negative("B5", says="no pinned key")
def a_key_that_nobody_pinned(world: World) -> Offer:
    """The publish attestation is by a key of the attacker's, under its own id."""
    publish = world.forge.publish()
    made = base64.b64decode(publish["bundle"]["dsseEnvelope"]["payload"])
    own = world.other.npm
    publish["bundle"] = world.forge.keyed(made, own, WHEN + timedelta(seconds=2))
    return world.offer(publish, world.pair()[1])


@negative("crypto", says="envelope's signature")
def a_key_that_borrows_an_id(world: World) -> Offer:
    """The publish attestation is by the attacker's key; bundle and entry name the registry's."""
    publish = world.forge.publish()
    made = base64.b64decode(publish["bundle"]["dsseEnvelope"]["payload"])
    known, at = world.forge.npm, WHEN + timedelta(seconds=2)
    bundle = world.forge.keyed(
        made, world.other.npm, at, hint=known.id, keyid=known.id, verifier=known
    )
    return world.offer(publish | {"bundle": bundle}, world.pair()[1])


@negative("crypto", says="another payload")
def the_entry_of_another_publish_attestation(world: World) -> Offer:
    """The publish attestation comes with the log's entry of another package's."""
    publish, provenance = world.pair()
    other = world.forge.publish(Artifact("gadget"))["bundle"]
    publish["bundle"]["verificationMaterial"]["tlogEntries"] = [entry_of(other)]
    return world.offer(publish, provenance)


@negative("crypto", says="another signer")
def the_entry_of_another_key(world: World) -> Offer:
    """The log has the right signature, and says that another key made it."""
    publish, provenance = world.pair()
    made = base64.b64decode(publish["bundle"]["dsseEnvelope"]["payload"])
    at = WHEN + timedelta(seconds=2)
    bundle = world.forge.keyed(made, world.forge.npm, at, verifier=world.other.npm)
    return world.offer(publish | {"bundle": bundle}, provenance)


@negative("crypto", says="promise does not verify")
def a_publish_attestation_that_is_dated_back(world: World) -> Offer:
    """Its integrated time is edited to a year before, so that the release looks mature."""
    publish, provenance = world.pair()
    entry = entry_of(publish["bundle"])
    entry["integratedTime"] = str(int(entry["integratedTime"]) - 31_536_000)
    return world.offer(publish, provenance)


@negative("crypto", says="envelope's signature")
def a_signature_of_the_plain_payload(world: World) -> Offer:
    """The right key over the payload without DSSE's header, and logged so."""
    publish, provenance = world.pair()
    payload = base64.b64decode(publish["bundle"]["dsseEnvelope"]["payload"])
    key = world.forge.npm
    plain = Envelope(payload, IN_TOTO, (Signature(key.sign(payload), key.id, key.pem),))
    entry = world.forge.log.enter(dsse_entry(plain), WHEN + timedelta(seconds=2))
    publish["bundle"]["verificationMaterial"]["tlogEntries"] = [entry]
    publish["bundle"]["dsseEnvelope"] = plain.document()
    return world.offer(publish, provenance)


@negative("B2", says="names a key")
def a_keyid_unlike_the_hint(world: World) -> Offer:
    """The unsigned keyid of the publish attestation's envelope is the registry's old key."""
    publish, provenance = world.pair()
    publish["bundle"]["dsseEnvelope"]["signatures"][0]["keyid"] = world.forge.old_npm.id
    return world.offer(publish, provenance)
