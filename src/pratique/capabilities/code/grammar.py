"""Bytes -> a syntax tree. The grammar goes by the file's extension."""

from __future__ import annotations

from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser, Query, QueryCursor

_TYPED = {".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx"}


def grammar_of(path: str) -> str:
    """`javascript` (which reads JSX, too), `typescript` or `tsx`."""
    dot = path.rfind(".")
    return _TYPED.get(path[dot:].lower(), "javascript") if dot >= 0 else "javascript"


@cache
def _language(grammar: str) -> Language:
    if grammar == "javascript":
        return Language(tree_sitter_javascript.language())
    # Loaded late: few packages ship TypeScript, and its tables are large.
    import tree_sitter_typescript as typed  # noqa: PLC0415

    pointer = typed.language_tsx() if grammar == "tsx" else typed.language_typescript()
    return Language(pointer)


@cache
def _parser(grammar: str) -> Parser:
    return Parser(_language(grammar))


@cache
def _query(grammar: str, pattern: str) -> Query:
    return Query(_language(grammar), pattern)


def found(path: str, root: Node, pattern: str) -> dict[str, list[Node]]:
    """Name of a capture -> its nodes, of a query (tree-sitter's query language) over a tree."""
    return QueryCursor(_query(grammar_of(path), pattern)).captures(root)


def parse(path: str, content: bytes) -> Node:
    """The root node. Broken code gives a tree, too, with error nodes in it.

    To the parser a NUL is the end; to an engine it is a letter of a comment or a string.
    """
    if b"\0" in content:
        content = content.replace(b"\0", b" ")
    return _parser(grammar_of(path)).parse(content).root_node
