"""Names that are given one value in a file, and keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from tree_sitter import Node

from pratique.capabilities.code.tree import Tree
from pratique.capabilities.code.uses import is_const

_ASSIGNED = re.compile(rb"(?<![\w$.])([A-Za-z_$][\w$]*+)\s*+(=(?![=>])|\+=|\+\+|--)")


class Constants:
    """Those of one file: a name that is assigned in two places, in any scope, is none of them."""

    def __init__(self, content: bytes, tree: Tree) -> None:
        self._content, self._tree = content, tree
        self._known: dict[bytes, Node | None] = {}

    def of(self, node: Node) -> Node | None:
        """The one expression that the name at `node` is given; None where there are more."""
        name = self._content[node.start_byte : node.end_byte]
        if name not in self._known:
            start = self._assigned.get(name)
            self._known[name] = None if start is None else self._given(start, len(name))
        return self._known[name]

    @cached_property
    def _assigned(self) -> Mapping[bytes, int | None]:
        """Name -> the place where it is given a value; None where there are several."""
        found: dict[bytes, int | None] = {}
        for match in _ASSIGNED.finditer(self._content):
            once = match[1] not in found and match[2] == b"="
            found[match[1]] = match.start() if once else None
        return found

    def _given(self, start: int, length: int) -> Node | None:
        parent = self._tree.parent(self._tree.at(start, start + length))
        if parent is None or parent.type not in {"variable_declarator", "assignment_expression"}:
            return None
        value = parent.child_by_field_name("value") or parent.child_by_field_name("right")
        if value is not None and value.type == "number" and not is_const(self._tree, parent):
            return None  # it may be counted up
        return value
