"""A package's page: what may be seen of it, as bytes that are ready to be sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from isal import isal_zlib

from pratique.proxy.packument import Packument, Piece, Shown, moment, pieces_of
from pratique.proxy.settings import Effect, Enforcement
from pratique.proxy.shelf import Page, Shelf

_KINDS = {True: b"application/vnd.npm.install-v1+json", False: b"application/json"}
_GZIP = 31
"""Bits of the window, and 16 for gzip's head, which states no time (zlib.h, deflateInit2)."""
_BLOCK = 256 * 1024
_WAITS = "its analysis is pending"


def page_of(body: bytes, *, short: bool, encoding: str) -> Page:
    """The page with its validator; `encoding` is gzip or identity."""
    return page_from((body,), short=short, encoding=encoding)


def page_from(body: Iterable[Piece], *, short: bool, encoding: str) -> Page:
    """The same of a body in pieces."""
    packed = _packed(body) if encoding == "gzip" else b"".join(body)
    etag = b'"' + hashlib.sha256(packed).hexdigest()[:32].encode() + b'"'
    return Page(packed, etag, _KINDS[short], b"gzip" if encoding == "gzip" else b"")


def _packed(body: Iterable[Piece]) -> bytes:
    """As gzip. The whole of a large document is nowhere; equal ones are packed to equal bytes."""
    packer = isal_zlib.compressobj(2, isal_zlib.DEFLATED, _GZIP)
    return b"".join((*map(packer.compress, _blocks(body)), packer.flush()))


def _blocks(body: Iterable[Piece]) -> Iterator[bytes]:
    """The same in blocks of one size, however it comes."""
    waiting: list[Piece] = []
    size = 0
    for piece in body:
        waiting.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            whole = b"".join(waiting)
            full = size - size % _BLOCK
            yield from (whole[at : at + _BLOCK] for at in range(0, full, _BLOCK))
            waiting, size = [whole[full:]], size - full
    yield b"".join(waiting)


def rendered(
    shelf: Shelf, full: Packument, short: Packument | None, how: Enforcement, base: str
) -> bytes:
    """The document as `pieces` has it, whole."""
    return b"".join(pieces(shelf, full, short, how, base))


def pieces(
    shelf: Shelf, full: Packument, short: Packument | None, how: Enforcement, base: str
) -> Iterable[Piece]:
    """The document, in pieces.

    Args:
        shelf: The package, judged.
        full: The upstream's whole document.
        short: Its abbreviated one, where that is asked for: what it says otherwise than the whole
            one is not shown.
        how: What a verdict does.
        base: Our address, ending in "/".
    """
    versions = shelf.listed(how.effect, dry_run=how.dry_run)
    addresses = {version: base + shelf.places[version].path for version in versions}
    deprecated = dict(_deprecated(shelf, versions)) if how.effect is Effect.SOFT else {}
    shown = Shown(versions, addresses, deprecated)
    if short is None:
        return pieces_of(full, shown, short=False)
    agreed = [each for each in versions if _agree(full, short, each)]
    newest = max((at for each in agreed if (at := moment(full.time.get(each)))), default=None)
    return pieces_of(short, replace(shown, versions=agreed, modified=newest), short=True)


def _deprecated(shelf: Shelf, versions: Iterable[str]) -> Iterable[tuple[str, str]]:
    for version in versions:
        if not shelf.is_visible(version):
            ruling = shelf.enforced.get(version)
            rules = ", ".join(ruling.rules) if ruling else ""
            yield version, f"BLOCKED by policy: {rules or _WAITS}"


def _agree(full: Packument, short: Packument, version: str) -> bool:
    """Whether both documents name the same bytes."""
    if version not in short.versions:
        return False
    one, other = full.versions[version].document, short.versions[version].document
    if isinstance(one, str) or isinstance(other, str):
        return False
    return one.digests == other.digests and one.tarball == other.tarball
