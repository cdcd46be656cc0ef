"""What a registry's documents carry: in this run, or in an earlier one (DECISIONS 33, 35).

A mirror that strips evidence from every document is told from an intruder who strips it from one:
only where some document had it is a lack one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime

from pratique.gather.claims import carried
from pratique.model.evidence import Carries, Claimed
from pratique.store import Entry, Shelf, Store

_KIND, _VERSION = "carries", 2
_EACH = tuple(each.name for each in fields(Carries))
"""A row for each: two processes that learn at once cannot undo what the other one learnt."""
_FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)


def learn(store: Store, of: Shelf, claims: Sequence[Claimed], now: datetime) -> Carries:
    """What the registry of a shelf carries by `claims` and by all that was claimed before."""
    return remember(store, of, carried(claims, Carries()), now)


def remember(store: Store, of: Shelf, seen: Carries, now: datetime) -> Carries:
    """What it carries by what was `seen` of it just now, and by all that was before."""
    before = known(store, of)
    new = [each for each in _EACH if getattr(seen, each) and not getattr(before, each)]
    if new:
        store.save(_shelf(of), [Entry(each, b"", now, _FOR_GOOD) for each in new])
    return either(before, seen)


def either(one: Carries, other: Carries) -> Carries:
    """What one of the two has."""
    return Carries(
        one.signatures or other.signatures,
        one.attestations or other.attestations,
        one.publishers or other.publishers,
    )


def known(store: Store, of: Shelf) -> Carries:
    """What was learnt until now. It never goes stale: what a registry once had, it has."""
    rows = store.load(_shelf(of), _EACH)
    return Carries(**{each: each in rows for each in _EACH})


def _shelf(of: Shelf) -> Shelf:
    return replace(of, kind=_KIND, version=_VERSION)
