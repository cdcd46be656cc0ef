"""Any bytes are a VSA, or its statement, or refused. What is accepted says what was signed."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256, sha512

from cryptography.hazmat.primitives.asymmetric import ed25519

from pratique.errors import RefusedError
from pratique.model.action import Verdict
from pratique.model.report import Examined
from pratique.provenance import vsa

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"pratique" * 4)
LOCKFILE = b"{}"
SUMMARY = vsa.Summary(
    outcome=vsa.Outcome.ALLOWED,
    verdict=Verdict.ALLOW,
    at=datetime(2026, 11, 1, tzinfo=UTC),
    resource="urn:pratique:project:shop",
    policy="urn:pratique:policy:strict",
    policy_sha256="ab" * 32,
    version="1",
    subjects=(Examined("a.json", sha256(LOCKFILE).hexdigest(), sha512(LOCKFILE).hexdigest()),),
)
SEALED = vsa.attested(SUMMARY, KEY)
LARGEST = 8_192


def seeds() -> Iterator[bytes]:
    yield SEALED
    yield base64.b64decode(json.loads(SEALED)["payload"])


def one(data: bytes) -> None:
    with contextlib.suppress(RefusedError):
        assert SUMMARY == vsa.verify(data, KEY.public_key(), LOCKFILE)
    with contextlib.suppress(RefusedError):
        read = vsa._read(data)
        assert read.resource.isprintable()
        assert read.passed == (b'"PASSED"' in data) or b"\\u" in data
