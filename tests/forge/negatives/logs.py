"""Wrong entries of the transparency log, wrong envelopes, and wrong encodings of either."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives.asymmetric import ec
from tests.forge.claims import SLSA_V1, STATEMENT_V1, Build, Document, slsa_v1
from tests.forge.forge import WHEN, Artifact, another, statement
from tests.forge.keys import b64
from tests.forge.negatives.table import World, entry_of, negative
from tests.forge.offer import Offer
from tests.forge.sealing import IN_TOTO, pae
from tests.forge.shapes import FIRST, SECOND


@negative("crypto", says="promise does not verify")
def a_promise_of_another_time(world: World) -> Offer:
    """The integrated time is edited to a minute later; the log signed the earlier one."""

    def edit(entry: Document) -> None:
        entry["integratedTime"] = str(int(entry["integratedTime"]) + 60)

    return world.entry(edit)


@negative("crypto", says="promise does not verify")
def a_promise_of_another_place(world: World) -> Offer:
    """The log's index is edited."""
    return world.entry(lambda entry: entry.update(logIndex="17"))


@negative("crypto", says="promise does not verify")
def a_promise_that_somebody_else_made(world: World) -> Offer:
    """A signed entry timestamp by a key that says it is the log."""

    def edit(entry: Document) -> None:
        body = base64.b64decode(entry["canonicalizedBody"])
        seconds, index = int(entry["integratedTime"]), int(entry["logIndex"])
        other = world.other.log.promise(body, seconds, index)
        entry["inclusionPromise"] = {"signedEntryTimestamp": other}

    return world.entry(edit)


@negative("crypto", says="promise does not verify")
def a_promise_edited_in_the_first_shape(world: World) -> Offer:
    """The first shape has the promise only: its time is edited."""
    answer = world.forge.answer(shape=FIRST)["attestations"]
    entry = entry_of(answer[1]["bundle"])
    entry["integratedTime"] = str(int(entry["integratedTime"]) + 60)
    return world.offer(*answer)


@negative("crypto", says="checkpoint is of another tree")
def a_checkpoint_of_another_tree(world: World) -> Offer:
    """The log's own checkpoint, but of the tree that another entry's proof belongs to."""
    other = entry_of(world.forge.publish(Artifact("gadget"))["bundle"])["inclusionProof"]
    return world.entry(lambda entry: entry["inclusionProof"].update(checkpoint=other["checkpoint"]))


@negative("crypto", says="checkpoint's signature")
def a_checkpoint_by_another_key(world: World) -> Offer:
    """The right tree, signed by a key that says it is the log."""

    def edit(entry: Document) -> None:
        proof = entry["inclusionProof"]
        root = base64.b64decode(proof["rootHash"])
        own = world.forge.log.key.digest[:4]
        note = world.other.log.checkpoint(int(proof["treeSize"]), root)
        head, _, line = note.rpartition(" ")
        forged = b64(own + base64.b64decode(line)[4:])
        proof["checkpoint"] = {"envelope": f"{head} {forged}\n"}

    return world.entry(edit)


@negative("crypto", says="no signed note")
def a_checkpoint_without_signature(world: World) -> Offer:
    """The note ends before its signature."""

    def edit(entry: Document) -> None:
        note = entry["inclusionProof"]["checkpoint"]
        note["envelope"] = note["envelope"].partition("\n\n")[0] + "\n\n"

    return world.entry(edit)


@negative("crypto", says="does not lead to its root")
def a_proof_of_another_entry(world: World) -> Offer:
    """Hashes, root and checkpoint of another entry's proof, all of them good for that."""
    other = entry_of(world.forge.publish(Artifact("gadget"))["bundle"])["inclusionProof"]
    return world.entry(lambda entry: entry.update(inclusionProof=other))


@negative("crypto", says="does not lead to its root")
def a_proof_that_lacks_a_hash(world: World) -> Offer:
    """The last hash of the path is dropped."""
    return world.entry(lambda entry: entry["inclusionProof"]["hashes"].pop())


@negative("crypto", says="does not lead to its root")
def a_proof_with_a_hash_too_many(world: World) -> Offer:
    """The path goes on after the root."""
    return world.entry(lambda entry: entry["inclusionProof"]["hashes"].append(b64(bytes(32))))


@negative("crypto", says="does not lead to its root")
def a_proof_of_another_size(world: World) -> Offer:
    """The size of the tree is edited; the checkpoint names the right one."""
    return world.entry(lambda entry: entry["inclusionProof"].update(treeSize="99999999"))


@negative("crypto", says="must have an inclusion proof")
def no_proof_in_the_third_shape(world: World) -> Offer:
    """A bundle of version 0.3 has to have a proof; this has the promise only."""
    return world.entry(lambda entry: entry.pop("inclusionProof"))


@negative("crypto", says="no promise")
def neither_promise_nor_proof(world: World) -> Offer:
    """An entry that nothing of the log's is in."""
    answer = world.forge.answer(shape=FIRST)["attestations"]
    entry_of(answer[1]["bundle"])["inclusionPromise"] = None
    return world.offer(*answer)


@negative("crypto", says="no promise")
def no_promise_so_no_time(world: World) -> Offer:
    """A proof only: nobody signed the time, in which the certificate has to have been valid."""
    return world.entry(lambda entry: entry.pop("inclusionPromise"))


@negative("crypto", says="no transparency log")
def a_log_that_is_unknown(world: World) -> Offer:
    """Promise, proof and checkpoint are of a log that the root does not name."""
    own, world.forge.log = world.forge.log, world.other.log
    try:
        provenance = world.forge.provenance()
    finally:
        world.forge.log = own
    return world.offer(world.publish(), provenance)


@negative("crypto", says="another payload")
def the_entry_of_another_bundle(world: World) -> Offer:
    """A good entry, of another release's envelope."""
    other = world.forge.provenance(Artifact("gadget"))["bundle"]
    return world.entry(lambda entry: entry.update(entry_of(other)))


@negative("crypto", says="another signer")
def an_entry_of_another_signer(world: World) -> Offer:
    """The log has the right signature over the right payload, by another certificate."""
    key = world.forge.key()
    leaves = (world.forge.leaf(Build()), world.forge.leaf(Build(run="7000000002")))
    mine, other = (world.forge.authority.issue(leaf, key) for leaf in leaves)
    provenance, second = (world.provenance(leaf=leaf, key=key) for leaf in (mine, other))
    entries = second["bundle"]["verificationMaterial"]["tlogEntries"]
    provenance["bundle"]["verificationMaterial"]["tlogEntries"] = entries
    return world.offer(world.publish(), provenance)


@negative("crypto", says="another signature")
def an_entry_of_another_signature(world: World) -> Offer:
    """The log has the same payload by the same certificate, with another signature."""
    key = world.forge.key()
    leaf = world.forge.authority.issue(world.forge.leaf(Build()), key)
    provenance = world.provenance(leaf=leaf, key=key)
    payload = base64.b64decode(provenance["bundle"]["dsseEnvelope"]["payload"])
    raw = key.private.sign(pae(IN_TOTO, payload), ec.ECDSA(key.hash))
    provenance["bundle"]["dsseEnvelope"]["signatures"][0]["sig"] = b64(raw)
    return world.offer(world.publish(), provenance)


@negative("crypto", says="another payload type")
def an_entry_of_another_type_of_payload(world: World) -> Offer:
    """In the second shape the log has the same signature for another payloadType."""
    key, shape = world.forge.key(), SECOND
    leaf = world.forge.authority.issue(world.forge.leaf(Build()), key)
    provenance = world.provenance(leaf=leaf, key=key, shape=shape)
    entry = entry_of(provenance["bundle"])
    body = json.loads(base64.b64decode(entry["canonicalizedBody"]))
    body["spec"]["content"]["envelope"]["payloadType"] = "application/json"
    material = provenance["bundle"]["verificationMaterial"]
    material["tlogEntries"] = [world.forge.log.enter(body, WHEN)]
    return world.offer(world.publish(), provenance)


@negative("crypto", says="another kind")
def an_entry_that_says_it_is_of_another_kind(world: World) -> Offer:
    """`kindVersion` is edited to the other kind."""
    return world.entry(
        lambda entry: entry.update(kindVersion={"kind": "intoto", "version": "0.0.2"})
    )


@negative("B2", says="tlogEntries")
def no_entry(world: World) -> Offer:
    """The bundle has no entry at all."""
    return world.edited(lambda bundle: bundle["verificationMaterial"].update(tlogEntries=[]))


@negative("B2", says="tlogEntries")
def two_entries(world: World) -> Offer:
    """The bundle has two entries, both good."""
    key, leaf = world.forge.key(), world.forge.leaf(Build())
    first, second = (
        world.provenance(leaf=world.forge.authority.issue(leaf, key), key=key) for _ in "ab"
    )
    entries = second["bundle"]["verificationMaterial"]["tlogEntries"]
    first["bundle"]["verificationMaterial"]["tlogEntries"] += entries
    return world.offer(world.publish(), first)


@negative("B2", says="signatures")
def two_signatures(world: World) -> Offer:
    """The envelope has two signatures by the same key, and the entry has both."""
    return world.signed(signatures=2)


@negative("B2", says="signatures")
def no_signature(world: World) -> Offer:
    """The envelope's list of signatures is empty."""
    return world.edited(lambda bundle: bundle["dsseEnvelope"].update(signatures=[]))


@negative("B2", says="in-toto")
def another_type_of_payload(world: World) -> Offer:
    """Signed and logged with another payloadType."""
    return world.signed(payload_type="application/json")


@negative("B2", says="names a key")
def a_keyid_where_a_certificate_signs(world: World) -> Offer:
    """The unsigned keyid of the provenance's envelope is the registry's key."""
    return world.edited(
        lambda bundle: bundle["dsseEnvelope"]["signatures"][0].update(keyid=world.forge.npm.id)
    )


@negative("crypto", says="another payload")
def a_payload_edited(world: World) -> Offer:
    """The payload names another commit than the one that was signed."""
    made = statement(STATEMENT_V1, Artifact(), SLSA_V1, slsa_v1(Build(commit="f" * 40)))

    def edit(bundle: Document) -> None:
        bundle["dsseEnvelope"]["payload"] = b64(json.dumps(made).encode())

    return world.edited(edit)


@negative("crypto", says="envelope's signature")
def a_signature_by_another_key(world: World) -> Offer:
    """Signed and logged with a good certificate, but by a key that is not its own."""
    leaf = world.forge.authority.issue(world.forge.leaf(Build()), world.forge.key())
    return world.signed(leaf=leaf, key=world.forge.key())


@negative("crypto", says="canonical base64")
def a_second_spelling_of_base64(world: World) -> Offer:
    """The payload in base64 whose unused bits are set: another text for the same bytes."""
    made = statement(STATEMENT_V1, another(Artifact()), SLSA_V1, slsa_v1(Build()))
    raw = json.dumps(made).encode()
    raw += b" " * (-len(raw) % 3 + 1)
    provenance = world.provenance(raw)
    text = provenance["bundle"]["dsseEnvelope"]["payload"]
    assert text.endswith("=="), "unused bits need padding"
    provenance["bundle"]["dsseEnvelope"]["payload"] = text[:-3] + chr(ord(text[-3]) + 1) + "=="
    return world.offer(world.publish(), provenance)


@negative("crypto", says="canonical base64")
def base64_with_line_ends(world: World) -> Offer:
    """The signature in lines, as a mail would have it."""

    def edit(bundle: Document) -> None:
        signature = bundle["dsseEnvelope"]["signatures"][0]
        signature["sig"] = signature["sig"][:40] + "\n" + signature["sig"][40:]

    return world.edited(edit)


@negative("crypto", says="must be a number")
def a_number_where_text_belongs(world: World) -> Offer:
    """The integrated time as a fraction."""
    return world.entry(lambda entry: entry.update(integratedTime=1772600767.5))


@negative("crypto", says="is no time")
def a_time_beyond_all_calendars(world: World) -> Offer:
    """Integrated in the year 285 million, and signed by the log so."""

    def edit(entry: Document) -> None:
        body, index = base64.b64decode(entry["canonicalizedBody"]), int(entry["logIndex"])
        promise = world.forge.log.promise(body, 2**53, index)
        entry["integratedTime"] = str(2**53)
        entry["inclusionPromise"] = {"signedEntryTimestamp": promise}

    return world.entry(edit)


@negative("crypto", says="unknown media type")
def a_bundle_of_an_unknown_version(world: World) -> Offer:
    """The mediaType names version 0.9."""
    kind = "application/vnd.dev.sigstore.bundle.v0.9+json"
    return world.edited(lambda bundle: bundle.update(mediaType=kind))


@negative("crypto", says="must have one of")
def a_certificate_and_a_key(world: World) -> Offer:
    """The material names the registry's key beside the certificate."""
    known = {"hint": world.forge.npm.id}
    return world.edited(lambda bundle: bundle["verificationMaterial"].update(publicKey=known))


@negative("crypto", says="does not lead to its root")
def a_proof_edited_in_the_second_shape(world: World) -> Offer:
    """In the second shape the promise is good and the root of the proof is edited."""
    answer = world.forge.answer(shape=SECOND)["attestations"]
    entry_of(answer[1]["bundle"])["inclusionProof"]["rootHash"] = b64(bytes(32))
    return world.offer(*answer)
