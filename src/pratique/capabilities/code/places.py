"""Hits of the pattern set -> the nodes of the tree at those places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from pratique.capabilities.code.tree import Tree

STRINGS = frozenset({"string", "template_string"})
_OPERATORS = re.compile(rb"\+|\.")
_QUOTES = re.compile(rb"[\"'`]")


def places(tree: Tree, content: bytes, hits: Iterable[tuple[int, int]]) -> Iterator[Node]:
    """Each node at a hit, once, in the order of the hits."""
    seen: set[int] = set()
    for start, end in hits:
        node = tree.at(start, min(end, start + 1))
        if node.type in {'"', "'", "`"}:
            node = tree.parent(node) or node
        for each in (*_inside(tree, content, start, end), node):
            if each.id not in seen:
                seen.add(each.id)
                yield each


def _inside(tree: Tree, content: bytes, start: int, end: int) -> Iterator[Node]:
    """A hit of several tokens (`"a" + "b"`) also stands for what is between them.

    That is its operators, and the strings of one that begins with another word.
    """
    if end - start < 3:
        return
    for match in _OPERATORS.finditer(content, start, end):
        node = tree.at(match.start(), match.start() + 1)
        if node.type in {"+", "."}:
            yield node
    if content.startswith((b"require", b"import"), start):
        for match in _QUOTES.finditer(content, start, end):
            around = tree.parent(tree.at(match.start(), match.start() + 1))
            if around is not None and around.type in STRINGS:
                yield around
