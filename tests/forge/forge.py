"""A world of its own that attests: authority, logs, and a registry's keys, all from one seed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from tests.forge.authority import BORN, Authority, Leaf
from tests.forge.claims import (
    GITHUB,
    SLSA_V02,
    SLSA_V1,
    STATEMENT_V01,
    STATEMENT_V1,
    Build,
    Document,
    slsa_v02,
    slsa_v1,
)
from tests.forge.keys import Key, b64
from tests.forge.log import Log
from tests.forge.sealing import IN_TOTO, dsse_entry, intoto_entry, pem, seal
from tests.forge.shapes import FIRST, THIRD, THIRD_BY_KEY, Shape, material

PUBLISH = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
REGISTRY = "https://registry.example"
WHEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
KEYS_CHANGE = datetime(2025, 1, 29, tzinfo=UTC)
_GAP = timedelta(seconds=2)


@dataclass(frozen=True)
class Artifact:
    """A release as attestations speak of it: name, version, and the bytes of its tarball."""

    name: str = "widget"
    version: str = "1.0.0"
    content: bytes = b"the tarball of widget"

    @property
    def sha512(self) -> str:
        return hashlib.sha512(self.content).hexdigest()

    @property
    def integrity(self) -> str:
        digest = hashlib.sha512(self.content).digest()
        return f"sha512-{base64.b64encode(digest).decode('ascii')}"

    @property
    def purl(self) -> str:
        return f"pkg:npm/{self.name.replace('@', '%40')}@{self.version}"

    @property
    def subject(self) -> Document:
        return {"name": self.purl, "digest": {"sha512": self.sha512}}


class Forge:
    """Mints attestations; another seed is another world, whose bundles this one's root refuses.

    Attributes:
        npm, old_npm: The registry's keys: since 2025, and until 2025-01-29.
    """

    def __init__(self, seed: str = "forge", *, sub_dies: datetime | None = None) -> None:
        """The world of a seed; its intermediate ends at `sub_dies`."""
        self.authority = Authority(seed, dies=sub_dies) if sub_dies else Authority(seed)
        self.log = Log(seed)
        self.npm, self.old_npm = Key.of(f"{seed} npm"), Key.of(f"{seed} old npm")
        self._seed = seed
        self._leaves = 0

    # What verifies it

    def root(self) -> Document:
        """The `trusted_root.json` of this world."""
        start = {"start": BORN.isoformat().replace("+00:00", "Z")}
        certificates = [{"rawBytes": b64(one)} for one in self.authority.chain]
        authority = {
            "subject": {"organization": "forge.example", "commonName": "root"},
            "uri": "https://authority.forge.example",
            "certChain": {"certificates": certificates},
            "validFor": start,
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_log(self.log.name, self.log.key, start)],
            "certificateAuthorities": [authority],
            "ctlogs": [_log("ct.forge.example", self.authority.log, start)],
            "timestampAuthorities": [],
        }

    def keys(self) -> Document:
        """The registry's keys as the TUF repository has them: by usage, with their windows."""
        until, since = "2025-01-29T00:00:00.000Z", "2025-01-13T00:00:00.000Z"
        old_signatures = {"start": "1999-01-01T00:00:00.000Z", "end": until}
        old_attestations = {"start": "2022-12-01T00:00:00.000Z", "end": until}
        return {
            "keys": [
                _npm_key(self.old_npm, "npm:signatures", old_signatures),
                _npm_key(self.old_npm, "npm:attestations", old_attestations),
                _npm_key(self.npm, "npm:signatures", {"start": since}),
                _npm_key(self.npm, "npm:attestations", {"start": since}),
            ]
        }

    # Attestations as a registry serves them

    def answer(
        self,
        artifact: Artifact | None = None,
        build: Build | None = None,
        *,
        at: datetime = WHEN,
        shape: Shape = THIRD,
        gap: timedelta = _GAP,
    ) -> Document:
        """The attestation endpoint's answer: the publish attestation, and a provenance.

        Args:
            at: When the provenance is integrated; the publish attestation is `gap` later.
        """
        which = artifact or Artifact()
        provenance = self.provenance(which, build, at=at, shape=shape)
        return {"attestations": [self.publish(which, at=at + gap, shape=shape), provenance]}

    def provenance(
        self,
        artifact: Artifact | None = None,
        build: Build | None = None,
        *,
        at: datetime = WHEN,
        shape: Shape = THIRD,
        predicate: Document | None = None,
        leaf: Leaf | None = None,
    ) -> Document:
        """A build's provenance: by npm 9's predicate in the first shape and on GitLab, else by v1.

        Args:
            predicate: Instead of the build's own.
            leaf: Instead of the build's own certificate.
        """
        which, run = artifact or Artifact(), build or Build()
        is_old = shape == FIRST or run.issuer != GITHUB
        claimed = predicate or (slsa_v02 if is_old else slsa_v1)(run)
        kind, form = (SLSA_V02, STATEMENT_V01) if is_old else (SLSA_V1, STATEMENT_V1)
        certificate = leaf or self.leaf(run, at=at, is_old=shape == FIRST)
        bundle = self.keyless(statement(form, which, kind, claimed), certificate, at, shape)
        return {"predicateType": kind, "bundle": bundle}

    def publish(
        self,
        artifact: Artifact | None = None,
        *,
        at: datetime = WHEN + _GAP,
        shape: Shape = THIRD_BY_KEY,
        predicate: Document | None = None,
    ) -> Document:
        """The registry's own attestation that it took these bytes, by the key of that time."""
        which = artifact or Artifact()
        own = {"name": which.name, "version": which.version, "registry": REGISTRY}
        made = statement(STATEMENT_V01, which, PUBLISH, predicate or own)
        key = self.old_npm if at < KEYS_CHANGE else self.npm
        form = THIRD_BY_KEY if shape == THIRD else shape
        return {"predicateType": PUBLISH, "bundle": self.keyed(made, key, at, form)}

    def signature(self, artifact: Artifact, key: Key | None = None) -> dict[str, str]:
        """One member of `dist.signatures`."""
        by = key or self.npm
        message = f"{artifact.name}@{artifact.version}:{artifact.integrity}"
        return {"keyid": by.id, "sig": b64(by.sign(message.encode()))}

    # The steps, for who wants one to go wrong

    def leaf(self, build: Build, *, at: datetime = WHEN, is_old: bool = False) -> Leaf:
        """The certificate of a build, two seconds old `at` that time."""
        claims = build.old_claims() if is_old else build.claims()
        name = x509.UniformResourceIdentifier(build.name)
        return Leaf(name, tuple(claims), at.replace(microsecond=0) - _GAP)

    def key(self) -> Key:
        """A fresh key, as each run of a workflow makes one."""
        self._leaves += 1
        return Key.of(f"{self._seed} leaf {self._leaves}")

    def keyless(
        self,
        made: Mapping[str, Any] | bytes,
        leaf: Leaf | bytes,
        at: datetime,
        shape: Shape = THIRD,
        *,
        key: Key | None = None,
        payload_type: str = IN_TOTO,
        keyid: str = "",
        signatures: int = 1,
    ) -> Document:
        """A bundle by a certificate; `leaf` may be its DER bytes, with `key`."""
        by = key or self.key()
        certificate = leaf if isinstance(leaf, bytes) else self.authority.issue(leaf, by)
        signer = (by, keyid, pem(certificate))
        chain = (certificate, *self.authority.chain)
        return self._bundle(
            made, [signer] * signatures, material(shape, chain, b64), at, shape, payload_type
        )

    def keyed(
        self,
        made: Mapping[str, Any] | bytes,
        key: Key,
        at: datetime,
        shape: Shape = THIRD_BY_KEY,
        *,
        hint: str | None = None,
        keyid: str | None = None,
        verifier: Key | None = None,
    ) -> Document:
        """A bundle by a registry's key.

        Args:
            hint, keyid: The key's id if not told.
            verifier: Whose key the log's entry names; the key's own if not told.
        """
        signer = (key, key.id if keyid is None else keyid, (verifier or key).pem)
        known = {"publicKey": {"hint": key.id if hint is None else hint}}
        return self._bundle(made, [signer], known, at, shape, IN_TOTO)

    def _bundle(
        self,
        made: Mapping[str, Any] | bytes,
        signers: list[tuple[Key, str, bytes]],
        known: Document,
        at: datetime,
        shape: Shape,
        payload_type: str,
    ) -> Document:
        payload = made if isinstance(made, bytes) else json.dumps(made).encode()
        envelope = seal(payload, signers, payload_type)
        body = (dsse_entry if shape.kind == "dsse" else intoto_entry)(envelope)
        entry = self.log.enter(body, at, is_proven=shape.is_proven)
        stamps: Document | None = {"rfc3161Timestamps": []} if shape.version > "0.1" else None
        return {
            "mediaType": shape.media_type,
            "verificationMaterial": {
                **known,
                "tlogEntries": [entry],
                "timestampVerificationData": stamps,
            },
            "dsseEnvelope": envelope.document(),
        }


def statement(form: str, artifact: Artifact, kind: str, predicate: Document) -> Document:
    """An in-toto statement about one release."""
    return {
        "_type": form,
        "subject": [artifact.subject],
        "predicateType": kind,
        "predicate": predicate,
    }


def another(artifact: Artifact, **changes: Any) -> Artifact:
    return replace(artifact, **changes)


def _log(host: str, key: Key, window: Mapping[str, str]) -> Document:
    return {
        "baseUrl": f"https://{host}",
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": b64(key.spki),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": dict(window),
        },
        "logId": {"keyId": b64(key.digest)},
    }


def _npm_key(key: Key, usage: str, window: Mapping[str, str]) -> Document:
    public = {
        "rawBytes": b64(key.spki),
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": dict(window),
    }
    return {"keyId": key.id, "keyUsage": usage, "publicKey": public}
