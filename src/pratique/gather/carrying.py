"""What a registry's documents carry: in this run, or in an earlier one (DECISIONS 33, 35).

A mirror that strips evidence from every document is told from an intruder who strips it from one:
only where some document had it is a lack one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from pratique.gather.claims import carried
from pratique.model.evidence import Carries, Claimed
from pratique.store import Entry, Shelf, Store

_KIND, _VERSION, _ALL = "carries", 1, "every release"
_FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)


def learn(store: Store, of: Shelf, claims: Sequence[Claimed], now: datetime) -> Carries:
    """What the registry of a shelf carries by `claims` and by all that was claimed before."""
    return remember(store, of, carried(claims, Carries()), now)


def remember(store: Store, of: Shelf, seen: Carries, now: datetime) -> Carries:
    """What it carries by what was `seen` of it just now, and by all that was before."""
    shelf = replace(of, kind=_KIND, version=_VERSION)
    before = known(store, of)
    found = either(before, seen)
    if found != before:
        store.save(shelf, [Entry(_ALL, msgspec.msgpack.encode(found), now, _FOR_GOOD)])
    return found


def either(one: Carries, other: Carries) -> Carries:
    """What one of the two has."""
    return Carries(
        one.signatures or other.signatures,
        one.attestations or other.attestations,
        one.publishers or other.publishers,
    )


def known(store: Store, of: Shelf) -> Carries:
    """What was learnt until now. It never goes stale: what a registry once had, it has."""
    shelf = replace(of, kind=_KIND, version=_VERSION)
    entry = store.load(shelf, [_ALL]).get(_ALL)
    if entry is None:
        return Carries()
    try:
        return msgspec.msgpack.decode(entry.value, type=Carries)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Carries()
