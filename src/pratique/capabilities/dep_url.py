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
    r"(?i)^(?:git(?:\+\w+)?:|git@|ssh:|github:|gitlab:|bitbucket:|gist:|sourcehut:)|\.git(?:#|$)"
)
_FILE = re.compile(
    r"(?i)^(?:(?:file|link|portal|exec|patch):|[./\\]|~[/\\]|[a-z]:[\\/])"
    r"|^[^/]*\.(?:tgz|tar\.gz|tar)$"
)
_ALIAS = re.compile(r"(?i)^(?:npm|jsr):")
_SCHEME = re.compile(r"(?i)^[a-z][a-z+]*:")
_BUNDLED = "node_modules/"
"""What lies below comes along, and a client fetches what it asks for and lacks."""


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(detail: str) -> bool:
    return not detail.startswith("alias/")


def spot(source: Source) -> Iterator[Occurrence]:
    if source.path.rpartition("/")[2] == "npm-shrinkwrap.json" and "/" not in source.path:
        yield Occurrence(f"{ID}:shrinkwrap", 0, "npm-shrinkwrap.json decides what is installed")
    manifest = source.manifest
    if manifest is None or not (source.is_root or source.path.startswith(_BUNDLED)):
        return
    for group in GROUPS:
        asked = manifest.document.get(group)
        for name, wanted in asked.items() if isinstance(asked, Mapping) else ():
            kind = kind_of(wanted) if isinstance(wanted, str) else ""
            if kind:
                what = f"{name}: {wanted}"[:160]
                yield Occurrence(f"{ID}:{kind}/{name}", manifest.lines.get(group, 0), what)


def kind_of(wanted: str) -> str:
    """`git`, `http`, `file` or `alias`; "" for a range or a tag of a registry.

    A tag holds no slash: what does, and has no scheme, is `owner/name` of a forge.
    """
    text = wanted.strip()
    if re.match(r"(?i)https?:", text) and not _GIT.search(text):
        return "http"
    if _GIT.search(text):
        return "git"
    if _FILE.search(text):
        return "file"
    if _ALIAS.match(text):
        return "alias"
    return "git" if "/" in text and not _SCHEME.match(text) else ""
