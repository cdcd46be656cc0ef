from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from tests.conformance import Case, cases

from pratique.errors import RefusedError
from pratique.provenance.managed import verify_managed
from pratique.provenance.root import Root, read_root
from pratique.provenance.strict import read_json

Json = Any


def case() -> Case:
    (found,) = [each for each in cases() if each.name == "managed-key-and-trusted-root"]
    return found


def spki(which: Case) -> bytes:
    key = load_pem_public_key((which.folder / "key.pub").read_bytes())
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def root(which: Case) -> Root:
    return read_root((which.folder / "trusted_root.json").read_bytes())


def stated(which: Case) -> Json:
    return read_json((which.folder / "bundle.sigstore.json").read_bytes())


def flipped(text: str) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[-1] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def signature(bundle: Json) -> None:
    message = bundle["messageSignature"]
    message["signature"] = flipped(message["signature"])


def digest(bundle: Json) -> None:
    message = bundle["messageSignature"]
    message["messageDigest"]["digest"] = flipped(message["messageDigest"]["digest"])


def algorithm(bundle: Json) -> None:
    bundle["messageSignature"]["messageDigest"]["algorithm"] = "SHA2_512"


def hint(bundle: Json) -> None:
    bundle["verificationMaterial"] = {
        **bundle["verificationMaterial"],
        "publicKey": None,
        "certificate": {"rawBytes": "AAAA"},
    }


def kind(bundle: Json) -> None:
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    entry["kindVersion"] = {"kind": "dsse", "version": "0.0.1"}


def test_a_keys_signature_over_a_digest_holds(shared: Path) -> None:
    which = case()
    verify_managed(stated(which), which.digest, spki(which), root(which))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (signature, "another signature"),
        (digest, "another artifact"),
        (algorithm, "no SHA-256"),
        (hint, "no key's signature"),
        (kind, "no key's signature"),
    ],
)
def test_an_edited_one_is_refused(
    shared: Path, edit: Callable[[Json], None], expected: str
) -> None:
    which = case()
    changed = copy.deepcopy(stated(which))
    edit(changed)
    with pytest.raises(RefusedError, match=expected):
        verify_managed(changed, which.digest, spki(which), root(which))


def test_it_is_of_one_artifact_and_one_key(shared: Path) -> None:
    which = case()
    with pytest.raises(RefusedError, match="another artifact"):
        verify_managed(stated(which), bytes(32), spki(which), root(which))
    silent = copy.deepcopy(stated(which))
    del silent["messageSignature"]["messageDigest"]
    with pytest.raises(RefusedError, match="another artifact"):
        verify_managed(silent, bytes(32), spki(which), root(which))
    with pytest.raises(RefusedError, match="another signer"):
        verify_managed(stated(which), which.digest, b"\0", root(which))
