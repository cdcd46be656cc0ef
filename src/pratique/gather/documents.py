"""A registry's JSON -> values. Only what rules read is decoded; the rest is skipped unseen.

The shapes: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md (read
2026-11), and what older documents really hold: `scripts` with members that are no text,
`deprecated` as true, false or "", no `integrity`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from pratique.ecosystems.npm.repositories import repository_of
from pratique.gather.claims import claimed_by
from pratique.model.evidence import Claimed
from pratique.model.fact import VersionDocument
from pratique.model.package import ALGORITHMS, Digest

T = TypeVar("T")

_SHORT = 256
"""Letters of a specifier that is kept for others: no foreign text is held for long."""
INSTALL_EVENTS = ("preinstall", "install", "postinstall", "prepare")
ANOTHER = "answered with another release"
"""The reason where name or version are not those that were asked for."""
SHAPELESS = "answered with something that is no document of a release"
NO_PACKAGE = "answered with something that is no document of that package"


class _Dist(msgspec.Struct):
    tarball: str
    integrity: Any = None
    shasum: Any = None
    attestations: Any = None


class _Version(msgspec.Struct):
    name: str
    version: str
    dist: _Dist
    scripts: Any = None
    has_install_script: Any = msgspec.field(default=None, name="hasInstallScript")
    gypfile: Any = None
    deprecated: Any = None
    dependencies: Any = None
    optional: Any = msgspec.field(default=None, name="optionalDependencies")
    peers: Any = msgspec.field(default=None, name="peerDependencies")
    bin: Any = None
    repository: Any = None


class _TellingDist(_Dist):
    signatures: Any = None


class _Telling(_Version):
    """A document with what it claims of who made the release: decoded where that is asked for."""

    dist: _TellingDist
    user: Any = msgspec.field(default=None, name="_npmUser")
    maintainers: Any = None


class _Listing(msgspec.Struct):
    name: str
    versions: dict[str, msgspec.Raw] = {}


class Listed(msgspec.Struct):
    """A packument's word on one version."""

    deprecated: Any = None


class Packument(msgspec.Struct):
    """The parts of a packument that tell times and tags; both are undecided JSON."""

    name: str
    modified: Any = None
    time: Any = None
    versions: dict[str, Listed] = {}
    tags: Any = msgspec.field(default=None, name="dist-tags")


_VERSION = msgspec.json.Decoder(_Version)
_TELLING = msgspec.json.Decoder(_Telling)
_LISTING = msgspec.json.Decoder(_Listing)
_PACKUMENT = msgspec.json.Decoder(Packument)
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_version(
    body: bytes | bytearray | msgspec.Raw, name: str, version: str
) -> VersionDocument | str:
    """The document of a release, or why it is not believed, as the end of a sentence."""
    try:
        found = _VERSION.decode(body)
    except _BROKEN:
        return SHAPELESS
    return _document(found, name, version)


def read_release(
    body: bytes | bytearray | msgspec.Raw, name: str, version: str
) -> tuple[VersionDocument, Claimed] | str:
    """The document of a release and what it claims, or why it is not believed."""
    try:
        found = _TELLING.decode(body)
    except _BROKEN:
        return SHAPELESS
    document = _document(found, name, version)
    return document if isinstance(document, str) else (document, claimed_by(found))


def _document(found: _Version, name: str, version: str) -> VersionDocument | str:
    if (found.name, found.version) != (name, version):
        return ANOTHER
    return VersionDocument(
        name,
        version,
        found.dist.tarball,
        digests_of(found.dist.integrity, found.dist.shasum),
        _scripts(found.scripts),
        found.has_install_script if isinstance(found.has_install_script, bool) else None,
        found.gypfile if isinstance(found.gypfile, bool) else None,
        _deprecation(found.deprecated),
        _aliases(found.dependencies, found.optional, found.peers),
        tuple(sorted(_dependencies(found))),
        tuple(sorted(_bins(found.bin, name))),
        repository_of(found.repository) if found.dist.attestations else None,
    )


def read_listing(
    body: bytearray, name: str, versions: Collection[str]
) -> dict[str, VersionDocument | str] | str:
    """The documents of those `versions` that a packument lists, or why it is not believed."""
    return _listed(body, name, versions, read_version)


def read_releases(
    body: bytearray, name: str, versions: Collection[str]
) -> dict[str, tuple[VersionDocument, Claimed] | str] | str:
    """As `read_listing`, with what the documents claim."""
    return _listed(body, name, versions, read_release)


def _listed(
    body: bytearray,
    name: str,
    versions: Collection[str],
    read: Callable[[msgspec.Raw, str, str], T],
) -> dict[str, T] | str:
    try:
        found = _LISTING.decode(body)
    except _BROKEN:
        return NO_PACKAGE
    if found.name != name:
        return NO_PACKAGE
    return {
        version: read(found.versions[version], name, version)
        for version in versions
        if version in found.versions
    }


def read_packument(body: bytearray, name: str) -> Packument | str:
    """The parts that tell times, or why the document is not believed."""
    try:
        found = _PACKUMENT.decode(body)
    except _BROKEN:
        return NO_PACKAGE
    return found if found.name == name else NO_PACKAGE


def digests_of(integrity: object, shasum: object) -> tuple[Digest, ...]:
    """Every well-formed digest of `dist`, once, strongest first."""
    stated = Digest.from_sri(integrity) if isinstance(integrity, str) else ()
    old = Digest.from_hex("sha1", shasum) if isinstance(shasum, str) else None
    every = dict.fromkeys((*stated, *((old,) if old else ())))
    return tuple(sorted(every, key=lambda digest: ALGORITHMS.index(digest.algorithm)))


def _scripts(scripts: object) -> tuple[tuple[str, str], ...]:
    """The events that npm runs; a member that is no text does not run there either."""
    if not isinstance(scripts, dict) or scripts.keys().isdisjoint(INSTALL_EVENTS):
        return ()
    found = ((event, scripts.get(event)) for event in INSTALL_EVENTS)
    return tuple((event, text) for event, text in found if isinstance(text, str) and text)


def _aliases(*groups: object) -> tuple[tuple[str, str], ...]:
    """(local name, target) of every dependency that is asked for as `npm:target@range`."""
    asked = (each for group in groups if isinstance(group, dict) for each in group.items())
    found = {
        (name, _target(text))
        for name, text in asked
        if isinstance(text, str) and text.startswith("npm:")
    }
    return tuple(sorted(found))


def _dependencies(found: _Version) -> Iterator[tuple[str, str, str]]:
    """What an install of the release brings in; a member that is no text asks for nothing."""
    groups = {
        "dependencies": found.dependencies,
        "optionalDependencies": found.optional,
        "peerDependencies": found.peers,
    }
    for group, members in groups.items():
        for name, text in members.items() if isinstance(members, dict) else ():
            if isinstance(text, str):
                is_short = len(name) + len(text) <= _SHORT
                yield _row(group, name, text) if is_short else (group, name, text)


@lru_cache(maxsize=4096)
def _row(group: str, name: str, text: str) -> tuple[str, str, str]:
    """One object for all that are equal: what a release asks for, the one before it did, too."""
    return group, name, text


def _bins(commands: object, name: str) -> Iterator[tuple[str, str]]:
    """One path as text is the command of the package's own name without its scope."""
    if isinstance(commands, str):
        yield name.rpartition("/")[2], commands
    for command, path in commands.items() if isinstance(commands, dict) else ():
        if isinstance(path, str):
            yield command, path


def _target(specifier: str) -> str:
    name = specifier.removeprefix("npm:")
    at = name.find("@", 1)
    return name if at < 0 else name[:at]


def _deprecation(deprecated: object) -> str | None:
    if deprecated is True:
        return "deprecated"
    return deprecated if isinstance(deprecated, str) and deprecated else None
