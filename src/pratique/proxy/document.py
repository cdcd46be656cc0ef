"""A package's document as an upstream has it: what is believed of it, and where addresses stand.

The text of a version is kept as it is. Contradictions make it one that can never be shown: another
name or version inside, two members of one name, no address that can be read in one way only.
"""

from __future__ import annotations

import hashlib
import re
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import msgspec

from pratique.ecosystems.npm.versions import is_version
from pratique.gather.documents import ANOTHER, NO_PACKAGE, SHAPELESS, read_version
from pratique.model.fact import Published, VersionDocument
from pratique.proxy.blocks import Packer, Text, is_scattered
from pratique.proxy.members import BROKEN, Members, Places, Span, members_of
from pratique.proxy.paths import LONGEST
from pratique.proxy.times import published_of

LARGEST = 64 * 1024 * 1024
"""Bytes of a document."""
LARGEST_VERSION = 1024 * 1024
"""Bytes of what it says of one version."""
MOST_VERSIONS = 100_000
MOST_MEMBERS = 1_000_000
_UNCOUNTED = 8 * 1024 * 1024
"""Bytes that cannot hold more members than that."""
_PIECE = 1024 * 1024
_RUN = 2000
_SKEW = timedelta(minutes=5)

TWICE = "answered with a version that two readers could read apart"
ADDRESSLESS = "answered without an address of the artifact that can be used"
SHARED = "answered with one address for several versions"
FOREIGN = "answered with the address of another release's attestations"

_STRICT = re.compile(
    r"(?:0|[1-9]\d{0,14})(?:\.(?:0|[1-9]\d{0,14})){2}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_ADDRESS = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}")
_TWO_DIGITS = re.compile(rb"(?=\d\d)")
PROTOTYPE = "__proto__"
"""A client that copies this member changes what all of its objects are."""


class _Addressed(msgspec.Struct):
    tarball: msgspec.Raw
    attestations: msgspec.Raw = msgspec.Raw()


class _Attested(msgspec.Struct):
    url: Any = None


class _Dist(msgspec.Struct):
    tarball: str


class _Given(msgspec.Struct):
    dist: _Dist


_EMPTY = msgspec.Raw(b"{}")
_NONE = msgspec.Raw(b"null")
_ADDRESSED = msgspec.json.Decoder(_Addressed)
_ATTESTED = msgspec.json.Decoder(_Attested)
_GIVEN = msgspec.json.Decoder(_Given)
_TEXT = msgspec.json.Decoder(str)
_ANY = msgspec.json.Decoder()
_TARBALL = b'"tarball"'
_ENDPOINT = "/-/npm/v1/attestations/"
_OURS = ("name", "versions", "time", "dist-tags", "modified")


class Version(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What a document says of one version. Of two documents with the same text of it, one object.

    Attributes:
        name: Of the package.
        version: The version.
        digest: SHA-256 of the version object.
        tarball: `dist.tarball`, decoded.
        at: Where the value of `dist.tarball`, quotes included, stands in `raw`.
        text: The version object, packed.
    """

    name: str
    version: str
    digest: bytes
    tarball: str
    at: Span
    text: Text
    _read: VersionDocument | str | None = None
    _shown: tuple[str, bool] = ("", False)

    @property
    def raw(self) -> bytes:
        """The version object, verbatim."""
        return self.text.read()

    @property
    def document(self) -> VersionDocument | str:
        """What rules read of it, read when it is first wanted; or why it cannot be judged."""
        found = self._read
        if found is None:
            found = read_version(self.raw, self.name, self.version)
            msgspec.structs.force_setattr(self, "_read", found)
        return found

    def takes(self, address: str) -> bool:
        """Whether a reader finds this address in the place of its own.

        The text with it is decoded once more, the first time.
        """
        shown, is_well = self._shown
        if shown != address:
            is_well = address_in(b"".join(self.pieces(address))) == address
            msgspec.structs.force_setattr(self, "_shown", (address, is_well))
        return is_well

    def pieces(self, address: str) -> tuple[bytes | memoryview, ...]:
        """The text with this address in the place of its own; what stays is not copied."""
        start, stop = self.at
        raw = memoryview(self.raw)
        return raw[:start], msgspec.json.encode(address), raw[stop:]


def address_in(text: bytes) -> str | None:
    """`dist.tarball` of a version object, as a reader finds it."""
    try:
        return _GIVEN.decode(text).dist.tarball
    except BROKEN:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packument:
    """An upstream's document of a package.

    Attributes:
        name: The package's.
        versions: Version -> what is said of it, in the document's order.
        refused: Version -> why it can never be shown.
        time: As stated, verbatim; only what is text. Empty where nothing is stated.
        published: The same as the registry's word on when each was published; what is no time is
            not among them.
        created, modified: As stated, verbatim.
        tags: dist-tag -> version, as stated.
        members: All other members, verbatim.
        order: The names of all members, in order.
        latest: A time beyond this one lies in the future: it is none.
    """

    name: str
    versions: Mapping[str, Version]
    refused: Mapping[str, str]
    time: Mapping[str, str]
    published: Mapping[str, Published]
    created: str | None
    modified: str | None
    tags: Mapping[str, str]
    members: Mapping[str, msgspec.Raw]
    order: tuple[str, ...]
    latest: datetime


# Reading


def read(
    body: bytes | bytearray, name: str, *, now: datetime, known: Packument | None = None
) -> Packument | str:
    """The document of `name`, or why it is not believed, as the end of a sentence.

    Args:
        body: As the upstream sent it, without an encoding.
        name: The package's.
        now: The moment: a later time that is stated is none.
        known: An earlier document of it. What it says of a version in the same bytes is not read
            again, which saves most of the time.
    """
    if why := _why_too_much(body):
        return why
    members = members_of(body)
    if members is None or _as_text(members.get("name")) != name:
        return NO_PACKAGE
    listed = members_of(members.get("versions", _EMPTY))
    time, tags = _texts(members.get("time")), _texts(members.get("dist-tags"))
    if listed is None or time is None or tags is None:
        return NO_PACKAGE
    if len(listed) > MOST_VERSIONS:
        return f"answered with more than {MOST_VERSIONS} versions"
    versions, refused = _versions(name, listed, known)
    return Packument(
        name=name,
        versions=versions,
        refused=refused,
        time=time,
        published=published_of(time, (known.time, known.published) if known else None),
        created=time.get("created"),
        modified=time.get("modified") or _as_text(members.get("modified")),
        tags=tags,
        members={each: raw.copy() for each, raw in members.items() if each not in _OURS},
        order=tuple(members),
        latest=now + _SKEW,
    )


def _why_too_much(body: bytes | bytearray) -> str:
    """Why the document is not even decoded; "" where it is."""
    if len(body) > LARGEST:
        return f"answered with a document of more than {LARGEST} bytes"
    if len(body) > _UNCOUNTED and body.count(b",") > MOST_MEMBERS:
        return f"answered with a document of more than {MOST_MEMBERS} values"
    if _has_vast_number(body):
        return f"answered with a number of more than {_RUN} digits"
    return "" if _is_utf8(body) else "answered with text that is not UTF-8"


def _has_vast_number(body: bytes | bytearray) -> bool:
    """Whether digits stand one behind another in a number that readers differ on.

    All runs of 2 * _RUN digits are found, and none shorter than _RUN: of the bytes looked at, two
    that follow each other are digits.
    """
    looked_at = _TWO_DIGITS.finditer(body[::_RUN])
    starts = (found.start() * _RUN for found in looked_at)
    return any(body[start : start + _RUN].isdigit() for start in starts)


def _is_utf8(body: bytes | bytearray) -> bool:
    """Decoded piece by piece: as a whole it could take four times as much room."""
    if body.isascii():
        return True
    decode = getincrementaldecoder("utf-8")().decode
    try:
        for at in range(0, len(body), _PIECE):
            decode(body[at : at + _PIECE], at + _PIECE >= len(body))
    except UnicodeDecodeError:
        return False
    return True


def _versions(
    name: str, listed: Members, known: Packument | None
) -> tuple[dict[str, Version], dict[str, str]]:
    """The versions that can be shown, and why others never can."""
    found: dict[str, Version] = {}
    refused: dict[str, str] = {}
    reading = _Reading(name, listed, known)
    for version, raw in listed.items():
        one = reading.version(version, raw)
        if isinstance(one, str):
            refused[version] = one
        else:
            found[version] = one
    reading.packer.done()
    counts = Counter(each.tarball for each in found.values())
    for version in [version for version, each in found.items() if counts[each.tarball] > 1]:
        del found[version]
        refused[version] = SHARED
    return found, refused


class _Reading:
    """Reads the versions of one document."""

    def __init__(self, name: str, listed: Members, known: Packument | None) -> None:
        self._known = known.versions if known and known.name == name else {}
        if is_scattered(each.text for each in self._known.values()):
            self._known = {}
        self.packer = Packer()
        self._name = name
        self._named = msgspec.json.encode(name)
        self._places = Places(next(iter(listed.values()), _EMPTY))

    def version(self, version: str, raw: msgspec.Raw) -> Version | str:
        if not (_STRICT.fullmatch(version) or is_version(version)):
            return "answered with a version that is none"
        if len(raw) > LARGEST_VERSION:
            return f"answered with a version of more than {LARGEST_VERSION} bytes"
        text = bytes(raw)
        digest, before = hashlib.sha256(text).digest(), self._known.get(version)
        if before is not None and before.digest == digest:
            return before
        members = members_of(text)
        if members is None or PROTOTYPE in members:
            return SHAPELESS
        if not self._is_about(version, members):
            return ANOTHER
        dist = bytes(members.get("dist", _NONE))
        told = _stated(dist)
        stated = told.tarball if told else None
        tarball = _as_text(stated)
        if told is None or stated is None or tarball is None or not _ADDRESS.fullmatch(tarball):
            return ADDRESSLESS
        if told.attestations and _is_foreign(told.attestations, f"{self._name}@{version}"):
            return FOREIGN
        outer = self._places.of("dist", text, members)
        inner = self._place(dist, stated)
        if outer is None or inner is None:
            return TWICE
        at = (outer[0] + inner[0], outer[0] + inner[1])
        return Version(self._name, version, digest, tarball, at, self.packer.keep(text))

    def _place(self, dist: bytes, stated: msgspec.Raw) -> Span | None:
        """Where the address stands: behind the only name that can be the one it belongs to."""
        at = dist.find(_TARBALL) + len(_TARBALL) + len(self._places.colon)
        if dist.startswith(stated, at) and _is_single(dist):
            return at, at + len(stated)
        members = members_of(dist)
        return None if members is None else self._places.of("tarball", dist, members)

    def _is_about(self, version: str, members: Members) -> bool:
        named, said = members.get("name", _NONE), members.get("version", _NONE)
        if bytes(named) != self._named and _as_text(named) != self._name:
            return False
        return bytes(said) == b'"%s"' % version.encode() or _as_text(said) == version


def _stated(dist: bytes) -> _Addressed | None:
    try:
        return _ADDRESSED.decode(dist)
    except BROKEN:
        return None


def _is_foreign(attestations: msgspec.Raw, release: str) -> bool:
    """Whether a client is sent to the endpoint for another release, which may be a hidden one."""
    try:
        url = _ATTESTED.decode(attestations).url
    except BROKEN:
        return False
    if not isinstance(url, str) or _ENDPOINT not in url:
        return False
    return unquote(url.rpartition(_ENDPOINT)[2]) != release


def _is_single(dist: bytes) -> bool:
    """Whether no member that counts can be there twice, under an escaped name neither."""
    if b"\\u" in dist or dist.count(b'"tarball"') > 1:
        return False
    return dist.count(b'"integrity"') < 2 and dist.count(b'"shasum"') < 2


def _as_text(raw: msgspec.Raw | None) -> str | None:
    """The value where it is text."""
    try:
        return None if raw is None else _TEXT.decode(raw)
    except BROKEN:
        return None


def _texts(raw: msgspec.Raw | None) -> dict[str, str] | None:
    """The members that are text; None where it is no object."""
    try:
        found = _ANY.decode(_EMPTY if raw is None else raw)
    except BROKEN:
        return None
    if found is None:
        return {}
    if not isinstance(found, dict):
        return None
    return {name: value for name, value in found.items() if isinstance(value, str)}


# What is asked of it


def published_at(packument: Packument, version: str) -> datetime | None:
    """When the version was published, as stated; None where that is no time, or a future one."""
    stated = packument.published.get(version)
    return None if stated is None or stated.at > packument.latest else stated.at


def documents(
    packument: Packument, versions: Collection[str] | None = None
) -> dict[str, VersionDocument]:
    """What rules read of those versions, or of all. What cannot be judged is not among them."""
    wanted = packument.versions if versions is None else versions
    read = ((each, packument.versions[each]) for each in wanted if each in packument.versions)
    found = ((version, each.document) for version, each in read)
    return {version: each for version, each in found if not isinstance(each, str)}
