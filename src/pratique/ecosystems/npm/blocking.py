"""Which entries of blocklists mean a release. Pure.

Where a version cannot be ordered, it is meant: a list that cannot be applied must not let through.
"""

from __future__ import annotations

from datetime import datetime

from pratique.ecosystems.npm.versions import order_of, satisfies
from pratique.model.blocklist import Blocked, BlockedEntry, Span
from pratique.model.package import Release


def entries_for(
    blocked: Blocked, release: Release, sha512: str | None, now: datetime
) -> tuple[BlockedEntry, ...]:
    """The entries that mean a release, and have not ended.

    Args:
        blocked: What the lists say.
        release: Which.
        sha512: Hex digest of its artifact; None where it is not known.
        now: The time of the run.
    """
    entries = blocked.entries.get(release.name, ())
    return tuple(
        each for each in entries if not each.is_over(now) and _means(each, release.version, sha512)
    )


def needs_bytes(blocked: Blocked, release: Release, now: datetime) -> bool:
    """Whether an entry names bytes of its package: without a digest it cannot be applied."""
    entries = blocked.entries.get(release.name, ())
    return any(each.sha512 and not each.is_over(now) for each in entries)


def _means(entry: BlockedEntry, version: str, sha512: str | None) -> bool:
    if entry.every or (entry.sha512 and entry.sha512 == sha512):
        return True
    if version in entry.versions or version.partition("+")[0] in entry.versions:
        return True
    if entry.range and _is_in(version, entry.range):
        return True
    return any(_is_inside(version, span) for span in entry.spans)


def _is_in(version: str, wanted: str) -> bool:
    """Whether it lies in a range, or is a prerelease of a version that does.

    npm leaves prereleases out of ranges; a list that blocks 2.4.1 means what led to it.
    """
    order = order_of(version)
    if order is None:
        return True
    stable = f"{order[0]}.{order[1]}.{order[2]}"
    return satisfies(version, wanted) is not False or satisfies(stable, wanted) is not False


def _is_inside(version: str, span: Span) -> bool:
    order = order_of(version)
    if order is None:
        return True
    first, fixed, last = (order_of(each) for each in (span.introduced, span.fixed, span.last))
    if first is not None and order < first:
        return False
    if fixed is not None and order >= fixed:
        return False
    return last is None or order <= last
