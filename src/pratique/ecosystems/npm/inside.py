"""The manifest inside an artifact beside the registry's document: where the two disagree.

A registry takes the document from whoever publishes and never looks into the artifact, so a
client that resolves by the one and runs the other can be told two stories ("manifest confusion",
https://blog.vlt.sh/blog/the-massive-hole-in-the-npm-ecosystem, read 2026-11).

npm rewrites a manifest before it sends it
(https://github.com/npm/package-json/blob/main/lib/normalize.js, read 2026-11): those differences
are none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pratique.model.behavior import Inner
from pratique.model.fact import VersionDocument

_EVENTS = ("preinstall", "install", "postinstall")
_IMPLICIT = ("install", "node-gyp rebuild")
"""npm adds it to the document of a package with a binding.gyp: layer 3 knows of it anyway."""
_INSTALLED = frozenset({"dependencies", "optionalDependencies"})
_PEERS = frozenset({"peerDependencies"})
_LOCAL_BIN = re.compile(r"^(\.?[/\\])?node_modules[/\\]\.bin[/\\]")
_HOSTED = re.compile(r"([\w.-]+/[\w.-]+?)(?:\.git)?(#.*)?$")


@dataclass(frozen=True, slots=True, order=True)
class Mismatch:
    """One thing that the two say differently.

    Attributes:
        what: "name", "version", "script", "dependency", "peer dependency", "command" or "source".
        name: Of the script, dependency or command; "" for the others.
        inside: What the artifact says; "" for nothing.
        stated: What the registry says; "" for nothing.
    """

    what: str
    name: str
    inside: str
    stated: str


def mismatches(inner: Inner, document: VersionDocument) -> tuple[Mismatch, ...]:
    """What the manifest inside an artifact and the registry's document say differently."""
    found = [
        *_differing("name", {"": inner.name.strip()}, {"": document.name}),
        *_differing("version", {"": _version(inner.version)}, {"": _version(document.version)}),
        *_scripts(inner, document),
        *_dependencies(inner, document),
        *_commands(inner, document),
    ]
    return tuple(sorted(found))


def _differing(what: str, inside: Mapping[str, str], stated: Mapping[str, str]) -> list[Mismatch]:
    if inside == stated:
        return []
    return [
        Mismatch(what, name, inside.get(name, ""), stated.get(name, ""))
        for name in sorted(inside.keys() | stated.keys())
        if _same(inside.get(name, "")) != _same(stated.get(name, ""))
    ]


def _same(text: str) -> str:
    """Equal for specifiers that npm writes in another way: white space, ways to name a forge."""
    plain = " ".join(text.split())
    if "/" in plain and not plain.startswith("npm:") and (hosted := _HOSTED.search(plain)):
        return (hosted[1] + (hosted[2] or "")).lower()
    return plain


def _version(version: str) -> str:
    """A version as npm sends it: without what semver.clean removes."""
    return version.strip().lstrip("v=").strip().partition("+")[0]


# -- scripts ---------------------------------------------------------------------------------------


def _scripts(inner: Inner, document: VersionDocument) -> Iterator[Mismatch]:
    """Only of the events that run at install; a short document has a flag instead of scripts."""
    inside, stated = _run(inner.scripts), _run(document.scripts)
    if inside and not stated and document.has_install_script:
        return
    for event in _EVENTS:
        one, other = inside.get(event, ""), stated.get(event, "")
        if one != other:
            yield Mismatch("script", event, one, other)


def _run(scripts: Iterable[tuple[str, str]]) -> dict[str, str]:
    found = ((event, _LOCAL_BIN.sub("", text.strip())) for event, text in scripts)
    return {
        event: text
        for event, text in found
        if event in _EVENTS and text and (event, text) != _IMPLICIT
    }


# -- dependencies ----------------------------------------------------------------------------------


def _dependencies(inner: Inner, document: VersionDocument) -> Iterator[Mismatch]:
    if inner.dependencies == document.dependencies:
        return
    for what, groups in (("dependency", _INSTALLED), ("peer dependency", _PEERS)):
        inside, stated = _asked(inner.dependencies, groups), _asked(document.dependencies, groups)
        yield from _differing(what, inside, stated)


def _asked(dependencies: Iterable[tuple[str, str, str]], groups: frozenset[str]) -> dict[str, str]:
    """Name -> specifier; npm copies optional dependencies to the others, and they win."""
    found = sorted(each for each in dependencies if each[0] in groups)
    return {name: specifier or "*" for _group, name, specifier in found}


# -- commands --------------------------------------------------------------------------------------


def _commands(inner: Inner, document: VersionDocument) -> list[Mismatch]:
    """Where the manifest names none, npm takes them from a folder (`directories.bin`)."""
    if inner.bins == document.bins:
        return []
    inside = _normal(inner.bins)
    return _differing("command", inside, _normal(document.bins)) if inside else []


def _normal(bins: Iterable[tuple[str, str]]) -> dict[str, str]:
    """As npm-normalize-package-bin has them: a plain name, a path below the package."""
    found = {_base(name): _below(path) for name, path in bins}
    return {name: path for name, path in found.items() if name and path}


def _base(name: str) -> str:
    return posixpath.basename(_below(re.sub(r"[\\:]", "/", name)))


def _below(path: str) -> str:
    return posixpath.normpath("/" + path.replace("\\", "/")).lstrip("/")
