"""Blocked, BlockedEntry: releases that are known to be bad, by lists that the policy names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pratique.model.fact import Kind, Per
from pratique.model.pin import Location


@dataclass(frozen=True, slots=True)
class Span:
    """Versions from one on, by semver's order.

    Attributes:
        introduced: The first; "0" for all from the beginning.
        fixed: The first that is no longer meant; "" where there is none.
        last: The last that is meant; "" where there is none.
    """

    introduced: str
    fixed: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class BlockedEntry:
    """One entry of a list: a package, and which releases of it.

    A release is meant where any one of `every`, `versions`, `range`, `spans` and `sha512` holds.

    Attributes:
        package: Name of the package.
        reason: Why, as the list says: foreign text.
        where: Its place in the list's file.
        id: Of an advisory (`MAL-2026-1`); "" for a hand-written entry.
        every: Every version.
        versions: Exact versions.
        range: As npm reads ranges; prereleases of the versions in it are meant, too.
        spans: Intervals.
        sha512: Hex digest of the artifact's bytes; "" for none.
        until: The first day (UTC) on which it no longer counts; None for ever.
    """

    package: str
    reason: str
    where: Location
    id: str = ""
    every: bool = False
    versions: frozenset[str] = frozenset()
    range: str = ""
    spans: tuple[Span, ...] = ()
    sha512: str = ""
    until: date | None = None

    def is_over(self, now: datetime) -> bool:
        return self.until is not None and now.date() >= self.until


@dataclass(frozen=True, slots=True)
class Blocked:
    """What all lists of a policy say together.

    Attributes:
        entries: Name of a package -> its entries.
        expires: (file, instant from which the list is stale), of the lists that say so.
        digest: sha256 hex of the lists' bytes; "" without any.
    """

    entries: Mapping[str, tuple[BlockedEntry, ...]] = field(default_factory=dict)
    expires: tuple[tuple[str, datetime], ...] = ()
    digest: str = ""


BLOCKED = Kind("blocked", Per.RUN, Blocked)
"""Needed only where a policy names blocklists (`[layers.registry] blocklists`)."""
