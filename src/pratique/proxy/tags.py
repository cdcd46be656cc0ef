"""Where the tags of a package lead when a version that they name is not shown."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from pratique.ecosystems.npm.versions import Order, is_range, order_of

LATEST = "latest"
_KIND = re.compile(r"[A-Za-z]*")
# What a range can begin with: most tags begin with a letter, and are not read as one.
_MAY_BE_RANGE = re.compile(r"[\d*xXvV~^<>=|\s-]")

Group = tuple[int, str | None]
"""Major, and the kind of prerelease ("beta" of beta.1, "" of a number); None for a stable one."""


def repaired(
    tags: Mapping[str, str], visible: Collection[str], every: Collection[str]
) -> dict[str, str]:
    """The tags with which no version is named that is not visible, in their order.

    Of a tag on a hidden version: `latest` moves to the newest stable version below it in its
    major; then to the next one above it there, to the newest of a lower major, to the nearest
    higher major; to a prerelease only where nothing else is visible. Other tags move to the newest
    version below it in its major and of its kind (stable, or the same kind of prerelease).

    Left out are tags that nothing is left for, that name no version of `every`, and those that are
    themselves a version or a range: clients differ on what these mean.

    Args:
        tags: Name -> version, as the upstream has them.
        visible: The versions that tags may lead to.
        every: All versions that the upstream has.
    """
    shown = frozenset(visible)
    known = frozenset(every)
    choices: _Choices | None = None
    found: dict[str, str] = {}
    for tag, target in tags.items():
        if target not in known or _is_range(tag):
            continue
        if target in shown:
            found[tag] = target
            continue
        if choices is None:
            choices = _Choices(shown)
        moved = choices.for_latest(target) if tag == LATEST else choices.for_other(target)
        if moved is not None:
            found[tag] = moved
    return found


def _is_range(tag: str) -> bool:
    return not tag or (_MAY_BE_RANGE.match(tag) is not None and is_range(tag))


class _Choices:
    """The visible versions, in groups, each lowest first once it is asked for."""

    def __init__(self, visible: Iterable[str]) -> None:
        grouped: dict[Group, list[tuple[Order, str]]] = defaultdict(list)
        for version in visible:
            order = order_of(version)
            if order is not None:
                grouped[_group(order)].append((order, version))
        self._groups = dict(grouped)
        self._sorted: set[Group] = set()

    def _of(self, group: Group) -> list[tuple[Order, str]]:
        found = self._groups.get(group, [])
        if group not in self._sorted:
            self._sorted.add(group)
            found.sort()
        return found

    def for_latest(self, target: str) -> str | None:
        """Where `latest` leads instead of `target`."""
        order = order_of(target)
        majors = sorted(major for major, kind in self._groups if kind is None)
        if order is None:
            return self._newest((majors[-1], None)) if majors else self._prerelease(None)
        major = order[0]
        same = self._of((major, None))
        at = bisect_right(same, order, key=_order)
        if at:
            return same[at - 1][1]
        if same:
            return same[0][1]
        lower = [each for each in majors if each < major]
        nearest = lower[-1:] or majors[:1]
        return self._newest((nearest[0], None)) if nearest else self._prerelease(order)

    def for_other(self, target: str) -> str | None:
        """Where another tag leads instead of `target`."""
        order = order_of(target)
        if order is None:
            return None
        group = self._of(_group(order))
        at = bisect_right(group, order, key=_order)
        return group[at - 1][1] if at else None

    def _newest(self, group: Group) -> str:
        return self._of(group)[-1][1]

    def _prerelease(self, order: Order | None) -> str | None:
        """The newest below `order`, else the newest of all."""
        every = sorted(each for found in self._groups.values() for each in found)
        at = bisect_right(every, order, key=_order) if order else 0
        return every[at - 1][1] if every else None


def _order(entry: tuple[Order, str]) -> Order:
    return entry[0]


def _group(order: Order) -> Group:
    if order[3]:
        return order[0], None
    first = order[4][0] if order[4] else (False, 0, "")
    return order[0], _kind(first[2]) if first[0] else ""


@lru_cache(maxsize=1024)
def _kind(first: str) -> str:
    found = _KIND.match(first)
    return found[0] if found else ""
