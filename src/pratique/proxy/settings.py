"""What a firewall is told when it starts: values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pratique.model.bucket import Bucket
from pratique.model.policy import Policy
from pratique.model.registry import Registries
from pratique.proxy.limits import Rates

Now = Callable[[], datetime]
"""The clock: aware, in UTC. Only `create_app` is given one."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Effect(StrEnum):
    """How a refused release shows in metadata. Its artifact is refused under each."""

    HIDE = "hide"
    SOFT = "soft"
    """Listed as deprecated; tags lead past it."""
    ADVISE = "advise"
    """Listed as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old an upstream's document may be.

    Attributes:
        fresh: So long it is not asked for again.
        stale: So long the stored one serves where the upstream does not answer.
    """

    fresh: timedelta = timedelta(minutes=5)
    stale: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforcement:
    """What a verdict does.

    Attributes:
        effect: How refused releases show in metadata.
        dry_run: Nothing is refused; what would be is on record.
        dry_layers: The same for the rules of these layers alone.
    """

    effect: Effect = Effect.HIDE
    dry_run: bool = False
    dry_layers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One firewall.

    Attributes:
        data: Folder of its databases and artifacts.
        policy: What judges.
        registries: The upstreams: of the user and of the policy.
        public_url: Address under which clients reach it, ending in "/"; it stands in documents.
        enforcement: What a verdict does.
        freshness: How old documents may be.
        patience: How long a request waits for an analysis.
        size_limit: Bytes of artifacts that are kept.
        anonymous: Whether who presents no token may read.
        hosts: Hosts by which it may be addressed, beside that of `public_url`, lower case.
        rates: How often somebody may fail to log in, and publish.
        upstream_patience: An upstream that is silent for so long is asked once more, and then
            given up; None for the client's own limits.
        policy_folder: Where the lists lie that it names.
        reload: Reads the policy again; None where there is nothing to read.
        database: Address of a PostgreSQL database that several nodes share; None for a file in
            the folder.
        bucket: Where artifacts and documents are kept that several nodes share; None for the
            folder alone.
        trust: The file with keys and roots that were imported; where there is none, what the
            program ships with counts. None for `trust.json` in the folder.
    """

    data: Path
    policy: Policy
    registries: Registries
    public_url: str
    enforcement: Enforcement = field(default_factory=Enforcement)
    freshness: Freshness = field(default_factory=Freshness)
    patience: timedelta = timedelta(seconds=15)
    size_limit: int = 20 * 1024 * 1024 * 1024
    anonymous: bool = True
    hosts: frozenset[str] = frozenset()
    rates: Rates = field(default_factory=Rates)
    upstream_patience: timedelta | None = None
    policy_folder: Path = field(default_factory=Path)
    reload: Callable[[], Policy] | None = None
    database: str | None = None
    bucket: Bucket | None = None
    trust: Path | None = None

    @property
    def known_hosts(self) -> frozenset[str]:
        """The Host headers that are answered, lower case."""
        public = urlsplit(self.public_url)
        named = {public.netloc.lower(), *self.hosts}
        if public.hostname in _LOOPBACK:
            port = f":{public.port}" if public.port else ""
            named |= {f"{name}{port}" for name in ("localhost", "127.0.0.1", "[::1]")}
        return frozenset(named)
