"""The times that a document states, read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from pratique.model.fact import Published, PublishSource

_LONGEST = 40


def moment(stated: str | None) -> datetime | None:
    """The time that is stated, in UTC; None where it is none."""
    return None if stated is None or len(stated) > _LONGEST else _moment(stated)


@lru_cache(maxsize=1024)
def _moment(stated: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(stated)
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


Before = tuple[Mapping[str, str], Mapping[str, Published]]
"""What an earlier document stated, and how that was read."""


def published_of(time: Mapping[str, str], before: Before | None = None) -> dict[str, Published]:
    """Version -> when it was published by the registry's word; what is no time is left out.

    They are the same objects as before where the same is stated: they are compared again and again.
    """
    then, read = before or ({}, {})
    found: dict[str, Published] = {}
    for each, stated in time.items():
        one = read.get(each) if then.get(each) == stated else None
        if one is None and (at := moment(stated)) is not None:
            one = Published(at, PublishSource.REGISTRY)
        if one is not None:
            found[each] = one
    return found
