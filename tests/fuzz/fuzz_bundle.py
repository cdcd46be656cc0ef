"""Any bytes are an attestation endpoint's answer, a bundle, keys or a root; or they are refused.

What is accepted though it was changed says the same as what it was made from, byte for byte.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace

from tests.forge import SHAPES, Artifact, Build, Forge

from pratique.errors import RefusedError
from pratique.model.evidence import Certified, Sealed
from pratique.provenance import rekor
from pratique.provenance.binding import Expected, bound
from pratique.provenance.bundle import read_bundle
from pratique.provenance.keys import read_keys
from pratique.provenance.managed import verify_managed
from pratique.provenance.root import read_root
from pratique.provenance.strict import read_json
from pratique.provenance.verifying import verify

FORGE = Forge("fuzz")
STATED_ROOT, STATED_KEYS = (json.dumps(each()).encode() for each in (FORGE.root, FORGE.keys))
ROOT, KEYS = read_root(STATED_ROOT), read_keys(STATED_KEYS)
LOG = next(iter(ROOT.logs.values()))
WHICH = Artifact("@corp/widget", "1.2.3")
EXPECTED = Expected(
    name=WHICH.name,
    version=WHICH.version,
    sha512=WHICH.sha512,
    repository="https://github.com/acme/widget",
    claims_provenance=True,
)
ANSWERS = [json.dumps(FORGE.answer(WHICH, Build(), shape=shape)).encode()
           for shape in SHAPES.values()]  # fmt: skip
LARGEST = 32_768


def seeds() -> Iterator[bytes]:
    """Each form's answer and bundles, the log's entries, the root and the keys."""
    yield from ANSWERS
    for answer in ANSWERS:
        for each in json.loads(answer)["attestations"]:
            yield json.dumps(each["bundle"]).encode()
            bundle = read_bundle(each["bundle"])
            yield bundle.entry.body
            if bundle.entry.proof:
                yield bundle.entry.proof.checkpoint.encode()
    yield from (STATED_ROOT, STATED_KEYS)


def signed(sealed: Sealed) -> Sealed:
    """What of it somebody signed: its form, a named key and a proof at hand are nobody's word."""
    logged = replace(sealed.logged, has_proof=True)
    return replace(sealed, media_type="", keyid="", logged=logged)


def record(source: bytes) -> tuple[object, ...] | None:
    """What an answer proves, as it would be kept; None where it is refused."""
    found = bound(read_json(source), EXPECTED, ROOT, KEYS)
    if found.refused or not found.provenance:
        return None
    return found.publish, found.provenance.to_json()


RECORDS = {record(each) for each in ANSWERS}
SIGNED = {
    signed(verify(read_bundle(each["bundle"]), ROOT, KEYS))
    for answer in ANSWERS
    for each in json.loads(answer)["attestations"]
}
assert None not in RECORDS


def one(data: bytes) -> None:
    for reader in (read_keys, read_root):
        with contextlib.suppress(RefusedError):
            reader(data)
    with contextlib.suppress(RefusedError):
        rekor._checkpoint(data.decode("utf-8", "replace"), LOG)
    try:
        value = read_json(data)
    except RefusedError:
        return
    assert record(data) in (None, *RECORDS)
    with contextlib.suppress(RefusedError):
        verify_managed(value, bytes(32), KEYS.keys[0].spki, ROOT)
    with contextlib.suppress(RefusedError):
        bundle = read_bundle(value)
        with contextlib.suppress(RefusedError):
            rekor.verify_body(replace(bundle, entry=replace(bundle.entry, body=data)), b"")
        sealed = verify(bundle, ROOT, KEYS)
        assert signed(sealed) in SIGNED
        assert isinstance(sealed.signer, Certified) or sealed.hint == sealed.signer.id
