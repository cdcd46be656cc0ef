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

import msgspec

from pratique.proxy import document
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
    "Packument",
    "Shown",
    "Version",
    "documents",
    "pieces_of",
    "published_at",
    "read",
    "render",
]

moment = document.moment

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


def render(packument: Packument, shown: Shown, *, short: bool) -> bytes:
    """The document that a client gets, as `pieces_of` has it, whole."""
    return b"".join(pieces_of(packument, shown, short=short))


def pieces_of(packument: Packument, shown: Shown, *, short: bool) -> Iterable[Piece]:
    """The document that a client gets, in pieces: a large one need not be anywhere as a whole.

    What is not shown is named in no version, time or tag. Where something is hidden, `modified` is
    when the newest shown version was published: pnpm concludes from it that all are that old.

    Args:
        packument: The upstream's document; its abbreviated one where `short`.
        shown: What may be seen.
        short: Whether it is an abbreviated one: `modified` stands beside `versions` there.
    """
    texts = dict(_texts_of(packument, shown))
    others = _others(packument, shown, texts, short=short)
    if not _is_frame(b"".join(_put_together(packument, others, {}))):
        return (b"{}",)
    return _put_together(packument, others, texts)


def _texts_of(packument: Packument, shown: Shown) -> Iterator[tuple[str, Pieces]]:
    """The text of each that is shown: decoded, it is one object, and has our address."""
    visible = frozenset(shown.versions)
    for version, each in packument.versions.items():
        address = shown.addresses.get(version)
        if version in visible and address is not None:
            pieces = each.pieces(address)
            said = shown.deprecated.get(version)
            if pieces is not None and said is not None:
                pieces = _deprecated(b"".join(pieces), said)
                pieces = pieces if address_in(b"".join(pieces)) == address else None
            if pieces is not None:
                yield version, pieces


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


def _put_together(
    packument: Packument, others: Texts, texts: Mapping[str, Pieces]
) -> Iterator[Piece]:
    members = {**others, "versions": _object(texts)}
    names = dict.fromkeys((*packument.order, *others, "versions"))
    return _object({name: members[name] for name in names if name in members})


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


def _object(members: Texts) -> Iterator[Piece]:
    """The pieces of an object's text."""
    before = b"{"
    for name, pieces in members.items():
        yield before + msgspec.json.encode(name) + b":"
        yield from pieces
        before = b","
    yield b"}" if members else b"{}"


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
