"""Hits of the pattern set -> the nodes of the tree at those places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace
from tree_sitter import Node

from pratique.capabilities.code.scopes import function_of
from pratique.capabilities.code.tree import Tree
from pratique.capabilities.source import LONGEST_SNIPPET, Site

STRINGS = frozenset({"string", "template_string"})
_OPERATORS = re.compile(rb"\+|\.")
_QUOTES = re.compile(rb"[\"'`]")


def places(tree: Tree, content: bytes, hits: Iterable[tuple[int, int]]) -> Iterator[Node]:
    """Each node at a hit, once, in the order of the hits."""
    seen: set[int] = set()
    of_comment = 0
    for start, end in hits:
        if end <= of_comment:
            continue
        node = tree.at(start, min(end, start + 1))
        if node.type == "comment":
            of_comment = node.end_byte
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
    if content.startswith((b"require", b"import", b"from"), start):
        for match in _QUOTES.finditer(content, start, end):
            around = tree.parent(tree.at(match.start(), match.start() + 1))
            if around is not None and around.type in STRINGS:
                yield around


def string_around(tree: Tree, node: Node) -> Node:
    """The string that a part of one belongs to."""
    while node.type not in STRINGS and (around := tree.parent(node)) is not None:
        node = around
    return node


def placed(tree: Tree, content: bytes, node: Node, site: Site) -> Site:
    """`site` with its line, its code and the function around it: those of `node`."""
    if site.path.startswith("process:"):  # the module is the global object of that name
        site = replace(site, path=f"process.{site.path.removeprefix('process:')}".rstrip("."))
    around = function_of(tree, node)
    within = (around.start_byte + 1, around.end_byte + 1) if around is not None else (0, 0)
    end = min(node.end_byte, node.start_byte + LONGEST_SNIPPET * 4)
    snippet = content[node.start_byte : end].decode("utf-8", "replace")[:LONGEST_SNIPPET]
    return replace(site, line=node.start_point.row + 1, snippet=snippet, within=within)
