"""One file of code -> its sites: the places that a family may want to know of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import re2
from msgspec.structs import replace
from tree_sitter import Node

from pratique.capabilities.code.grammar import found, parse
from pratique.capabilities.code.program import Program
from pratique.capabilities.code.shape import DECLARES, needs_tree, shape_of
from pratique.capabilities.code.uses import is_type
from pratique.capabilities.code.wanted import MOST_HITS, Wanted
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
_LONGEST, _MOST_DECODED, _LEAST = 256 * 1024, 2 * 1024 * 1024, 256
"""Characters of such a text, and of all of a file; what each of these counts for besides."""
_EVALUATES = frozenset({"eval", "Function", "execScript"})
_DOES = "[(call_expression) (new_expression) (assignment_expression)] @does"
"""What no file of mere declarations holds: without it, a name in there is a type's."""
_BEGINNING = 400
_BRACKETS = dict(zip(b"([{", b")]}", strict=True))
_CONTROL = re2.compile(rb"[\x00-\x08\x0e-\x1f]")
_HTML = b"<!--"
_LINE_END = re2.compile("[\n\r\u2028\u2029]".encode())
_MOST_REREAD = 8 * 1024 * 1024
"""Bytes that are parsed to find comments which hide each other; each round finds one at least."""
_OPENS = re2.compile(rb"/|[\"'`]|<!--")


def read_code(path: str, content: bytes, wanted: Wanted) -> tuple[tuple[Site, ...], Shape]:
    """The sites of a file, in source order, and the figures of its shape.

    Args:
        path: Tells the language by its extension; JavaScript where it has none that is known.
        content: The file's bytes, bounded by the caller.
        wanted: What the families want to know of.
    """
    return _read(path, content, wanted, 0, _Inner(path, wanted))


def _read(
    path: str, content: bytes, wanted: Wanted, depth: int, inner: _Inner
) -> tuple[tuple[Site, ...], Shape]:
    """The same of a file, or of text that was decoded `depth` times over."""
    hits = wanted.hits(content)
    if not hits and not needs_tree(content):
        return (), shape_of(path, content, None)
    is_known = len(hits) < MOST_HITS
    run, root = _as_run(path, content)
    if run is not content:
        content, hits = run, wanted.hits(run)
        is_known = is_known and not any(_is_operator(root, at) for at in _all(_HTML, run))
    shape = shape_of(path, content, root)
    if not is_known:
        shape = replace(shape, broken=True)
    if path.endswith(DECLARES) and not _does(path, root):
        return (), shape
    program = Program(content, root, wanted)
    sites = inner.sites(program.inner, [*program.sites(hits)], depth)
    return tuple(_ordered(sites)), shape


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
    _, root = _as_run(path, content)
    return not root.has_error and any(child.type in _RUNS for child in root.named_children)


def may_be_code(path: str, content: bytes) -> bool:
    """Whether its beginning could be that of code: what is asked of what is too large to parse."""
    control = _CONTROL.search(content)
    if control is not None and _OPENS.search(content[: control.start()]) is None:
        return False  # it stands outside of all that holds text, where no engine takes it
    if len(content) <= _BEGINNING:
        return True
    content, _ = _as_run(path, content[:_BEGINNING])
    beginning = content[:_BEGINNING]
    if not _is_broken(parse(path, beginning)):
        return True
    end = _closed(beginning)
    return bool(end) and not _is_broken(parse(path, beginning + end))


def _as_run(path: str, content: bytes) -> tuple[bytes, Node]:
    """(`content` with blanks for comments that `<!--` begins, its tree). ECMA-262, B.1.1.

    To the grammar these are operators where one may stand: then what an engine passes over opens
    the string that it runs. One may be left where the bytes are others: the rounds are bounded.
    """
    root = parse(path, content)
    for _ in range(1 + _MOST_REREAD // (len(content) + 1) if _HTML in content else 0):
        found = [at for at in _all(_HTML, content) if _is_operator(root, at)]
        if not found:
            break
        content = _blanked(content, found)
        root = parse(path, content)
    return content, root


def _all(part: bytes, content: bytes) -> Iterator[int]:
    at = content.find(part)
    while at >= 0:
        yield at
        at = content.find(part, at + 1)


def _is_operator(root: Node, at: int) -> bool:
    node = root.descendant_for_byte_range(at, at + 1)
    return node is not None and node.type == "<"


def _blanked(content: bytes, begins: Iterable[int]) -> bytes:
    pieces, done = [], 0
    for at in begins:
        if at >= done:
            end = _LINE_END.search(content, at)
            last = end.start() if end else len(content)
            pieces += [content[done:at], b" " * (last - at)]
            done = last
    return b"".join([*pieces, content[done:]])


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


class _Inner:
    """Reads code inside strings: what is handed to an evaluator, or decoded.

    What that costs is bounded over all strings of a file, and those inside of these.
    """

    def __init__(self, path: str, wanted: Wanted) -> None:
        self._path, self._wanted, self._left = path, wanted, _MOST_DECODED

    def sites(
        self, texts: Iterable[tuple[str, Node]], known: Sequence[Site], depth: int
    ) -> list[Site]:
        """`known` with the sites of `texts`.

        Where a text was not read, what evaluates one evaluates what is not known.
        """
        found, unread = list(known), set[str]()
        for text, line in {text: node.start_point.row + 1 for text, node in texts}.items():
            is_short = len(text) <= _LONGEST and depth < DEEPEST_CODE
            self._left -= len(text) + _LEAST if is_short else 0
            if not is_short or self._left < 0:
                unread.add(text)
                continue
            content = text.encode("utf-8", "replace")
            inner, _ = _read(self._path, content, self._wanted, depth + 1, self)
            found += [replace(site, folded=True, line=line, within=(0, 0)) for site in inner]
        return [_unknown(site, unread) for site in found] if unread else found


def _unknown(site: Site, texts: Collection[str]) -> Site:
    """`site`, where it evaluates one of `texts`, as if that were no constant."""
    if site.path.rpartition(".")[2] not in _EVALUATES:
        return site
    return replace(site, args=tuple(None if arg in texts else arg for arg in site.args))


def _ordered(sites: list[Site]) -> list[Site]:
    unique = dict.fromkeys(sites)
    return sorted(unique, key=lambda site: (site.line, site.form, site.path, site.value or ""))
