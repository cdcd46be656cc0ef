"""Which files are loaded by what: evidence for a reader. No verdict depends on it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

import re2

from pratique.capabilities.source import Manifest

_IMPORT = re2.compile(
    rb"(?:\bfrom|\brequire\s*\(|\bimport\s*\(|\bimport)\s*[\"'](\.{1,2}/[^\"'\s]{0,200})[\"']"
)
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
    found = set()
    for number, match in enumerate(_IMPORT.finditer(content)):
        if number >= _MOST:
            break
        found.add(match.group(1).decode("utf-8", "replace"))
    return tuple(sorted(found))


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
