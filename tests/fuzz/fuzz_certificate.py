"""Any bytes are a build's certificate, or refused; signed or not, reading them ends well."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

from tests.forge import WHEN, Build, Forge
from tests.forge.claims import GITLAB

from pratique.errors import RefusedError
from pratique.model.evidence import MAX_TEXT
from pratique.provenance import certificates
from pratique.provenance.root import UNREADABLE, certificate, read_root

FORGE = Forge("fuzz")
ROOT = read_root(json.dumps(FORGE.root()).encode())
BUILDS = (
    FORGE.leaf(Build()),
    FORGE.leaf(Build(), is_old=True),
    FORGE.leaf(Build(repository="https://gitlab.com/acme/widget", issuer=GITLAB)),
    FORGE.leaf(Build(environment="production", subject="repo:acme/widget:ref:refs/heads/main")),
)
LEAVES = [FORGE.authority.issue(leaf, FORGE.key()) for leaf in BUILDS]
AT = WHEN + timedelta(seconds=1)
CERTIFIED = {certificates.verify_certificate(each, AT, ROOT).certified for each in LEAVES}
LARGEST = 8_192


def seeds() -> Iterator[bytes]:
    yield from LEAVES
    yield from FORGE.authority.chain


def one(data: bytes) -> None:
    with contextlib.suppress(RefusedError):
        assert certificates.verify_certificate(data, AT, ROOT).certified in CERTIFIED
    with contextlib.suppress(RefusedError, *UNREADABLE):
        _read(data)


def _read(data: bytes) -> None:
    """Past the authority's signature, as far as a certificate of its own would come."""
    leaf = certificate(data, "it")
    known, claims = certificates._extensions(leaf)
    with contextlib.suppress(RefusedError, *UNREADABLE):
        certificates._require_code_signing(known)
    with contextlib.suppress(RefusedError, *UNREADABLE):
        certificates._verify_scts(leaf, known, ROOT.authorities[0], ROOT)
    found = certificates._certified(leaf, known, claims)
    for text in asdict(found).values():
        assert not isinstance(text, str) or (len(text) <= MAX_TEXT and text.isprintable())
