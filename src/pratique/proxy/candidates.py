"""Which releases a resolver would pick: what has to be examined before it may be seen. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pratique.ecosystems.npm.versions import is_prerelease, line_of, order_of

MOST_LINES = 16
"""Release lines of one package, the highest first; what is below is examined on demand."""


def candidates(tags: Mapping[str, str], visible: Collection[str]) -> tuple[str, ...]:
    """The targets of dist-tags and the newest stable release of each line, most wanted first.

    Args:
        tags: dist-tag -> version.
        visible: The versions that nothing else hides.
    """
    first = [tags["latest"]] if "latest" in tags else []
    newest = list(newest_of_lines(visible))[:MOST_LINES]
    wanted = [*first, *newest, *tags.values()]
    return tuple(dict.fromkeys(each for each in wanted if each in visible))


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
