"""The `packages` of package-lock v2 and v3 (npm 7 and later).

Form: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json (read 2026-11), and npm's own
reader and writer, @npmcli/arborist 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from pratique.ecosystems.npm.addresses import classify_specifier
from pratique.ecosystems.npm.globs import alternatives
from pratique.ecosystems.npm.lockfiles.npm_entries import (
    FOLDER,
    Address,
    Document,
    Fields,
    Folders,
    address_of,
    local_name,
    pin_of,
)
from pratique.model.pin import Group, Importer, Pin, Requirement, Source

_WILD = frozenset("*?[")
_LITERAL = re.compile(r"[^*?\[]*/")
_ELSEWHERE = frozenset({Source.GIT, Source.REMOTE, Source.FILE})
_MOST_GLOBS = 200
"""Patterns with a wildcard; a root that lists its workspaces by name may have any number."""
_SHRINKWRAP = "npm up to 11 installs below it what its own npm-shrinkwrap.json locks, not this file"
_EDGES = (Group.PROD, Group.OPTIONAL, Group.PEER)


@dataclass(frozen=True, slots=True)
class _Packages:
    """The entries by key, the tree that they form, and what each entry is asked for as."""

    document: Document
    entries: Mapping[str, Fields]
    folders: Folders
    members: frozenset[str]
    """Keys of the folders that are workspaces."""

    def at(self, key: str) -> tuple[str, str]:
        return ("packages", key)

    def text(self, key: str, name: str) -> str | None:
        return self.document.text(self.entries[key], name, *self.at(key))

    def ends(self, key: str, group: Group) -> dict[str, str]:
        """Name -> key of what the entry at `key` gets for its requirements of `group`."""
        names = self.document.ranges(self.entries[key], group.value, *self.at(key))
        return self.folders.resolve(names, key)


def read_packages(
    document: Document, value: object
) -> tuple[tuple[Pin, ...], tuple[Importer, ...]]:
    """The pins of `packages`, without the root's own entry, and the manifests it recorded."""
    packages = _packages(document, value)
    importers = tuple(_importers(packages))
    direct = {need.pin for each in importers for need in each.requirements if need.pin}
    told = _Told(_asked(packages), _bundled(packages))
    pins = [_pin(packages, key, told) for key in packages.entries if key]
    return tuple(replace(pin, direct=True) if pin.key in direct else pin for pin in pins), importers


def _packages(document: Document, value: object) -> _Packages:
    found = document.mapping(value, "packages")
    entries = {}
    for key, fields in found.items():
        document.check_key(key, "packages", key)
        entries[key] = document.mapping(fields, "packages", key)
    patterns = _patterns(document, entries.get("", {}).get("workspaces"))
    links = (
        fields.get("resolved") if fields.get("link") is True else None
        for fields in entries.values()
    )
    folders = frozenset(
        each for each in (*entries, *links) if isinstance(each, str) and FOLDER not in each
    )
    return _Packages(document, entries, Folders(entries), _members(patterns, folders))


def _patterns(document: Document, value: object) -> tuple[str, ...]:
    """The root's `workspaces`: a list of patterns, or an object with one under `packages`."""
    at = ("packages", "", "workspaces")
    if isinstance(value, dict):
        value = value.get("packages")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise document.error("'workspaces' should be a list of strings", *at)
    found = [one for each in value for one in _spread(each)]
    if sum(bool(_WILD & set(each)) for each in found) > _MOST_GLOBS:
        raise document.error(f"more than {_MOST_GLOBS} patterns of workspaces", *at)
    return tuple(each.removeprefix("./").rstrip("/") for each in found)


def _spread(pattern: str) -> tuple[str, ...]:
    """`packages/a` and `packages/b` of `packages/{a,b}`."""
    return alternatives(pattern) if "{" in pattern else (pattern,)


def _members(patterns: tuple[str, ...], folders: frozenset[str]) -> frozenset[str]:
    """The folders that a pattern names and no later one excludes."""
    named: set[str] = set()
    for pattern in patterns:
        glob = pattern.lstrip("!").removeprefix("./")
        found = _matching(glob, folders) if _WILD & set(glob) else {glob} & folders
        (named.difference_update if pattern.startswith("!") else named.update)(found)
    return frozenset(named)


def _matching(glob: str, folders: frozenset[str]) -> set[str]:
    start = _LITERAL.match(glob)
    prefix = start[0] if start else ""
    steps = glob.split("/")
    near = (folder for folder in folders if folder.startswith(prefix))
    return {folder for folder in near if _matches(steps, folder.split("/"))}


def _matches(pattern: list[str], parts: list[str]) -> bool:
    """Whether `parts` match, where `**` stands for any number of parts: linear in both."""
    reached = {0}
    for step in pattern:
        if step == "**":
            reached = set(range(min(reached, default=len(parts) + 1), len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], step)}
    return len(parts) in reached


def _importers(packages: _Packages) -> Iterator[Importer]:
    for key in packages.entries:
        if key == "" or key in packages.members:
            needs = tuple(_requirements(packages, key))
            yield Importer(key, needs, packages.text(key, "name") or local_name(key))


def _requirements(packages: _Packages, key: str) -> Iterator[Requirement]:
    document = packages.document
    for group in Group:
        ends = packages.ends(key, group)
        specifiers = document.ranges(packages.entries[key], group.value, *packages.at(key))
        for name, specifier in specifiers.items():
            where = document.where(*packages.at(key), group.value, name)
            yield Requirement(name, specifier, group, ends.get(name), where)


def _asked(packages: _Packages) -> dict[str, Source]:
    """Key -> source, of entries that nothing asks a registry for, but something another source.

    What asks may itself have been put into the lockfile: so only for sources that are findings.
    """
    asked: dict[str, Source] = {}
    by_name: set[str] = set()
    for key, fields in packages.entries.items():
        for group in Group:
            needs = packages.document.ranges(fields, group.value, *packages.at(key))
            sources = {name: classify_specifier(text) for name, text in needs.items() if text}
            for name, end in packages.folders.resolve(sources, key).items():
                if sources[name] in _ELSEWHERE:
                    asked[end] = sources[name]
                else:
                    by_name.add(end)
    return {end: source for end, source in asked.items() if end not in by_name}


def _bundled(packages: _Packages) -> frozenset[str]:
    """Keys of what packages bring along in their own tarballs: what npm does not fetch.

    npm goes by `bundleDependencies` and by what the named ones lead to within the same folder, not
    by `inBundle` alone; and it fetches what the project's root itself bundles.
    """
    found: set[str] = set()
    within: dict[str, list[str]] = {}
    for key in packages.entries:
        within.setdefault(key.rpartition("/" + FOLDER)[0], []).append(key)
    for key in sorted(packages.entries):
        names = packages.entries[key].get("bundleDependencies")
        if key and key not in found and isinstance(names, list):
            found |= _brought(packages, key, names, within)
    return frozenset(found)


def _brought(
    packages: _Packages, bundler: str, names: list[object], within: Mapping[str, list[str]]
) -> set[str]:
    prefix = f"{bundler}/{FOLDER}"
    queue = [f"{prefix}{name}" for name in names if f"{prefix}{name}" in packages.entries]
    found: set[str] = set()
    while queue:
        key = queue.pop()
        if key in found or not key.startswith(prefix):
            continue
        found.add(key)
        queue += within.get(key, ())
        queue += (end for group in _EDGES for end in packages.ends(key, group).values())
    return found


@dataclass(frozen=True, slots=True)
class _Told:
    """What the other entries say of an entry: see `_asked` and `_bundled`."""

    asked: Mapping[str, Source]
    bundled: frozenset[str]


def _pin(packages: _Packages, key: str, told: _Told) -> Pin:
    fields = packages.entries[key]
    if fields.get("link") is True:
        return _link(packages, key)
    address = _address(packages, key, told)
    ends = {end for group in _EDGES for end in packages.ends(key, group).values()}
    pin = pin_of(packages.document, key, address, fields, packages.at(key))
    return replace(
        pin,
        alias=pin.alias if FOLDER in key else None,
        note=(pin.note or _shrinkwrapped(fields)) if FOLDER in key else "",
        requires=tuple(sorted(ends)),
        install_script=fields.get("hasInstallScript") is True,
    )


def _shrinkwrapped(fields: Fields) -> str:
    """Up to npm 11 the shrinkwrap inside the tarball takes the place of what is locked below it."""
    return _SHRINKWRAP if fields.get("hasShrinkwrap") else ""


def _address(packages: _Packages, key: str, told: _Told) -> Address:
    version = packages.text(key, "version") or ""
    resolved = packages.text(key, "resolved")
    name = packages.text(key, "name") or local_name(key)
    address = address_of(name, version, resolved)
    if FOLDER not in key:
        member = key in packages.members
        return replace(address, source=Source.WORKSPACE if member else Source.LINK)
    if resolved is not None or packages.text(key, "integrity") is not None:
        return address  # npm records neither for what it does not fetch
    if packages.entries[key].get("inBundle") is True and key in told.bundled:
        return replace(address, source=Source.BUNDLED)
    return replace(address, source=told.asked.get(key, Source.REGISTRY))


def _link(packages: _Packages, key: str) -> Pin:
    """The pin of a link; its release is what the folder that it leads to says of itself."""
    target = packages.text(key, "resolved")
    known = target if target in packages.entries else None
    name = packages.text(known, "name") if known else None
    version = (packages.text(known, "version") if known else None) or ""
    source = Source.WORKSPACE if target in packages.members else Source.LINK
    address = Address(name or local_name(key), version, source, target)
    pin = pin_of(packages.document, key, address, packages.entries[key], packages.at(key))
    return replace(pin, requires=(known,) if known else (), install_script=False)
