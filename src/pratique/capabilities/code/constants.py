"""Names that are given one value in a file, and keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from tree_sitter import Node

from pratique.capabilities.code.tree import Tree
from pratique.capabilities.code.uses import is_const

_EMAN = rb"\s*([\w$]*[A-Za-z_$])(?![\w$.])"
_GIVEN = re.compile(rb"=(\+|(?<![=>]=))" + _EMAN)
"""Backwards, a sign and then the name before it: names are everywhere, signs are few. A pattern
that begins with one certain sign finds it at a tenth of what one for all signs costs."""
_COUNTED = tuple(re.compile(sign + _EMAN) for sign in (rb"\+\+", rb"--"))
_LONGEST = 256
"""Bytes of a name; no longer one is looked up."""


class Constants:
    """Those of one file: a name that is assigned in two places, in any scope, is none of them."""

    def __init__(self, content: bytes, tree: Tree) -> None:
        self._content, self._tree = content, tree
        self._known: dict[bytes, Node | None] = {}

    def of(self, node: Node) -> Node | None:
        """The one expression that the name at `node` is given; None where there are more."""
        name = self._content[node.start_byte : node.end_byte]
        if name not in self._known:
            start = self._assigned.get(name[::-1]) if len(name) <= _LONGEST else None
            self._known[name] = None if start is None else self._given(start, len(name))
        return self._known[name]

    @cached_property
    def _assigned(self) -> Mapping[bytes, int | None]:
        """Name, backwards -> where it is given a value; None where there are several places."""
        backwards, last = self._content[::-1], len(self._content)
        found: dict[bytes, int | None] = {}
        for counted in _COUNTED:
            found.update(dict.fromkeys(counted.findall(backwards)))
        for match in _GIVEN.finditer(backwards):
            plus, name = match.groups()
            found[name] = None if plus or name in found else last - match.end()
        return found

    def _given(self, start: int, length: int) -> Node | None:
        parent = self._tree.parent(self._tree.at(start, start + length))
        if parent is None or parent.type not in {"variable_declarator", "assignment_expression"}:
            return None
        value = parent.child_by_field_name("value") or parent.child_by_field_name("right")
        if value is not None and value.type == "number" and not is_const(self._tree, parent):
            return None  # it may be counted up
        return value
