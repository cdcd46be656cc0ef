"""What came before a release: which earlier ones it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from pratique.ecosystems.npm.versions import is_prerelease, line_of, order_of
from pratique.model.evidence import Build, Earlier, History, Provenance
from pratique.model.fact import Missing, Why

T = TypeVar("T")

KEPT = 5
"""Records that a release is compared with: the last ones."""
ENOUGH = 2
"""Records without which nothing is always so."""


def once(history: History, key: object, make: Callable[[], T]) -> T:
    """What `make` makes of a history, made the first time that it is asked for by `key`."""
    known = history.worked_out
    if key not in known:
        known[key] = make()
    found: T = known[key]
    return found


def comparable(version: str, history: History) -> tuple[Earlier, ...]:
    """Those that say something of `version`: prereleases are no past of what is stable.

    Many packages build those by machine, and publish the others by hand.
    """
    if is_prerelease(version):
        return history.earlier
    return once(history, "stable", lambda: _stable(history))


def _stable(history: History) -> tuple[Earlier, ...]:
    return tuple(each for each in history.earlier if not is_prerelease(each.version))


def in_line(version: str, earlier: Sequence[Earlier]) -> list[Earlier]:
    """Those of the release line of `version`."""
    line = line_kept(version)
    return [each for each in earlier if line_kept(each.version) == line]


line_kept = lru_cache(maxsize=8192)(line_of)
"""`line_of`, kept: the same few thousand versions are asked for by every rule."""


def records(
    version: str, history: History, at: datetime, settled: timedelta
) -> tuple[Provenance, ...]:
    """The last records that a release is compared with, the oldest first.

    Of its line; where that has none, of the highest line below; else of all others. A release that
    came out less than `settled` before does not count yet, so that one that was smuggled in does
    not vouch for the next. What the ledger accepts of the line always counts.

    Args:
        version: Of the release.
        history: What came before it.
        at: When it was published.
        settled: Age at which an earlier one counts.
    """
    found = [each.provenance for each in vouching(version, history, at, settled) if each.provenance]
    more = [each for each in history.accepted if each not in found]
    return (*found, *more)


def unrecorded(version: str, history: History, at: datetime, settled: timedelta) -> Missing | None:
    """Why there are too few of `records`, where there could be more; None where there are enough.

    An earlier release that had provenance, or may have had, and of which none was verified, could
    show that something has changed.
    """
    last = vouching(version, history, at, settled)
    if sum(each.provenance is not None for each in last) + len(history.accepted) >= ENOUGH:
        return None
    return min(map(why_unrecorded, last), key=_is_absent, default=None)


def why_unrecorded(earlier: Earlier) -> Missing | None:
    """Why there is no record of an earlier release that may have had provenance."""
    if earlier.provenance is not None or earlier.build is Build.NONE:
        return None
    if isinstance(earlier.build, Missing):
        return earlier.build
    return Missing(Why.NOT_ASKED, f"the provenance of {earlier.version} was not verified")


def _is_absent(missing: Missing | None) -> int:
    """Sorts failures before absences, and those before nothing."""
    return 2 if missing is None else int(missing.why is Why.ABSENT)


def vouching(version: str, history: History, at: datetime, settled: timedelta) -> list[Earlier]:
    """The last ones that have provenance, or may have, and count: those that `records` takes."""
    key = ("vouching", version, at, settled)
    return once(history, key, lambda: _vouching(version, history, at - settled))


def _vouching(version: str, history: History, until: datetime) -> list[Earlier]:
    """The latest are looked at first: there are mostly enough of them."""
    line = line_kept(version)
    own: list[Earlier] = []
    for each in reversed(history.earlier):
        if line_kept(each.version) == line and _counts(each, until):
            own.append(each)
            if len(own) == KEPT:
                break
    if own:
        return own[::-1]
    old = [each for each in history.earlier if _counts(each, until)]
    return (_below(version, old) or old)[-KEPT:]


def _counts(earlier: Earlier, until: datetime) -> bool:
    return earlier.build is not Build.NONE and since(earlier) <= until


def since(earlier: Earlier) -> datetime:
    """When it came out: as the registry attested, where it did."""
    attested = earlier.provenance.at if earlier.provenance else None
    return attested or earlier.published


def _below(version: str, earlier: Sequence[Earlier]) -> list[Earlier]:
    order = order_of(version)
    lower = [
        (other, each)
        for each in earlier
        if order and (other := order_of(each.version)) and other < order
    ]
    if not lower:
        return []
    highest = line_kept(max(lower, key=lambda pair: pair[0])[1].version)
    return [each for _, each in lower if line_kept(each.version) == highest]
