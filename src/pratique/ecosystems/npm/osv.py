"""Records of known malware in OSV's form -> entries of a blocklist. Pure.

The form: https://ossf.github.io/osv-schema, 1.7, read 2026-11. What is of another ecosystem, was
withdrawn, or is no malware is passed over; what is meant and cannot be read is an error. Members
that are not read are left alone, since the form grows.
"""

from __future__ import annotations

from collections.abc import Iterator

from pratique.ecosystems.npm.versions import order_of
from pratique.model.blocklist import BlockedEntry, Span
from pratique.model.pin import Location
from pratique.syntax.parts import Part

MALWARE = "MAL-"
_ECOSYSTEM = "npm"
_MOST_AFFECTED, _MOST_VERSIONS, _MOST_RANGES, _MOST_EVENTS = 10_000, 100_000, 1_000, 10_000
_LONGEST_REASON = 300
_ORDERED = frozenset({"SEMVER", "ECOSYSTEM"})
"""Types of ranges whose events are versions; npm's ecosystem orders them as semver does."""
_BEGINNING = "0"
# Of one version, what ends is before what begins, and a last one is after both.
_FIXED, _INTRODUCED, _LAST = 0, 1, 2
_RANK = {"fixed": _FIXED, "introduced": _INTRODUCED, "last_affected": _LAST}


def read_osv(record: Part, file: str) -> Iterator[BlockedEntry]:
    """The entries of one record.

    Raises:
        TextError: It is no record, or one about npm's malware that cannot be read.
    """
    name = record.needed("id").text()
    if not name.startswith(MALWARE) or record.get("withdrawn"):
        return
    summary = record.get("summary")
    reason = summary.text()[:_LONGEST_REASON] if summary else "known malware"
    for affected in record.each("affected", _MOST_AFFECTED):
        package = affected.get("package")
        if package is None or package.needed("ecosystem").text() != _ECOSYSTEM:
            continue
        versions = frozenset(_versions(affected))
        spans = tuple(_spans(affected))
        yield BlockedEntry(
            package.needed("name").text(),
            reason,
            Location(file, record.line),
            id=name,
            every=not versions and not spans,
            versions=versions,
            spans=spans,
        )


def _versions(affected: Part) -> Iterator[str]:
    for each in affected.each("versions", _MOST_VERSIONS):
        yield each.text()


def _spans(affected: Part) -> Iterator[Span]:
    for each in affected.each("ranges", _MOST_RANGES):
        if each.needed("type").text() in _ORDERED:
            yield from _of_events(each.needed("events"))


def _of_events(events: Part) -> Iterator[Span]:
    """The intervals that events make: each opens one or ends it, in the order of versions."""
    found = [event for part in events.items(_MOST_EVENTS) for event in _event(part)]
    if all(kind != _INTRODUCED for _, kind, _ in found):
        events.refuse("has no event that introduces it")
    opened = ""
    for _, kind, version in sorted(found):
        if kind == _INTRODUCED:
            opened = opened or version
        elif opened:
            yield Span(opened, version, "") if kind == _FIXED else Span(opened, "", version)
            opened = ""
    if opened:
        yield Span(opened)


_Event = tuple[tuple[object, ...], int, str]
"""The version's order, the kind, the version."""


def _event(part: Part) -> Iterator[_Event]:
    for name, kind in _RANK.items():
        stated = part.get(name)
        if stated is None:
            continue
        version = stated.text()
        order = order_of(version)
        if order is None and not (kind == _INTRODUCED and version == _BEGINNING):
            stated.refuse("is no version")
        yield order or (), kind, version
