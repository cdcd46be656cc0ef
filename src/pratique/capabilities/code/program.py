"""A parsed file: what stands at each place that is worth a look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from pratique.capabilities.code.aliases import Alias, Names, alias_of, bound
from pratique.capabilities.code.constants import Constants
from pratique.capabilities.code.escapes import unescaped
from pratique.capabilities.code.folding import Folder
from pratique.capabilities.code.loads import NAMELESS, Loads
from pratique.capabilities.code.paths import (
    Chain,
    base_of,
    follow,
    literal_base,
    makes_functions,
)
from pratique.capabilities.code.places import STRINGS, placed, places, string_around
from pratique.capabilities.code.scopes import Scopes, declared_in
from pratique.capabilities.code.tree import Tree
from pratique.capabilities.code.uses import (
    call_of,
    defined,
    destructured,
    given_to,
    is_asked_only,
    is_renamed,
    is_write,
    largest,
    making,
)
from pratique.capabilities.code.wanted import GLOBAL_OBJECTS, Wanted
from pratique.capabilities.source import Form, Site

_IN_STRINGS = frozenset({"string_fragment", "escape_sequence", "string", "template_string"})
_LITERAL_BASES = frozenset({"[]", '""', "{}", "regex", "number", "function"})
_MEMBERS = frozenset({"property_identifier", "private_property_identifier"})
_USES = frozenset({"identifier", "shorthand_property_identifier"})
_NAMES = _USES | {"shorthand_property_identifier_pattern"}
_ALIASED = frozenset({"require", "process", "process.env", "module", "", "eval", "Function"})
"""Names whose other names are followed; "" is the global object."""
_ASSIGNS = frozenset({"assignment_expression", "augmented_assignment_expression"})
_MAKES_REQUIRE = frozenset({"module:createRequire", "?.createRequire"})
_EVALUATORS = frozenset({"eval", "Function", "setTimeout", "setInterval", "execScript"})
_MOST_ARGS = 6
_LISTS = frozenset({"keys", "values", "entries", "getOwnPropertyNames", "ownKeys", "for"})
_CODE_LIKE = re.compile(r"[=(.]\s*[\w$(\"'{]|=>|\brequire\b|\bimport\b")


class Program:
    """One file's tree, and what was found of names in it.

    Attributes:
        inner: Texts that may be code, with the node they come from.
    """

    def __init__(self, content: bytes, root: Node, wanted: Wanted) -> None:
        self._content, self._tree, self._wanted = content, Tree(root), wanted
        self._scopes = Scopes()
        self._folder = Folder(content, Constants(content, self._tree).of)
        self._aliases: list[Alias] = []
        self._followed: set[Alias] = set()
        self._names = Names(self._tree, content)
        self._modules: dict[int, str] = {}
        self._loads = Loads(self._tree, self._folder, wanted)
        self._seen: set[int] = set()
        self._climbed: set[int] = set()
        self.inner: list[tuple[str, Node]] = []

    def sites(self, hits: Sequence[tuple[int, int]]) -> Iterator[Site]:
        """The sites at the hits: names first, since strings and members depend on them."""
        nodes = list(places(self._tree, self._content, hits))
        free = [each for each in nodes if each.type in _NAMES and not self._declares(each)]
        uses = [each for each in free if each.type in _USES]
        for node in nodes:
            if node.type in {"import", "import_statement", "export_statement"}:
                yield from self._load(node)
            elif node.type in _IN_STRINGS:
                yield from self._specifier(node)
        for node in uses:
            yield from self._use(node)
        yield from self._of_aliases()
        for node in nodes:
            if node.type in _MEMBERS:
                yield from self._member(node)
            elif node.type in _IN_STRINGS:
                yield from self._string(node)
            elif node.type in {"+", ".", "join", "reverse", "]", "\\"}:
                yield from self._built(node)
        yield from self._of_aliases()

    # -- names -------------------------------------------------------------------------------------

    def _declares(self, node: Node) -> bool:
        scope = declared_in(self._tree, node)
        if scope is not None:
            self._scopes.add(self._folder.source(node), scope)
        return scope is not None

    def _use(self, node: Node) -> Iterator[Site]:
        name = unescaped(self._folder.source(node))
        if not self._scopes.is_global(name, node.start_byte):
            return
        chain = follow(self._tree, node, self._folder)
        members, folded = chain.members, chain.folded or "\\" in self._folder.source(node)
        if name in GLOBAL_OBJECTS:
            name, members = (members[0], members[1:]) if members else ("", ())
            if members and name in GLOBAL_OBJECTS:
                name, members = members[0], members[1:]
        yield from self._named(name, Chain(members, chain.top, folded), node)

    def _named(self, name: str, chain: Chain, node: Node) -> Iterator[Site]:
        """The site of a global name that is used with its members."""
        if is_asked_only(self._tree, chain.top) or name == "exports":
            return
        if name == "require" or (name == "module" and chain.members[:1] == ("require",)):
            if chain.members[-1:] == ("require",):
                yield self._site(Form.READ, ".".join((name, *chain.members)), chain.top)
            yield from self._required(chain, node)
            return
        path = ".".join((name, *chain.members))
        self._note_alias(path if name else "", chain.top)
        if name or chain.members:
            yield from self._at(path, chain)
            return
        handed = given_to(self._tree, chain.top, self._folder) or ""
        if handed.rpartition(".")[2] in _LISTS:
            yield self._site(Form.READ, "globalThis", chain.top, handed)
        for member, own in destructured(self._tree, chain.top, self._folder):
            alias = bound(self._tree, own, member)
            if alias is not None and member in _ALIASED:
                self._aliases.append(alias)
            yield from self._named(member, Chain((), chain.top), node)
        for member in defined(self._tree, chain.top, self._folder):
            yield self._site(Form.WRITE, member, chain.top)

    def _required(self, chain: Chain, node: Node) -> Iterator[Site]:
        """`require` is called with a module, or is handed on as a value."""
        members = tuple(each for each in chain.members if each != "require")
        called = call_of(self._tree, chain.top)
        if called is not None and not members:
            yield from self._load(called)
            return
        if chain.top.type == "identifier" or node.id == chain.top.id:
            self._note_alias("require", chain.top)
        split = self._loads.split(node)
        if split is not None:
            yield from self._load(split)
            return
        yield from self._at(".".join(("require", *members)), chain)

    def _load(self, node: Node) -> Iterator[Site]:
        for site in self._loads.of(node):
            yield self._site(site.form, site.path, node, site.value, folded=site.folded)
        call = self._tree.parent(node) if node.type == "import" else node
        if call is None or call.type != "call_expression":
            return
        module, chain = self._loads.required_by(call), follow(self._tree, call, self._folder)
        members = [each for each in chain.members if each != "default"]
        if members and module is None and self._loads.is_nameless(call):
            module = NAMELESS
        if module is not None and members:
            yield from self._at(f"{module}:{'.'.join(members)}", chain)

    def _at(self, path: str, chain: Chain) -> Iterator[Site]:
        """The site of a dotted name, by what is done with it."""
        top = chain.top
        if (parent := self._tree.parent(top)) is None:
            return
        if (called := call_of(self._tree, top)) is not None:
            form = Form.NEW if called.type == "new_expression" else Form.CALL
            path = making(self._tree, path, called)
            args = self._args(called)
            if path.rpartition(".")[2] in _EVALUATORS and args:
                self._may_be_code(args[-1] if path.endswith("Function") else args[0], called)
            yield self._site(form, path, called, args=args, folded=chain.folded)
            if path in _MAKES_REQUIRE:
                yield from self._own_require(called)
        elif parent.type in _ASSIGNS and parent.child_by_field_name("left") == top:
            value = self._folder.text(parent.child_by_field_name("right"))
            yield self._site(Form.WRITE, path, parent, value, folded=chain.folded)
        elif path != "process.env" or not is_renamed(self._tree, top):
            handed = given_to(self._tree, top, self._folder)
            yield self._site(Form.READ, path, top, handed, folded=chain.folded)
        for member, own in destructured(self._tree, top, self._folder):
            alias = bound(self._tree, own, f"{path}.{member}")
            if alias is not None and alias.path in _ALIASED:
                self._aliases.append(alias)
            else:
                yield self._site(Form.READ, f"{path}.{member}", parent)
        for member in defined(self._tree, top, self._folder):
            yield self._site(Form.WRITE, f"{path}.{member}", parent)

    def _args(self, call: Node) -> tuple[str | None, ...]:
        given = call.child_by_field_name("arguments")
        nodes = given.named_children[:_MOST_ARGS] if given is not None else []
        return tuple(self._folder.text(each) for each in nodes)

    # -- other names of a name ---------------------------------------------------------------------

    def _note_alias(self, path: str, top: Node) -> None:
        alias = alias_of(self._tree, top, path)
        if alias is not None and (path in _ALIASED or self._is_class(path)):
            self._aliases.append(alias)

    def _is_class(self, path: str) -> bool:
        """`XMLHttpRequest`, `XMLHttpRequest.prototype`: what is written to another name of it."""
        name = path.removesuffix(".prototype")
        return name[:1].isupper() and name in self._wanted.names

    def _own_require(self, made: Node) -> Iterator[Site]:
        """`made` is a call of createRequire: what is called by its name, or at once, loads."""
        self._note_alias("require", made)
        called = call_of(self._tree, made)
        if called is not None:
            yield from self._load(called)

    def _of_aliases(self) -> Iterator[Site]:
        for _round in range(3):  # an alias of an alias is followed twice
            aliases = dict.fromkeys((*self._loads.names(), *self._aliases))
            new = [each for each in aliases if each not in self._followed]
            self._followed.update(new)
            for alias in new:
                yield from self._of_alias(alias)

    def _of_alias(self, alias: Alias) -> Iterator[Site]:
        path = alias.path
        for node in self._names.uses(alias):
            chain = follow(self._tree, node, self._folder)
            if path.endswith(":"):
                self._modules[node.start_byte] = path[:-1]
            if path == "" and chain.members:
                inner = Chain(chain.members[1:], chain.top, chain.folded)
                yield from self._named(chain.members[0], inner, node)
            elif ":" in path:
                yield from self._of_module(path, chain)
            elif path == "process.env" and not chain.members:
                yield from self._at(path, chain)
            elif path and (chain.members or not is_write(self._tree, chain.top)):
                head, _, rest = path.partition(".")
                rest_of = (*filter(None, rest.split(".")), *chain.members)
                yield from self._named(head, Chain(rest_of, chain.top, chain.folded), node)

    def _of_module(self, path: str, chain: Chain) -> Iterator[Site]:
        """A use of a name for a module (`fs:`) or for a member of one (`fs:readFile`)."""
        members = [each for each in chain.members if each not in {"default", "promises"}]
        if path.endswith(":") and members:
            yield from self._at(path + ".".join(members), chain)
        elif path.endswith(":"):
            for member in defined(self._tree, chain.top, self._folder):
                yield self._site(Form.WRITE, path + member, chain.top)
        elif not path.endswith(":") and not is_write(self._tree, chain.top):
            yield from self._at(".".join((path, *members)), chain)

    # -- members and strings -----------------------------------------------------------------------

    def _member(self, node: Node) -> Iterator[Site]:
        """A member whose name is wanted whatever its object is."""
        name, parent = unescaped(self._folder.source(node)), self._tree.parent(node)
        if name not in self._wanted.members or parent is None:
            return
        if parent.type == "member_expression":
            yield from self._of_object(parent.child_by_field_name("object"), name, parent)
        elif parent.type == "pair_pattern" and name == "constructor":
            self._destructured_constructor(parent)

    def _destructured_constructor(self, pair: Node) -> None:
        """`{constructor: F}` of a function, or within another one of it: F is `Function`."""
        pattern = self._tree.parent(pair)
        around = self._tree.parent(pattern) if pattern is not None else None
        if around is None:
            return
        key = around.child_by_field_name("key")
        value = base_of(around.child_by_field_name("value"))
        inner = key is not None and self._folder.source(key) == "constructor"
        alias = bound(self._tree, pair.child_by_field_name("value"), "Function")
        if alias is not None and (inner or makes_functions(self._base(value) or "")):
            self._aliases.append(alias)

    def _of_object(self, of: Node | None, name: str, member: Node) -> Iterator[Site]:
        base = self._base(base_of(of))
        if base is None:
            return
        chain = follow(self._tree, member, self._folder)
        if name == "constructor" and makes_functions(".".join((base, *chain.members[:-1]))):
            self._note_alias("Function", chain.top)
        if not is_asked_only(self._tree, chain.top):
            between = ":" if self._loads.is_module(base) else "."
            path = f"{base}{between}{'.'.join((name, *chain.members))}"
            yield from self._at(path, chain)

    def _base(self, of: Node | None) -> str | None:
        """What an object is: a module, a word for a literal, or `?`; None for a global name."""
        if of is None:
            return "?"
        if of.type == "identifier":
            name = self._folder.source(of)
            if of.start_byte in self._modules:
                return self._modules[of.start_byte]
            is_known = name in self._wanted.names and self._scopes.is_global(name, of.start_byte)
            return None if is_known else "?"
        if of.type == "call_expression":
            module = self._loads.required_by(of)
            called = of.child_by_field_name("function")
            if module is None and called is not None and called.type == "member_expression":
                return f"{self._folder.source(called)[:40]}()"
            return module or "?"
        if of.type == "member_expression":
            inner = base_of(of.child_by_field_name("object"))
            name = self._folder.source(of).rpartition(".")[2]
            base = self._base(inner)
            if base is not None and self._loads.is_module(base):
                return base if name in {"default", "promises"} else f"{base}:{name}"
            if base is None:
                return None
            is_known = name == "constructor" or base in _LITERAL_BASES
            return f"{base}.{name}" if is_known else "?"
        return literal_base(of)

    def _specifier(self, node: Node) -> Iterator[Site]:
        """A string that names a module: what is loaded is known before names are looked at."""
        whole = string_around(self._tree, node)
        parent = self._tree.parent(whole)
        if whole.type not in STRINGS or whole.id in self._seen or parent is None:
            return
        if (load := self._loads.by_literal(whole)) is not None:
            self._seen.add(whole.id)
            yield from self._load(load)
        elif self._loads.is_specifier(whole):
            self._seen.add(whole.id)

    def _string(self, node: Node) -> Iterator[Site]:
        whole = string_around(self._tree, node)
        parent = self._tree.parent(whole)
        if whole.type not in STRINGS or whole.id in self._seen or parent is None:
            return
        self._seen.add(whole.id)
        yield from self._indexed(whole, self._folder.text(whole) or "")
        yield from self._text(whole)

    def _indexed(self, index: Node, name: str) -> Iterator[Site]:
        """The member that `index` picks, where it is one, or where its other name is."""
        parent = self._tree.parent(index)
        if parent is None or not {name} & (self._wanted.members | self._wanted.names):
            return
        if parent.type == "subscript_expression" and parent.child_by_field_name("index") == index:
            of = parent.child_by_field_name("object")
            if name in self._wanted.members:
                yield from self._of_object(of, name, parent)
            elif of is not None and of.type == "this" and name in self._wanted.names:
                yield from self._at(name, follow(self._tree, parent, self._folder))
        elif index.type in STRINGS and (alias := alias_of(self._tree, index, name)) is not None:
            for node in self._names.uses(alias):
                if self._folder.text(node) == name:
                    yield from self._indexed(node, name)

    def _text(self, node: Node) -> Iterator[Site]:
        """A string, and what it comes to together with what is added to it."""
        value = self._folder.text(node)
        if value is None:
            value = unescaped(self._folder.source(node)[1:-1])
        if self._wanted.wants_text(value):
            yield self._site(
                Form.TEXT, "", node, value[:4096], folded="\\x" in self._folder.source(node)
            )
        yield from self._built(node)

    def _built(self, node: Node) -> Iterator[Site]:
        """The largest expression of constants around `node`, where it comes to something wanted."""
        top = largest(self._tree, node, self._climbed)
        if top is None:
            return
        for value in self._folder.texts(top):
            if self._folder.decoded:
                self._may_be_code(value, top)
            if self._wanted.wants_text(value):
                yield self._site(Form.TEXT, "", top, value[:4096], folded=True)

    def _may_be_code(self, value: str | None, node: Node) -> None:
        if value and len(value) > 4 and _CODE_LIKE.search(value):
            self.inner.append((value, node))

    # -- the rest ----------------------------------------------------------------------------------

    def _site(
        self,
        form: Form,
        path: str,
        node: Node,
        value: str | None = None,
        *,
        args: tuple[str | None, ...] = (),
        folded: bool = False,
    ) -> Site:
        return placed(self._tree, self._content, node, Site(form, path, value, args, folded))
