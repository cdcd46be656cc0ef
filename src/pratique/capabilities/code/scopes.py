"""Which identifiers declare a name, and where that name is seen (ECMA-262, 8.2 and 9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from pratique.capabilities.code.tree import Tree

Span = tuple[int, int]
"""Byte range, the end excluded."""

_FUNCTIONS = frozenset({
    "function_declaration", "function_expression", "generator_function",
    "generator_function_declaration", "arrow_function", "method_definition", "function",
})  # fmt: skip
_BLOCKS = _FUNCTIONS | {
    "program", "statement_block", "for_statement", "for_in_statement", "switch_body", "class_body",
    "class_static_block", "catch_clause",
}  # fmt: skip
_NAMED = frozenset({
    "function_declaration", "generator_function_declaration", "class_declaration",
    "function_expression", "class", "enum_declaration", "generator_function",
})  # fmt: skip
# What a pattern is made of: a name inside of these may be declared by what is around them.
_PATTERNS = frozenset({
    "object_pattern", "array_pattern", "pair_pattern", "rest_pattern", "assignment_pattern",
    "object_assignment_pattern", "required_parameter", "optional_parameter",
})  # fmt: skip
_IMPORTS = frozenset({"import_specifier", "namespace_import", "import_clause"})


def function_of(tree: Tree, node: Node) -> Node | None:
    """The innermost function around `node`."""
    seen = tree.parent(node)
    while seen is not None and seen.type not in _FUNCTIONS:
        seen = tree.parent(seen)
    return seen


def declared_in(tree: Tree, name: Node) -> Node | None:
    """The node in which `name`, an identifier, is declared by standing there; None for a use."""
    child, parent = name, tree.parent(name)
    while parent is not None and parent.type in _PATTERNS:
        if parent.type in {"assignment_pattern", "object_assignment_pattern"}:
            if parent.child_by_field_name("left") != child:
                return None
        elif parent.type == "pair_pattern" and parent.child_by_field_name("value") != child:
            return None
        child, parent = parent, tree.parent(parent)
    if parent is None:
        return None
    return _declaring(tree, child, parent)


def _declaring(tree: Tree, child: Node, parent: Node) -> Node | None:
    kind = parent.type
    if kind == "variable_declarator":
        return _of_variable(tree, parent) if parent.child_by_field_name("name") == child else None
    if kind == "formal_parameters":
        return tree.parent(parent)
    if kind in {"arrow_function", "catch_clause"}:
        return parent if parent.child_by_field_name("parameter") == child else None
    if kind in _NAMED:
        if parent.child_by_field_name("name") != child:
            return None
        return parent if kind in {"function_expression", "class"} else _block_of(tree, parent)
    if kind in _IMPORTS:
        if kind == "import_specifier":
            alias = parent.child_by_field_name("alias")
            if alias is not None and alias != child:
                return None
        return tree.root
    if kind == "for_in_statement":
        declares = parent.child_by_field_name("kind") is not None
        return parent if declares and parent.child_by_field_name("left") == child else None
    return None


def _of_variable(tree: Tree, declarator: Node) -> Node | None:
    statement = tree.parent(declarator)
    if statement is None:
        return None
    around = tree.parent(statement)
    if around is not None and around.type == "ambient_declaration":
        return None
    if statement.type == "variable_declaration":
        return function_of(tree, statement) or tree.root
    return _block_of(tree, statement)


def _block_of(tree: Tree, node: Node) -> Node | None:
    seen = tree.parent(node)
    while seen is not None and seen.type not in _BLOCKS:
        seen = tree.parent(seen)
    return seen


@dataclass(slots=True)
class Scopes:
    """Where the names of a file that were looked at are declared."""

    declared: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, scope: Node) -> None:
        self.declared[name].append((scope.start_byte, scope.end_byte))

    def is_global(self, name: str, at: int) -> bool:
        """Whether `name` at byte `at` is not declared around it."""
        return not any(start <= at < end for start, end in self.declared.get(name, ()))


def innermost(scopes: Iterable[Span], places: Sequence[int]) -> list[Span | None]:
    """Of each place, the smallest of `scopes` around it; scopes lie in each other or apart."""
    waiting = sorted(set(scopes), key=lambda span: (-span[0], span[1]))
    around: list[Span] = []
    found: dict[int, Span | None] = {}
    for place in sorted(set(places)):
        while waiting and waiting[-1][0] <= place:
            around.append(waiting.pop())
            while len(around) > 1 and around[-2][1] <= around[-1][0]:
                del around[-2]
        while around and around[-1][1] <= place:
            around.pop()
        found[place] = around[-1] if around else None
    return [found[place] for place in places]
