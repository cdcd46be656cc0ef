"""What only a log that lies could hide: all of the entry fits, and the signature is another's."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any

import pytest
from tests.forge import WHEN, Build, Forge
from tests.forge.keys import Key

from pratique.errors import RefusedError
from pratique.provenance import rekor
from pratique.provenance.bundle import Entry, Proof, read_bundle
from pratique.provenance.keys import read_keys
from pratique.provenance.managed import verify_managed
from pratique.provenance.root import read_root
from pratique.provenance.verifying import verify

Json = Any

FORGE = Forge("signed")
ROOT = read_root(json.dumps(FORGE.root()).encode())
KEYS = read_keys(json.dumps(FORGE.keys()).encode())
STATEMENT = b'{"_type": "https://in-toto.io/Statement/v1"}'
DIGEST = sha256(b"an artifact").digest()


def refused(bundle: object) -> str:
    with pytest.raises(RefusedError) as caught:
        verify(read_bundle(bundle), ROOT, KEYS)
    return caught.value.message


def test_a_certificate_of_another_key_than_signed_is_refused() -> None:
    mine, other = FORGE.key(), FORGE.key()
    certificate = FORGE.authority.issue(FORGE.leaf(Build()), mine)
    good = FORGE.keyless(STATEMENT, certificate, WHEN, key=mine)
    assert verify(read_bundle(good), ROOT, KEYS).payload == STATEMENT
    bad = FORGE.keyless(STATEMENT, certificate, WHEN, key=other)
    assert "the envelope's signature does not verify" == refused(bad)


def test_a_registrys_key_that_did_not_sign_is_refused() -> None:
    good = FORGE.keyed(STATEMENT, FORGE.npm, WHEN)
    assert verify(read_bundle(good), ROOT, KEYS).payload == STATEMENT
    bad = FORGE.keyed(STATEMENT, FORGE.key(), WHEN, hint=FORGE.npm.id, verifier=FORGE.npm)
    assert "the envelope's signature does not verify" == refused(bad)


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def note(size: int, root_hash: bytes) -> str:
    key = FORGE.log.key
    text = f"log.forge.example\n{size}\n{b64(root_hash)}\n"
    signature = b64(sha256(key.spki).digest()[:4] + key.sign(text.encode()))
    return f"{text}\n\u2014 log.forge.example {signature}\n"


def test_a_checkpoint_of_another_size_is_of_another_tree_though_its_root_is_the_same() -> None:
    """The first leaf has the same path in a tree of three as in one of four."""
    (log,) = ROOT.logs.values()
    body, first, second = b"{}", bytes(32), bytes([1]) * 32
    leaf = sha256(b"\0" + body).digest()
    top = sha256(b"\1" + sha256(b"\1" + leaf + first).digest() + second).digest()
    entry = Entry(0, log.id, "dsse/0.0.1", 1, None, None, body, b64(body))
    for size, holds in ((4, True), (3, False)):
        proof = Proof(0, size, top, (first, second), note(4, top))
        if holds:
            rekor._verify_proof(entry, proof, log)
        else:
            with pytest.raises(RefusedError, match="another tree"):
                rekor._verify_proof(entry, proof, log)


def test_a_root_whose_authority_may_not_sign_certificates_is_refused() -> None:
    document: Any = FORGE.root()
    named = FORGE.leaf(Build()).but(is_authority=True)
    leaf = FORGE.authority.issue(named, FORGE.key())
    chain = document["certificateAuthorities"][0]["certChain"]["certificates"]
    chain.insert(0, {"rawBytes": b64(leaf)})
    with pytest.raises(RefusedError, match="may not sign others"):
        read_root(json.dumps(document).encode())


def managed(signer: Key, named: Key) -> Json:
    signature = b64(signer.sign(b"an artifact"))
    pem = {"content": b64(named.pem)}
    spec = {
        "data": {"hash": {"algorithm": "sha256", "value": DIGEST.hex()}},
        "signature": {"content": signature, "publicKey": pem},
    }
    body = {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec}
    entry = FORGE.log.enter(body, WHEN, is_proven=True)
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": "x"}, "tlogEntries": [entry]},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": b64(DIGEST)},
            "signature": signature,
        },
    }


def test_a_signature_over_a_digest_by_another_key_is_refused() -> None:
    mine, other = FORGE.key(), FORGE.key()
    verify_managed(managed(mine, mine), DIGEST, mine.spki, ROOT)
    with pytest.raises(RefusedError, match="the signature does not verify"):
        verify_managed(managed(other, mine), DIGEST, mine.spki, ROOT)


def test_a_signature_over_a_digest_must_be_logged() -> None:
    mine = FORGE.key()
    bundle = managed(mine, mine)
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    entry["integratedTime"] = str(int(entry["integratedTime"]) + 1)
    with pytest.raises(RefusedError, match="promise does not verify"):
        verify_managed(bundle, DIGEST, mine.spki, ROOT)
