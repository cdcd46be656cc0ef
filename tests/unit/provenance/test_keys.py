from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.errors import RefusedError
from pratique.model.evidence import Usage
from pratique.provenance.keys import read_keys, shipped

P256 = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIk"
    "UQtQiEKERhAmE5lMMJhP8OkDOa2g=="
)
OTHER = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWw"
    "W6KSaKoTNEYL7JlCQiVnkhBktUgg=="
)


def endpoint(**changed: object) -> dict[str, Any]:
    kind = "ecdsa-sha2-nistp256"
    return {"keyid": "SHA256:x", "keytype": kind, "scheme": kind, "key": P256, "expires": None} | (
        changed
    )


def source(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def test_two_keys_with_two_usages_each_are_shipped_with_their_windows() -> None:
    found = {(key.id[:11], key.usage): (key.start, key.end) for key in shipped()}
    end = datetime(2025, 1, 29, tzinfo=UTC)
    assert found == {
        ("SHA256:jl3b", Usage.SIGNATURES): (datetime(1999, 1, 1, tzinfo=UTC), end),
        ("SHA256:jl3b", Usage.ATTESTATIONS): (datetime(2022, 12, 1, tzinfo=UTC), end),
        ("SHA256:DhQ8", Usage.SIGNATURES): (datetime(2025, 1, 13, tzinfo=UTC), None),
        ("SHA256:DhQ8", Usage.ATTESTATIONS): (datetime(2025, 1, 13, tzinfo=UTC), None),
    }


def test_a_registrys_own_endpoint_means_its_keys_for_both_usages() -> None:
    keys = read_keys(source(endpoint(expires="2026-01-01T00:00:00.000Z")))
    assert {Usage.SIGNATURES, Usage.ATTESTATIONS} == {key.usage for key in keys}
    assert {datetime(2026, 1, 1, tzinfo=UTC)} == {key.end for key in keys}
    assert keys.find("SHA256:x", Usage.SIGNATURES)
    assert keys.find("SHA256:y", Usage.SIGNATURES) is None


def test_keys_of_a_kind_that_nothing_here_verifies_are_left_out() -> None:
    keys = read_keys(source(endpoint(), endpoint(keyid="r", keytype="rsa")))
    assert {"SHA256:x"} == {key.id for key in keys}
    with pytest.raises(RefusedError, match="no P-256 key"):
        read_keys(source(endpoint(keytype="rsa")))


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"[]",
        b'{"keys": 1}',
        b'{"keys": [], "keys": []}',
        source(endpoint(key=P256.rstrip("="))),
        source(endpoint(key=P256[:-4] + "2h==")),
        source(endpoint(key="AAAA")),
        source(endpoint(keyid="")),
        source(endpoint(keyid="a\x1b[31mb")),
        source(endpoint(keyid="x" * 1025)),
        source(endpoint(expires="tomorrow")),
        source(endpoint(expires="2026-13-01T00:00:00Z")),
        source(endpoint(expires="2026-01-01T00:00:00+01:00")),
        source(endpoint(), endpoint(key=OTHER)),
        source(*[endpoint(keyid=str(n)) for n in range(257)]),
        b'{"keys": []}' + b" " * 300_000,
    ],
)
def test_a_file_of_keys_that_could_be_misread_is_refused(bad: bytes) -> None:
    with pytest.raises(RefusedError):
        read_keys(bad)
