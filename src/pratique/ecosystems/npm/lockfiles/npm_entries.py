"""What both forms of package-lock share: typed access with lines, node's walk, and addresses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pratique.ecosystems.npm.addresses import classify, classify_tarball
from pratique.ecosystems.npm.names import why_illegal
from pratique.errors import LockfileError
from pratique.model.package import Digest
from pratique.model.pin import Location, Pin, Source
from pratique.syntax.text import Lines

FOLDER = "node_modules/"
# Longer than any path that a file system takes; bounds the walk up from a hostile key.
LONGEST_KEY = 4096
DEEPEST_KEY = 200
_TARBALL = re.compile(r"\.(?:tgz|tar|tar\.gz)$", re.IGNORECASE)
_FETCHED = frozenset({Source.GIT, Source.FILE})
"""What npm fetches from beside tarballs' addresses."""
_ALIAS = re.compile(r"npm:(@?[^@]+)@(.+)", re.DOTALL)

Fields = Mapping[str, object]
At = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A lockfile's values, read with their types, and errors that name its lines."""

    file: str
    lines: Lines

    def where(self, *at: str) -> Location:
        return Location(self.file, self.lines.of(*at))

    def error(self, message: str, *at: str) -> LockfileError:
        return LockfileError(self.file, self.lines.of(*at), message)

    def mapping(self, value: object, *at: str) -> Fields:
        """`value` as an object; an absent one (also `false`, which npm 5 wrote) is empty."""
        if value is None or value is False:
            return {}
        if not isinstance(value, dict):
            raise self.error(f"{at[-1]!r} should be an object", *at)
        return value

    def text(self, fields: Fields, name: str, *at: str) -> str | None:
        """A member as text, or None where it is absent (also `false`)."""
        value = fields.get(name)
        if value is None or value is False:
            return None
        if not isinstance(value, str):
            raise self.error(f"{name!r} should be a string", *at, name)
        return value

    def ranges(self, fields: Fields, group: str, *at: str) -> dict[str, str]:
        """A group of requirements as name -> specifier; `true` (npm 5's `requires`) is empty."""
        if fields.get(group) is True:
            return {}
        found = self.mapping(fields.get(group), *at, group)
        for name, specifier in found.items():
            if not isinstance(specifier, str):
                raise self.error(f"the specifier of {name!r} should be a string", *at, group, name)
        return {name: str(specifier) for name, specifier in found.items()}

    def check_key(self, key: str, *at: str) -> None:
        if len(key) > LONGEST_KEY or key.count("/") > DEEPEST_KEY:
            raise self.error("an entry's path is longer than any real one", *at)


class Folders:
    """The `node_modules` folders of an installed tree: resolves a name as node does."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._within: dict[str, dict[str, str]] = {}
        for key in keys:
            folder, found, name = key.rpartition(FOLDER)
            if found:
                self._within.setdefault(folder.rstrip("/"), {})[name] = key

    def seen_from(self, key: str) -> tuple[dict[str, str], ...]:
        """The folders that node looks into from `key`, nearest first."""
        found = []
        while True:
            if key in self._within:
                found.append(self._within[key])
            if not key:
                return tuple(found)
            key = key.rpartition("/")[0]

    def resolve(self, names: Collection[str], key: str) -> dict[str, str]:
        """Name -> key of the entry that node finds from `key`; names it does not find left out."""
        if not names:
            return {}
        folders = self.seen_from(key)
        found = {}
        for name in names:
            end = next((folder[name] for folder in folders if name in folder), None)
            if end is not None:
                found[name] = end
        return found


@dataclass(frozen=True, slots=True)
class Address:
    """An entry's release, and where its bytes come from."""

    name: str
    version: str
    source: Source
    url: str | None = None
    commit: str | None = None


def local_name(key: str) -> str:
    """The name under which an entry is installed: what follows its last `node_modules/`.

    For a folder outside one, its own name: npm leaves a package's name out where they are the same.
    """
    if FOLDER in key:
        return key.rpartition(FOLDER)[2]
    parts = key.split("/")
    return "/".join(parts[-2:] if parts[-2:][0].startswith("@") else parts[-1:])


def address_of(name: str, version: str, resolved: str | None) -> Address:
    """The address of an entry that records its version and its `resolved` apart."""
    if resolved is None:
        return Address(name, version, Source.REGISTRY)
    source, commit = classify(resolved)
    if source is Source.REMOTE:
        source = classify_tarball(resolved, name, version)
    elif source not in _FETCHED:
        source = Source.UNKNOWN  # a bare word or a range is no address, nor is another protocol
    return Address(name, version, source, resolved.partition("#")[0], commit)


def address_of_v1(name: str, version: str, resolved: str | None) -> Address:
    """The address of an entry whose version may be an address itself, as npm 5 and 6 write it."""
    alias = _ALIAS.fullmatch(version)
    if alias:
        return address_of(alias[1], alias[2], resolved)
    source, commit = classify(version)
    if source in {Source.REGISTRY, Source.UNKNOWN} and ":" not in version:
        return address_of(name, version, resolved)
    if source is Source.FILE and not _TARBALL.search(version):
        source = Source.LINK
    elif source in {Source.WORKSPACE, Source.RUNTIME}:
        source = Source.UNKNOWN  # npm has no such protocol
    return Address(name, "", source, version.partition("#")[0], commit)


def oddities(key: str, name: str) -> str:
    """What is odd about an entry's names, as a sentence for the user; "" where nothing is."""
    for each in dict.fromkeys((local_name(key), name)):
        why = why_illegal(each)
        if why is not None:
            return f"{each!a} is not a legal package name: {why}"
    return ""


def pin_of(document: Document, key: str, address: Address, fields: Fields, at: At) -> Pin:
    """The pin of an entry: what v1 and the later versions record alike."""
    integrity = document.text(fields, "integrity", *at)
    url_field = "resolved" if document.text(fields, "resolved", *at) is not None else "version"
    local = local_name(key)
    return Pin(
        key=key,
        name=address.name,
        version=address.version,
        where=document.where(*at),
        source=address.source,
        url=address.url,
        digests=Digest.from_sri(integrity or ""),
        integrity=integrity,
        url_line=document.lines.of(*at, url_field) if address.url is not None else None,
        digest_line=document.lines.of(*at, "integrity") if integrity is not None else None,
        alias=local if local != address.name else None,
        dev=fields.get("dev") is True,
        optional=fields.get("optional") is True,
        commit=address.commit,
        note=oddities(key, address.name),
    )
