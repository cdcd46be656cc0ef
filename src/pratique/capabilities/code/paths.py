"""Dotted names: what an identifier, with the members that follow it, stands for."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from pratique.capabilities.code.escapes import unescaped
from pratique.capabilities.code.folding import Folder
from pratique.capabilities.code.tree import Tree

UNRESOLVED = "[?]"
_LONGEST_PATH = 8
_WRAPPERS = frozenset({
    "parenthesized_expression", "non_null_expression", "as_expression", "satisfies_expression",
    "await_expression",
})  # fmt: skip
_BASES = {
    "array": "[]", "string": '""', "template_string": '""', "object": "{}", "this": "this",
    "function_expression": "function", "arrow_function": "function", "regex": "regex",
    "generator_function": "function", "number": "number",
}  # fmt: skip
_LITERALS = ("[].", '"".', "{}.", "regex.", "number.")
"""Their members are functions."""
_MAKERS = ("function", "Object.getPrototypeOf", "Reflect.getPrototypeOf")


@dataclass(frozen=True, slots=True)
class Chain:
    """A name with its members, upwards from where it begins.

    Attributes:
        members: Names of the members; UNRESOLVED for a computed one that is no constant.
        top: The node of the whole chain.
        folded: A member is computed, and comes to a constant.
    """

    members: tuple[str, ...]
    top: Node
    folded: bool = False


def follow(tree: Tree, node: Node, folder: Folder) -> Chain:
    """The chain of members that begins with `node`."""
    members: list[str] = []
    folded, top = False, node
    while len(members) < _LONGEST_PATH and (parent := tree.parent(top)) is not None:
        kind = parent.type
        if kind == "member_expression" and parent.child_by_field_name("object") == top:
            member = parent.child_by_field_name("property")
            members.append(unescaped(folder.source(member)) if member is not None else UNRESOLVED)
        elif kind == "subscript_expression" and parent.child_by_field_name("object") == top:
            index = parent.child_by_field_name("index")
            text = folder.text(index)
            members.append(UNRESOLVED if text is None else text)
            is_built = index is not None and index.type not in {"string", "number"}
            folded = folded or (is_built and text is not None)
        elif not (kind in _WRAPPERS or _is_last_of_sequence(tree, top, parent)):
            break
        top = parent
    return Chain(tuple(members), top, folded)


def _is_last_of_sequence(tree: Tree, node: Node, parent: Node) -> bool:
    """`(0, eval)` is how `eval` is called without its scope."""
    if parent.type != "sequence_expression" or parent.named_children[-1] != node:
        return False
    around = tree.parent(parent)
    return around is not None and around.type == "parenthesized_expression"


def base_of(node: Node | None) -> Node | None:
    """The object under wrappers: of `(x)`, `await x` and `x!` it is `x`."""
    while node is not None and node.type in {*_WRAPPERS, "sequence_expression"}:
        inner = node.named_children
        node = inner[-1] if inner else None
    return node


def makes_functions(base: str) -> bool:
    """Whether the `constructor` of what `base` stands for is that of functions."""
    if base.startswith(_MAKERS) or base.endswith(".constructor"):
        return True
    return "." in base and base.startswith(_LITERALS)


def literal_base(node: Node) -> str:
    """A word for an object that is written out: `[]`, `""`, `function`; `?` for any other."""
    return _BASES.get(node.type, "?")
