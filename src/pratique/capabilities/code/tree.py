"""A syntax tree that is looked at in many places: the way to a place, and parents, at little cost.

The library finds a node's parent by a walk down from the root, and a walk passes every child that
stands before: in a list of 10,000 strings that is a millisecond for each of them. Places are asked
for in rising order here, so that the way to the last one is mostly the way to the next.
"""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct
from tree_sitter import Node


class _Stop(Struct):
    """A node on the way, with its children and where they begin, once they were asked for."""

    node: Node
    start: int
    end: int
    children: list[Node] | None = None
    starts: list[int] | None = None


class Tree:
    """One file's tree.

    Attributes:
        root: Its root.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self._way = [_Stop(root, root.start_byte, root.end_byte)]
        self._parents: dict[int, Node | None] = {root.id: None}

    def at(self, start: int, end: int) -> Node:
        """The innermost node that covers the bytes from `start` to `end`."""
        way, parents = self._way, self._parents
        stop = way[-1]
        while len(way) > 1 and not (stop.start <= start and end <= stop.end):
            way.pop()
            stop = way[-1]
        while True:
            if stop.children is None or stop.starts is None:
                stop.children = stop.node.children
                stop.starts = [child.start_byte for child in stop.children]
            index = bisect_right(stop.starts, start) - 1
            if index < 0:
                return stop.node
            child = stop.children[index]
            last = child.end_byte
            if last < end:
                return stop.node
            parents[child.id] = stop.node
            stop = _Stop(child, stop.starts[index], last)
            way.append(stop)

    def parent(self, node: Node) -> Node | None:
        """The node that `node` is a child of; None for the root."""
        known = self._parents
        if node.id not in known:
            self.at(node.start_byte, node.end_byte)
            if node.id not in known:
                known[node.id] = node.parent
        return known[node.id]
