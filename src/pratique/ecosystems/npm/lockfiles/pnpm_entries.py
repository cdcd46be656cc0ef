"""One entry of a pnpm lockfile: where its bytes come from, and what binds them."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from pratique.ecosystems.npm.addresses import classify, classify_tarball, is_registry_path
from pratique.ecosystems.npm.lockfiles.pnpm_keys import Key
from pratique.ecosystems.npm.lockfiles.pnpm_shape import Document, Fields
from pratique.model.package import Digest
from pratique.model.pin import Source

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NEW_HOST = re.compile(r"^//|[:\\\s]")
"""In an address relative to the registry: what can lead to another host."""
_TAR = "the recorded digest is of the uncompressed tar, which no registry states"
_ADDRESSES = ("type", "repo", "commit", "directory", "tarball", "url")
_RUNTIMES = frozenset({"node", "deno", "bun"})
_KNOWN_TYPES = frozenset({None, "git", "directory", "binary", "variations", "tarball"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry's bytes come from.

    Attributes:
        source: Decided by the address.
        url: The address as recorded, without its fragment; None where none is.
        commit: Of a git source.
        notes: What in the entry disagrees with its key.
        field: The name of the resolution's field that holds the address.
    """

    source: Source
    url: str | None = None
    commit: str | None = None
    notes: tuple[str, ...] = ()
    field: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """What binds an entry to bytes; the fields as in `Pin`."""

    digests: tuple[Digest, ...] = ()
    integrity: str | None = None
    checksum: str | None = None
    notes: tuple[str, ...] = ()


def origin_of(
    file: Document, at: tuple[str, ...], key: Key, resolution: Fields, projects: Container[str]
) -> Origin:
    """Where the bytes of an entry come from.

    Args:
        file: The document.
        at: The path of the entry's resolution in it.
        key: What the entry's key says.
        resolution: What the entry says.
        projects: The importers' directories.
    """
    if not key.reference and resolution.keys() == {"integrity"}:
        return Origin(Source.REGISTRY)
    texts = {field: file.text(resolution, *at, field) for field in _ADDRESSES}
    kind = texts["type"]
    if "variants" in resolution or kind == "variations" or key.reference.startswith("runtime:"):
        return _runtime(key, texts["url"])
    if kind not in _KNOWN_TYPES:
        return Origin(Source.UNKNOWN, notes=(f"fetched in a way of its own: {kind!a}",))
    if texts["repo"] is not None:
        return _git(key, texts["repo"], texts["commit"])
    if texts["directory"] is not None:
        return _directory(key, texts["directory"], projects)
    field = "url" if texts["tarball"] is None else "tarball"
    address = texts[field]
    return _by_reference(key, projects) if address is None else _tarball(key, address, field)


def _runtime(key: Key, url: str | None) -> Origin:
    if key.reference.startswith("runtime:"):
        if key.name in _RUNTIMES:
            return Origin(Source.RUNTIME, url, field="url")
        note = f"{key.name!a} is no runtime that pnpm installs"
        return Origin(Source.UNKNOWN, url, None, (note,), "url")
    note = "the key names a release, the entry a runtime"
    return Origin(Source.UNKNOWN, url, None, (note,), "url")


def _git(key: Key, repository: str, commit: str | None) -> Origin:
    notes = []
    if commit is None or not _COMMIT.fullmatch(commit):
        notes.append("the commit is no full object name")
    elif key.reference and commit not in key.reference:
        notes.append("the key names another commit than the entry")
    if not key.reference:
        notes.append("the key names a release, the entry a git repository")
    return Origin(Source.GIT, _plain(repository), commit, tuple(notes), "repo")


def _directory(key: Key, directory: str, projects: Container[str]) -> Origin:
    source = Source.WORKSPACE if directory in projects else Source.FILE
    if key.reference.partition("file:")[2].partition("(")[0] == directory:
        return Origin(source, f"file:{directory}", field="directory")
    note = "the key does not name the directory of the entry"
    return Origin(source, f"file:{directory}", None, (note,), "directory")


def _tarball(key: Key, address: str, field: str) -> Origin:
    if not _NEW_HOST.search(address) and is_registry_path(f"/{address}", key.name, key.version):
        return Origin(Source.REGISTRY, address, field=field)
    source = classify_tarball(address, key.name, key.version)
    commit = classify(address)[1] if source is Source.GIT else None
    notes: tuple[str, ...] = ()
    if not key.reference and source is not Source.REGISTRY:
        notes = ("the key names a release, the address is not that of the release",)
    elif ":" in key.reference and _plain(key.reference) not in {_plain(address), address}:
        notes = ("the key names another address than the entry",)
    return Origin(source, _plain(address), commit, notes, field)


def _by_reference(key: Key, projects: Container[str]) -> Origin:
    if not key.reference:
        return Origin(Source.REGISTRY)
    source, commit = classify(key.reference)
    if source is Source.REGISTRY:
        return Origin(Source.UNKNOWN, notes=("its version is none",))
    if key.reference.removeprefix("file:") in projects:
        source = Source.WORKSPACE
    return Origin(source, _plain(key.reference), commit)


def _plain(address: str) -> str:
    return address.partition("#")[0]


def bound_of(integrity: str | None, *, of_tar: bool, revised: bool) -> Bound:
    """What `integrity` binds. A digest of the uncompressed tar compares with nothing outside.

    Args:
        integrity: As recorded; None where none is.
        of_tar: The lockfile's settings say that its digests are of the tar.
        revised: The entry itself says so: odd where the settings do not.
    """
    if integrity is None:
        return Bound()
    if of_tar or revised:
        return Bound(checksum=integrity, notes=() if of_tar else (_TAR,))
    return Bound(Digest.from_sri(integrity), integrity)


def disagreements(file: Document, key: str, parsed: Key, entry: Fields) -> tuple[str, ...]:
    """How the entry's own name and version differ from its key's, which alone is believed."""
    notes = []
    for field, said in (("name", parsed.name), ("version", parsed.version)):
        own = file.text(entry, "packages", key, field) if field in entry else None
        if own is not None and own != said:
            notes.append(f"the entry says {field} {own!a}, its key {said!a}")
    return tuple(notes)
