"""What a registry and a lockfile say of one release, as it comes in from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.forge.claims import Build, Document
from tests.forge.forge import WHEN, Artifact, Forge

# A registry writes the time into its document some seconds after it attested.
PUBLISHED = WHEN + timedelta(seconds=4)


@dataclass(frozen=True)
class Offer:
    """All the evidence of one release, none of it judged.

    Attributes:
        artifact: Which release, with the bytes that were downloaded.
        locked: The integrity that the lockfile pins.
        stated: The integrity that the registry's document states.
        signatures: `dist.signatures`.
        published: The entry of the `time` map.
        answer: What the attestation endpoint gives; None where it answers 404.
        claims: The predicate type that `dist.attestations` names; None where that is stripped.
        repository: `repository` in the artifact's package.json.
        keys: The keys that are pinned, in the TUF form.
        root: The trusted root.
        earlier: Releases of the package that were published before, all in order.
    """

    artifact: Artifact
    locked: str
    stated: str
    signatures: tuple[Mapping[str, str], ...]
    published: datetime
    answer: bytes | None
    claims: str | None
    repository: str
    keys: Document
    root: Document
    earlier: tuple[Offer, ...] = field(default=())

    def but(self, **changes: Any) -> Offer:
        return replace(self, **changes)

    def with_bundles(self, attestations: Sequence[Any]) -> Offer:
        return self.but(answer=json.dumps({"attestations": attestations}).encode())


def offer(
    forge: Forge,
    artifact: Artifact | None = None,
    build: Build | None = None,
    *,
    at: datetime = WHEN,
    **minting: Any,
) -> Offer:
    """A release that is as it should be; `minting` are the arguments of `Forge.answer`."""
    which, run = artifact or Artifact(), build or Build()
    answer = forge.answer(which, run, at=at, **minting)
    return Offer(
        artifact=which,
        locked=which.integrity,
        stated=which.integrity,
        signatures=(forge.signature(which),),
        published=at + (PUBLISHED - WHEN),
        answer=json.dumps(answer).encode(),
        claims=answer["attestations"][1]["predicateType"],
        repository=f"git+{run.repository}.git",
        keys=forge.keys(),
        root=forge.root(),
    )
