"""Facts that a registry told, in the database that several nodes share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pratique.store.closing import Closing
from pratique.store.firewall.database import micros, moment
from pratique.store.port import Entry, Shelf, Store

_BYTES = 8


class Dated(Closing):
    """`Store` over one that holds facts of content alone: knows whose they are, and until when.

    The registry stands in the subject, and the end of its freshness before the value.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._store.warnings

    def credential_key(self, credential: str | None) -> str:
        return self._store.credential_key(credential)

    def load(self, shelf: Shelf, subjects: Iterable[str]) -> dict[str, Entry]:
        named = {_subject(shelf, each): each for each in subjects}
        found = self._store.load(shelf, named)
        read = ((named[name], _read(entry)) for name, entry in found.items())
        return {name: replace(entry, subject=name) for name, entry in read if entry is not None}

    def save(self, shelf: Shelf, entries: Iterable[Entry]) -> None:
        self._store.save(shelf, [_written(shelf, each) for each in entries])

    def close(self) -> None:
        self._store.close()


def _subject(shelf: Shelf, subject: str) -> str:
    """No address and no key of a credential holds a space."""
    return f"{shelf.registry} {shelf.credential} {subject}"


def _written(shelf: Shelf, entry: Entry) -> Entry:
    until = micros(entry.fresh_until).to_bytes(_BYTES, "big", signed=True)
    return replace(entry, subject=_subject(shelf, entry.subject), value=until + entry.value)


def _read(entry: Entry) -> Entry | None:
    if len(entry.value) < _BYTES:
        return None
    until = int.from_bytes(entry.value[:_BYTES], "big", signed=True)
    return replace(entry, value=entry.value[_BYTES:], fresh_until=moment(until))
