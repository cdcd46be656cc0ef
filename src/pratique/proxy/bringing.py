"""Artifacts that may be given out are brought: once for all who ask at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from pratique.model.record import Decision
from pratique.proxy.shelf import Given, Shelf
from pratique.proxy.sights import Sights
from pratique.proxy.upstream import Refused, Upstream

_THREADS = 16


class Bringing:
    """Brings artifacts, in threads of its own: an upstream may take minutes for one.

    One thread waits for an artifact, however many people do.
    """

    def __init__(self, upstream: Upstream, sights: Sights) -> None:
        self._upstream, self._sights = upstream, sights
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="artifacts")
        self._under_way: dict[tuple[str, ...], asyncio.Future[Given | Refused]] = {}

    async def of(self, shelf: Shelf, version: str, decision: Decision) -> Given | Refused:
        """The artifact, of which this was decided; the shelf has it from then on."""
        key = (shelf.name, shelf.document, version, decision.id)
        coming = self._under_way.get(key)
        if coming is None:
            loop = asyncio.get_running_loop()
            coming = loop.run_in_executor(self._threads, self._brought, shelf, version, decision)
            self._under_way[key] = coming
            coming.add_done_callback(lambda _: self._under_way.pop(key, None))
        # Who goes away ends it for nobody else.
        found = await asyncio.shield(coming)
        if isinstance(found, Given):
            shelf.given[version] = found
        return found

    def _brought(self, shelf: Shelf, version: str, decision: Decision) -> Given | Refused:
        place = shelf.places[version]
        found = self._upstream.artifact(shelf.name, place.url, place.digests)
        if isinstance(found, Refused):
            return found
        if place.sha512 is None and not self._sights.bind(shelf.name, shelf.registry, place, found):
            return Refused(502, "the registry serves other bytes than when it was first seen")
        return Given(found, version, decision.id)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
