"""`GET /-/v1/search`: own packages first, then what the upstream finds, as far as it may be named.

A text that would tell the upstream an own name is not passed on. A version is named only where
it is shown here; what is found is judged by its document alone, and nothing is fetched for it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from pratique.model.private import Right
from pratique.proxy import tokens
from pratique.proxy.answers import JSON, Answer, failed
from pratique.proxy.exchange import Call
from pratique.proxy.packages import Packages
from pratique.proxy.passing import Passing
from pratique.proxy.publications import Publications
from pratique.proxy.searching import (
    Entry,
    Found,
    Sought,
    answered,
    matching,
    read_found,
    read_query,
    tells,
)
from pratique.proxy.settings import Effect
from pratique.proxy.shelf import Shelf
from pratique.proxy.tags import LATEST, repaired
from pratique.proxy.upstream import Refused

MOST_JUDGED = 20
"""Entries of a page whose version is looked at; further ones name none."""
SECONDS = 5.0
"""Time for that."""
_AT_ONCE = 4
_TOLD = "the text names something of your own: the upstream was not asked"
_NOT_ASKED = Found((), {}, 0)


class Search:
    """Answers searches.

    Args:
        packages: Judge what the upstream finds.
        publications: The own packages.
        passing: Asks the upstream.
        dry_run: Whether everything is shown.
    """

    def __init__(
        self, packages: Packages, publications: Publications, passing: Passing, *, dry_run: bool
    ) -> None:
        self._packages, self._publications, self._passing = packages, publications, passing
        self._dry_run = dry_run

    async def answer(self, call: Call) -> Answer:
        """One page of what is found."""
        sought = read_query(call.scope.get("query_string", b""))
        if isinstance(sought, str):
            return failed(400, sought)
        entries = await asyncio.to_thread(self._publications.entries)
        own = matching((each for each in entries if self._may_see(call, each)), sought)
        page = own[sought.start : sought.start + sought.size]
        found = await self._found(sought, len(own), len(page))
        if isinstance(found, Answer):
            # An error is not an empty success; but what is our own is no less found for it.
            if not own:
                return found
            return Answer(200, JSON, answered(page, len(own), call.now, found.reason))
        page += await self._shown(found)
        why = _TOLD if found is _NOT_ASKED else ""
        return Answer(200, JSON, answered(page, len(own) + found.total, call.now, why))

    def _may_see(self, call: Call, entry: Entry) -> bool:
        if call.token is None:
            return True
        return tokens.allows(call.token, Right.READ, entry["name"], call.now)

    async def _found(self, sought: Sought, own: int, taken: int) -> Found | Answer:
        own_names = self._packages.policy.layers["registry"].settings.own
        if tells(sought.text, {*own_names, *self._packages.private_names}):
            return _NOT_ASKED
        if tokens.masked(sought.text) != sought.text:
            return _NOT_ASKED
        start, size = max(0, sought.start - own), sought.size - taken
        # Of a page that is full the upstream says how many more there are.
        answer = await self._passing.search(sought.asked(start, max(size, 1)))
        if answer.status != 200:
            return answer
        found = await asyncio.to_thread(read_found, answer.body)
        if isinstance(found, str):
            return failed(502, found)
        entries = [each for each in found.entries if not self._packages.is_ours(each["name"])]
        return replace(found, entries=tuple(entries[:size]))

    async def _shown(self, found: Found) -> list[Entry]:
        """The entries with the versions that may be named; without those of which none may be."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def looked_at(name: str) -> Shelf | Refused:
            async with gate:
                return await self._packages.glimpse(name)

        names = [each["name"] for each in found.entries[:MOST_JUDGED]]
        tasks = {name: asyncio.create_task(looked_at(name)) for name in names}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=SECONDS)
        shelves = {name: task.result() for name, task in tasks.items() if _came(task)}
        for task in tasks.values():
            task.cancel()
        shown = []
        for entry in found.entries:
            version, date = found.stated[entry["name"]]
            shelf = shelves.get(entry["name"])
            named = {} if shelf is None else self._named(shelf, version, date)
            if named is not None:
                shown.append(entry | named)
        return shown

    def _named(self, shelf: Shelf | Refused, version: str, date: str) -> Entry | None:
        """The version and the date to name; None where nothing of the package is shown."""
        if isinstance(shelf, Refused):
            return None if shelf.status == 404 else {}
        visible = shelf.listed(Effect.HIDE, dry_run=self._dry_run)
        if version in visible:
            return {"version": version, **({"date": date} if date else {})}
        if version in shelf.seen.pending:
            return {}
        if not visible:
            return {} if shelf.seen.pending else None
        moved = repaired({LATEST: version}, visible, tuple(shelf.places)).get(LATEST)
        return {"version": moved} if moved else {}


def _came(task: asyncio.Task[Shelf | Refused]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
