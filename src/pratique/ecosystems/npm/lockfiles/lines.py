"""The line that a lockfile format would hold: what a remedy tells the user to put in."""

from __future__ import annotations

from pratique.model.finding import Edit
from pratique.model.pin import Location, Pin

_AFTER = {
    "package-lock": '      "integrity": "{sri}",',
    "npm-shrinkwrap": '      "integrity": "{sri}",',
    "pnpm-lock": "    resolution: {{integrity: {sri}}}",
    "yarn-classic": "  integrity {sri}",
}


def insert_integrity(lockfile_format: str, pin: Pin, sri: str) -> tuple[Edit, ...]:
    """The edit that puts `sri` into an entry that records none; empty where the format has none."""
    line = _AFTER.get(lockfile_format)
    if line is None or (lockfile_format == "pnpm-lock" and pin.url is not None):
        return ()
    below = pin.where if pin.url_line is None else Location(pin.where.file, pin.url_line)
    return (Edit(below, "", line.format(sri=sri)),)


def replace_integrity(pin: Pin, sri: str) -> tuple[Edit, ...]:
    """The edit that replaces an entry's recorded integrity by `sri`."""
    if pin.integrity is None or pin.digest_line is None:
        return ()
    return (Edit(Location(pin.where.file, pin.digest_line), pin.integrity, sri),)


def replace_url(pin: Pin, url: str) -> tuple[Edit, ...]:
    """The edit that replaces an entry's recorded address by `url`."""
    if pin.url is None or pin.url_line is None or pin.url == url:
        return ()
    return (Edit(Location(pin.where.file, pin.url_line), pin.url, url),)
