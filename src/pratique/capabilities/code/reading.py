"""One file of code -> its sites: the places that a family may want to know of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import re2
from tree_sitter import Node

from pratique.capabilities.code.grammar import found, parse
from pratique.capabilities.code.program import Program
from pratique.capabilities.code.shape import DECLARES, needs_tree, shape_of
from pratique.capabilities.code.uses import is_type
from pratique.capabilities.code.wanted import Wanted
from pratique.capabilities.source import Shape, Site

DEEPEST_CODE = 2
"""How often text that code decodes is read as code again."""
_RUNS = frozenset({
    "expression_statement", "variable_declaration", "lexical_declaration", "if_statement",
    "function_declaration", "import_statement", "try_statement", "for_statement",
    "class_declaration", "for_in_statement", "while_statement", "do_statement", "switch_statement",
    "labeled_statement", "statement_block", "export_statement", "throw_statement",
    "return_statement", "with_statement", "generator_function_declaration",
})  # fmt: skip
_MOST_DECODED = 256 * 1024
_DOES = "[(call_expression) (new_expression) (assignment_expression)] @does"
"""What no file of mere declarations holds: without it, a name in there is a type's."""
_BEGINNING = 400
_BRACKETS = dict(zip(b"([{", b")]}", strict=True))
_CONTROL = re2.compile(rb"[\x00-\x08\x0e-\x1f]")
_OPENS = re2.compile(rb"/[*/]|[\"'`]|<!--")


def read_code(
    path: str, content: bytes, wanted: Wanted, depth: int = 0
) -> tuple[tuple[Site, ...], Shape]:
    """The sites of a file, in source order, and the figures of its shape.

    Args:
        path: Tells the language by its extension; JavaScript where it has none that is known.
        content: The file's bytes, bounded by the caller.
        wanted: What the families want to know of.
        depth: How many times over it was decoded.
    """
    hits = wanted.hits(content)
    if not hits and not needs_tree(content):
        return (), shape_of(path, content, None)
    root = parse(path, content)
    if path.endswith(DECLARES) and not _does(path, root):
        return (), shape_of(path, content, root)
    program = Program(content, root, wanted)
    sites = [*program.sites(hits)]
    if depth < DEEPEST_CODE:
        sites += _inner(path, program.inner, wanted, depth)
    return tuple(_ordered(sites)), shape_of(path, content, root)


def _does(path: str, root: Node) -> bool:
    """Whether a file of declarations calls or assigns anything, type imports aside."""
    does = found(path, root, _DOES).get("does", [])
    return any(not is_type(lambda node: node.parent, each) for each in does)


def is_code(path: str, content: bytes) -> bool:
    """Whether a file that is not named like code could be run as code: it has no syntax error.

    Its beginning tells for most files: to find one's way through 100 kB of another language costs
    the parser a hundred times what it costs to read code.
    """
    if not may_be_code(path, content):
        return False
    root = parse(path, content)
    return not root.has_error and any(child.type in _RUNS for child in root.named_children)


def may_be_code(path: str, content: bytes) -> bool:
    """Whether its beginning could be that of code: what is asked of what is too large to parse."""
    control = _CONTROL.search(content)
    if control is not None and _OPENS.search(content[: control.start()]) is None:
        return False  # it stands outside of comments and strings, where no engine takes it
    if len(content) <= _BEGINNING:
        return True
    beginning = content[:_BEGINNING]
    if not _is_broken(parse(path, beginning)):
        return True
    end = _closed(beginning)
    return bool(end) and not _is_broken(parse(path, beginning + end))


def _closed(beginning: bytes) -> bytes:
    """What closes the comment, the template or the brackets that the cut leaves open."""
    if beginning.rfind(b"/*") > beginning.rfind(b"*/"):
        return b"*/"
    if beginning.count(b"`") % 2:
        return b"`"
    open_: list[int] = []
    for each in beginning:
        if each in _BRACKETS:
            open_.append(_BRACKETS[each])
        elif open_ and each == open_[-1]:
            open_.pop()
    return bytes(reversed(open_))


def _is_broken(root: Node) -> bool:
    """Whether there is an error that does not come from the cut at the end."""
    if not root.has_error:
        return False
    first = next((child for child in root.children if child.has_error), root)
    return root.type == "ERROR" or first.end_byte < _BEGINNING * 3 // 4


def _inner(
    path: str, texts: Iterable[tuple[str, Node]], wanted: Wanted, depth: int
) -> Iterator[Site]:
    """Sites of code inside strings: what is handed to an evaluator, or decoded."""
    seen: set[str] = set()
    for text, node in texts:
        if text in seen or len(text) > _MOST_DECODED:
            continue
        seen.add(text)
        sites, _ = read_code(path, text.encode("utf-8", "replace"), wanted, depth + 1)
        line = node.start_point.row + 1
        for site in sites:
            yield Site(
                site.form, site.path, site.value, site.args, folded=True, line=line,
                snippet=site.snippet,
            )  # fmt: skip


def _ordered(sites: list[Site]) -> list[Site]:
    unique = dict.fromkeys(sites)
    return sorted(unique, key=lambda site: (site.line, site.form, site.path, site.value or ""))
