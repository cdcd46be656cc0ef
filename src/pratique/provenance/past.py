"""What came before a release: which earlier ones it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pratique.ecosystems.npm.versions import is_prerelease, line_of, order_of
from pratique.model.evidence import Earlier, History, Provenance

KEPT = 5
"""Records that a release is compared with: the last ones."""


def comparable(version: str, history: History) -> tuple[Earlier, ...]:
    """Those that say something of `version`: prereleases are no past of what is stable.

    Many packages build those by machine, and publish the others by hand.
    """
    if is_prerelease(version):
        return history.earlier
    return tuple(each for each in history.earlier if not is_prerelease(each.version))


def in_line(version: str, earlier: Sequence[Earlier]) -> list[Earlier]:
    """Those of the release line of `version`."""
    return [each for each in earlier if line_of(each.version) == line_of(version)]


def records(
    version: str, history: History, at: datetime, settled: timedelta
) -> tuple[tuple[Provenance, ...], bool]:
    """(the last records that a release is compared with, whether they are of its own line).

    Of its line; where that has none, of the highest line below; else of all others. A release that
    came out less than `settled` before does not count yet, so that one that was smuggled in does
    not vouch for the next. What the ledger accepts of the line always counts.
    """
    old = [each for each in history.earlier if each.provenance and _since(each) <= at - settled]
    own = in_line(version, old)
    chosen = own or _below(version, old) or old
    last = [each.provenance for each in chosen[-KEPT:] if each.provenance]
    more = [each for each in history.accepted if each not in last]
    return (*last, *more), bool(own) or bool(history.accepted)


def _since(earlier: Earlier) -> datetime:
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
    highest = line_of(max(lower, key=lambda pair: pair[0])[1].version)
    return [each for _, each in lower if line_of(each.version) == highest]
