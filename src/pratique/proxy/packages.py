"""The firewall's desk: a package's document and artifacts, judged before anything of them is given.

What blocks runs in threads; waiting for an analysis does not take one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from pratique.evaluate.door import Ruling
from pratique.gather.configured import publish_times
from pratique.model.behavior import ANALYSER, Analysis
from pratique.model.fact import Missing, Why
from pratique.model.policy import Policy, Verdict
from pratique.model.record import Decision, Door
from pratique.proxy.bringing import Bringing
from pratique.proxy.deciding import decision_of
from pratique.proxy.dependencies import Told, told_of
from pratique.proxy.evidence import Evidence
from pratique.proxy.known import Known
from pratique.proxy.lists import Lists
from pratique.proxy.needs import Needs
from pratique.proxy.packument import Packument, documents
from pratique.proxy.paging import Pages
from pratique.proxy.quarantine import Quarantine
from pratique.proxy.reading import Reading
from pratique.proxy.settings import Now, Settings
from pratique.proxy.shelf import (
    Given,
    Page,
    Shelf,
    Withheld,
    enforced,
    grounds_of,
    places_again,
    soonest,
    stated_digests,
)
from pratique.proxy.shelves import Shelves
from pratique.proxy.sights import Sights
from pratique.proxy.turns import Turns
from pratique.proxy.upstream import SKEW, Got, Refused, Upstream
from pratique.proxy.verdicts import Judging
from pratique.store.blobs import Blobs
from pratique.store.firewall import Firewall
from pratique.store.firewall.port import Job, Key

T = TypeVar("T")
_THREADS = 16
_MOST_DECISIONS = 200
"""Decisions on hidden releases of one package that are put on record at once, the newest first."""
_FIRST, _LATER = 10, 0
_NONE = timedelta()


class Packages:
    """Documents and artifacts of the upstreams' packages."""

    def __init__(
        self,
        settings: Settings,
        upstream: Upstream,
        kept: tuple[Firewall, Blobs],
        quarantine: Callable[[Callable[[Job], str | Missing]], Quarantine],
        evidence: Evidence,
        now: Now,
    ) -> None:
        self._settings, self._upstream, self._evidence = settings, upstream, evidence
        (self._firewall, self._blobs), self._now = kept, now
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="packages")
        self._shelves = Shelves(self._forget)
        self._reading = Reading(upstream, now)
        self._sights = Sights(upstream, self._firewall, now)
        self._pages = Pages(self._reading, settings, now)
        self._turns = Turns()
        self._asked: dict[str, set[str]] = {}
        self._dependencies = Told()
        self._bringing = Bringing(upstream, self._sights)
        self._longest = settings.freshness.fresh + SKEW
        self.quarantine = quarantine(self._fetched)
        self.private_names = set(self._firewall.private.names())
        self.generation = 0
        self.lists: Lists
        self.policy = settings.policy
        self._applying = threading.Lock()
        self.apply()

    def apply(self, policy: Policy | None = None) -> None:
        """Judge by this policy from now on, and read its lists anew; without one, only these."""
        with self._applying:
            # The same objects where nothing is new: what was judged by them still holds.
            policy = self.policy if policy is None or policy == self.policy else policy
            names = policy.layers["registry"].settings.blocklists
            trusted = self._evidence.apply(policy)
            lists = Lists(self._settings.policy_folder, names, trusted)
            self.lists = lists.unless_same(self.lists) if self.generation else lists
            self._times = publish_times(policy, self._settings.registries)
            self.policy = policy
            self.generation += 1

    async def _thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    # Documents

    def ready(self, name: str, now: datetime | None = None) -> Shelf | None:
        """The package as it was judged, where that still holds."""
        shelf = self._shelves.get(name)
        if shelf is None or shelf.generation != self.generation:
            return None
        left = shelf.good_until - (now or self._now())
        # No document is good for longer: of a clock that was ahead, nothing is.
        return shelf if _NONE < left <= self._longest else None

    async def shelf(self, name: str, *, wait: bool = True) -> Shelf | Refused:
        """The package, judged now; with `wait`, what a resolver would pick is examined first."""
        if (found := self.ready(name)) is not None:
            return found
        async with self._turns.at(name):
            if (found := self.ready(name)) is not None:
                return found
            return await self._looked_at(name, wait=wait)

    async def glimpse(self, name: str) -> Shelf | Refused:
        """The package as its document alone lets it be judged: nothing else is asked for."""
        if (found := self.ready(name)) is not None:
            return found
        return await self._thread(lambda: self._judged(name))

    async def _looked_at(self, name: str, *, wait: bool) -> Shelf | Refused:
        ends = asyncio.get_running_loop().time() + self._settings.patience.total_seconds()
        needs = Needs()
        while True:
            shelf = await self._thread(lambda: self._judged(name))
            if isinstance(shelf, Refused):
                return shelf
            before, needs = needs, shelf.seen.needs
            left = ends - asyncio.get_running_loop().time()
            # The same needs again: what was asked for had no place, and will have none now.
            stuck = needs == before or not wait
            if not await self._satisfied(shelf, needs, 0.0 if stuck else left):
                self._keep(shelf)
                return shelf

    def _keep(self, shelf: Shelf) -> None:
        """What is not finished is looked at again by the next one who asks."""
        if shelf.seen.pending:
            shelf.good_until = self._now()
        self._shelves.keep(shelf)

    def _forget(self, name: str) -> None:
        """Of a package that is no longer kept, what is asked for anew when it is."""
        self._asked.pop(name, None)
        self._dependencies.forget(name)

    async def _satisfied(self, shelf: Shelf, needs: Needs, left: float) -> bool:
        """Whether something that was needed came in time."""
        futures = await self._thread(lambda: self._want(shelf, needs))
        if not futures or left <= 0:
            return False
        waiting = [asyncio.wrap_future(each) for each in futures]
        done, _ = await asyncio.wait(waiting, timeout=left, return_when=asyncio.ALL_COMPLETED)
        return bool(done)

    def _want(self, shelf: Shelf, needs: Needs) -> list[Future[None]]:
        asked = self._asked.setdefault(shelf.name, set())
        jobs = []
        for number, version in enumerate(needs.analyses):
            place = shelf.places.get(version)
            if place is None:
                continue
            sha512 = place.sha512 or self._sights.of(shelf.name, shelf.registry, place)
            if sha512 is None:
                continue
            asked.add(version)
            priority = _FIRST if number < 4 else _LATER
            key = Key(sha512, ANALYSER)
            jobs.append(Job(key, shelf.registry, shelf.name, version, priority))
        futures = self.quarantine.want(jobs)
        for sha512, names in needs.dependencies.items():
            futures.append(self._threads.submit(self._look_up, shelf.name, sha512, names))
        return [*futures, *self._want_evidence(shelf, needs)]

    def _want_evidence(self, shelf: Shelf, needs: Needs) -> list[Future[None]]:
        """By the document that the shelf is of; where it is another one by now, that is judged."""
        found = self._reading.document(shelf.name) if needs.evidence else Refused(404, "")
        if isinstance(found, Refused) or found[0].digest != shelf.document:
            return []
        return self._evidence.want(found[1], shelf.document, needs.evidence)

    def _look_up(self, name: str, sha512: str, names: Mapping[str, str]) -> None:
        now, stated = self._now(), self._times_of(name)
        told = told_of(names, self._packument_of, stated, now, self.policy)
        self._dependencies.keep(name, sha512, told, now)

    def _packument_of(self, name: str) -> Packument | str:
        if self.is_ours(name):
            return "it is one of the firewall's own names"
        found = self._reading.document(name)
        return found.why if isinstance(found, Refused) else found[1]

    def _times_of(self, name: str) -> bool:
        registry = self._upstream.registry_for(name)
        return registry is None or self._times.get(registry.id) != "untrusted"

    def is_ours(self, name: str) -> bool:
        """Whether no upstream may ever be asked for it."""
        settings = self.policy.layers["registry"].settings
        if name in self.private_names or not settings.ownership.is_owned(name):
            return name in self.private_names
        registry = self._upstream.registry_for(name)
        return registry is None or registry.id != settings.own_registry

    # Judging, in a thread

    def _judged(self, name: str) -> Shelf | Refused:
        found = self._reading.document(name)
        if isinstance(found, Refused):
            return found
        got, packument = found
        generation = self.generation
        known, registry = self._known(packument, got.digest)
        before, grounds = self._shelves.get(name), grounds_of(got.digest, known)
        if before is not None and before.generation == generation and before.holds(grounds):
            self._renewed(before, got)
            return before
        judging = self._judging(known)
        seen = judging.seen()
        how = self._settings.enforcement
        placed = (got.digest, registry, tuple(self.policy.hosts))
        places, files = places_again(before, packument, placed)
        decided = {version: enforced(ruling, how) for version, ruling in seen.rulings.items()}
        shelf = Shelf(
            name, registry, got.digest, generation, soonest(got.until, seen.until),
            seen, places, files, decided, placed, grounds,
        )  # fmt: skip
        self._record(shelf, judging)
        return shelf

    def _renewed(self, shelf: Shelf, got: Got) -> None:
        """It holds still: but for short pages, whose own document may have lagged behind."""
        if not shelf.seen.pending:  # else each who asks looks at it again
            shelf.good_until = soonest(got.until, shelf.seen.until)
            for encoding in ("gzip", "identity"):
                shelf.pages.pop((True, encoding), None)

    def _judging(self, known: Known) -> Judging:
        """Its releases judged by their metadata; what was decided before is not asked again."""
        name = known.packument.name
        judging = Judging(known, self._reading.judged(name))
        self._reading.keep(name, judging.carried)
        return judging

    def _known(self, packument: Packument, document: str) -> tuple[Known, str]:
        name = packument.name
        registry = self._upstream.registry_for(name)
        id_ = registry.id if registry else ""
        now = self._now()
        sights = self._firewall.seen.note(id_, name, tuple(packument.versions), now)
        analyses = self._analyses(name, packument, id_)
        read = {v: each.sha512 for v, each in analyses.items() if isinstance(each, Analysis)}
        known = Known(
            packument=packument,
            now=now,
            policy=self.policy,
            registry=id_,
            stated=self._times_of(name),
            sights=sights,
            analyses=analyses,
            dependencies=self._dependencies.of(name, read, now),
            evidence=self._evidence.known(name, document, now),
            extra=self.lists.facts,
        )
        return known, id_

    def _analyses(
        self, name: str, packument: Packument, registry: str
    ) -> dict[str, Analysis | Missing]:
        asked = tuple(self._asked.get(name, ()))
        digests = stated_digests(packument, asked)
        missing = [each for each in asked if each not in digests]
        if missing:
            bound = self._firewall.documents.bound(registry, name)
            digests |= {each: bound[each].sha512 for each in missing if each in bound}
        keys = {version: Key(sha512, ANALYSER) for version, sha512 in digests.items()}
        found = self.quarantine.found(set(keys.values())) if keys else {}
        return {version: found[key] for version, key in keys.items() if key in found}

    def _record(self, shelf: Shelf, judging: Judging) -> None:
        """Put on record what is kept back, the newest first."""
        refused = [v for v, of in shelf.seen.rulings.items() if of.verdict >= Verdict.QUARANTINE]
        of, newest = shelf.seen.rulings, refused[-_MOST_DECISIONS:]
        rows = [self._decision(shelf, judging, x, of[x], Door.METADATA) for x in newest]
        self._firewall.record.decide(*rows)

    def _decision(
        self, shelf: Shelf, judging: Judging, version: str, ruling: Ruling, door: Door
    ) -> Decision:
        place = shelf.places.get(version)
        return decision_of(
            judging.release(version),
            ruling,
            at=self._now(),
            registry=shelf.registry,
            sha512=place.sha512 if place else None,
            door=door,
            facts=judging.facts_digest(version),
            policy=self.policy.digest,
        )

    # Pages

    async def page(self, shelf: Shelf, *, short: bool, encoding: str) -> Page:
        """The document as a client gets it. Who asks while it is made waits for that one."""
        key = (short, encoding)
        if (found := shelf.pages.get(key)) is not None:
            return found
        async with self._turns.at((shelf.name, *key)):
            if (found := shelf.pages.get(key)) is not None:
                return found
            made = await self._thread(lambda: self._pages.of(shelf, short=short, encoding=encoding))
        self._shelves.make_room()
        return made

    # Artifacts

    def given(self, shelf: Shelf, version: str) -> Given | None:
        """The artifact, where it may be given out by what this shelf, which still holds, says."""
        return shelf.given.get(version)

    async def artifact(self, shelf: Shelf, version: str) -> Given | Withheld | Refused:
        """Whether the release's artifact may be given, and where it lies."""
        known = shelf.given.get(version)
        if known is not None and self._now() < shelf.good_until:
            return known
        found = await self._examined(shelf, version)
        if isinstance(found, Withheld):
            return found
        return await self._bringing.of(shelf, version, found)

    async def _examined(self, shelf: Shelf, version: str) -> Decision | Withheld:
        ends = asyncio.get_running_loop().time() + self._settings.patience.total_seconds()
        needs = Needs()
        while True:
            found = await self._thread(lambda: self._ruled(shelf, version))
            if not isinstance(found, Needs):
                return found
            before, needs = needs, found
            left = 0.0 if needs == before else ends - asyncio.get_running_loop().time()
            if not await self._satisfied(shelf, needs, left):
                return await self._thread(lambda: self._waits(shelf, version))

    def _waits(self, shelf: Shelf, version: str) -> Decision | Withheld:
        """It was not read in time: refused, and on record as such."""
        judging = self._judging(self._known(self._pages.whole(shelf), shelf.document)[0])
        return self._decided(shelf, judging, version, judging.waiting(version), pending=True)

    def _ruled(self, shelf: Shelf, version: str) -> Decision | Withheld | Needs:
        judging = self._judging(self._known(self._pages.whole(shelf), shelf.document)[0])
        ruling: Ruling | Needs = judging.by_metadata[version]
        how = self._settings.enforcement
        if enforced(judging.by_metadata[version], how).verdict < Verdict.QUARANTINE:
            ruling = judging.by_all(version)
        if isinstance(ruling, Needs):
            return ruling
        return self._decided(shelf, judging, version, ruling)

    def _decided(
        self, shelf: Shelf, judging: Judging, version: str, ruling: Ruling, *, pending: bool = False
    ) -> Decision | Withheld:
        decision = self._decision(shelf, judging, version, ruling, Door.ARTIFACT)
        self._firewall.record.decide(decision)
        if enforced(ruling, self._settings.enforcement).verdict >= Verdict.QUARANTINE:
            return Withheld(version, decision, pending)
        return decision

    def _fetched(self, job: Job) -> str | Missing:
        """The artifact of a job: bytes that its document names, in the blobs."""
        if self._blobs.at_hand(job.key.sha512):
            return job.key.sha512
        packument = self._packument_of(job.name)
        if isinstance(packument, str):
            return Missing(Why.FAILED, packument)
        document = documents(packument, [job.version]).get(job.version)
        if document is None:
            return Missing(Why.FAILED, "the registry has no such release any more")
        found = self._upstream.artifact(job.name, document.tarball, document.digests)
        return Missing(Why.FAILED, found.why) if isinstance(found, Refused) else found

    def close(self) -> None:
        self.quarantine.close()
        self._evidence.close()
        self._bringing.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
