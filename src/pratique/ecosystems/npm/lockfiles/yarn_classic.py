"""yarn.lock of yarn 1: lines of its own form, which is not YAML.

Form: what yarn 1.22's parser accepts of what its writer writes. Stricter than the parser where that
would let one text be read in two ways: duplicate entries and fields are refused (yarn takes the
last one), and so are tabs and lone carriage returns.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pratique.ecosystems.npm.addresses import classify, classify_tarball
from pratique.ecosystems.npm.lockfiles.graph import reach
from pratique.ecosystems.npm.names import why_illegal
from pratique.errors import LockfileError
from pratique.model.package import ALGORITHMS, Digest
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
from pratique.model.project import Manifest
from pratique.syntax.text import LOCKFILE, TextError, conflict_line, decoded

_VERSION = re.compile(r"^# yarn lockfile v(\d{1,9})\r?$", re.MULTILINE)
_TOKEN = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+")|([A-Za-z/.\-][^:\s,"]*+|\d++)')
_SPACES = re.compile(" *+")
_GROUPS = ("dependencies", "optionalDependencies")
_PATTERN = re.compile(r"(@?[^@]+)(?:@(.*))?", re.DOTALL)


@dataclass(slots=True)
class _Entry:
    """One entry: its fields as name -> (value, line), its groups as name -> ranges."""

    header: str
    line: int
    fields: dict[str, tuple[str, int]] = field(default_factory=dict)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        return self.fields[name][0] if name in self.fields else None

    def line_of(self, name: str) -> int | None:
        return self.fields[name][1] if name in self.fields else None


def read(source: bytes, path: str) -> Lockfile:
    """The pins of a yarn.lock of yarn 1; a pin's key is the entry's header without its colon.

    The format records no manifest: `importers` is empty and no pin is direct until
    `with_manifests`. Until then `optional` says that every edge to a pin is an optional one.

    Raises:
        LockfileError: It is malformed, of an unknown version, or beyond a bound.
    """
    try:
        text = decoded(source, LOCKFILE)
    except TextError as error:
        raise LockfileError(path, error.line, error.message) from None
    try:
        entries = list(_entries(text))
        pins = _pins(path, entries)
    except TextError as error:
        line = conflict_line(text)
        message = error.message if line is None else "merge conflict marker"
        raise LockfileError(path, line or error.line, message) from None
    return Lockfile(path, Manager.YARN_CLASSIC, "yarn-classic", "1", pins)


def with_manifests(lockfile: Lockfile, manifests: Sequence[Manifest]) -> Lockfile:
    """`lockfile` with what `manifests` ask for: importers, and the pins' direct, dev, optional.

    A requirement leads to the entry of its own `name@specifier`, or of the version that a
    resolution gives it; peers lead nowhere, since yarn 1 does not install them.
    """
    ends = {each: pin.key for pin in lockfile.pins for each in patterns_of(pin.key)}
    folder = lockfile.path.rpartition("/")[0]
    forced = {selector: to for each in manifests for selector, to, _ in each.overrides}
    importers = tuple(_importer(each, folder, ends, forced) for each in manifests)
    edges = {pin.key: pin.requires for pin in lockfile.pins}
    only_optional = {pin.key for pin in lockfile.pins if pin.optional}
    optional_edges = {
        key: [end for end in needs if end in only_optional] for key, needs in edges.items()
    }
    found = reach(importers, edges, optional_edges)
    pins = tuple(
        replace(
            pin,
            direct=pin.key in found.direct,
            dev=found.is_dev(pin.key),
            optional=found.is_optional(pin.key),
        )
        for pin in lockfile.pins
    )
    return replace(lockfile, pins=pins, importers=importers)


def patterns_of(header: str) -> tuple[str, ...]:
    """The `name@range` patterns that an entry's header merges."""
    return tuple(_header(header + ":", 1))


def _importer(
    manifest: Manifest, folder: str, ends: dict[str, str], forced: dict[str, str]
) -> Importer:
    place = manifest.path.rpartition("/")[0]
    inside = place.removeprefix(folder).lstrip("/") if folder else place
    needs = tuple(_resolved(each, ends, forced) for each in manifest.requirements)
    return Importer(inside, needs, manifest.name)


def _resolved(need: Requirement, ends: dict[str, str], forced: dict[str, str]) -> Requirement:
    if need.group is Group.PEER:
        return need
    end = ends.get(f"{need.name}@{need.specifier}")
    if end is None and need.name in forced:
        end = ends.get(f"{need.name}@{forced[need.name]}")
    return replace(need, pin=end)


def _entries(text: str) -> Iterator[_Entry]:
    version = _VERSION.search(text)
    if version and version[1] != "1":
        line = text.count("\n", 0, version.start()) + 1
        raise TextError(line, f"yarn lockfile v{version[1]} is not known")
    entry: _Entry | None = None
    group: dict[str, str] | None = None
    for number, each in enumerate(text.split("\n"), 1):
        content = each.removesuffix("\r")
        words = content.lstrip(" ")
        if not words or words[0] == "#":
            continue
        indent = len(content) - len(words)
        if indent == 0:
            if entry is not None:
                yield entry
            entry, group = _Entry(_checked_header(words, number), number), None
        elif indent == 2 and entry is not None:
            group = _take_field(entry, words, number)
        elif indent == 4 and group is not None:
            _take_range(group, words, number)
        else:
            raise TextError(number, "unexpected indentation")
    if entry is not None:
        yield entry


def _checked_header(line: str, number: int) -> str:
    if line.startswith("__metadata"):
        raise TextError(number, "a lockfile of yarn 2 or later")
    for _ in _header(line, number):
        pass
    return line.rstrip(" ").removesuffix(":")


def _header(line: str, number: int) -> Iterator[str]:
    """The patterns of `"a@^1", a@^2:`."""
    at = 0
    while True:
        pattern, at = _token(line, at, number)
        yield pattern
        if line[at : at + 1] == ",":
            at = _after_spaces(line, at + 1)
        elif line[at:].rstrip(" ") == ":":
            return
        else:
            raise TextError(number, "not an entry's header")


def _after_spaces(line: str, at: int) -> int:
    found = _SPACES.match(line, at)
    return found.end() if found else at


def _token(line: str, at: int, number: int) -> tuple[str, int]:
    """The string at offset `at`, quoted or not, and the offset behind it."""
    found = _TOKEN.match(line, at)
    if found is None:
        raise TextError(number, "a character that yarn does not write")
    if found[1] is None:
        return found[0], found.end()
    try:
        text = str(json.loads(found[1]))
    except json.JSONDecodeError:
        raise TextError(number, "a malformed string") from None
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise TextError(number, "a lone surrogate in a string")
    return text, found.end()


def _take_field(entry: _Entry, words: str, number: int) -> dict[str, str] | None:
    """Add `name value` to the entry, or open the group `name:` and return it."""
    name, at = _token(words, 0, number)
    if name in entry.fields or name in entry.groups:
        raise TextError(number, f"duplicate field {name!a}")
    if words[at:].rstrip(" ") == ":":
        return entry.groups.setdefault(name, {})
    entry.fields[name] = (_value(words, at, number), number)
    return None


def _take_range(group: dict[str, str], words: str, number: int) -> None:
    name, at = _token(words, 0, number)
    if name in group:
        raise TextError(number, f"duplicate dependency {name!a}")
    group[name] = _value(words, at, number)


def _value(words: str, at: int, number: int) -> str:
    start = _after_spaces(words, at)
    value, end = _token(words, start, number)
    if start == at or words[end:].strip(" "):
        raise TextError(number, "not a name and a value")
    return value


def _pins(path: str, entries: Sequence[_Entry]) -> tuple[Pin, ...]:
    ends: dict[str, str] = {}
    for entry in entries:
        for pattern in patterns_of(entry.header):
            if pattern in ends:
                raise TextError(entry.line, f"duplicate entry {pattern!a}")
            ends[pattern] = entry.header
    optional = _only_optional(entries, ends)
    return tuple(_pin(path, entry, ends, optional=entry.header in optional) for entry in entries)


def _only_optional(entries: Sequence[_Entry], ends: dict[str, str]) -> set[str]:
    """Headers of entries to which optional edges lead, and no others."""
    firm, optional = (
        Counter(
            ends.get(f"{name}@{specifier}", "")
            for entry in entries
            for name, specifier in entry.groups.get(group, {}).items()
        )
        for group in _GROUPS
    )
    return set(optional) - set(firm)


def _pin(path: str, entry: _Entry, ends: dict[str, str], *, optional: bool) -> Pin:
    version = entry.text("version")
    if not version:
        raise TextError(entry.line, "an entry without a version")
    name, aliases, note = _names(entry)
    resolved = entry.text("resolved")
    integrity = entry.text("integrity")
    source, commit = _source(entry, name, version)
    url, _, fragment = (resolved or "").partition("#")
    by_url = Digest.from_hex("sha1", fragment) if source is not Source.GIT else None
    url_line = entry.line_of("resolved")
    return Pin(
        key=entry.header,
        name=name,
        version=version,
        where=Location(path, entry.line),
        source=source,
        url=url or None,
        digests=_digests(integrity, by_url),
        integrity=integrity,
        url_line=url_line,
        digest_line=entry.line_of("integrity") or (url_line if by_url else None),
        alias=aliases[0] if aliases else None,
        more_aliases=aliases[1:],
        optional=optional,
        requires=_requires(entry, ends),
        commit=commit,
        note=note,
    )


def _requires(entry: _Entry, ends: dict[str, str]) -> tuple[str, ...]:
    needs = [need for group in _GROUPS for need in entry.groups.get(group, {}).items()]
    found = {ends.get(f"{name}@{specifier}") for name, specifier in needs}
    return tuple(sorted(key for key in found if key is not None))


def _digests(integrity: str | None, by_url: Digest | None) -> tuple[Digest, ...]:
    found = Digest.from_sri(integrity or "")
    if by_url is None or by_url in found:
        return found
    return tuple(sorted((*found, by_url), key=lambda each: ALGORITHMS.index(each.algorithm)))


def _names(entry: _Entry) -> tuple[str, tuple[str, ...], str]:
    """The package's name, the local ones that differ from it, and what is odd about them."""
    locals_, targets = [], []
    for pattern in patterns_of(entry.header):
        local, specifier = _split(pattern)
        target = _split(specifier.removeprefix("npm:"))[0]
        locals_.append(local)
        targets.append(target if specifier.startswith("npm:") and target else local)
    aliased = locals_ != targets
    name = targets[0] if aliased else entry.text("name") or targets[0]
    aliases = tuple(dict.fromkeys(each for each in locals_ if each != name))
    if len(set(targets)) > 1:
        return name, aliases, f"disagrees: the entry is for {' and '.join(sorted(set(targets)))}"
    for each in (name, *aliases):
        why = why_illegal(each)
        if why is not None:
            return name, aliases, f"{each!a} is not a legal package name: {why}"
    return name, aliases, ""


def _split(pattern: str) -> tuple[str, str]:
    """`name@range` as its two parts; a pattern without a name is its own name."""
    found = _PATTERN.fullmatch(pattern)
    return (found[1], found[2] or "") if found else (pattern, "")


def _source(entry: _Entry, name: str, version: str) -> tuple[Source, str | None]:
    """By the address; where none is recorded, by what the entry is asked for as."""
    resolved = entry.text("resolved")
    if resolved is None:
        found = [classify(_split(each)[1]) for each in patterns_of(entry.header)]
        return next((each for each in found if each[0] is not Source.REGISTRY), found[0])
    source, commit = classify(resolved)
    if source is Source.REMOTE:
        return classify_tarball(resolved, name, version), None
    return (source if source in {Source.GIT, Source.FILE} else Source.UNKNOWN), commit
