"""Which files are loaded by what: evidence for a reader. No verdict depends on it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_letters, digits

import re2

from pratique.capabilities.source import Manifest

_SPECIFIER = re.compile(rb"\./[^\"'\s]{0,200}[\"']")
"""The end of a relative one, from its last dot before the first slash on."""
_REQUIRED = re.compile(rb"require\((?<!\wrequire\()[\"'](\.\.?/[^\"'\s]{0,200})[\"']")
"""How most are written, mostly all of a file: then no word before one has to be looked at."""
_BEFORE = 40
"""Bytes before a specifier in which the word stands that imports it."""
_COMMON = (b"require('", b'require("')
_STATEMENTS, _CALLS = (b"from", b"import"), (b"require", b"import")
_IN_WORDS = frozenset(bytes((byte,)) for byte in (ascii_letters + digits + "_").encode())
_MOST = 2_000
_ENDINGS = (
    "",
    ".js",
    ".cjs",
    ".mjs",
    ".json",
    "/index.js",
    "/index.cjs",
    "/index.mjs",
    ".ts",
    ".tsx",
)
_FILE_IN_SCRIPT = re2.compile(r"[\w@./-]+\.(?:[cm]?js|ts|sh|py|bat|ps1)\b")


def imports_of(content: bytes) -> tuple[str, ...]:
    """The relative specifiers that a file of code names, sorted."""
    count = content.count(b"./")  # there is one at least in each
    if not count:
        return ()
    required = _REQUIRED.findall(content)
    is_common = len(required) <= _MOST and (
        len(required) == count or len(required) == len(_SPECIFIER.findall(content))
    )
    found = set(required) if is_common else _imported(content)
    return tuple(sorted([each.decode("utf-8", "replace") for each in found]))


def _imported(content: bytes) -> set[bytes]:
    found: set[bytes] = set()
    for match in _SPECIFIER.finditer(content):
        begin, end = match.span()
        begin -= content[begin - 1 : begin] == b"."
        specifier = content[begin : end - 1]
        if specifier in found:
            continue
        if _imports(content[max(0, begin - _BEFORE) : begin]):
            found.add(specifier)
            if len(found) >= _MOST:
                break
    return found


def _imports(before: bytes) -> bool:
    """Whether a specifier that stands behind `before` is imported: `from "`, `import "`, a call."""
    if before.endswith(_COMMON):
        return before[-10:-9] not in _IN_WORDS
    if not before.endswith((b"'", b'"')):
        return False
    before, words = before[:-1].rstrip(), _STATEMENTS
    if before.endswith(b"("):
        before, words = before[:-1].rstrip(), _CALLS
    word = next((each for each in words if before.endswith(each)), None)
    return word is not None and before[-len(word) - 1 : -len(word)] not in _IN_WORDS


def reach(manifest: Manifest | None, imports: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Path -> what leads to it: `install`, `bin`, `cjs` or `esm`; the first that does."""
    ways: dict[str, str] = {}
    for way, begins in _begins(manifest):
        stack = [path for begin in begins if (path := _found(begin, imports))]
        while stack:
            path = stack.pop()
            if path in ways:
                continue
            ways[path] = way
            folder = posixpath.dirname(path)
            for specifier in imports[path]:
                target = _found(posixpath.normpath(posixpath.join(folder, specifier)), imports)
                if target and target not in ways:
                    stack.append(target)
    return ways


def _begins(manifest: Manifest | None) -> Iterator[tuple[str, list[str]]]:
    document = manifest.document if manifest else {}
    scripts = document.get("scripts")
    commands = [
        text
        for event, text in (scripts.items() if isinstance(scripts, Mapping) else ())
        if event in {"preinstall", "install", "postinstall"} and isinstance(text, str)
    ]
    yield "install", [file for text in commands for file in _files_in(text)]
    yield "bin", list(_leaves(document.get("bin")))
    exports = document.get("exports")
    main = document.get("main")
    is_module = document.get("type") == "module"
    entry = [main if isinstance(main, str) and main else "index.js"]
    yield "cjs", [*([] if is_module else entry), *_conditional(exports, "require")]
    module = document.get("module")
    yield (
        "esm",
        [
            *(entry if is_module else []),
            *([module] if isinstance(module, str) else []),
            *_conditional(exports, "import"),
            *_leaves(exports),
        ],
    )


def _files_in(command: str) -> list[str]:
    try:
        return list(_FILE_IN_SCRIPT.findall(command))
    except UnicodeEncodeError:
        return []


def _conditional(exports: object, condition: str) -> Iterator[str]:
    stack = [(exports, False)]
    for _ in range(_MOST):
        if not stack:
            return
        value, inside = stack.pop()
        if isinstance(value, str) and inside:
            yield value
        elif isinstance(value, Mapping):
            stack += [(each, inside or key == condition) for key, each in value.items()]


def _leaves(value: object) -> Iterator[str]:
    stack = [value]
    for _ in range(_MOST):
        if not stack:
            return
        each = stack.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            stack += each.values()


def _found(path: str, known: Mapping[str, object]) -> str | None:
    path = posixpath.normpath(path).removeprefix("/")
    return next((path + ending for ending in _ENDINGS if path + ending in known), None)
