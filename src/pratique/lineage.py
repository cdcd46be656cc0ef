"""Which earlier versions a release is compared with (DECISIONS 12). Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from pratique.ecosystems.npm.versions import ascending, is_prerelease, line_of, order_of


def of_locked(version: str, locked: Iterable[str]) -> tuple[str, ...]:
    """Those of the versions that a base locks, ascending; () where they say nothing of `version`.

    All that are of its release line, also higher ones and the version itself; where there are
    none, those of the highest line below.
    """
    known = ascending(locked)
    own = [each for each in known if line_of(each) == line_of(version)]
    return tuple(own or _of_line_below(version, known))


def _of_line_below(version: str, known: Sequence[str]) -> list[str]:
    below = _below(version, known)
    return [each for each in below if line_of(each) == line_of(below[-1])]


def of_locked_above(version: str, locked: Iterable[str]) -> tuple[str, ...]:
    """Those of the lowest line above, of what a base locks: what is left where nothing is below.

    A release in a line of its own below all others is no first one of its package.
    """
    known = ascending(locked)
    below = _below(version, known)
    above = [each for each in known if each not in below]
    return tuple(each for each in above if line_of(each) == line_of(above[0]))


def of_published(version: str, published: Iterable[str]) -> str | None:
    """The highest version below `version` that a registry has; None where there is none.

    It is of the same line where there is one, else of the highest line below; a stable one where
    there is any, since what a prerelease did was never looked at by many.
    """
    order = order_of(version)
    if order is None:
        return None
    keyed = ((other, each) for each in published if (other := order_of(each)) is not None)
    below = [each for each in keyed if each[0] < order]
    stable = [each for each in below if not is_prerelease(each[1])]
    return max(stable or below)[1] if below else None


def earlier_of(version: str, ordered: Sequence[str]) -> Iterator[str]:
    """The versions below `version`, in the order in which `of_published` would choose them.

    Args:
        version: What is compared.
        ordered: As `ascending` gives them.
    """
    order = order_of(version)
    if order is None:
        return
    below = ordered[: bisect_left(ordered, order, key=lambda each: order_of(each) or order)]
    for stable in (True, False):
        yield from (each for each in reversed(below) if is_prerelease(each) is not stable)


def _below(version: str, known: Sequence[str]) -> list[str]:
    order = order_of(version)
    if order is None:
        return []
    return [each for each in known if (other := order_of(each)) is not None and other < order]
