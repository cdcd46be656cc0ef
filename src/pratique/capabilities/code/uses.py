"""What is done with a value: the nodes around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tree_sitter import Node

from pratique.capabilities.code.folding import Folder
from pratique.capabilities.code.tree import Tree

_PATTERN_NAMES = frozenset({"shorthand_property_identifier_pattern"})
_ASKS = {
    "unary_expression": frozenset({"typeof", "delete", "void"}),
    "binary_expression": frozenset({"in", "instanceof", "==", "===", "!=", "!=="}),
}


def call_of(tree: Tree, top: Node) -> Node | None:
    """The call or `new` of which `top` is what is called."""
    parent = tree.parent(top)
    if parent is None:
        return None
    if parent.type == "call_expression" and parent.child_by_field_name("function") == top:
        return parent
    if parent.type == "new_expression" and parent.child_by_field_name("constructor") == top:
        return parent
    return None


def making(tree: Tree, path: str, called: Node) -> str:
    """`x.constructor()` where what it makes is called: it is the constructor of functions."""
    is_called = path.endswith(".constructor") and call_of(tree, called) is not None
    return f"{path}()" if is_called else path


def is_write(tree: Tree, top: Node) -> bool:
    """Whether a value is assigned to it."""
    parent = tree.parent(top)
    is_assigned = parent is not None and parent.type == "assignment_expression"
    return is_assigned and parent is not None and parent.child_by_field_name("left") == top


_TYPES = frozenset({
    "type_annotation", "type_query", "type_arguments", "type_alias_declaration", "constraint",
    "type_predicate", "index_type_query", "default_type", "asserts",
})  # fmt: skip


def is_type(parent_of: Callable[[Node], Node | None], call: Node) -> bool:
    """Whether an `import("x")` stands where TypeScript has a type: nothing is loaded by it."""
    called = call.child_by_field_name("function")
    if called is None or called.type != "import":
        return False
    seen = parent_of(call)
    while seen is not None and seen.type == "member_expression":
        seen = parent_of(seen)
    return seen is not None and (seen.type in _TYPES or seen.type.endswith("_type"))


def is_const(tree: Tree, declarator: Node) -> bool:
    """Whether it stands in a `const` declaration."""
    around = tree.parent(declarator)
    kind = around.child_by_field_name("kind") if around is not None else None
    return kind is not None and kind.type == "const"


def is_renamed(tree: Tree, top: Node) -> bool:
    """`const name = top`: what is done with the name is what counts."""
    parent = tree.parent(top)
    if parent is None or parent.type not in {"variable_declarator", "assignment_expression"}:
        return False
    return parent.type == "variable_declarator" or parent.child_by_field_name("right") == top


def given_to(tree: Tree, top: Node, folder: Folder) -> str | None:
    """What a value is handed to: the name of a function, `...` for a copy, `for` for a loop."""
    parent = tree.parent(top)
    if parent is None:
        return None
    if parent.type == "spread_element":
        return "..."
    if parent.type == "for_in_statement":
        return "for"
    around = tree.parent(parent)
    called = around.child_by_field_name("function") if around is not None else None
    return folder.source(called)[:60] if parent.type == "arguments" and called else None


def is_asked_only(tree: Tree, top: Node) -> bool:
    """`typeof x`, `x === undefined`, `delete x.y`: nothing is done with it.

    `!x` is as good as `x`: minifiers write `x || y()` for `if (!x) y()`.
    """
    parent = tree.parent(top)
    if parent is None:
        return True
    operator = parent.child_by_field_name("operator")
    if operator is None:
        return False
    asks = _ASKS.get(parent.type, frozenset())
    return operator.type in asks


_GIVES = {"variable_declarator": "name", "assignment_expression": "left"}


def destructured(tree: Tree, top: Node, folder: Folder) -> Iterator[tuple[str, Node]]:
    """The members that `const {a, b: c} = top` takes, with the nodes of their names here."""
    parent = tree.parent(top)
    if parent is None or parent.type not in _GIVES:
        return
    pattern = parent.child_by_field_name(_GIVES[parent.type])
    if pattern is None or pattern.type != "object_pattern":
        return
    for child in pattern.named_children[:64]:
        key = child.child_by_field_name("key") or child.child_by_field_name("left") or child
        own = child.child_by_field_name("value") or key
        own = own.child_by_field_name("left") or own
        if key.type in {"property_identifier", *_PATTERN_NAMES}:
            yield folder.source(key), own
        elif key.type in {"string", "computed_property_name"}:
            inner = key if key.type == "string" else key.named_children[0]
            if (name := folder.text(inner)) is not None:
                yield name, own


_DEFINES = frozenset({"Object.defineProperty", "Reflect.defineProperty", "Reflect.set"})
_MOST_DEFINED = 64


def defined(tree: Tree, top: Node, folder: Folder) -> Iterator[str]:
    """The members that a call gives to `top`, its first argument: `Object.assign(top, {a, b})`."""
    given = tree.parent(top)
    call = tree.parent(given) if given is not None and given.type == "arguments" else None
    called = call.child_by_field_name("function") if call is not None else None
    if given is None or called is None or given.named_children[0] != top:
        return
    name, others = folder.source(called), given.named_children[1:]
    if name in _DEFINES and others:
        text = folder.text(others[0])
        if text:
            yield text
    elif name == "Object.assign":
        for each in (part for other in others for part in other.named_children[:_MOST_DEFINED]):
            key = each.child_by_field_name("key") or each.child_by_field_name("name") or each
            if key.type in {"property_identifier", "shorthand_property_identifier"}:
                yield folder.source(key)


_FOLDED = frozenset({
    "binary_expression", "template_string", "parenthesized_expression", "array", "arguments",
    "member_expression", "call_expression", "template_substitution", "subscript_expression",
})  # fmt: skip
_CLIMBED = _FOLDED | {"string"}
_HIGHEST = 32
_FOLDING_CALLS = frozenset({
    "join", "reverse", "split", "concat", "toString", "replace", "slice", "fromCharCode",
    "fromCodePoint", "from", "map", "trim",
})  # fmt: skip


def largest(tree: Tree, node: Node, climbed: set[int]) -> Node | None:
    """The largest expression around `node` that may still be one of constants; each only once.

    `climbed` holds the ids of the nodes that it went past, in this call and in earlier ones. A sum
    of many parts is as deep as it has parts, and counts as one.
    """
    best: Node | None = None
    seen: Node | None = node if node.type in _FOLDED else tree.parent(node)
    left = _HIGHEST
    while left and seen is not None and seen.type in _CLIMBED:
        if seen.id in climbed:
            return None
        climbed.add(seen.id)
        if seen.type in {"binary_expression", "template_string", "call_expression"}:
            if seen.type == "call_expression" and not _folds(seen):
                break
            best = seen
        left -= seen.type != "binary_expression"
        seen = tree.parent(seen)
    return best


def _folds(call: Node) -> bool:
    called = call.child_by_field_name("function")
    if called is None or called.text is None:
        return False
    name = called.text.decode("utf-8", "replace").rpartition(".")[2]
    return name in _FOLDING_CALLS or name in {"atob", "unescape", "decodeURIComponent", "Buffer"}
