"""Other names of a name: which uses of an identifier stand for what was bound to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_letters, digits

from tree_sitter import Node

from pratique.capabilities.code.scopes import Span, declared_in, innermost
from pratique.capabilities.code.tree import Tree

_USES = frozenset({"identifier", "shorthand_property_identifier"})
_NAMES = _USES | {"shorthand_property_identifier_pattern"}
_MOST = 1_000
"""Places of a name that are looked at; a one-letter name of a minified file has many."""
_MOST_IN_FILE = 12_000
"""Over all names; the most that was seen in a real file is 4,080 (a bundle of 670 kB)."""
_LEAST = 20
"""What following one alias costs at least, in places."""
_IN_NAMES = frozenset(bytes((byte,)) for byte in (ascii_letters + digits + "_$.").encode())


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that was given to something.

    Attributes:
        name: The identifier.
        path: What it stands for; a module's path holds a colon (`fs:`, `fs:readFile`).
        span: Where it may be seen.
        at: Where it is assigned; None where it is declared, in the scope that is `span`.
    """

    name: str
    path: str
    span: Span
    at: int | None


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
    declared = declared_in(tree, name)
    scope = declared or tree.root
    span = (scope.start_byte, scope.end_byte)
    at = name.start_byte if declared is None else None
    return Alias(name.text.decode("utf-8", "replace"), path, span, at)


class Names:
    """Finds what stands for an alias in one file.

    What a file may cost is bounded: once it is used up, aliases are no longer followed. What they
    were bound to is known all the same.
    """

    def __init__(self, tree: Tree, content: bytes) -> None:
        self._tree, self._content = tree, content
        self._left = _MOST_IN_FILE
        self._found: dict[tuple[str, Span], _Found] = {}
        self._done: set[tuple[str, str, Span | None]] = set()

    def uses(self, alias: Alias) -> list[Node]:
        """The identifiers that stand for `alias`, not those of inner scopes that declare its name.

        Empty for an alias that is another one's: the same name for the same in the same scope.
        """
        if self._left <= 0:
            return []
        self._left -= _LEAST
        found = self._of(alias.name, alias.span)
        (own,) = [alias.span] if alias.at is None else innermost(found.scopes, [alias.at])
        if (alias.name, alias.path, own) in self._done:
            return []
        self._done.add((alias.name, alias.path, own))
        return found.by_scope.get(own, [])

    def _of(self, name: str, span: Span) -> _Found:
        if (name, span) not in self._found:
            self._found[name, span] = self._search(name, span)
        return self._found[name, span]

    def _search(self, name: str, span: Span) -> _Found:
        scopes: list[Span] = []
        nodes: list[Node] = []
        for start, end in _places(self._content, name.encode(), span):
            self._left -= 1
            node = self._tree.at(start, end)
            scope = declared_in(self._tree, node) if node.type in _NAMES else None
            if scope is not None:
                scopes.append((scope.start_byte, scope.end_byte))
            elif node.type in _USES:
                nodes.append(node)
        by_scope: dict[Span | None, list[Node]] = defaultdict(list)
        around = innermost(scopes, [node.start_byte for node in nodes])
        for node, scope_of in zip(nodes, around, strict=True):
            by_scope[scope_of].append(node)
        return _Found(tuple(set(scopes)), by_scope)


@dataclass(frozen=True, slots=True)
class _Found:
    """Of a name: the scopes that declare it, and its uses by the innermost of those."""

    scopes: tuple[Span, ...]
    by_scope: dict[Span | None, list[Node]]


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
