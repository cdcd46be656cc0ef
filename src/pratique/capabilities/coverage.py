"""Files of code that the manifest's own `files` would not have packed.

What a client packs follows `files` (npm docs, "package.json", npm 12). A file of code beside it
was put into the artifact by something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import re2

from pratique.capabilities.formats import CODE, extension_of
from pratique.capabilities.source import Manifest


def uncovered(manifest: Manifest | None, files: Mapping[str, object]) -> dict[str, bool]:
    """Path -> False, for each file of code that `files` does not cover; empty without `files`."""
    patterns = manifest.document.get("files") if manifest else None
    if manifest is None or not isinstance(patterns, list) or not patterns:
        return {}
    wanted = [each for each in patterns if isinstance(each, str)]
    if any(each.startswith("!") or each.strip("./") in {"", "*", "**"} for each in wanted):
        return {}
    entries = {_plain(each) for each in _entries(manifest)}
    return {
        path: False
        for path in files
        if extension_of(path) in CODE
        and not path.startswith("node_modules/")
        and path not in entries
        and f"{path.rpartition('.')[0]}" not in entries
        and not any(_covers(_plain(each), path) for each in wanted)
    }


def _plain(path: str) -> str:
    return path.removeprefix("./").removeprefix("/").rstrip("/")


def _entries(manifest: Manifest) -> Iterator[str]:
    for field in ("main", "browser", "module", "types", "typings"):
        value = manifest.document.get(field)
        if isinstance(value, str):
            yield value
    commands = manifest.document.get("bin")
    if isinstance(commands, str):
        yield commands
    elif isinstance(commands, Mapping):
        yield from (each for each in commands.values() if isinstance(each, str))
    yield "index.js"


def _covers(pattern: str, path: str) -> bool:
    if pattern == path or path.startswith(f"{pattern}/"):
        return True
    if "/" not in pattern and path.rpartition("/")[2] == pattern:
        return True
    return any(c in pattern for c in "*?[{") and _glob(pattern).match(path) is not None


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> Any:
    """A pattern as gitignore reads it, and what lies below what it matches.

    By RE2: a pattern is foreign, and with many stars `re` would try all the ways to share a path
    among them.
    """
    out, at = [], 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out.append("(?:.*/)?")
            at += 3
        elif pattern.startswith("**", at):
            out.append(".*")
            at += 2
        else:
            letter = pattern[at]
            out.append(
                {"*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}.get(letter)
                or re2.escape(letter)
            )
            at += 1
    anywhere = "" if "/" in pattern else "(?:.*/)?"
    try:
        return re2.compile(f"{anywhere}{''.join(out)}(?:/.*)?$")
    except re2.error:
        return re2.compile(".*")
