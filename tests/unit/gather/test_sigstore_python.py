from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conformance import cases

from pratique.errors import RefusedError
from pratique.gather.sigstore_python import _inclusive, stamped, verify_by_sigstore
from pratique.provenance import root
from pratique.provenance.bundle import read_bundle
from pratique.provenance.strict import read_json


def stamps() -> tuple[tuple[bytes, ...], bytes, bytes]:
    """(tokens, what they are of, the root that they hold under)."""
    (case,) = [each for each in cases() if each.name == "intoto-with-custom-trust-root"]
    bundle = read_bundle(read_json((case.folder / "bundle.sigstore.json").read_bytes()))
    own = (case.folder / "trusted_root.json").read_bytes()
    return bundle.timestamps, bundle.envelope.signature, own


def test_an_authority_of_the_root_says_when_it_was_signed(shared: Path) -> None:
    tokens, signature, own = stamps()
    (at,) = stamped(tokens, signature, own)
    assert at.utcoffset() is not None
    assert [] == list(stamped(tokens, b"something else", own))
    assert [] == list(stamped(tokens, signature, root.shipped().source))


def test_a_token_that_is_none_or_stands_there_twice_is_refused(shared: Path) -> None:
    tokens, signature, own = stamps()
    with pytest.raises(RefusedError, match="malformed"):
        list(stamped((b"\x30\x00",), signature, own))
    with pytest.raises(RefusedError, match="twice"):
        list(stamped(tokens * 2, signature, own))


def test_the_last_instant_of_an_authority_counts() -> None:
    document: Any = json.loads(root.shipped().source)
    document["timestampAuthorities"][0]["validFor"]["end"] = "2026-12-31T23:59:59Z"
    changed = json.loads(_inclusive(json.dumps(document).encode()))
    end = changed["timestampAuthorities"][0]["validFor"]["end"]
    assert "2026-12-31T23:59:59.000001+00:00" == end
    assert document["tlogs"] == changed["tlogs"]


@pytest.mark.parametrize("source", [b"{}", b"[]", b"\xff", b'{"mediaType": 1}'])
def test_what_is_no_bundle_is_refused_by_the_library_too(source: bytes) -> None:
    with pytest.raises(RefusedError, match="sigstore-python refuses it"):
        verify_by_sigstore(source, root.shipped().source, bytes(32), identity="x", issuer="y")
