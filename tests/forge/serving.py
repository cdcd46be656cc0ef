"""The forge's evidence on the shelf of the test registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.forge.claims import Build
from tests.forge.forge import WHEN, Artifact, Forge
from tests.forge.shapes import THIRD, Shape
from tests.registry import Registry, Shelved, SigningKey

_UPLOAD = timedelta(seconds=4)


def registry_of(forge: Forge, **options: Any) -> Registry:
    """A registry that signs with the forge's keys, and gives both at its keys' endpoint."""
    registry = Registry(key=SigningKey(forge.npm.private), **options)
    old = SigningKey(forge.old_npm.private).expiring("2025-01-29T00:00:00.000Z")
    registry.answers.keys.append(old)
    return registry


def publish(
    registry: Registry,
    forge: Forge,
    name: str,
    version: str,
    *,
    build: Build | None = None,
    at: datetime = WHEN,
    shape: Shape = THIRD,
    tag: str | None = "latest",
    trusted_publisher: Any = True,
    **details: Any,
) -> Shelved:
    """Publish a release as a workflow does: signed, attested, by its trusted publisher.

    Args:
        at: When the build signed its provenance; the registry shows it four seconds later.
        details: Of `tests.registry.Draft`.
    """
    run = build or Build()
    manifest = {"repository": {"type": "git", "url": f"git+{run.repository}.git"}}
    details["manifest"] = manifest | dict(details.get("manifest", {}))
    details.setdefault("published", at + _UPLOAD)
    key = forge.npm if at >= datetime(2025, 1, 29, tzinfo=at.tzinfo) else forge.old_npm
    details.setdefault("keys", [SigningKey(key.private)])
    shelved = registry.publish(
        name, version, tag=tag, trusted_publisher=trusted_publisher, **details
    )
    artifact = artifact_of(shelved)
    registry.attest(name, version, forge.answer(artifact, run, at=at, shape=shape)["attestations"])
    return shelved


def artifact_of(shelved: Shelved) -> Artifact:
    """A shelved release as attestations speak of it."""
    return replace(Artifact(), name=shelved.name, version=shelved.version, content=shelved.bytes)
