"""Imports: which module is loaded, how, and under which names its members are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from pratique.capabilities.code.aliases import Alias, bound
from pratique.capabilities.code.folding import Folder
from pratique.capabilities.code.paths import base_of
from pratique.capabilities.code.tree import Tree
from pratique.capabilities.code.uses import is_type
from pratique.capabilities.code.wanted import Wanted
from pratique.capabilities.source import Form, Site

_UNAMBIGUOUS = frozenset({
    "child_process", "worker_threads", "dgram", "fs/promises", "dns/promises", "inspector/promises",
})  # fmt: skip
"""Builtin modules whose names are no words of ours: given alone to a call, they are loaded."""
_REQUIRES = frozenset({
    "require", "__require", "require2", "nodeRequire", "_require", "_load", "getBuiltinModule",
})  # fmt: skip
_PASSED_ON = frozenset({
    "await_expression", "parenthesized_expression", "arguments", "call_expression",
    "ternary_expression", "binary_expression",
})  # fmt: skip
NAMELESS = "[?]"
"""Stands for a module whose name is no constant."""
_CALLERS = frozenset({"apply", "call", "bind"})


class Loads:
    """The imports of one file, found as they are come upon."""

    def __init__(self, tree: Tree, folder: Folder, wanted: Wanted) -> None:
        self._tree, self._folder, self._wanted = tree, folder, wanted
        self._bound: list[Alias] = []
        self._modules: set[str] = set()
        self._done: set[int] = set()

    def is_module(self, base: str) -> bool:
        return base in self._modules

    def names(self) -> Sequence[Alias]:
        """The names that are bound to modules and to members of theirs, so far."""
        return self._bound

    def of(self, node: Node) -> Iterator[Site]:
        """The site of what loads a module, and READ sites of the members that it takes by name.

        An import statement, an `export … from`, or a call; each of them once.
        """
        if node.id in self._done:
            return
        self._done.add(node.id)
        how, specifier = self._how(node)
        if how == "":
            return
        value = self._folder.text(specifier)
        folded = specifier is not None and specifier.type != "string"
        yield Site(Form.IMPORT, how, value, folded=folded and value is not None)
        if value is None or not self._wanted.wants_module(value):
            return
        module = value.removeprefix("node:")
        self._modules.add(module)
        for name in self._taken(node, module):
            if (module, name) != ("process", "env"):  # what is done with it is what counts
                yield Site(Form.READ, f"{module}:{name}", folded=folded)

    def _how(self, node: Node) -> tuple[str, Node | None]:
        if node.type == "import":
            parent = self._tree.parent(node)
            return self._how(parent) if parent is not None else ("", None)
        if node.type == "import_statement":
            source = _source_of(node)
            typed = any(child.type == "type" for child in node.children[:3])
            return ("import", source) if source is not None and not typed else ("", None)
        if node.type == "export_statement":
            source = node.child_by_field_name("source")
            return ("export", source) if source is not None else ("", None)
        return self._how_called(node)

    def _how_called(self, call: Node) -> tuple[str, Node | None]:
        if call.type != "call_expression":
            return "", None
        called = call.child_by_field_name("function")
        given = call.child_by_field_name("arguments")
        if called is None or given is None or given.type != "arguments":
            return "", None
        args = [each for each in given.named_children if each.type != "comment"]
        if called.type == "import":
            if is_type(self._tree.parent, call):
                return "", None
            return "import()", args[0] if args else None
        name = self._folder.source(called).rpartition(".")[2]
        if name in _CALLERS:
            args = args[1:] if name == "call" else []
        how = "require.resolve" if name == "resolve" else "require"
        return how, args[0] if args else None

    def split(self, node: Node) -> Node | None:
        """Of `require.call(null, "x")` and `require.apply(…)`, the call."""
        parent = self._tree.parent(node)
        around = self._tree.parent(parent) if parent is not None else None
        if parent is None or around is None or parent.type != "member_expression":
            return None
        member = parent.child_by_field_name("property")
        is_call = around.type == "call_expression"
        named = member is not None and self._folder.source(member) in {"apply", "call"}
        return around if is_call and named else None

    def by_literal(self, string: Node) -> Node | None:
        """What loads the module that `string` names: a statement, or a call by whatever name.

        A call only where the module is wanted.
        """
        given = self._tree.parent(string)
        if given is not None and given.type == "import_require_clause":
            return self._tree.parent(given)
        if given is not None and given.type in {"import_statement", "export_statement"}:
            return given
        call = self._tree.parent(given) if given is not None and given.type == "arguments" else None
        if given is None or call is None or call.type != "call_expression":
            return None
        if given.named_children[0] != string:
            return None
        called = call.child_by_field_name("function")
        name = self._folder.text(string) or ""
        if called is None or not self._wanted.wants_module(name):
            return None
        if called.type == "import":
            return call
        by = self._folder.source(called).rpartition(".")[2]
        known = by in _REQUIRES or "require" in by.lower()
        alone = len(given.named_children) == 1
        is_plain = called.type in {"identifier", "call_expression", "subscript_expression"}
        clear = name.startswith("node:") or name in _UNAMBIGUOUS
        return call if known or (alone and is_plain and clear) else None

    def is_nameless(self, call: Node) -> bool:
        """Whether it loads a module whose name is no constant."""
        how, specifier = self._how_called(call)
        return how in {"require", "import()"} and self._folder.text(specifier) is None

    def is_specifier(self, string: Node) -> bool:
        """Whether it names a module that is loaded, of whatever name: it is no text.

        An address that holds the module itself is one.
        """
        given = self._tree.parent(string)
        call = self._tree.parent(given) if given is not None and given.type == "arguments" else None
        if given is None or call is None or given.named_children[0] != string:
            return False
        called = call.child_by_field_name("function")
        text = self._folder.text(string) or self._folder.source(string)[1:]
        is_data = text.startswith("data:")
        if called is None or len(given.named_children) > 1 or is_data:
            return False
        return called.type == "import" or self._folder.source(called) == "require"

    def required_by(self, call: Node) -> str | None:
        """The module that a call gives: `require("fs")`, also through an interop helper."""
        seen: Node | None = call
        for _ in range(4):
            if seen is None or seen.type not in {"call_expression", "await_expression"}:
                return None
            _, specifier = self._how_called(seen)
            value = self._folder.text(specifier) if specifier is not None else None
            if value is not None and value.removeprefix("node:") in self._modules:
                return value.removeprefix("node:")
            given = seen.child_by_field_name("arguments")
            seen = base_of(given.named_children[0]) if given and given.named_children else None
        return None

    # -- the names it is known by ------------------------------------------------------------------

    def _taken(self, node: Node, module: str) -> Iterator[str]:
        if node.type in {"import_statement", "export_statement"}:
            yield from self._imported(node, module)
            return
        value = node if node.type == "call_expression" else self._tree.parent(node)
        for _ in range(6):
            parent = self._tree.parent(value) if value is not None else None
            if value is None or parent is None:
                return
            if parent.type == "member_expression" and parent.child_by_field_name("object") == value:
                member = parent.child_by_field_name("property")
                name = self._folder.source(member) if member is not None else ""
                if name not in {"default", "promises"}:
                    return
            elif parent.type == "variable_declarator":
                yield from self._pattern(parent.child_by_field_name("name"), module)
                return
            elif parent.type == "assignment_expression":
                left = parent.child_by_field_name("left")
                self._bind(left, f"{module}:")
                return
            elif parent.type not in _PASSED_ON:
                return
            value = parent

    def _imported(self, node: Node, module: str) -> Iterator[str]:
        stack = list(node.named_children)
        while stack:
            each = stack.pop()
            if each.type in {"import_specifier", "export_specifier"}:
                name = each.child_by_field_name("name")
                member = self._folder.source(name) if name is not None else "default"
                own = each.child_by_field_name("alias") or name
                if member != "default":
                    yield member
                if each.type == "import_specifier":
                    self._bind(own, f"{module}:{'' if member == 'default' else member}")
            elif each.type == "identifier":
                self._bind(each, f"{module}:")
            elif each.type in {
                "import_require_clause",
                "import_clause",
                "named_imports",
                "namespace_import",
                "export_clause",
            }:
                stack += each.named_children

    def _pattern(self, pattern: Node | None, module: str) -> Iterator[str]:
        if pattern is None:
            return
        if pattern.type == "identifier":
            self._bind(pattern, f"{module}:")
            return
        for child in pattern.named_children[:64]:
            key = child.child_by_field_name("key") or child.child_by_field_name("left") or child
            if key.type in {"property_identifier", "shorthand_property_identifier_pattern"}:
                yield self._folder.source(key)
                own = child.child_by_field_name("value") or key
                own = own.child_by_field_name("left") or own
                self._bind(own, f"{module}:{self._folder.source(key)}")

    def _bind(self, name: Node | None, path: str) -> None:
        alias = bound(self._tree, name, path)
        if alias is not None:
            self._bound.append(alias)


def _source_of(statement: Node) -> Node | None:
    """What an import statement loads; also of TypeScript's `import fs = require("fs")`."""
    first = statement.named_children[0] if statement.named_children else None
    of = first if first is not None and first.type == "import_require_clause" else statement
    return of.child_by_field_name("source")
