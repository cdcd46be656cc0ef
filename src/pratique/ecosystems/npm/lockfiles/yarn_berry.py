"""yarn.lock of yarn 2 and later: `__metadata` versions 4 to 10.

Yarn 2 writes version 4, yarn 3 up to 6, yarn 4 up to 10 (yarn 4.14 writes 9, 4.18 writes 10).
Its checksums are of the zip file that yarn makes itself: they say nothing of the registry's bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pratique.ecosystems.npm.lockfiles.berry_locator import (
    Locator,
    bound_to,
    builtin_target,
    parse_locator,
    split_ident,
    with_protocol,
)
from pratique.ecosystems.npm.lockfiles.graph import reach
from pratique.errors import LockfileError
from pratique.model.pin import (
    Group,
    Importer,
    Location,
    Lockfile,
    Manager,
    Pin,
    Requirement,
    Source,
)
from pratique.syntax.syml import Syml, read_syml
from pratique.syntax.text import Lines, TextError

_VERSIONS = range(4, 11)
_MOST = 32
"""Entries of one name that an unrecorded override is shown to lead to."""
_SEPARATOR = re.compile(r" *, *")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry before its requirements are resolved."""

    key: str
    descriptors: tuple[str, ...]
    resolution: str
    locator: Locator
    pin: Pin
    wants: Mapping[str, str]
    optional: frozenset[str]
    peers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _File:
    """The lockfile's members, read with their types, and errors that name its lines."""

    path: str
    members: Mapping[str, Syml]
    lines: Lines

    def error(self, message: str, *at: str, hint: str = "") -> LockfileError:
        return LockfileError(self.path, self.lines.of(*at), message, hint=hint)

    def where(self, *at: str) -> Location:
        return Location(self.path, self.lines.of(*at))

    def fields(self, key: str, *at: str) -> Mapping[str, Syml]:
        value: Syml = self.members.get(key, {})
        for step in at:
            value = value.get(step, {}) if isinstance(value, dict) else value
        if not isinstance(value, dict):
            raise self.error(f"{(key, *at)[-1]!a} should be a map", key, *at)
        return value

    def text(self, key: str, name: str) -> str | None:
        value = self.fields(key).get(name)
        if isinstance(value, dict):
            raise self.error(f"{name!a} should be a scalar", key, name)
        return value

    def ranges(self, key: str, group: str) -> dict[str, str]:
        found = {}
        for name, wanted in self.fields(key, group).items():
            if not isinstance(wanted, str):
                raise self.error(f"the range of {name!a} should be a scalar", key, group, name)
            found[name] = wanted
        return found


def read(source: bytes, path: str) -> Lockfile:
    """The pins of a yarn.lock that yarn 2 or later wrote.

    The root workspace is no pin; it is the importer "". Development dependencies are recorded as
    any other, so no pin is `dev`.

    Raises:
        LockfileError: It is malformed, of an unknown version, or beyond a bound.
    """
    try:
        members, lines = read_syml(source)
    except TextError as error:
        raise LockfileError(path, error.line, error.message) from None
    file = _File(path, members, lines)
    version = _version(file)
    entries = [_entry(file, key) for key in members if key != "__metadata"]
    index = _Index(file, entries)
    importers = tuple(
        _importer(file, entry, index) for entry in entries if entry.locator.folder is not None
    )
    cache = file.text("__metadata", "cacheKey")
    return Lockfile(
        path=path,
        manager=Manager.YARN_BERRY,
        format="yarn-berry",
        version=version,
        pins=_pins(entries, importers, index),
        importers=importers,
        settings={} if cache is None else {"cacheKey": cache},
    )


def _version(file: _File) -> str:
    version = file.text("__metadata", "version")
    if version is None:
        raise file.error("no __metadata with a version: not a lockfile of yarn 2 or later")
    if version not in {str(each) for each in _VERSIONS}:
        raise file.error(
            f"__metadata.version {version!a} is not known",
            *("__metadata", "version"),
            hint=f"versions {_VERSIONS[0]} to {_VERSIONS[-1]} are read",
        )
    return version


def _entry(file: _File, key: str) -> _Entry:
    resolution = file.text(key, "resolution")
    if resolution is None:
        raise file.error(f"the entry {key!a} has no resolution", key)
    locator = parse_locator(resolution, file.text(key, "version") or "")
    if locator is None:
        raise file.error(f"the resolution {resolution!a} is not a locator", key, "resolution")
    descriptors = tuple(_SEPARATOR.split(key))
    if not all(map(split_ident, descriptors)):
        raise file.error(f"the key {key!a} is not a list of descriptors", key)
    return _Entry(
        key=key,
        descriptors=descriptors,
        resolution=resolution,
        locator=locator,
        pin=_pin(file, key, descriptors, locator),
        wants=file.ranges(key, "dependencies"),
        optional=frozenset(_optional(file, key)),
        peers=file.ranges(key, "peerDependencies"),
    )


def _optional(file: _File, key: str) -> Iterator[str]:
    for name in file.fields(key, "dependenciesMeta"):
        if file.fields(key, "dependenciesMeta", name).get("optional") == "true":
            yield name


def _pin(file: _File, key: str, descriptors: tuple[str, ...], locator: Locator) -> Pin:
    checksum = file.text(key, "checksum")
    stated = file.text(key, "version") or ""
    placed = locator.source in {Source.WORKSPACE, Source.LINK}
    aliases = _aliases(descriptors, locator.name)
    return Pin(
        key=key,
        name=locator.name,
        version=locator.version or ("" if placed else stated),
        where=file.where(key),
        source=locator.source,
        url=locator.url,
        url_line=None if locator.url is None else file.lines.of(key, "resolution"),
        digest_line=None if checksum is None else file.lines.of(key, "checksum"),
        checksum=checksum,
        conditions=file.text(key, "conditions"),
        alias=aliases[0] if aliases else None,
        more_aliases=aliases[1:],
        patch=locator.patch,
        commit=locator.commit,
        note=_note(file, key, descriptors, locator),
    )


def _aliases(descriptors: tuple[str, ...], name: str) -> tuple[str, ...]:
    names = (parts[0] for each in descriptors if (parts := split_ident(each)))
    return tuple(dict.fromkeys(local for local in names if local != name))


def _note(file: _File, key: str, descriptors: tuple[str, ...], locator: Locator) -> str:
    """What the entry says twice and differently; else what is odd about it."""
    stated = file.text(key, "version")
    if locator.source is Source.UNKNOWN:
        return locator.odd
    if locator.version and stated != locator.version:
        return f"disagrees: version says {stated}, resolution says {locator.version}"
    for descriptor in descriptors:
        if not _names(descriptor, locator.name):
            return f"disagrees: key says {descriptor}, resolution says {locator.name}"
    return locator.odd


def _names(descriptor: str, name: str) -> bool:
    """Whether a descriptor may lead to the package `name`: it is called so, or is its alias."""
    parts = split_ident(descriptor)
    if parts is None:
        return False
    local, wanted = parts
    return local == name or wanted == f"npm:{name}" or wanted.startswith(f"npm:{name}@")


class _Index:
    """Finds the entry that a requirement leads to."""

    def __init__(self, file: _File, entries: list[_Entry]) -> None:
        self._by_descriptor: dict[str, str] = {}
        self._by_builtin: dict[str, str] = {}
        self._by_name: dict[str, list[str]] = {}
        self._by_resolution: dict[str, str] = {}
        for entry in entries:
            self._by_resolution.setdefault(entry.resolution, entry.key)
            self._add_descriptors(file, entry)

    def _add_descriptors(self, file: _File, entry: _Entry) -> None:
        for descriptor in entry.descriptors:
            if descriptor in self._by_descriptor:
                raise file.error(f"two entries have the descriptor {descriptor!a}", entry.key)
            self._by_descriptor[descriptor] = entry.key
            if target := builtin_target(descriptor):
                self._by_builtin[target] = entry.key
            same_name = self._by_name.setdefault(descriptor[: descriptor.find("@", 1)], [])
            if same_name[-1:] != [entry.key]:
                same_name.append(entry.key)

    def find(self, name: str, wanted: str, parent: str) -> str | None:
        """Where `name`@`wanted` of the locator `parent` leads to: an entry's key, or a name.

        Overrides (`resolutions`) and catalogs are not recorded in the lockfile: what they redirect
        leads to every entry of that name, so that nothing which is installed is taken for
        unreachable. The bare name stands for these (`candidates`); no key is a bare name.
        """
        plain = f"{name}@{wanted}"
        full = with_protocol(plain)
        if full in self._by_builtin:
            return self._by_builtin[full]
        for descriptor in (full, plain, bound_to(plain, parent)):
            if descriptor in self._by_descriptor:
                return self._by_descriptor[descriptor]
        return name if name in self._by_name else None

    def candidates(self) -> Mapping[str, list[str]]:
        """Bare name -> keys of its entries."""
        return self._by_name

    def keys(self, end: str) -> list[str]:
        """The keys that an end of `find` stands for; of a bare name at most `_MOST`."""
        return self._by_name[end][:_MOST] if end in self._by_name else [end]

    def resolved(self, resolution: str | None) -> tuple[str, ...]:
        """The key of the entry with this resolution, where there is one."""
        key = self._by_resolution.get(resolution or "")
        return () if key is None else (key,)


def _importer(file: _File, entry: _Entry, index: _Index) -> Importer:
    root = _root_keys([entry])

    def requirement(name: str, wanted: str) -> Requirement:
        group = Group.OPTIONAL if name in entry.optional else Group.PROD
        end = index.find(name, wanted, entry.resolution)
        found = [key for key in index.keys(end) if key not in root] if end else []
        where = file.where(entry.key, "dependencies", name)
        return Requirement(name, wanted, group, found[0] if found else None, where)

    asked = [requirement(name, wanted) for name, wanted in entry.wants.items()]
    for name, wanted in entry.peers.items():
        where = file.where(entry.key, "peerDependencies", name)
        asked.append(Requirement(name, wanted, Group.PEER, None, where))
    return Importer(entry.locator.folder or "", tuple(asked), entry.locator.name)


def _root_keys(entries: list[_Entry]) -> frozenset[str]:
    return frozenset(entry.key for entry in entries if entry.locator.folder == "")


def _pins(entries: list[_Entry], importers: tuple[Importer, ...], index: _Index) -> tuple[Pin, ...]:
    root = _root_keys(entries)
    edges: dict[str, list[str]] = dict(index.candidates())
    maybe: dict[str, list[str]] = {}
    for entry in entries:
        firm = set(index.resolved(entry.locator.inner))
        weak: set[str] = set()
        for name, wanted in entry.wants.items():
            if end := index.find(name, wanted, entry.resolution):
                (weak if name in entry.optional else firm).add(end)
        edges[entry.key] = sorted(firm | weak)
        maybe[entry.key] = sorted(weak - firm)
    reached = reach(importers, edges, maybe)
    return tuple(
        replace(
            entry.pin,
            direct=entry.key in reached.direct,
            optional=reached.is_optional(entry.key),
            requires=_required(edges[entry.key], index, root | {entry.key}),
        )
        for entry in entries
        if entry.key not in root
    )


def _required(ends: list[str], index: _Index, left_out: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted({key for end in ends for key in index.keys(end)} - left_out))
