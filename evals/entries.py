"""Which file of an archive is its entry: where code that is added would be loaded from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pratique.archives import Archive
from pratique.capabilities.formats import CODE, extension_of

_ENDINGS = ("", ".js", ".cjs", ".mjs", "/index.js", "/index.cjs", "/index.mjs")
_REQUIRED = ("node", "require", "default", "import", "module", "browser")
_IMPORTED = ("import", "module", "node", "default")
_FALLBACK = "index.js"
"""What a package without any code gets: clients load it where the manifest names nothing."""


def manifest_of(archive: Archive) -> dict[str, Any]:
    """The root's package.json; {} where it cannot be read."""
    found = [each.content for each in archive.entries if each.path == "package.json"]
    try:
        document = msgspec.json.decode(found[-1]) if found else {}
    except msgspec.DecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def main_entry(archive: Archive) -> str:
    """What `require` loads: main, exports, index.js, module, a command, else the nearest code."""
    paths = _code(archive)
    return next(_found(_of_main(manifest_of(archive)), paths), _nearest(paths))


def module_entry(archive: Archive) -> str:
    """What `import` loads; the main entry where there is no other."""
    paths = _code(archive)
    document = manifest_of(archive)
    return next(_found(_of_module(document), paths), "") or main_entry(archive)


def _code(archive: Archive) -> set[str]:
    """Paths of code that runs: declarations of types do not."""
    code = (each.path for each in archive.entries if extension_of(each.path) in CODE)
    return {path for path in code if not path.endswith((".d.ts", ".d.mts", ".d.cts"))}


def _of_main(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _texts(document.get("main"))
    yield from _conditional(document.get("exports"), _REQUIRED)
    yield "index.js"
    yield from _texts(document.get("module"))
    commands = document.get("bin")
    yield from _texts(commands if isinstance(commands, str) else list(_values(commands)))


def _of_module(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _conditional(document.get("exports"), _IMPORTED)
    yield from _texts(document.get("module"))
    yield from _texts("index.mjs")


def _texts(value: Any) -> Iterator[str]:
    each = value if isinstance(value, list) else [value]
    yield from (text for text in each if isinstance(text, str) and text)


def _values(value: Any) -> Iterator[Any]:
    yield from value.values() if isinstance(value, Mapping) else ()


def _conditional(exports: Any, conditions: tuple[str, ...]) -> Iterator[str]:
    """Targets of `exports` for ".", in the order of `conditions` (Node.js docs, "packages")."""
    if isinstance(exports, Mapping) and "." in exports:
        exports = exports["."]
    if isinstance(exports, Mapping):
        for condition in conditions:
            yield from _conditional(exports.get(condition), conditions)
    elif isinstance(exports, list):
        for each in exports:
            yield from _conditional(each, conditions)
    else:
        yield from _texts(exports)


def _found(wanted: Iterator[str], paths: set[str]) -> Iterator[str]:
    for each in wanted:
        path = posixpath.normpath(each).removeprefix("/")
        yield from (path + ending for ending in _ENDINGS if path + ending in paths)


def _nearest(paths: set[str]) -> str:
    return min(paths, key=lambda path: (path.count("/"), len(path), path), default=_FALLBACK)
