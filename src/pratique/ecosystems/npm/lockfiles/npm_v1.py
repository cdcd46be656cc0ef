"""The nested `dependencies` of package-lock v1 (npm 5 and 6), and of v2's half for them.

Form: https://docs.npmjs.com/cli/v6/configuring-npm/package-lock-json (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pratique.ecosystems.npm.lockfiles.npm_entries import (
    FOLDER,
    At,
    Document,
    Fields,
    Folders,
    address_of_v1,
    pin_of,
)
from pratique.model.pin import Group, Lockfile, Pin, Source
from pratique.model.project import Manifest


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    local: str
    fields: Fields
    at: At


def read_dependencies(document: Document, root: Fields) -> tuple[Pin, ...]:
    """The pins below `dependencies`, keyed by the path at which each is installed."""
    entries = list(_entries(document, _Entry("", "", root, ())))
    folders = Folders(entry.key for entry in entries)
    pins = tuple(_pin(document, entry, folders) for entry in entries)
    bundled = {pin.key for pin in pins if pin.source is Source.BUNDLED}
    needed = {
        end
        for pin in pins
        for end in bundled.intersection(pin.requires)
        if _folder_of(end) in _above(pin.key)
    }
    return tuple(_fetched(pin) if pin.key in bundled - needed else pin for pin in pins)


def _folder_of(key: str) -> str:
    return key.rpartition("/" + FOLDER)[0]


def _above(key: str) -> set[str]:
    """An entry and those that it lies in: whose folders it brings its own dependencies into."""
    found = set()
    while key:
        found.add(key)
        key = _folder_of(key)
    return found


def _fetched(pin: Pin) -> Pin:
    """A pin that nothing inside its bundler asks for: npm fetches it, whatever its flag says."""
    return replace(pin, source=Source.REGISTRY)


def with_manifests(lockfile: Lockfile, manifests: Iterable[Manifest]) -> Lockfile:
    """`lockfile`, which records no manifest, with the pins direct that `manifests` ask for.

    Peers lead nowhere, since npm 6 does not install them.
    """
    needs = (need for each in manifests for need in each.requirements)
    keys = {f"{FOLDER}{need.name}" for need in needs if need.group is not Group.PEER}
    pins = (replace(pin, direct=True) if pin.key in keys else pin for pin in lockfile.pins)
    return replace(lockfile, pins=tuple(pins))


def _entries(document: Document, above: _Entry) -> Iterator[_Entry]:
    """Every entry below `above`, in file order; no deeper than the JSON reader lets it be."""
    at = (*above.at, "dependencies")
    for name, value in document.mapping(above.fields.get("dependencies"), *at).items():
        key = f"{above.key}/{FOLDER}{name}".lstrip("/")
        document.check_key(key, *at, name)
        entry = _Entry(key, name, document.mapping(value, *at, name), (*at, name))
        yield entry
        yield from _entries(document, entry)


def _pin(document: Document, entry: _Entry, folders: Folders) -> Pin:
    version = document.text(entry.fields, "version", *entry.at) or ""
    resolved = document.text(entry.fields, "resolved", *entry.at)
    address = address_of_v1(entry.local, version, resolved)
    # Only inside another package: what the project itself bundles is fetched like the rest, and
    # for what is not fetched npm records no address.
    is_inside = entry.key.count(FOLDER) > 1
    recorded = resolved or document.text(entry.fields, "integrity", *entry.at)
    if entry.fields.get("bundled") is True and is_inside and not recorded:
        address = replace(address, source=Source.BUNDLED)
    needs = document.ranges(entry.fields, "requires", *entry.at)
    ends = folders.resolve(needs, entry.key)
    pin = pin_of(document, entry.key, address, entry.fields, entry.at)
    return replace(pin, requires=tuple(sorted(set(ends.values()))))
