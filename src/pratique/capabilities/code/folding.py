"""Constant folding: what an expression of constants comes to, without running anything.

Concatenation, templates, `join`, `reverse`, `split`, `String.fromCharCode`, `atob`,
`Buffer.from(…, "base64")`, `unescape`, and names that are given one constant. Bounded in depth,
in steps and in the length of what comes out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

from tree_sitter import Node

from pratique.capabilities.code.escapes import unescaped, whole

Constant = str | float | list["Constant"]
"""The value of an expression. Bytes are text of one character each (Latin-1)."""

DEEPEST, MOST_STEPS, LONGEST = 24, 4_000, 1 << 20
"""Nesting and nodes of one expression; characters of a value."""
Lookup = Callable[[Node], Node | None]
"""Finds the expression that a name is given, where it is given just one."""


class Folder:
    """Folds expressions of one file. `lookup` resolves names."""

    def __init__(self, content: bytes, lookup: Lookup) -> None:
        self._content = content
        self._lookup = lookup
        self._steps = 0
        self.decoded = False
        """Whether the last value came out of base64 or hexadecimal."""

    def text(self, node: Node | None) -> str | None:
        """The text that `node` comes to; None where it is no constant."""
        self._steps, self.decoded = 0, False
        return _as_text(self._fold(node, 0))

    def source(self, node: Node) -> str:
        return self._content[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _fold(self, node: Node | None, depth: int) -> Constant | None:
        self._steps += 1
        if node is None or depth > DEEPEST or self._steps > MOST_STEPS:
            return None
        fold = _FOLDS.get(node.type)
        value = fold(self, node, depth + 1) if fold else None
        return None if isinstance(value, str) and len(value) > LONGEST else value

    def string(self, node: Node, _depth: int = 0) -> str:
        return unescaped(self.source(node)[1:-1])

    def template(self, node: Node, depth: int) -> str | None:
        parts, at = [], node.start_byte + 1
        for child in node.named_children:
            if child.type == "template_substitution":
                parts.append(unescaped(self._between(at, child.start_byte)))
                inner = child.named_children[0] if child.named_children else None
                text = _as_text(self._fold(inner, depth))
                if text is None:
                    return None
                parts.append(text)
                at = child.end_byte
        parts.append(unescaped(self._between(at, node.end_byte - 1)))
        return "".join(parts)

    def _between(self, start: int, end: int) -> str:
        return self._content[start:end].decode("utf-8", "replace")

    def number(self, node: Node, _depth: int) -> float | None:
        text = self.source(node).replace("_", "").lower()
        try:
            return float(int(text, 0)) if text[:2] in {"0x", "0o", "0b"} else float(text)
        except ValueError:
            return None

    def texts(self, node: Node) -> Iterator[str]:
        """The text that `node` comes to, or, of a sum, each run of two or more constants in it."""
        self._steps, self.decoded = 0, False
        if node.type != "binary_expression":
            text = _as_text(self._fold(node, 0))
            if text is not None:
                yield text
            return
        run: list[str] = []
        for operator, part in [*_operands(node), ("", None)]:
            text = _as_text(self._fold(part, 1)) if operator != "-" else None
            if text is not None:
                run.append(text)
                continue
            if len(run) > 1:
                yield "".join(run)[:LONGEST]
            run = []

    def binary(self, node: Node, depth: int) -> Constant | None:
        """A sum of any length is one step deep."""
        value: Constant | None = None
        for number, (operator, part) in enumerate(_operands(node)):
            other = self._fold(part, depth)
            if other is None or (number and value is None):
                return None
            value = _sum(value, other, operator) if value is not None else other
        return value

    def array(self, node: Node, depth: int) -> Constant | None:
        values: list[Constant] = []
        for child in node.named_children:
            value = self._fold(child, depth)
            if value is None:
                return None
            values.append(value)
        return values

    def inner(self, node: Node, depth: int) -> Constant | None:
        return self._fold(node.named_children[-1] if node.named_children else None, depth)

    def name(self, node: Node, depth: int) -> Constant | None:
        return self._fold(self._lookup(node), depth)

    def subscript(self, node: Node, depth: int) -> Constant | None:
        of = self._fold(node.child_by_field_name("object"), depth)
        at = self._fold(node.child_by_field_name("index"), depth)
        if isinstance(of, str | list) and isinstance(at, float) and 0 <= at < len(of):
            return of[int(at)]
        return None

    def call(self, node: Node, depth: int) -> Constant | None:
        called = node.child_by_field_name("function")
        given = node.child_by_field_name("arguments")
        if called is None or given is None:
            return None
        args = [self._fold(each, depth) for each in given.named_children]
        if called.type == "identifier":
            return self._of_function(self.source(called), args)
        if called.type != "member_expression":
            return None
        method = called.child_by_field_name("property")
        of = called.child_by_field_name("object")
        if method is None or of is None:
            return None
        static = self._of_function(f"{self.source(of)}.{self.source(method)}", args)
        if static is not None:
            return static
        return _of_method(self._fold(of, depth), self.source(method), args)

    def _of_function(self, name: str, args: Sequence[Constant | None]) -> Constant | None:
        name = name.removeprefix("globalThis.").removeprefix("window.")
        first = args[0] if args else None
        if name in {"String.fromCharCode", "String.fromCodePoint"}:
            return _characters(args)
        if name in {"decodeURIComponent", "unescape", "decodeURI"} and isinstance(first, str):
            return unquote(first, encoding="utf-8" if name[0] == "d" else "latin-1")
        if name == "atob" and isinstance(first, str):
            return self._decoded(first, "base64")
        if name in {"Buffer.from", "Buffer"} and isinstance(first, str):
            return self._decoded(first, _as_text(args[1]) if len(args) > 1 else "utf8")
        if name in {"Buffer.from", "Uint8Array.from"} and isinstance(first, list):
            return _characters(first)
        return None

    def _decoded(self, text: str, encoding: str | None) -> str | None:
        if encoding is not None and encoding.lower() in {
            "utf8",
            "utf-8",
            "latin1",
            "binary",
            "ascii",
        }:
            return text
        value = decoded(text, encoding or "")
        self.decoded = self.decoded or value is not None
        return value


def decoded(text: str, encoding: str) -> str | None:
    """Base64 (also its URL form) or hexadecimal as text: UTF-8, or Latin-1 where it is none."""
    try:
        if encoding.lower() == "hex":
            raw = bytes.fromhex(text)
        elif encoding.lower() in {"base64", "base64url"}:
            plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
            raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        else:
            return None
    except (ValueError, binascii.Error):
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _as_text(value: Constant | None) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return None


def _operands(node: Node) -> list[tuple[str, Node | None]]:
    """(operator before it, operand) of a sum, from left to right; the first has "+"."""
    parts: list[tuple[str, Node | None]] = []
    seen: Node | None = node
    while seen is not None and seen.type == "binary_expression" and len(parts) < MOST_STEPS:
        operator = seen.child_by_field_name("operator")
        if operator is None or operator.type not in {"+", "-"}:
            break
        parts.append((operator.type, seen.child_by_field_name("right")))
        seen = seen.child_by_field_name("left")
    return [("+", seen), *reversed(parts)] if parts else []


def _sum(first: Constant, second: Constant, operator: str) -> Constant | None:
    if isinstance(first, float) and isinstance(second, float):
        return first + second if operator == "+" else first - second
    one, other = _as_text(first), _as_text(second)
    if operator != "+" or one is None or other is None or len(one) > LONGEST:
        return None
    return one + other


def _characters(codes: Sequence[Constant | None]) -> str | None:
    if not codes or not all(isinstance(each, float) and 0 <= each < 0x110000 for each in codes):
        return None
    return whole("".join(chr(int(each)) for each in codes if isinstance(each, float)))


def _of_method(
    of: Constant | None, method: str, args: Sequence[Constant | None]
) -> Constant | None:
    first = args[0] if args else None
    if isinstance(of, list):
        return _of_list(of, method, args)
    if not isinstance(of, str):
        return None
    if method == "split" and isinstance(first, str):
        return list(of.split(first)) if first else list(of)
    if method == "concat" and all(isinstance(each, str) for each in args):
        return of + "".join(str(each) for each in args)
    if method in {"toString", "trim", "valueOf", "normalize"}:
        return of.strip() if method == "trim" else of
    if method in {"toLowerCase", "toUpperCase"}:
        return of.lower() if method == "toLowerCase" else of.upper()
    if method in {"replace", "replaceAll"} and len(args) == 2 and isinstance(first, str):
        other = args[1]
        return (
            of.replace(first, other, -1 if method[-1] == "l" else 1)
            if isinstance(other, str)
            else None
        )
    return _cut(of, method, args)


def _cut(of: str, method: str, args: Sequence[Constant | None]) -> str | None:
    numbers = [int(each) for each in args if isinstance(each, float)]
    if len(numbers) != len(args) or method not in {"slice", "substring", "charAt"} or not numbers:
        return None
    if method == "charAt":
        return of[numbers[0]] if 0 <= numbers[0] < len(of) else ""
    return of[numbers[0] : numbers[1] if len(numbers) > 1 else None]


def _of_list(of: list[Constant], method: str, args: Sequence[Constant | None]) -> Constant | None:
    if method == "reverse":
        return of[::-1]
    if method == "join":
        between = _as_text(args[0]) if args else ","
        texts = [_as_text(each) for each in of]
        if between is not None and None not in texts:
            return between.join(text for text in texts if text is not None)
    if method == "concat" and all(isinstance(each, list) for each in args):
        return [*of, *(part for each in args if isinstance(each, list) for part in each)]
    return None


_FOLDS: dict[str, Callable[[Folder, Node, int], Constant | None]] = {
    "string": Folder.string,
    "template_string": Folder.template,
    "number": Folder.number,
    "binary_expression": Folder.binary,
    "array": Folder.array,
    "parenthesized_expression": Folder.inner,
    "sequence_expression": Folder.inner,
    "as_expression": lambda self, node, depth: self._fold(node.named_children[0], depth),
    "identifier": Folder.name,
    "subscript_expression": Folder.subscript,
    "call_expression": Folder.call,
}
