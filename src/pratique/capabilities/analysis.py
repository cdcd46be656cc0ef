"""Files -> what an artifact can do. A file's reading depends on its bytes and its name alone."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType

from msgspec import Struct

from pratique.archives import Archive, Entry, read_archive
from pratique.capabilities import FAMILIES, OF_SHAPE, WITHOUT_SITES, shape_opaque, wanted
from pratique.capabilities.code import is_code, may_be_code, read_code
from pratique.capabilities.code.shape import DECLARES
from pratique.capabilities.coverage import uncovered
from pratique.capabilities.formats import CODE, NATIVE, extension_of, format_of
from pratique.capabilities.install_script import shadowed
from pratique.capabilities.manifests import inner_of, installs_of, read_manifest, renamed
from pratique.capabilities.reach import imports_of, reach
from pratique.capabilities.source import Manifest, Occurrence, Source
from pratique.model.behavior import ANALYSER, Analysis, Inner, Seen

LARGEST_CODE = 6 * 1024 * 1024
"""Bytes of code that are parsed; a larger file is said to be unread."""
MOST_EVIDENCE = 5
_MANIFEST = "package.json"
_CAN_BE_CODE = frozenset({"code", "text", "media", "binary"})
"""A picture that begins `GIF89a=1;` and a text with a NUL in a comment are code to an engine."""
_ROLES = frozenset({_MANIFEST, "binding.gyp", "npm-shrinkwrap.json", ".npmrc"})


class Reading(Struct, frozen=True):
    """What one file shows.

    Attributes:
        occurrences: Of every family, sorted.
        imports: Specifiers of its relative imports.
        format: As `formats.format_of` gives it.
        unread: Why it was not examined whole; "" where it was.
    """

    occurrences: tuple[Occurrence, ...] = ()
    imports: tuple[str, ...] = ()
    format: str = ""
    unread: str = ""


def role_of(path: str) -> str:
    """What of a path a reading depends on: with the file's digest, the key of a stored one."""
    name = path.rpartition("/")[2].lower()
    if name in _ROLES:
        path = path.lower()
        bundled = "node_modules" if path.startswith("node_modules/") else "*"
        return f"{'' if path == name else bundled}/{name}"  # with a slash: no file's ending
    return next((each for each in DECLARES if path.endswith(each)), extension_of(path))


def read_member(path: str, content: bytes) -> Reading:
    """Read one file by all families.

    What clients look for by its name is found in any case of letters where file systems hold them
    for one (macOS, Windows).
    """
    name = path.rpartition("/")[2].lower()
    path = path.lower() if name in _ROLES else path
    if name == _MANIFEST:
        return _of_manifest(path, content)
    format_ = format_of(path, content)
    source, unread = _source(path, content, format_)
    imports = imports_of(content) if format_ == "code" else ()
    return Reading(_spotted(source), imports, format_, unread)


def _of_manifest(path: str, content: bytes) -> Reading:
    manifest = read_manifest(content)
    if manifest is None:
        # An engine may read what this reader does not, and follow the names that it gives.
        opaque = Occurrence(f"{shape_opaque.ID}:unparsable", 0, "a manifest that cannot be parsed")
        return Reading((opaque,), (), "json", "it is no JSON object")
    source = Source(
        path, content, tuple(renamed(manifest)), manifest=manifest, format="json",
        is_root=path == _MANIFEST,
    )  # fmt: skip
    return Reading(_spotted(source), (), "json")


def _source(path: str, content: bytes, format_: str) -> tuple[Source, str]:
    if format_ not in _CAN_BE_CODE:
        return Source(path, content, format=format_), ""
    want = wanted()
    if len(content) > LARGEST_CODE:
        if want.may_hold(content) and (format_ == "code" or may_be_code(path, content)):
            return Source(path, content, format="code"), "it is larger than what is parsed"
        return Source(path, content, format=format_), ""
    if format_ != "code" and not (want.may_hold(content) and is_code(path, content)):
        return Source(path, content, format=format_), ""
    sites, shape = read_code(path, content, want)
    return Source(path, content, sites, shape, format="code"), ""


def _spotted(source: Source) -> tuple[Occurrence, ...]:
    spotted = [each for family in _families(source) for each in family.spot(source)]
    if not spotted:
        return ()
    found: dict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in spotted:
        found[occurrence.capability].append(occurrence)
    return tuple(
        each
        for capability in sorted(found)
        for each in sorted(set(found[capability]))[:MOST_EVIDENCE]
    )


def _families(source: Source) -> tuple[ModuleType, ...]:
    """Those that may find something."""
    if source.sites:
        return FAMILIES
    is_plain = extension_of(source.path) in CODE and not source.content.startswith(b"#!")
    return OF_SHAPE if is_plain and source.format == "code" else WITHOUT_SITES


def digest_of(content: bytes) -> str:
    """The hex digest that a stored reading is kept under."""
    return hashlib.sha256(content).hexdigest()


Read = Callable[[Entry], Reading]


def analyse_artifact(source: bytes) -> Analysis:
    """Everything in one call: read the archive, read each file, put it together."""
    return analyse(read_archive(source), hashlib.sha512(source).hexdigest())


def analyse(archive: Archive, sha512: str, read: Read | None = None) -> Analysis:
    """What an artifact can do.

    Args:
        archive: Its files.
        sha512: Hex digest of the artifact.
        read: Gives a file's reading; where stored ones are at hand, those.
    """
    read = read or (lambda entry: read_member(entry.path, entry.content))
    readings = {entry.path: read(entry) for entry in archive.entries}
    manifest, unread = _root(archive)
    whole = Source("", covered=uncovered(manifest, readings))
    seen = [
        *_seen(readings, manifest),
        *(Seen(o.capability, "", 0, o.snippet) for o in _spotted(whole)),
        *(
            Seen(o.capability, _MANIFEST, o.line, o.snippet)
            for o in (shadowed(manifest, readings) if manifest else ())
        ),
    ]
    inner = inner_of(manifest) if manifest else None
    cut = dict.fromkeys(archive.cut, "it is larger than what is read")
    cut |= {path: each.unread for path, each in readings.items() if each.unread}
    unread += sorted(cut.items())
    return Analysis(
        sha512=sha512,
        analyser=ANALYSER,
        capabilities=tuple(sorted({each.capability for each in seen})),
        evidence=tuple(_kept(seen)),
        inner=inner,
        installs=installs_of(inner, manifest, {path.lower() for path in readings}),
        binaries=tuple(
            sorted((path, each.format) for path, each in readings.items() if each.format in NATIVE)
        ),
        files=len(archive.entries),
        size=archive.size,
        code=sum(len(e.content) for e in archive.entries if extension_of(e.path) in CODE),
        oddities=archive.oddities or _without_manifest(inner),
        unread=tuple(unread),
    )


def _without_manifest(inner: Inner | None) -> tuple[str, ...]:
    return () if inner else ("holds no package.json that can be read",)


def _root(archive: Archive) -> tuple[Manifest | None, list[tuple[str, str]]]:
    """The manifest that clients read: of several entries of that name the last one is unpacked."""
    found = [entry for entry in archive.entries if entry.path == _MANIFEST]
    manifest = read_manifest(found[-1].content) if found else None
    return manifest, []


def _seen(readings: dict[str, Reading], manifest: Manifest | None) -> Iterator[Seen]:
    ways = reach(manifest, {path: each.imports for path, each in readings.items()})
    for path, reading in readings.items():
        for each in reading.occurrences:
            yield Seen(each.capability, path, each.line, each.snippet, ways.get(path, ""))


def _kept(seen: Iterable[Seen]) -> Iterator[Seen]:
    """At most MOST_EVIDENCE of each capability: what is reached first, then in order."""
    count: dict[str, int] = defaultdict(int)
    for each in sorted(
        set(seen), key=lambda s: (s.capability, not s.reach, s.file, s.line, s.snippet)
    ):
        count[each.capability] += 1
        if count[each.capability] <= MOST_EVIDENCE:
            yield each
