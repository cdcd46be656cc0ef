"""What a package's releases came to by their metadata, and of which of them that still holds. Pure.

A document of thousands of releases is judged again whenever one is new or one grows old enough.
What rests on the same grounds, and could not have changed by itself meanwhile, is not asked for
again; under another policy only the rules of the layers of which it says something else are. A
property test holds that it comes to the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pratique.evaluate.door import Rules, Ruling
from pratique.model.fact import Facts, FirstPublished, Missing, Published
from pratique.model.layer import Layer
from pratique.model.policy import Policy
from pratique.proxy.document import Version


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the rulings of all releases rest on, beside the clock."""

    policy: Policy
    extra: Facts
    registry: str
    began: FirstPublished | Missing

    def are(self, other: Grounds) -> bool:
        """Whether they are the same but for the policy: lists as objects, which is quick."""
        if self.extra is not other.extra:
            return False
        return self.registry == other.registry and self.began == other.began

    def altered(self, before: Grounds, asked: Rules) -> Rules:
        """Those of `asked` that could come to something else than by the policy before.

        A rule is told of a policy what it says of the rule's layer, and nothing else.
        """
        one, other = self.policy, before.policy
        if one is other:
            return ()
        return tuple(each for each in asked if not _are_alike(each[0], one, other))


def _are_alike(layer: Layer, one: Policy, other: Policy) -> bool:
    if one.layers[layer.name] != other.layers[layer.name]:
        return False
    return all(one.actions[each.id] is other.actions[each.id] for each in layer.rules)


class Judged(NamedTuple):
    """One release. Whatever rules on metadata are told of one (`Judging._told_of`) is here.

    Attributes:
        version: What its document says, as an object: the same one says the same.
        published: When it was published.
        ruling: What that leads to.
        until: From then on it could be another one by itself; None for never.
    """

    version: Version
    published: Published | Missing
    ruling: Ruling
    until: datetime | None

    def holds(self, version: Version, published: Published | Missing, now: datetime) -> bool:
        """Whether judging it by these now would come to the same."""
        if self.version is not version:
            return False
        if self.published is not published and self.published != published:
            return False
        if self.until is None:
            return True
        # What is found of a release that is too young says how old it is.
        return now < self.until and self.is_clear

    @property
    def is_clear(self) -> bool:
        """Whether no rule says anything of it."""
        return not (self.ruling.judged or self.ruling.unknowns)


@dataclass(frozen=True, slots=True)
class Carried:
    """The releases of a package, as they were judged at a moment."""

    grounds: Grounds
    at: datetime
    releases: Mapping[str, Judged]

    def held(self, grounds: Grounds, now: datetime) -> Mapping[str, Judged]:
        """Those of which each may still hold, but for what the policy says otherwise.

        None on other grounds, or where time went back.
        """
        return self.releases if self.at <= now and self.grounds.are(grounds) else {}
