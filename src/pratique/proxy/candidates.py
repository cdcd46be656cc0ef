"""Which releases a resolver would pick: what has to be examined before it may be seen. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice

from pratique.ecosystems.npm.versions import ascending, is_prerelease, line_of, order_of

MOST_LINES = 16
"""Release lines of one package, the highest first; what is below is examined on demand."""


def candidates(
    tags: Mapping[str, str], visible: Collection[str], every: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    """The targets of dist-tags and the newest stable release of each line, most wanted first.

    Args:
        tags: dist-tag -> version.
        visible: The versions that nothing else hides.
        every: Versions among which these are. They are sorted once: what is asked next of the same
            ones is answered soon.
    """
    first = [tags["latest"]] if "latest" in tags else []
    newest = islice(_newest(tuple(visible) if every is None else every, visible), MOST_LINES)
    wanted = [*first, *newest, *tags.values()]
    return tuple(dict.fromkeys(each for each in wanted if each in visible))


def _newest(every: tuple[str, ...], visible: Collection[str]) -> Iterator[str]:
    """The newest visible version of each line, the highest line first."""
    lines: set[str | None] = set()
    for version, line in _stable(every):
        if line not in lines and version in visible:
            lines.add(line)
            yield version


@lru_cache(maxsize=16)
def _stable(every: tuple[str, ...]) -> tuple[tuple[str, str | None], ...]:
    """The stable versions, the highest first, each with its line."""
    stable = (each for each in reversed(in_order(every)) if not is_prerelease(each))
    return tuple((each, line_of(each)) for each in stable)


@lru_cache(maxsize=16)
def in_order(every: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are versions, the lowest first."""
    return tuple(ascending(every))


def newest_of_lines(versions: Iterable[str]) -> Iterable[str]:
    """The newest stable version of each release line, the highest line first."""
    stable = [
        (order, each)
        for each in versions
        if not is_prerelease(each) and (order := order_of(each)) is not None
    ]
    newest: dict[str | None, str] = {}
    for _, each in sorted(stable, reverse=True):
        newest.setdefault(line_of(each), each)
    return newest.values()
