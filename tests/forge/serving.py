"""The forge's evidence on the shelf of the test registry."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.forge.claims import Build
from tests.forge.forge import WHEN, Artifact, Forge
from tests.forge.offer import Offer
from tests.forge.shapes import THIRD, Shape
from tests.registry import Answer, Registry, Request, Shelved, SigningKey
from tests.registry.exchange import FULL
from tests.registry.server import Server
from tests.registry.tarball import sha1

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


@contextmanager
def serving(offers: Sequence[Offer]) -> Iterator[list[str]]:
    """A registry for each offer, all behind one socket; their addresses, in order."""
    registries: list[Registry] = []

    def respond(request: Request) -> Answer:
        return registries[int(request.path.split("/")[1])].respond(request)

    server = Server("127.0.0.1", 0, respond, None)
    for number, one in enumerate(offers):
        registry = Registry(prefix=f"/{number}/", port=server.server_port)
        _put(registry, one)
        registries.append(registry)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield [registry.url for registry in registries]
    finally:
        server.close()


def _put(registry: Registry, one: Offer) -> None:
    """The offer as a registry's release; its answer byte for byte."""
    which, raw = one.artifact, one.answer
    dist: dict[str, Any] = {
        "integrity": one.stated,
        "shasum": sha1(which.content),
        "signatures": list(one.signatures),
    }
    if one.claims is not None:
        dist["attestations"] = {"provenance": {"predicateType": one.claims}}
    metadata = {"name": which.name, "version": which.version, "dist": dist}
    release = Shelved(which.name, which.version, metadata, which.content, published=one.published)
    registry.put(release)
    if raw is not None:
        body = Answer(body=raw, headers={"content-type": FULL})
        registry.fault(lambda _exchange, _answer: body, kind="attestations")


def artifact_of(shelved: Shelved) -> Artifact:
    """A shelved release as attestations speak of it."""
    return replace(Artifact(), name=shelved.name, version=shelved.version, content=shelved.bytes)
