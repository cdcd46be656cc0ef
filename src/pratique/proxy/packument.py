"""A package's document: what an upstream says of it, and what a client is shown of that.

Of a version object that is shown only the value of `dist.tarball` changes (and `deprecated`, where
that is said): it is cut out of the upstream's own text and put back, byte for byte, whatever else
it holds. What is given is decoded once more before it leaves, each version by itself; one whose
address is not ours then is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from zlib import crc32

import msgspec

from pratique.proxy.document import (
    PROTOTYPE,
    Packument,
    Version,
    address_in,
    documents,
    published_at,
    read,
)
from pratique.proxy.members import BROKEN, Places, members_of
from pratique.proxy.tags import repaired

__all__ = [
    "Lines",
    "Packument",
    "Shown",
    "Version",
    "documents",
    "parts_of",
    "published_at",
    "read",
    "render",
]

_UNSENT = frozenset({"_attachments", "_distfiles", "_uplinks", PROTOTYPE})
"""Members that name files of all versions, at other addresses; no client reads them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a client may see of a package.

    Attributes:
        versions: Those that are listed.
        addresses: Version -> our address of its artifact; a version without one is not listed.
        deprecated: Version -> text: listed, but said to be deprecated; tags lead past it.
        modified: When the newest of them was published, where the document does not tell.
    """

    versions: Collection[str]
    addresses: Mapping[str, str]
    deprecated: Mapping[str, str] = field(default_factory=dict)
    modified: datetime | None = None


class _Whole(msgspec.Struct):
    versions: dict[str, msgspec.Raw] = {}


Piece = bytes | memoryview | msgspec.Raw
Pieces = tuple[bytes | memoryview, ...]
"""What a version object's text is put together from; what stays as it is is not copied before."""

_WHOLE = msgspec.json.Decoder(_Whole)
_FEWEST, _MOST, _USUAL = 32, 128, 31
"""Versions that stand together. Where they end depends on what they are called alone: what comes or
goes changes its own lines and those beside, and equal documents are divided in the same way."""


class Lines(NamedTuple):
    """Versions that stand one behind another. Equal ones have equal texts.

    Attributes:
        is_first: Whether no version stands before them.
        versions: Each with an address that it takes.
        addresses: Ours, of each.
        said: What is said to be why it is deprecated, of each.
    """

    is_first: bool
    versions: tuple[Version, ...]
    addresses: tuple[str, ...]
    said: tuple[str | None, ...]

    def pieces(self) -> Iterator[Piece]:
        before = b"" if self.is_first else b","
        for version, address, said in zip(self.versions, self.addresses, self.said, strict=True):
            yield before + msgspec.json.encode(version.version) + b":"
            yield from _text(version, address, said)
            before = b","


Part = Lines | Piece


def render(packument: Packument, shown: Shown, *, short: bool) -> bytes:
    """The document that a client gets, as `parts_of` has it, whole."""
    return b"".join(pieces_in(parts_of(packument, shown, short=short)))


def pieces_in(parts: Iterable[Part]) -> Iterator[Piece]:
    """What the parts are put together from."""
    for part in parts:
        if isinstance(part, Lines):
            yield from part.pieces()
        else:
            yield part


def parts_of(packument: Packument, shown: Shown, *, short: bool) -> Iterable[Part]:
    """The document that a client gets, in parts: a large one need not be anywhere as a whole.

    What is not shown is named in no version, time or tag. Where something is hidden, `modified` is
    when the newest shown version was published: pnpm concludes from it that all are that old.

    Args:
        packument: The upstream's document; its abbreviated one where `short`.
        shown: What may be seen.
        short: Whether it is an abbreviated one: `modified` stands beside `versions` there.
    """
    listed = list(_listed(packument, shown))
    names = dict.fromkeys([each.version for each, _, _ in listed])
    others = _others(packument, shown, names, short=short)
    if not _is_frame(b"".join(pieces_in(_put_together(packument, others, ())))):
        return (b"{}",)
    return _put_together(packument, others, _lines(listed))


Listed = tuple[Version, str, str | None]
"""One that is shown, its address here, and why it is said to be deprecated."""


def _listed(packument: Packument, shown: Shown) -> Iterator[Listed]:
    """Each that is shown: decoded, it is one object, and has our address."""
    visible, addresses = frozenset(shown.versions), shown.addresses
    for version, each in packument.versions.items():
        if version not in visible or (address := addresses.get(version)) is None:
            continue
        said = shown.deprecated.get(version)
        if not each.takes(address):
            continue
        if said is None or address_in(b"".join(_text(each, address, said))) == address:
            yield each, address, said


def _lines(listed: Iterable[Listed]) -> Iterator[Lines]:
    waiting: list[Listed] = []
    is_first = True
    for each in listed:
        waiting.append(each)
        count = len(waiting)
        if count < _FEWEST:
            continue
        if count == _MOST or not crc32(each[0].version.encode()) & _USUAL:
            yield Lines(is_first, *zip(*waiting, strict=True))
            waiting, is_first = [], False
    if waiting:
        yield Lines(is_first, *zip(*waiting, strict=True))


def _text(version: Version, address: str, said: str | None) -> Pieces:
    """Of one that takes the address."""
    pieces = version.pieces(address)
    return pieces if said is None else _deprecated(b"".join(pieces), said)


def _deprecated(text: bytes, said: str) -> Pieces:
    """The version object with this text as `deprecated`; nothing where it cannot be put in."""
    value = msgspec.json.encode(said)
    members = members_of(text)
    if members is None:
        return ()
    if "deprecated" not in members:
        return b'{"deprecated":', value, b",", text[1:]
    at = Places(text).of("deprecated", text, members)
    return () if at is None else (text[: at[0]], value, text[at[1] :])


def _is_frame(body: bytes) -> bool:
    """Whether a reader finds an object without versions: all others are put in there."""
    try:
        return not _WHOLE.decode(body).versions
    except BROKEN:
        return False


Texts = Mapping[str, Iterable[Piece]]


def _others(packument: Packument, shown: Shown, versions: Collection[str], *, short: bool) -> Texts:
    """The members beside the versions."""
    made = _made(packument, shown, versions, short=short)
    return {
        **{name: (raw,) for name, raw in packument.members.items() if name not in _UNSENT},
        **{name: (msgspec.json.encode(value),) for name, value in made.items()},
    }


def _put_together(packument: Packument, others: Texts, versions: Iterable[Lines]) -> Iterator[Part]:
    before = b"{"
    for name in dict.fromkeys((*packument.order, *others, "versions")):
        if name == "versions":
            yield before + b'"versions":{'
            yield from versions
            yield b"}"
        elif name in others:
            yield before + msgspec.json.encode(name) + b":"
            yield from others[name]
        else:
            continue
        before = b","
    yield b"}"


def _made(
    packument: Packument, shown: Shown, versions: Collection[str], *, short: bool
) -> dict[str, object]:
    """The members that are written anew, but for the versions."""
    every = [*packument.versions, *packument.refused]
    steered = [version for version in versions if version not in shown.deprecated]
    made: dict[str, object] = {
        "name": packument.name,
        "dist-tags": repaired(packument.tags, steered, every),
    }
    is_whole = len(versions) == len(every)
    modified = packument.modified if is_whole else None
    modified = modified or _newest(packument, shown, versions)
    if "time" in packument.order:
        made["time"] = _times(packument, versions, modified)
    if modified is not None and (short or "modified" in packument.order):
        made["modified"] = modified
    return made


def _times(packument: Packument, shown: Collection[str], modified: str | None) -> dict[str, str]:
    """Those of what is shown, in the document's order."""
    of_package = {} if modified is None else {"modified": modified}
    stated = {**packument.time, **of_package}
    return {
        each: at
        for each, at in stated.items()
        if each in shown or each in of_package or each == "created"
    }


def _newest(packument: Packument, shown: Shown, versions: Collection[str]) -> str | None:
    """When the newest of the versions was published; None where nothing tells."""
    known = ((at, each) for each in versions if (at := published_at(packument, each)) is not None)
    newest = max(known, default=None)
    if newest is not None:
        return packument.time[newest[1]]
    if shown.modified is None:
        return None
    stated = shown.modified.astimezone(UTC).isoformat(timespec="milliseconds")
    return stated.replace("+00:00", "Z")
