"""What is known of a package at one moment, and when its releases were published. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pratique.model.behavior import Analysis, Dependencies
from pratique.model.fact import Facts, FirstPublished, Missing, Published, PublishSource, Why
from pratique.model.policy import Policy
from pratique.model.record import Sight
from pratique.proxy.packument import Packument
from pratique.proxy.proven import Proven
from pratique.proxy.times import moment

_SKEW = timedelta(minutes=5)
UNTRUSTED = Missing(Why.ABSENT, "the policy calls this registry's publish times untrusted")
_TIMELESS = Missing(Why.ABSENT, "the registry states no time, and it was there before we were")
_LATER = Missing(Why.FAILED, "the registry's publish time lies in the future")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a package at one moment.

    Attributes:
        packument: The upstream's whole document.
        now: The moment.
        policy: What judges.
        registry: Id of the upstream.
        stated: Whether its publish times count.
        sights: Version -> when it was first seen here.
        analyses: Version -> what its artifact can do, or why that cannot be told.
        dependencies: Version -> what is known of the dependencies that it newly has.
        evidence: Version -> what is known of who made it, of those that were asked about.
        extra: Facts of the whole run: what is blocked, whose a name is.
    """

    packument: Packument
    now: datetime
    policy: Policy
    registry: str
    stated: bool = True
    sights: Mapping[str, Sight] = field(default_factory=dict)
    analyses: Mapping[str, Analysis | Missing] = field(default_factory=dict)
    dependencies: Mapping[str, Dependencies | Missing] = field(default_factory=dict)
    evidence: Mapping[str, Proven] = field(default_factory=dict)
    extra: Facts = field(default_factory=Facts)

    def began(self) -> FirstPublished | Missing:
        """When the package's first version was published."""
        if not self.stated:
            return UNTRUSTED
        at = moment(self.packument.created)
        return _TIMELESS if at is None else FirstPublished(at, PublishSource.REGISTRY)

    def published(self, version: str) -> Published | Missing:
        """When it was published: as attested, else stated, else first seen (DECISIONS 16)."""
        proven = self.evidence.get(version)
        if proven is not None and proven.attested is not None:
            return Published(proven.attested, PublishSource.ATTESTED)
        stated = self.packument.published.get(version) if self.stated else None
        sight = self.sights.get(version)
        came_later = sight is not None and sight.before is not None
        if stated is not None and stated.at > self.now + _SKEW:
            return Published(sight.at, PublishSource.FIRST_SEEN) if sight and came_later else _LATER
        if sight is not None and sight.before is not None:
            is_believed = stated is not None and stated.at >= sight.before - _SKEW
            if not is_believed:
                return Published(sight.at, PublishSource.FIRST_SEEN)
        if stated is None:
            return _TIMELESS if self.stated else UNTRUSTED
        return stated
