"""dep.url: depends on something that no registry's rules hold for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "dep.url"
TITLE = "depends on something that no registry's rules hold for"
GROUPS = ("dependencies", "optionalDependencies", "peerDependencies")
_GIT = re.compile(
    r"(?i)^(?:git(?:\+\w+)?:|git@|ssh:|github:|gitlab:|bitbucket:|gist:)|\.git(?:#|$)"
)
_SHORT = re.compile(r"^[\w.-]+/[\w.-]+(?:#.*)?$")
"""`owner/name`: GitHub's shorthand."""


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(detail: str) -> bool:
    return not detail.startswith("alias/")


def spot(source: Source) -> Iterator[Occurrence]:
    if source.path.rpartition("/")[2] == "npm-shrinkwrap.json" and "/" not in source.path:
        yield Occurrence(f"{ID}:shrinkwrap", 0, "npm-shrinkwrap.json decides what is installed")
    manifest = source.manifest
    if manifest is None or not source.is_root:
        return
    for group in GROUPS:
        asked = manifest.document.get(group)
        for name, wanted in asked.items() if isinstance(asked, Mapping) else ():
            kind = kind_of(wanted) if isinstance(wanted, str) else ""
            if kind:
                what = f"{name}: {wanted}"[:160]
                yield Occurrence(f"{ID}:{kind}/{name}", manifest.lines.get(group, 0), what)


def kind_of(wanted: str) -> str:
    """`git`, `http`, `file` or `alias`; "" for a range or a tag of a registry."""
    text = wanted.strip()
    if text.startswith(("http:", "https:")) and not _GIT.search(text):
        return "http"
    if _GIT.search(text) or _SHORT.match(text):
        return "git"
    if text.startswith(("file:", "link:", "portal:", "./", "../", "/", "~/")):
        return "file"
    return "alias" if text.startswith("npm:") else ""
