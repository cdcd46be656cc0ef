"""Bytes -> a syntax tree. The grammar goes by the file's extension."""

from __future__ import annotations

from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

_TYPED = {".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx"}


def grammar_of(path: str) -> str:
    """`javascript` (which reads JSX, too), `typescript` or `tsx`."""
    dot = path.rfind(".")
    return _TYPED.get(path[dot:].lower(), "javascript") if dot >= 0 else "javascript"


@cache
def _parser(grammar: str) -> Parser:
    if grammar == "javascript":
        return Parser(Language(tree_sitter_javascript.language()))
    # Loaded late: few packages ship TypeScript, and its tables are large.
    import tree_sitter_typescript as typed  # noqa: PLC0415

    pointer = typed.language_tsx() if grammar == "tsx" else typed.language_typescript()
    return Parser(Language(pointer))


def parse(path: str, content: bytes) -> Node:
    """The root node. Broken code gives a tree, too, with error nodes in it."""
    return _parser(grammar_of(path)).parse(content).root_node
