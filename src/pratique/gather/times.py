"""Times: what a packument says of when things were published, and what follows from it.

The short form of a packument has no `time`, but its `modified` bounds every publish time from
above: what was last modified before the cutoff was published before it. The whole document, often
a hundred times larger, is needed only where that does not settle it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from pratique.ecosystems.npm.versions import line_of, order_of
from pratique.gather.documents import Packument
from pratique.model.fact import FirstPublished, Missing, Published, PublishSource, Why

MOST_ALTERNATIVES = 5
_SKEW = timedelta(minutes=5)
"""A publish time may be this much ahead: the clocks of two machines differ."""
_NOT_TOLD = Missing(Why.NOT_ASKED, "the registry's whole document was not asked for")
_TIMELESS = (
    "the registry's document carries no publish times; "
    'where none of its documents does, say so: publish-time = "untrusted"'
)
"""One document proves nothing of the others: leaving times out would be a way past the cooldown."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 40
"""Characters of a time; ISO 8601 with nanoseconds and a zone needs 35."""


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """A release published at `release` or earlier is mature; `first` is that of a new package."""

    release: datetime
    first: datetime


class Times(msgspec.Struct, frozen=True):
    """What was read of one package, as it is stored. Times in microseconds since 1970.

    Attributes:
        whole: It came as an answer to the question for the whole document.
        exists: False where the registry has no such package.
        carries: Whether it has a `time` object; None for a short form, which says nothing of it.
        modified: Of the package; None where not stated.
        created: Of the package, or why that cannot be told.
        asked: The versions that were asked for.
        listed: Those of them that the package has.
        versions: Asked version -> time, or why that cannot be told. Only where `carries`.
        alternatives: Version -> mature releases of its line, newest first, each with its time.
    """

    whole: bool
    exists: bool
    carries: bool | None = None
    modified: int | None = None
    created: int | str = "was not asked for"
    asked: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    versions: dict[str, int | str] = {}
    alternatives: dict[str, list[tuple[str, int]]] = {}


def times_of(
    document: Packument, asked: Collection[str], cutoff: datetime, *, whole: bool
) -> Times | str:
    """What `document` says of the versions `asked`, or why it is not believed.

    Alternatives are kept for the versions younger than `cutoff`.
    """
    stated = document.time
    if stated is not None and not isinstance(stated, dict):
        return "answered with publish times of no known form"
    listed = frozenset(version for version in asked if version in document.versions)
    if stated is None:
        modified = _parsed(document.modified)
        return Times(
            whole=whole,
            exists=True,
            carries=False if whole else None,
            modified=modified if isinstance(modified, int) else None,
            asked=frozenset(asked),
            listed=listed,
        )
    found = {version: _parsed(stated.get(version)) for version in asked}
    modified = _parsed(stated.get("modified"))
    limit = _micros(cutoff)
    young = [v for v, at in found.items() if isinstance(at, int) and at > limit]
    return Times(
        whole=whole,
        exists=True,
        carries=True,
        modified=modified if isinstance(modified, int) else None,
        created=_parsed(stated.get("created")),
        asked=frozenset(asked),
        listed=listed,
        versions=found,
        alternatives={version: _alternatives(version, document, limit) for version in young},
    )


def published(times: Times, version: str, cutoff: datetime, now: datetime) -> Published | Missing:
    """When the version was published; NOT_ASKED where only the whole document can tell."""
    if not times.exists:
        return _failed("the registry has no package of that name")
    if times.carries is None:
        if version not in times.listed:
            return _failed("the registry lists no such release")
        bound = _proof(times, cutoff)
        return _NOT_TOLD if bound is None else Published(bound, PublishSource.REGISTRY, exact=False)
    at = _exact(times, times.versions.get(version, "is not stated"), now)
    if isinstance(at, Missing):
        return at
    others = times.alternatives.get(version, ()) if at > cutoff else ()
    mature = tuple((other, _moment(when)) for other, when in others if _moment(when) <= cutoff)
    return Published(at, PublishSource.REGISTRY, alternatives=mature)


def first_published(times: Times, cutoff: datetime, now: datetime) -> FirstPublished | Missing:
    """When the package began; NOT_ASKED where only the whole document can tell."""
    if not times.exists:
        return _failed("the registry has no package of that name")
    if times.carries is None:
        bound = _proof(times, cutoff)
        if bound is None:
            return _NOT_TOLD
        return FirstPublished(bound, PublishSource.REGISTRY, exact=False)
    at = _exact(times, times.created, now)
    return at if isinstance(at, Missing) else FirstPublished(at, PublishSource.REGISTRY)


def _proof(times: Times, cutoff: datetime) -> datetime | None:
    """`modified`, where it proves that all was published at the cutoff or before."""
    modified = None if times.modified is None else _moment(times.modified)
    return modified if modified is not None and modified <= cutoff else None


def _exact(times: Times, at: int | str, now: datetime) -> datetime | Missing:
    if not times.carries:
        return _failed(_TIMELESS)
    if isinstance(at, str):
        return _failed(f"the registry's publish time {at}")
    moment = _moment(at)
    if moment > now + _SKEW:
        return _failed(f"the registry's publish time is in the future: {moment.isoformat()}")
    return moment


def _failed(detail: str) -> Missing:
    return Missing(Why.FAILED, detail)


def _parsed(value: object) -> int | str:
    """Microseconds since 1970, or why it is no time, as the end of a sentence."""
    if value is None:
        return "is not stated"
    if isinstance(value, str) and len(value) <= _LONGEST:
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return _micros(moment.astimezone(UTC))
    return "cannot be read"


def moment_of(value: object) -> datetime | None:
    """The time that a packument states; None for what is none."""
    found = _parsed(value)
    return None if isinstance(found, str) else _moment(found)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _alternatives(version: str, document: Packument, limit: int) -> list[tuple[str, int]]:
    """The highest mature releases of the version's line; prereleases only for a prerelease."""
    line, order = line_of(version), order_of(version)
    if line is None or order is None:
        return []
    found = [
        (candidate, other, at)
        for other, at in _mature(document.time, document, limit)
        if line_of(other) == line
        and (candidate := order_of(other)) is not None
        and (candidate[3] or not order[3])
    ]
    return [(other, at) for _, other, at in sorted(found, reverse=True)[:MOST_ALTERNATIVES]]


def _mature(
    stated: Mapping[str, object], document: Packument, limit: int
) -> Iterator[tuple[str, int]]:
    for version, listed in document.versions.items():
        at = _parsed(stated.get(version))
        if isinstance(at, int) and at <= limit and not listed.deprecated:
            yield version, at
