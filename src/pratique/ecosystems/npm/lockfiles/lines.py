"""The line that a lockfile format would hold: what a remedy tells the user to put in."""

from __future__ import annotations

from collections.abc import Iterable

from pratique.model.finding import Edit
from pratique.model.package import Digest
from pratique.model.pin import Location, Lockfile, Manager, Pin


def insert_integrity(lockfile: Lockfile, pin: Pin, sri: str) -> tuple[Edit, ...]:
    """The edit that puts `sri` into an entry that records none; empty where there is none.

    JSON gets it as an entry's first member, where a comma is right whatever follows.
    """
    if lockfile.manager is Manager.NPM:
        return (Edit(pin.where, "", f'      "integrity": "{sri}",'),)
    if lockfile.manager is Manager.PNPM:
        return (_into_pnpm(lockfile, pin, sri),)
    if lockfile.manager is Manager.YARN_CLASSIC:
        return (Edit(_line(pin, pin.url_line), "", f"  integrity {sri}"),)
    if lockfile.manager is Manager.BUN and pin.digest_line is not None:
        return (Edit(_line(pin, pin.digest_line), ', ""]', f', "{sri}"]'),)
    return ()


def _into_pnpm(lockfile: Lockfile, pin: Pin, sri: str) -> Edit:
    if lockfile.version == "13.0" and pin not in lockfile.environment:
        return Edit(pin.where, "", f'\t\t\t"integrity": "{sri}",')
    if pin.url_line is None:
        return Edit(pin.where, "", f"    resolution: {{integrity: {sri}}}")
    start = "resolution: {"
    return Edit(_line(pin, pin.url_line), start, f"{start}integrity: {sri}, ")


def replace_integrity(pin: Pin, sri: str) -> tuple[Edit, ...]:
    """The edit that replaces an entry's recorded integrity by `sri`."""
    if pin.integrity is None or pin.digest_line is None:
        return ()
    return (Edit(_line(pin, pin.digest_line), pin.integrity, sri),)


def replace_fragment(pin: Pin, stated: Iterable[Digest]) -> tuple[Edit, ...]:
    """The edits of a digest in the address's fragment, where yarn 1 has one, that is another."""
    if pin.url_line is None:
        return ()
    where = _line(pin, pin.url_line)
    recorded = set(pin.digests) - set(Digest.from_sri(pin.integrity or ""))
    pairs = [(old, new) for old in recorded for new in stated if old.algorithm == new.algorithm]
    return tuple(Edit(where, f"#{old.hex}", f"#{new.hex}") for old, new in pairs if old != new)


def replace_url(pin: Pin, url: str) -> tuple[Edit, ...]:
    """The edit that replaces an entry's recorded address by `url`."""
    if pin.url is None or pin.url_line is None or pin.url == url:
        return ()
    return (Edit(_line(pin, pin.url_line), pin.url, url),)


def _line(pin: Pin, line: int | None) -> Location:
    return pin.where if line is None else Location(pin.where.file, line)
