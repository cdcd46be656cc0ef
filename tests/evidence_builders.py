"""Short ways to say a certificate, a sealed attestation, a record: what evidence is tested with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from pratique.config.presets import shipped
from pratique.evaluate.door import Ruling, judge_release, rules_at_the_door
from pratique.layers import signatures, trust
from pratique.model.behavior import ACCEPTED
from pratique.model.evidence import (
    ATTESTATIONS,
    CLAIMED,
    EARLIER,
    PUBLISH,
    ROOT,
    SIGNATURE,
    SLSA_V1,
    Attestations,
    Authority,
    Build,
    Carries,
    Certified,
    Claimed,
    Earlier,
    History,
    Key,
    Logged,
    Provenance,
    RootFact,
    Sealed,
    SignatureFact,
    SignatureState,
    Usage,
)
from pratique.model.fact import (
    CLOCK,
    PUBLISHED,
    REGISTERED,
    Clock,
    Facts,
    Kind,
    Published,
    PublishSource,
    Registered,
    VersionDocument,
)
from pratique.model.layer import Layer
from pratique.model.package import Digest, Release
from pratique.model.policy import Policy
from pratique.provenance.binding import Expected

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
ISSUER = "https://token.actions.githubusercontent.com"
REPOSITORY = "https://github.com/corp/left-widget"
WORKFLOW = ".github/workflows/release.yml"
REF = "refs/tags/v2.4.1"
COMMIT = "0" * 39 + "1"
NAME, VERSION, SHA512 = "@corp/left-widget", "2.4.1", "ab" * 64
PURL = "pkg:npm/%40corp/left-widget@2.4.1"
KEYID = "SHA256:registry"
BUILD_TYPE = "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
KEY = Key(KEYID, Usage.ATTESTATIONS, b"", AT - timedelta(days=300), AT + timedelta(days=300))
CERTIFIED = Certified(
    issuer=ISSUER,
    identity=f"{REPOSITORY}/{WORKFLOW}@{REF}",
    identity_kind="uri",
    not_before=AT - timedelta(seconds=3),
    repository=REPOSITORY,
    repository_id="11",
    owner_id="22",
    owner="https://github.com/corp",
    commit=COMMIT,
    ref=REF,
    config_uri=f"{REPOSITORY}/{WORKFLOW}@{REF}",
    config_digest=COMMIT,
    signer_uri=f"{REPOSITORY}/{WORKFLOW}@{REF}",
    signer_digest=COMMIT,
    trigger="release",
    runner="github-hosted",
    run=f"{REPOSITORY}/actions/runs/33/attempts/1",
    visibility="public",
)
OLD = replace(
    CERTIFIED,
    repository_id=None, owner_id=None, owner=None, config_uri=None, config_digest=None,
    signer_uri=None, signer_digest=None, runner=None, run=None, visibility=None, is_old=True,
)  # fmt: skip
EXPECTED = Expected(
    name=NAME, version=VERSION, sha512=SHA512, repository=f"git+{REPOSITORY}.git",
    claims_provenance=True,
)  # fmt: skip


def statement(kind: str, predicate: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    form = "https://in-toto.io/Statement/v0.1" if kind != SLSA_V1 else ""
    return {
        "_type": form or "https://in-toto.io/Statement/v1",
        "subject": [{"name": PURL, "digest": {"sha512": SHA512}}],
        "predicateType": kind,
        "predicate": dict(predicate),
        **more,
    }


PUBLICATION = {"name": NAME, "version": VERSION, "registry": "https://registry.example"}
V1: dict[str, Any] = {
    "buildDefinition": {
        "buildType": BUILD_TYPE,
        "externalParameters": {
            "workflow": {"ref": REF, "repository": REPOSITORY, "path": WORKFLOW}
        },
        "internalParameters": {
            "github": {"event_name": "release", "repository_id": "11", "repository_owner_id": "22"}
        },
        "resolvedDependencies": [
            {"uri": f"git+{REPOSITORY}@{REF}", "digest": {"gitCommit": COMMIT}}
        ],
    },
    "runDetails": {
        "builder": {"id": "https://github.com/actions/runner/github-hosted"},
        "metadata": {"invocationId": f"{REPOSITORY}/actions/runs/33/attempts/1"},
    },
}
V02: dict[str, Any] = {
    "buildType": "https://github.com/npm/cli/gha/v2",
    "builder": {"id": "https://github.com/actions/runner"},
    "invocation": {
        "configSource": {
            "uri": f"git+{REPOSITORY}@{REF}",
            "digest": {"sha1": COMMIT},
            "entryPoint": WORKFLOW,
        },
        "parameters": {},
        "environment": {
            "GITHUB_EVENT_NAME": "release",
            "GITHUB_REF": REF,
            "GITHUB_REPOSITORY": "corp/left-widget",
            "GITHUB_REPOSITORY_ID": "11",
            "GITHUB_REPOSITORY_OWNER_ID": "22",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "33",
            "GITHUB_SHA": COMMIT,
            "GITHUB_WORKFLOW_REF": f"corp/left-widget/{WORKFLOW}@{REF}",
            "GITHUB_WORKFLOW_SHA": COMMIT,
        },
    },
    "metadata": {"buildInvocationId": "33-1", "reproducible": False},
    "materials": [{"uri": f"git+{REPOSITORY}@{REF}", "digest": {"sha1": COMMIT}}],
}


def sealed(stated: object, signer: Certified | Key, **more: Any) -> Sealed:
    """A verified envelope around `stated`."""
    fields: dict[str, Any] = {
        "media_type": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "payload_type": "application/vnd.in-toto+json",
        "payload": json.dumps(stated).encode(),
        "logged": Logged("dsse/0.0.1", 1, AT, has_proof=True),
        "hint": KEYID if isinstance(signer, Key) else "",
        **more,
    }
    return Sealed(signer=signer, **fields)


def publication(**more: Any) -> Sealed:
    logged = Logged("dsse/0.0.1", 2, AT + timedelta(seconds=2), has_proof=True)
    return sealed(statement(PUBLISH, PUBLICATION), KEY, **{"logged": logged, **more})


def build(kind: str = SLSA_V1, **more: Any) -> Sealed:
    signer = more.pop("signer", CERTIFIED)
    predicate = more.pop("predicate", V1 if kind == SLSA_V1 else V02)
    return sealed(more.pop("stated", statement(kind, predicate)), signer, **more)


def answer(*entries: tuple[str, object]) -> dict[str, Any]:
    """An endpoint's answer; a bundle is whatever `seal` of the test takes."""
    return {"attestations": [{"predicateType": kind, "bundle": each} for kind, each in entries]}


def record(version: str = "2.4.0", **more: Any) -> Provenance:
    """The record of one verified provenance, as CERTIFIED gives it."""
    fields: dict[str, Any] = {
        "at": AT + timedelta(seconds=2),
        "built": AT,
        "issuer": ISSUER,
        "repository": REPOSITORY,
        "repository_id": "11",
        "owner_id": "22",
        "commit": COMMIT,
        "ref": REF,
        "workflow": WORKFLOW,
        "signer_uri": f"{REPOSITORY}/{WORKFLOW}@{REF}",
        "signer_digest": COMMIT,
        "event": "release",
        "runner": "github-hosted",
        "run": "33",
        "attempt": 1,
        "visibility": "public",
        "builder": "https://github.com/actions/runner/github-hosted",
        "predicate": SLSA_V1,
        "shape": "0123456789ab",
        "certified_at": AT - timedelta(seconds=3),
        **more,
    }
    return Provenance(version=version, **fields)


# -- judging ---------------------------------------------------------------------------------------

BOTH = (signatures.LAYER, trust.LAYER)


def preset(name: str = "recommended", **settings: Mapping[str, Any]) -> Policy:
    """A preset, with other `settings` by the layer's name."""
    table = shipped()[name]
    layers = {
        layer: replace(found, settings=replace(found.settings, **settings.get(layer, {})))
        for layer, found in table.layers.items()
    }
    return Policy(name, table.actions, layers)


def ruling(
    facts: Facts, release: Release, policy: Policy, layers: tuple[Layer, ...] = BOTH
) -> Ruling:
    """What the two layers come to for a release that no project locks."""
    return judge_release(release, facts, policy, rules_at_the_door(policy, layers))


class Level(Enum):
    """How a release was made: by whose leave, and what is known of its build."""

    HAND = (Authority.ACCOUNT, Build.NONE)
    CLAIM = (Authority.ACCOUNT, Build.CLAIMED)
    PROVENANCE = (Authority.ACCOUNT, Build.VERIFIED)
    TRUSTED = (Authority.TRUSTED_PUBLISHER, Build.VERIFIED)
    STAGED = (Authority.STAGED, Build.VERIFIED)

    @property
    def authority(self) -> Authority:
        return Authority(self.value[0])

    @property
    def build(self) -> Build:
        return Build(self.value[1])

    @property
    def has_record(self) -> bool:
        return self.build is Build.VERIFIED

    @property
    def publisher(self) -> str:
        return "corp" if self.authority is Authority.ACCOUNT else "GitHub Actions"

    def earlier(self, version: str, at: datetime, built: Provenance | None) -> Earlier:
        return Earlier(
            version=version,
            published=at,
            authority=self.authority,
            build=self.build,
            provenance=built,
            publisher=self.publisher,
        )

    def claimed(self, **more: Any) -> Claimed:
        claims = self.build is not Build.NONE
        fields: dict[str, Any] = {
            "provenance": SLSA_V1 if claims else None,
            "attestations": claims,
            "publisher": self.publisher,
            "trusted_publisher": None if self.authority is Authority.ACCOUNT else "github",
            "approver": self.authority is Authority.STAGED,
            "carries": Carries(signatures=True, attestations=True, publishers=True),
            **more,
        }
        return Claimed(**fields)


def facts_of(
    release: Release,
    level: Level = Level.PROVENANCE,
    *,
    now: datetime = AT + timedelta(days=1),
    past: tuple[Earlier, ...] = (),
    built: Provenance | None = None,
    sha512: str = SHA512,
    **more: Any,
) -> Facts:
    """All facts of layers 7 and 8 about a release that was published at AT."""
    built = built or record(release.version)
    verified = Attestations(publish=built.at, provenance=built, present=(PUBLISH, SLSA_V1))
    document = VersionDocument(release.name, release.version, "", (Digest("sha512", sha512),))
    found: dict[Kind[Any], object] = {
        CLOCK: Clock(now),
        PUBLISHED: Published(AT, PublishSource.ATTESTED),
        REGISTERED: Registered("https://registry.example/", document),
        CLAIMED: level.claimed(),
        SIGNATURE: SignatureFact(SignatureState.VALID, KEYID),
        ATTESTATIONS: verified if level.has_record else Attestations(),
        EARLIER: History(past),
        ROOT: RootFact(now - timedelta(days=30)),
        **more.pop("facts", {}),
    }
    per_run = {CLOCK, ROOT, ACCEPTED}
    return Facts.of(
        *((kind, None if kind in per_run else release, value) for kind, value in found.items())
    )
