"""Upstream documents as they are read: kept parsed for a while, and never taken for good unread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pratique.proxy.carried import Carried
from pratique.proxy.packing import Kept
from pratique.proxy.packument import Packument, read
from pratique.proxy.tuning import trim
from pratique.proxy.upstream import FULL, Got, Refused, Upstream

Parsed = tuple[str, Packument, int]
"""The digest of a document, what it says, and its size in bytes."""
_PARSED, _ROOM = 16, 12 * 1024 * 1024
"""Documents that are kept, and the bytes of all but the largest; as they are kept, they take about
half of that. The largest is the one that is worth it most: smaller ones do not drive it out."""

_TRIMMED = 2 * 1024 * 1024
"""Bytes of a document after which memory is given back: reading it leaves as much free, in pieces
too small to be given back by themselves, and the next one begins from there."""


class Reading:
    """Documents of the upstreams' packages. Used from threads."""

    def __init__(self, upstream: Upstream, now: Callable[[], datetime]) -> None:
        self._upstream, self._now = upstream, now
        self._parsed: OrderedDict[tuple[str, str], Parsed] = OrderedDict()
        self._judged: dict[tuple[str, str], Carried] = {}
        self._packed: dict[tuple[str, str], Kept] = {}
        self._guard = threading.Lock()

    def document(self, name: str, form: str = FULL) -> tuple[Got, Packument] | Refused:
        """The upstream's document and what it says; one that cannot be read replaces no other.

        The body is left out: it was read, and nobody has to hold it any longer.
        """
        known = self._parsed.get((name, form))

        def why_not(got: Got) -> str:
            found = self._read(name, form, got, known)
            return found if isinstance(found, str) else ""

        got = self._upstream.document(name, form, why_not, known[0] if known else "")
        if isinstance(got, Refused):
            return got
        found = self._read(name, form, got, known)
        if isinstance(found, str):
            return Refused(502, f"the registry's document of {name} is refused: {found}")
        return replace(got, body=b""), found

    def _read(self, name: str, form: str, got: Got, known: Parsed | None) -> Packument | str:
        for parsed in (known, self._parsed.get((name, form))):
            if parsed is not None and parsed[0] == got.digest:
                return parsed[1]
        found = read(got.body, name, now=self._now(), known=known[1] if known else None)
        if isinstance(found, Packument):
            with self._guard:
                self._parsed.pop((name, form), None)
                self._parsed[name, form] = (got.digest, found, len(got.body))
                self._make_room()
            if len(got.body) > _TRIMMED:
                trim()
        return found

    def _make_room(self) -> None:
        """The newest is kept however large it is: it is about to be used again."""
        while len(self._parsed) > 1 and (self._room() > _ROOM or len(self._parsed) > _PARSED):
            gone, _ = self._parsed.popitem(last=False)
            self._judged.pop(gone, None)
            self._packed.pop(gone, None)

    def _room(self) -> int:
        sizes = [size for _, _, size in self._parsed.values()]
        return sum(sizes) - max(sizes)

    # What was judged of them

    def judged(self, name: str) -> Carried | None:
        """What was decided of its releases by what the document said then."""
        return self._judged.get((name, FULL))

    def keep(self, name: str, judged: Carried) -> None:
        """Remember it for as long as the document."""
        with self._guard:
            if (name, FULL) in self._parsed:
                self._judged[name, FULL] = judged

    # What was packed of them

    def packed(self, name: str, form: str) -> Kept:
        """The lines of its document as they were packed for a page."""
        return self._packed.get((name, form), {})

    def keep_packed(self, name: str, form: str, packed: Kept) -> None:
        """Remember them for as long as the document."""
        with self._guard:
            if (name, form) in self._parsed:
                self._packed[name, form] = packed
