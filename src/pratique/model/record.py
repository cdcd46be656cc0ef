"""Decision, Request, PolicyChange, Gap, Sight: what the firewall keeps, and the record's chain."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pratique.model.action import Verdict

ID_LENGTH = 16
"""Characters of a decision's id: 80 bits, as five-bit letters and digits."""
START = ""
"""The chain's head before its first row."""
_APART = "\x1f"


class Door(StrEnum):
    """Where a release was judged."""

    METADATA = "metadata"
    ARTIFACT = "artifact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided of a release. Equal grounds make an equal id, whenever it is decided.

    Attributes:
        at: When it was first decided; aware, in UTC.
        registry: Id of the upstream: its normalised base URL.
        name, version: The release.
        sha512: Hex digest of the artifact, where known.
        door: Where it was judged first.
        verdict: What it led to.
        rules: Ids of the rules at the verdict's level, the strongest first.
        text: The strongest finding's sentence; foreign text may stand in it.
        facts: Digest of the facts that it rests on.
        policy: Digest of the policy.
        findings: Everything that was found, JSON-able: what a decision's page shows.
        id: `decision_id` of the rest; made where it is not given.
    """

    at: datetime
    registry: str
    name: str
    version: str
    sha512: str | None
    door: Door
    verdict: Verdict
    rules: tuple[str, ...]
    text: str
    facts: str
    policy: str
    findings: tuple[Mapping[str, Any], ...] = ()
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", decision_id(self))


def decision_id(decision: Decision) -> str:
    """16 letters and digits: base32, lower case, of a hash over release, digest and grounds.

    The time, the door and the words are no grounds.
    """
    grounds = [
        decision.registry, decision.name, decision.version, decision.sha512,
        decision.verdict.name, list(decision.rules), decision.facts, decision.policy,
    ]  # fmt: skip
    digest = hashlib.sha256(canonical(grounds)).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:ID_LENGTH]


@dataclass(slots=True)
class Request:
    """One answered request. Not frozen: one is made per request, and freezing triples the cost.

    Attributes:
        at: When it was answered; aware, in UTC.
        token: Name of the token, never the token; "" for nobody.
        method: As in HTTP.
        kind: What was asked for: `packument`, `tarball`, ...
        name, version: The release, as far as one was asked for; else "".
        status: As in HTTP; 0 where the client went away before one was sent.
        decision: Id of the decision that it was answered by.
        hidden: Releases that the document does not show.
        bytes: Bytes of the body that was sent.
        client: The user-agent, foreign text.
    """

    at: datetime
    token: str
    method: str
    kind: str
    name: str = ""
    version: str = ""
    status: int = 200
    decision: str | None = None
    hidden: int = 0
    bytes: int = 0
    client: str = ""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """Another policy judges from now on.

    Attributes:
        at: Aware, in UTC.
        policy, before: Digests; `before` is "" for the first one.
        by: Who or what changed it: `start`, `reload`; `blocklists` where only these are new.
        changes: What is different, one sentence each.
    """

    at: datetime
    policy: str
    before: str
    by: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows may be missing here, or are.

    Attributes:
        at: When that was noticed; aware, in UTC.
        since: The moment from which on they may be missing; None where that is not known.
        lost: How many are; None where that is not known.
        why: One sentence.
        altered: Whether rows that were there are gone or are others now: no crash does that.
    """

    at: datetime
    since: datetime | None
    lost: int | None
    why: str
    altered: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody knows why the log is not all that was written, and answers for it from here on.

    Attributes:
        at: Aware, in UTC.
        by: Who, as the machine knows them.
        why: One sentence.
        problems: What it is about, one sentence each.
        heads: Heads that were exported, and that the log does not lead to.
    """

    at: datetime
    by: str
    why: str
    problems: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """When a version was first seen here.

    Attributes:
        at: The first time.
        before: When the package was last seen without it; None where it was there from the start.
    """

    at: datetime
    before: datetime | None = None


def chained(previous: str, row: Mapping[str, Any]) -> str:
    """The chain's head after `row`: hex SHA-256 over the head before it and the row."""
    digest = hashlib.sha256(previous.encode("ascii"))
    digest.update(_APART.encode("ascii"))
    digest.update(canonical(row))
    return digest.hexdigest()


def canonical(node: Any) -> bytes:
    """`node` as JSON in ASCII; equal values give equal bytes."""
    text = json.dumps(node, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return text.encode("ascii")
