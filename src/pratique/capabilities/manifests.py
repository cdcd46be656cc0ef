"""A package.json inside an artifact: hostile JSON -> the parts that something acts on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
import re2

from pratique.capabilities.source import LONGEST_SNIPPET, Form, Manifest, Site
from pratique.ecosystems.npm.repositories import repository_of
from pratique.model.behavior import Inner

LARGEST = 4 * 1024 * 1024
_GROUPS = ("dependencies", "optionalDependencies", "peerDependencies", "devDependencies")
_EVENTS = ("preinstall", "install", "postinstall")
_KEY = re2.compile(rb'(?m)^\s*"([^"\\\n]{0,200})"\s*:')
RENAMED = "imports"
"""How a module is loaded that a manifest gives another name."""
_MOST_RENAMED = 2_000
_BOM = b"\xef\xbb\xbf"


def read_manifest(content: bytes) -> Manifest | None:
    """The object, with the lines of its keys; None where it is no JSON object."""
    content = content.removeprefix(_BOM)
    if len(content) > LARGEST:
        return None
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    return Manifest(document, _lines(content, document))


def _lines(content: bytes, keys: Mapping[str, object]) -> dict[str, int]:
    """Key -> the first line that begins with it, in one pass however many there are."""
    found: dict[str, int] = {}
    line, counted = 1, 0
    for match in _KEY.finditer(content):
        line += content.count(b"\n", counted, match.end())
        counted = match.end()
        key = match.group(1).decode("utf-8", "replace")
        if key in keys:
            found.setdefault(key, line)
    return found


def inner_of(manifest: Manifest) -> Inner:
    """The parts that are compared, each only where it has the form that clients accept."""
    document = manifest.document
    name, version = document.get("name"), document.get("version")
    return Inner(
        name=name if isinstance(name, str) else "",
        version=version if isinstance(version, str) else "",
        scripts=tuple(sorted(_texts(document.get("scripts")))),
        dependencies=tuple(
            sorted(
                (group, key, value)
                for group in _GROUPS
                for key, value in _texts(document.get(group))
            )
        ),
        bins=tuple(sorted(_bins(document))),
        source=repository_of(document.get("repository")) or "",
    )


def renamed(manifest: Manifest) -> Iterator[Site]:
    """The modules that `imports` gives other names: code in this folder loads `#name`.

    Of a pattern (`"#*": "node:*"`) it is not known which (Node.js docs, "Subpath imports").
    """
    line = manifest.lines.get("imports", 0)
    stack = [("", manifest.document.get("imports"))]
    for _ in range(_MOST_RENAMED):
        if not stack:
            return
        name, value = stack.pop()
        if isinstance(value, Mapping):
            stack += [(name or str(key), each) for key, each in value.items()]
        elif isinstance(value, list):
            stack += [(name, each) for each in value]
        elif isinstance(value, str) and not value.startswith("./"):
            snippet = f"{name}: {value}"[:LONGEST_SNIPPET]
            known = None if "*" in value else value
            yield Site(Form.IMPORT, RENAMED, known, folded=True, line=line, snippet=snippet)


def installs_of(
    inner: Inner | None, manifest: Manifest | None, paths: set[str]
) -> tuple[tuple[str, str], ...]:
    """What a client runs at install: the scripts, or node-gyp for a binding.gyp without any.

    npm docs, "scripts" (npm 12).
    """
    scripts = dict(inner.scripts) if inner else {}
    found = [(event, scripts[event]) for event in _EVENTS if scripts.get(event, "").strip()]
    off = manifest is not None and manifest.document.get("gypfile") is False
    if "binding.gyp" in paths and not off and not {"preinstall", "install"} & {e for e, _ in found}:
        found.append(("install", "node-gyp rebuild"))
    return tuple(found)


def _texts(value: object) -> Iterator[tuple[str, str]]:
    for key, each in value.items() if isinstance(value, Mapping) else ():
        if isinstance(each, str):
            yield str(key), each


def _bins(document: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    commands, name = document.get("bin"), document.get("name")
    if isinstance(commands, str) and isinstance(name, str):
        yield name.rpartition("/")[2], commands
    else:
        yield from _texts(commands)
