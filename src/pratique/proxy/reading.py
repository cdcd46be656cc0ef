"""Upstream documents as they are read: kept parsed for a while, and never taken for good unread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from pratique.proxy.packument import Packument, read
from pratique.proxy.upstream import FULL, Got, Refused, Upstream

_PARSED = 8


class Reading:
    """Documents of the upstreams' packages. Used from threads."""

    def __init__(self, upstream: Upstream, now: Callable[[], datetime]) -> None:
        self._upstream, self._now = upstream, now
        self._parsed: OrderedDict[tuple[str, str], tuple[str, Packument]] = OrderedDict()

    def document(self, name: str, form: str = FULL) -> tuple[Got, Packument] | Refused:
        """The upstream's document and what it says; one that cannot be read replaces no other."""

        def why_not(got: Got) -> str:
            found = self._read(name, form, got)
            return found if isinstance(found, str) else ""

        got = self._upstream.document(name, form, why_not)
        if isinstance(got, Refused):
            return got
        found = self._read(name, form, got)
        if isinstance(found, str):
            return Refused(502, f"the registry's document of {name} is refused: {found}")
        return got, found

    def _read(self, name: str, form: str, got: Got) -> Packument | str:
        known = self._parsed.get((name, form))
        if known is not None and known[0] == got.digest:
            return known[1]
        found = read(got.body, name, now=self._now(), known=known[1] if known else None)
        if isinstance(found, Packument):
            self._parsed[name, form] = (got.digest, found)
            while len(self._parsed) > _PARSED:
                self._parsed.popitem(last=False)
        return found
