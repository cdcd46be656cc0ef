"""Pages of what was judged, made from the upstream's documents as they are now."""

from __future__ import annotations

from pratique.proxy.packument import Packument
from pratique.proxy.pages import page_from, parts
from pratique.proxy.reading import Reading
from pratique.proxy.settings import Now, Settings
from pratique.proxy.shelf import ChangedError, Page, Shelf, UnreadableError
from pratique.proxy.upstream import FULL, SHORT, Refused

_LARGEST_PLAIN = 4 * 1024 * 1024
"""Bytes of a page that is kept unpacked: clients ask for packed ones."""


class Pages:
    """Makes the pages of what was judged. Used from threads."""

    def __init__(self, reading: Reading, settings: Settings, now: Now) -> None:
        self._reading, self._settings, self._now = reading, settings, now

    def of(self, shelf: Shelf, *, short: bool, encoding: str) -> Page:
        """The page, which the shelf has not yet; it has it then, unless that is too large."""
        found = self._made(shelf, short=short, encoding=encoding)
        if encoding != "identity" or len(found.body) <= _LARGEST_PLAIN:
            shelf.pages[short, encoding] = found
        return found

    def _made(self, shelf: Shelf, *, short: bool, encoding: str) -> Page:
        full = self.whole(shelf)
        abbreviated = self._abbreviated(shelf) if short else None
        how, base = self._settings.enforcement, self._settings.public_url
        body = parts(shelf, full, abbreviated, how, base)
        form = FULL if abbreviated is None else SHORT
        before = self._reading.packed(shelf.name, form)
        page, kept = page_from(body, short=short, encoding=encoding, before=before)
        if kept:
            self._reading.keep_packed(shelf.name, form, kept)
        return page

    def whole(self, shelf: Shelf) -> Packument:
        """The document; what is done with it has to be about the bytes that the shelf is of.

        Raises:
            ChangedError: It is another one by now.
            UnreadableError: There is none.
        """
        found = self._reading.document(shelf.name)
        if isinstance(found, Refused):
            raise UnreadableError(found.why)
        got, packument = found
        if got.digest != shelf.document:
            shelf.good_until = self._now()
            raise ChangedError
        return packument

    def _abbreviated(self, shelf: Shelf) -> Packument | None:
        """The short document; None where there is none to be had, and the whole one has to do."""
        found = self._reading.document(shelf.name, SHORT)
        if isinstance(found, Refused):
            return None
        got, packument = found
        shelf.good_until = min(shelf.good_until, got.until)
        return packument
