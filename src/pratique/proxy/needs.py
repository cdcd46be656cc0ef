"""What may be seen of a package, and what has to be found out before more of it may. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pratique.evaluate.door import Ruling
from pratique.proxy.proven import Wish


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be found out before content can be judged.

    Attributes:
        analyses: Versions whose artifacts are to be read, earlier ones first.
        dependencies: SHA-512 of an artifact -> names and specifiers of what it newly depends on.
        evidence: Version -> what is to be found out of who made it.
    """

    analyses: tuple[str, ...] = ()
    dependencies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    evidence: Mapping[str, Wish] = field(default_factory=dict)

    def __or__(self, other: Needs) -> Needs:
        both = dict.fromkeys((*self.analyses, *other.analyses))
        wishes = dict(self.evidence)
        for version, wish in other.evidence.items():
            wishes[version] = wishes[version] | wish if version in wishes else wish
        return Needs(tuple(both), {**self.dependencies, **other.dependencies}, wishes)


@dataclass(frozen=True, slots=True)
class Seen:
    """What may be seen of a package.

    Attributes:
        rulings: Version -> what was decided, by metadata and, where it was examined, by content.
        visible: Versions that may be shown, in the document's order.
        pending: Version -> what has to be found out before it can be shown.
        until: When this could change by itself; None for never.
    """

    rulings: Mapping[str, Ruling]
    visible: tuple[str, ...]
    pending: Mapping[str, Needs]
    until: datetime | None

    @property
    def needs(self) -> Needs:
        every = Needs()
        for each in self.pending.values():
            every |= each
        return every
