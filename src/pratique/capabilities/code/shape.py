"""Figures that tell obfuscated code from minified code.

Of 58 benign minified files none had more hexadecimal than decimal numbers (at most 0.12 of them),
nor more than 0.81 computed calls for each 1,000 bytes; a common obfuscator's output has at least
20 times as many, and 7.8 to 14.2 (measured 2026-11). Entropy, long lines and escapes do not tell.
"""

from __future__ import annotations

import re

import re2
from tree_sitter import Node

from pratique.capabilities.code.grammar import found
from pratique.capabilities.source import Shape

DECLARES = (".d.ts", ".d.mts", ".d.cts")
_FEW = 10
"""Hexadecimal numbers below which their share says nothing."""
_HEX = re.compile(rb"(?<![\w$.])0x[0-9a-fA-F]+\b")
_DECIMAL = re.compile(rb"(?<![\w$.])\d+(?![\w$.])")
_HEX_NAME = re.compile(rb"\b_0x[0-9a-f]{3,8}\b")
_COMPUTED = re.compile(rb"\]\(|[\w$]\[[\w$]{1,24}\(")
_FAR = re2.compile(rb"[^\s][ \t]{200,}[^\s]")
_BIDI = re2.compile(
    "[\u202a-\u202e\u2066-\u2069]|[\ufe00-\ufe0f\U000e0000-\U000e01ef]{16}".encode()
)
_HIDDEN = re2.compile("[\u200b-\u200d\u2060]".encode())
_MAY_HIDE = re.compile(rb"\xe2(?:\x80[\x8b-\x8d\xaa-\xae]|\x81[\xa0\xa6-\xa9])|\xef\xb8|\xf3\xa0")
"""The bytes of a character of `_HIDDEN` or `_BIDI`, of some only the first: found at less cost."""
_ASCII = bytes(range(128))
_TEXTUAL = frozenset({
    "comment", "string_fragment", "string", "template_string", "regex_pattern", "regex",
    "jsx_text", "html_comment", "escape_sequence",
})  # fmt: skip
_SUSPECT = 0.81
"""Computed calls for each 1,000 bytes from which on they are counted in the tree."""
_COUNTED = """
(number) @number
(identifier) @name
(call_expression function: (subscript_expression index: [
  (call_expression) (string) (template_string) (binary_expression) (subscript_expression)
])) @call
"""
"""Of computed calls, those whose member is made on the spot (`a[b(7)]()`), as obfuscators write
them. People, and what compiles their code, write a name or a number there (`this[FLUSH]()`)."""
_RESERVED = re.compile(
    rb"""\[(['"])(?:abstract|boolean|break|byte|case|catch|char|class|const|continue|debugger"""
    rb"|default|delete|do|double|else|enum|export|extends|false|final|finally|float|for|function"
    rb"|goto|if|implements|import|in|instanceof|int|interface|long|native|new|null|package"
    rb"|private|protected|public|return|short|static|super|switch|synchronized|this|throw"
    rb"|throws|transient|true|try|typeof|var|void|volatile|while|with)\1\]\("
)
"""A call of a member whose name the third edition of the language let nobody write after a dot
(ECMA-262, 1999): `t['throws'](f)` is how code was, and is, written that runs everywhere."""
_SAMPLE = 2 * 1024 * 1024
"""Bytes that are counted."""
_PLAIN = Shape()


def shape_of(path: str, content: bytes, root: Node | None) -> Shape:
    """The figures of a file; `root` where it was parsed."""
    part = content[:_SAMPLE]
    if root is None and b"0x" not in part and b"](" not in part:
        return _PLAIN  # as of most small files: what else there is to see takes a tree
    prefixes = part.count(b"0x")
    hexes, decimals = _numbers(part) if prefixes >= _FEW else (0, 0)
    names = len(set(_HEX_NAME.findall(part))) if prefixes and b"_0x" in part else 0
    calls = _computed(part)
    if root is not None and (hexes > decimals or calls > _SUSPECT or names):
        hexes, decimals, calls, names = _counted(path, content, root)
    return Shape(
        hex_numbers=hexes,
        decimal_numbers=decimals,
        computed_calls=calls,
        hex_names=names,
        far_code_line=_first_line(content, _FAR, root, inside=False)
        if b" " * 200 in content
        else 0,
        bidi_line=_hidden_line(content, root),
        broken=root is not None and root.has_error and _is_broken(path, content, root),
    )


def needs_tree(content: bytes) -> bool:
    """Whether there are characters of which only the tree says whether they stand in code."""
    if b" " * 200 in content and _FAR.search(content) is not None:
        return True
    return _may_hide(content) and any(each.search(content) for each in (_BIDI, _HIDDEN))


def _may_hide(content: bytes) -> bool:
    """Whether there may be a character of `_BIDI` or `_HIDDEN`: `False` says that there is none.

    To drop all letters of ASCII, which are most of a file, costs less than to look through them.
    """
    if content.isascii():
        return False
    return _MAY_HIDE.search(content.translate(None, _ASCII)) is not None


def _is_broken(path: str, content: bytes, root: Node) -> bool:
    """Whether more than a tenth of a file is what the grammar could make nothing of.

    Not one of declarations: nothing runs it, and the grammar lacks forms of types.
    """
    if path.endswith(DECLARES):
        return False
    lost, end = 0, 0
    errors = found(path, root, "(ERROR) @error").get("error", [])
    for node in sorted(errors, key=lambda node: node.start_byte):  # the library has no order
        lost += max(0, node.end_byte - max(end, node.start_byte))
        end = max(end, node.end_byte)
    return root.type == "ERROR" or lost * 10 > len(content)


def _counted(path: str, content: bytes, root: Node) -> tuple[int, int, float, int]:
    """The same figures from the tree: what stands in comments and strings does not count."""
    counted = found(path, root, _COUNTED)
    numbers = [content[node.start_byte : node.start_byte + 2] for node in counted.get("number", ())]
    hexes = sum(1 for each in numbers if each in {b"0x", b"0X"})
    names = {content[node.start_byte : node.end_byte] for node in counted.get("name", ())}
    calls = len(counted.get("call", ())) - _reserved(content)
    return (
        hexes,
        len(numbers) - hexes,
        round(max(calls, 0) * 1000 / max(len(content), 1), 2),
        sum(1 for each in names if _HEX_NAME.fullmatch(each)),
    )


def _reserved(part: bytes) -> int:
    return sum(1 for _ in _RESERVED.finditer(part))


def _numbers(part: bytes) -> tuple[int, int]:
    hexes = sum(1 for _ in _HEX.finditer(part))
    return hexes, sum(1 for _ in _DECIMAL.finditer(part)) if hexes >= _FEW else 0


def _computed(part: bytes) -> float:
    """Computed calls for each 1,000 bytes; counted only where there are several."""
    count = part.count(b"](")
    if not count or (count < 3 and count + part.count(b"(") // 64 < 3):
        return 0.0
    if count * 1000 > len(part):
        count = sum(1 for _ in _COMPUTED.finditer(part)) - _reserved(part)
    return round(count * 1000 / max(len(part), 1), 2)


def _hidden_line(content: bytes, root: Node | None) -> int:
    if not _may_hide(content):
        return 0
    at = _first_line(content, _BIDI, root, inside=True)
    return at or _first_line(content, _HIDDEN, root, inside=False)


def _first_line(content: bytes, pattern: re2._Regexp, root: Node | None, *, inside: bool) -> int:
    """1-based line of the first match; not in strings and comments, unless `inside`."""
    for number, match in enumerate(pattern.finditer(content)):
        if number > 1000:
            break
        node = root.descendant_for_byte_range(match.end() - 1, match.end()) if root else None
        if node is None:
            continue
        if (inside and node.type not in {"regex_pattern", "regex"}) or node.type not in _TEXTUAL:
            return node.start_point.row + 1
    return 0
