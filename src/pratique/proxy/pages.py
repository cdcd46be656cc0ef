"""A package's page: what may be seen of it, as bytes that are ready to be sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from pratique.proxy.packing import Kept, packed
from pratique.proxy.packument import Packument, Part, Shown, parts_of, pieces_in
from pratique.proxy.settings import Effect, Enforcement
from pratique.proxy.shelf import Page, Shelf

_KINDS = {True: b"application/vnd.npm.install-v1+json", False: b"application/json"}
_WAITS = "its analysis is pending"


def page_of(body: bytes, *, short: bool, encoding: str) -> Page:
    """The page with its validator; `encoding` is gzip or identity."""
    return page_from((body,), short=short, encoding=encoding)[0]


def page_from(
    parts: Iterable[Part], *, short: bool, encoding: str, before: Kept | None = None
) -> tuple[Page, Kept]:
    """The same of a body in parts; `before` and what is given beside it as of `packed`."""
    kept: Kept = {}
    if encoding == "gzip":
        body, kept = packed(parts, before or {})
    else:
        body = b"".join(pieces_in(parts))
    etag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
    return Page(body, etag, _KINDS[short], b"gzip" if encoding == "gzip" else b""), kept


def rendered(
    shelf: Shelf, full: Packument, short: Packument | None, how: Enforcement, base: str
) -> bytes:
    """The document as `parts` has it, whole."""
    return b"".join(pieces_in(parts(shelf, full, short, how, base)))


def parts(
    shelf: Shelf, full: Packument, short: Packument | None, how: Enforcement, base: str
) -> Iterable[Part]:
    """The document, in parts.

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
        return parts_of(full, shown, short=False)
    agreed = [each for each in versions if _agree(full, short, each)]
    stated = (full.published.get(each) for each in agreed)
    newest = max((each.at for each in stated if each is not None), default=None)
    return parts_of(short, replace(shown, versions=agreed, modified=newest), short=True)


def _deprecated(shelf: Shelf, versions: Iterable[str]) -> Iterable[tuple[str, str]]:
    for version in versions:
        if not shelf.is_visible(version):
            ruling = shelf.enforced.get(version)
            rules = ", ".join(ruling.rules) if ruling else ""
            yield version, f"BLOCKED by policy: {rules or _WAITS}"


def _agree(full: Packument, short: Packument, version: str) -> bool:
    """Whether both name the same bytes, and the short one brings in nothing that was not judged."""
    if version not in short.versions:
        return False
    one, other = full.versions[version].document, short.versions[version].document
    if isinstance(one, str) or isinstance(other, str):
        return False
    if one.digests != other.digests or one.tarball != other.tarball:
        return False
    return other.dependencies == one.dependencies or (
        set(other.dependencies) <= set(one.dependencies)
    )
