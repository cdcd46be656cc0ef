"""Other names of a name: which uses of an identifier stand for what was bound to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_letters, digits

from tree_sitter import Node

from pratique.capabilities.code.scopes import Scopes, Span, declared_in
from pratique.capabilities.code.tree import Tree

_USES = frozenset({"identifier", "shorthand_property_identifier"})
_NAMES = _USES | {"shorthand_property_identifier_pattern"}
_MOST = 2_000
"""Places of a name that are looked at; a one-letter name of a minified file has many."""
_IN_NAMES = frozenset(bytes((byte,)) for byte in (ascii_letters + digits + "_$.").encode())


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that was given to something.

    Attributes:
        name: The identifier.
        path: What it stands for; a module's path holds a colon (`fs:`, `fs:readFile`).
        span: Where it may be seen.
        at: Where it is bound.
    """

    name: str
    path: str
    span: Span
    at: int


def alias_of(tree: Tree, top: Node, path: str) -> Alias | None:
    """The alias that `const name = top` or `name = top` makes; None for anything else."""
    parent = tree.parent(top)
    if parent is None:
        return None
    if parent.type == "variable_declarator" and parent.child_by_field_name("value") == top:
        return bound(tree, parent.child_by_field_name("name"), path)
    if parent.type == "assignment_expression":
        return bound(tree, parent.child_by_field_name("left"), path)
    return None


def bound(tree: Tree, name: Node | None, path: str) -> Alias | None:
    """The alias that `name` is, at the place where it is given its value."""
    if name is None or name.type not in _NAMES or name.text is None:
        return None
    scope = declared_in(tree, name) or tree.root
    span = (scope.start_byte, scope.end_byte)
    return Alias(name.text.decode("utf-8", "replace"), path, span, name.start_byte)


def uses_of(tree: Tree, content: bytes, alias: Alias) -> list[Node]:
    """The identifiers that stand for `alias`: not those of inner scopes that declare its name."""
    scopes, found = Scopes(), []
    for start, end in _places(content, alias.name.encode(), alias.span):
        node = tree.at(start, end)
        scope = declared_in(tree, node) if node.type in _NAMES else None
        if scope is not None:
            scopes.add(alias.name, scope)
        elif node.type in _USES:
            found.append(node)
    own = scopes.innermost(alias.name, alias.at)
    return [each for each in found if scopes.innermost(alias.name, each.start_byte) == own]


def _places(content: bytes, name: bytes, span: Span) -> Iterator[Span]:
    """Where `name` stands as a word that is no member, within `span`."""
    pattern = re.compile(re.escape(name) + rb"(?![\w$])")
    left = _MOST
    for match in pattern.finditer(content, *span):
        start = match.start()
        is_spread = content[start - 3 : start] == b"..."
        if content[start - 1 : start] not in _IN_NAMES or is_spread:
            left -= 1
            if left < 0:
                return
            yield start, start + len(name)
