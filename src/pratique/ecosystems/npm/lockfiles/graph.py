"""What the requirements of a project lead to: direct, development-only, optional-only.

Formats without such flags (pnpm 9, yarn, bun) get them from here; so one definition serves all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pratique.model.pin import Group, Importer


@dataclass(frozen=True, slots=True)
class Reach:
    """Keys of pins, by how the project's manifests lead to them.

    Attributes:
        direct: A manifest asks for it.
        prod: Reached by requirements other than development ones.
        needed: Reached without passing an optional edge.
        known: Reached at all.
    """

    direct: frozenset[str]
    prod: frozenset[str]
    needed: frozenset[str]
    known: frozenset[str]

    def is_dev(self, key: str) -> bool:
        return key in self.known and key not in self.prod

    def is_optional(self, key: str) -> bool:
        return key in self.known and key not in self.needed


def reach(
    importers: Iterable[Importer],
    edges: Mapping[str, Iterable[str]],
    optional_edges: Mapping[str, Iterable[str]],
) -> Reach:
    """What `importers` lead to, over `edges` (all of them) of which `optional_edges` are optional.

    Both map a pin's key to keys of the pins that it depends on.
    """
    asked = [(need.pin, need.group) for each in importers for need in each.requirements if need.pin]
    direct = frozenset(key for key, _ in asked)
    prod = {key for key, group in asked if group is not Group.DEV}
    needed = {key for key, group in asked if group is not Group.OPTIONAL}
    firm = dict(edges)
    for key, ends in optional_edges.items():
        loose = frozenset(ends)
        firm[key] = [end for end in edges.get(key, ()) if end not in loose]
    return Reach(direct, _closure(prod, edges), _closure(needed, firm), _closure(direct, edges))


def _closure(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> frozenset[str]:
    seen = set(start)
    queue = list(seen)
    while queue:
        for end in edges.get(queue.pop(), ()):
            if end not in seen:
                seen.add(end)
                queue.append(end)
    return frozenset(seen)


def paths(importers: Iterable[Importer], edges: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Key of a pin -> key of the pin through which a shortest path from a manifest leads to it.

    "" for a pin that a manifest asks for; pins that nothing leads to are left out.
    """
    asked = [need.pin for each in importers for need in each.requirements if need.pin]
    through: dict[str, str] = dict.fromkeys(asked, "")
    level = list(through)
    while level:
        following = []
        for key in level:
            for end in edges.get(key, ()):
                if end not in through:
                    through[end] = key
                    following.append(end)
        level = following
    return through
