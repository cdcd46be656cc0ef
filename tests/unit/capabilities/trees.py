"""Trees for tests."""

from __future__ import annotations

from pratique.capabilities.code.grammar import parse
from pratique.capabilities.code.tree import Tree


def tree_of(code: bytes, path: str = "a.js") -> Tree:
    return Tree(parse(path, code))
