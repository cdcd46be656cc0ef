"""Needs -> requests -> facts: what the registries say of releases and packages.

The store answers what is fresh; the rest is asked with a bounded number of threads, and what comes
is decoded where it arrives and dropped, so that memory does not grow with the lockfile.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from queue import SimpleQueue
from typing import Any

import msgspec

from pratique.gather.asking import (
    Answered,
    Source,
    TimesWanted,
    ask_document,
    ask_times,
    why_unaskable,
)
from pratique.gather.carrying import learn
from pratique.gather.http import Client, Limits
from pratique.gather.progress import Progress, Silent
from pratique.gather.times import Cutoffs, Times, first_published, published
from pratique.model.evidence import CLAIMED, Claimed
from pratique.model.fact import (
    FIRST_PUBLISHED,
    PUBLISHED,
    REGISTERED,
    Clock,
    Key,
    Kind,
    Missing,
    Why,
)
from pratique.model.package import Package, Release
from pratique.model.registry import Registries, Registry
from pratique.store import Entry, Shelf, Store

Asked = tuple[Kind[Any], Key]
Known = dict[tuple[str, Key], object]
WORKERS = 32
"""Threads: each waits for the network most of the time; more bring two cores nothing."""
_BATCH = 400
"""Entries in one write: some milliseconds, so that another process never waits long."""
_TIMES = Kind("times", PUBLISHED.per, Times)
_ANSWERED = Kind(REGISTERED.name, REGISTERED.per, Answered, REGISTERED.version)
_NO_DOCUMENT = Missing(Why.ABSENT, "the registry has no such release, and so no word on it")
_OF_TIMES = frozenset({PUBLISHED, FIRST_PUBLISHED})
_OF_DOCUMENTS = frozenset({REGISTERED, CLAIMED})
_ANSWERABLE = _OF_DOCUMENTS | _OF_TIMES
_UNTRUSTED = Missing(Why.ABSENT, "the policy calls this registry's publish times untrusted")


@dataclass(frozen=True, slots=True)
class How:
    """How to ask.

    Attributes:
        cutoffs: How old is old enough; decides how much has to be fetched.
        offline: Ask the store only.
        revalidate: Ask even where the store is fresh; validators are used.
        publish_time: Registry id -> "stated" or "untrusted"; "stated" where not named.
        signatures: Registry id -> "expected", "none" or "learn"; "learn" where not named.
        limits: Of one request.
        workers: Threads.
    """

    cutoffs: Cutoffs
    offline: bool = False
    revalidate: bool = False
    publish_time: Mapping[str, str] = field(default_factory=dict)
    signatures: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    workers: int = WORKERS


def gather(
    asked: Iterable[Asked],
    registries: Registries,
    store: Store,
    clock: Clock,
    how: How,
    progress: Progress | None = None,
) -> Known:
    """A value or Missing for every (kind, subject) of the four kinds that a registry can answer.

    Args:
        asked: REGISTERED, CLAIMED and PUBLISHED of releases, FIRST_PUBLISHED of packages; others
            are left. REGISTERED and CLAIMED come of one answer.
        registries: Of the user, with credentials and transport.
        store: Is read once for each registry and written in batches.
        clock: The time of the run: decides what is fresh, and what lies in the future.
        how: What is old enough, offline, revalidation, the policy's word on times, limits.
        progress: Is told of each request.

    Raises:
        SettingsError: The user's authorities or proxies cannot be used.
        StoreError: The store is damaged.
    """
    with ExitStack() as opened:

        @cache
        def client() -> Client:
            """Made only where there is something to ask: it reads every trusted authority."""
            made = Client(registries, limits=how.limits, connections=how.workers)
            return opened.enter_context(made)

        return _Run(client, store, clock, how).of(asked, registries, progress or Silent())


Job = Callable[[], tuple[object, Entry | None]]


@dataclass(slots=True)
class _Question:
    """A request to come: what it runs, where its answer is stored, and how facts follow."""

    job: Job
    shelf: Shelf
    take: Callable[[Any], None]


_Answered = tuple[_Question, tuple[object, Entry | None] | BaseException]


def _work(left: deque[_Question], answered: SimpleQueue[_Answered]) -> None:
    """One thread: ask what is left until nothing is.

    A future for each question would do, but its locks cost 0.6 s of 2,700 fast answers.
    """
    with suppress(IndexError):  # nothing is left
        while True:
            question = left.popleft()
            answered.put((question, _asked(question.job)))


def _asked(job: Job) -> tuple[object, Entry | None] | BaseException:
    try:
        return job()
    except BaseException as error:  # noqa: BLE001 - raised again where the answers are collected
        return error


class _Run:
    """One call of `gather`."""

    def __init__(self, client: Callable[[], Client], store: Store, clock: Clock, how: How) -> None:
        self._client = client
        self._store = store
        self._now = clock.at
        self._cutoffs = how.cutoffs
        self._how = how
        self._facts: Known = {}
        self._placing: dict[str, Registry | None] = {}
        self._asked: frozenset[Asked] = frozenset()
        self._claims: dict[Shelf, list[tuple[Release, Answered]]] = defaultdict(list)

    def of(self, asked: Iterable[Asked], registries: Registries, progress: Progress) -> Known:
        by_registry: dict[str, list[Asked]] = defaultdict(list)
        known: dict[str, Registry] = {}
        self._asked = frozenset(asked)
        for kind, key in sorted(self._asked, key=_order):
            registry = self._placed(kind, key, registries)
            if registry is not None:
                known[registry.id] = registry
                by_registry[registry.id].append((kind, key))
        questions: list[_Question] = []
        for id_, those in by_registry.items():
            questions += self._questions(known[id_], those)
        if questions:
            self._ask(questions, progress)
        self._tell_claims()
        return self._facts

    def _placed(self, kind: Kind[Any], key: Key, registries: Registries) -> Registry | None:
        """The registry to ask; None where the fact is settled already, or is no registry's."""
        if kind not in _ANSWERABLE or key is None:
            return None
        release = key if isinstance(key, Release) else None
        name = key.name
        registry = self._registry_for(name, registries)
        if unaskable := why_unaskable(name, release.version if release else None):
            self._put(kind, key, Missing(Why.FAILED, unaskable))
        elif registry is None:
            self._put(kind, key, Missing(Why.FAILED, "no registry is configured for it"))
        elif kind in _OF_TIMES and self._how.publish_time.get(registry.id) == "untrusted":
            self._put(kind, key, _UNTRUSTED)
        else:
            return registry
        return None

    def _registry_for(self, name: str, registries: Registries) -> Registry | None:
        """Looked up once for each scope: with its credential it costs more than the rest."""
        scope = name.partition("/")[0] if name.startswith("@") else ""
        if scope not in self._placing:
            self._placing[scope] = registries.registry_for(name)
        return self._placing[scope]

    def _put(self, kind: Kind[Any], key: Key, value: object) -> None:
        self._facts[kind.name, key] = value

    # What is stored, and what is left to ask

    def _questions(self, registry: Registry, asked: list[Asked]) -> Iterator[_Question]:
        source = Source(registry.id, self._client, self._now)
        header = registry.credential.header if registry.credential else None
        credential = self._store.credential_key(header)

        def shelf(kind: Kind[Any]) -> Shelf:
            return Shelf(kind.name, kind.version, registry.id, credential)

        wanted = (key for kind, key in asked if kind in _OF_DOCUMENTS and isinstance(key, Release))
        yield from self._of_documents(source, shelf(_ANSWERED), list(dict.fromkeys(wanted)))
        yield from self._of_times(source, shelf(_TIMES), asked)

    def _of_documents(
        self, source: Source, shelf: Shelf, releases: list[Release]
    ) -> Iterator[_Question]:
        stored = self._store.load(shelf, map(str, releases))
        for release in releases:
            source.want(release)
        for release in releases:
            entry = stored.get(str(release))
            known = _decoded(entry, Answered)
            if known is not None and self._is_fresh(entry):
                self._answer(shelf, release, known[0])
            elif self._how.offline:
                self._answer(shelf, release, _offline(entry))
            else:
                yield self._of_document(source, shelf, release, known)

    def _of_document(
        self,
        source: Source,
        shelf: Shelf,
        release: Release,
        known: tuple[Answered, str | None] | None,
    ) -> _Question:
        return _Question(
            lambda: ask_document(source, release, known),
            shelf,
            lambda value: self._answer(shelf, release, value),
        )

    def _answer(self, shelf: Shelf, release: Release, answer: Answered | Missing) -> None:
        """Both facts of one answer. What the registry carries is known when all are there."""
        told = answer if isinstance(answer, Missing) else answer.registered
        if (REGISTERED, release) in self._asked:
            self._put(REGISTERED, release, told)
        if (CLAIMED, release) not in self._asked:
            return
        if isinstance(answer, Missing) or answer.claimed is None:
            self._put(CLAIMED, release, answer if isinstance(answer, Missing) else _NO_DOCUMENT)
        else:
            self._claims[shelf].append((release, answer))

    def _tell_claims(self) -> None:
        """What documents claim, with what the registry carries by these and by earlier ones."""
        for shelf, answers in self._claims.items():
            claims = [answer.claimed for _, answer in answers if answer.claimed]
            carries = learn(self._store, shelf, claims, self._now)
            if self._how.signatures.get(shelf.registry) == "expected":
                carries = replace(carries, signatures=True)
            of_short = replace(carries, publishers=False)
            for release, answer in answers:
                known = carries if answer.whole else of_short
                claimed = replace(answer.claimed or Claimed(), carries=known)
                self._put(CLAIMED, release, claimed)

    def _of_times(self, source: Source, shelf: Shelf, asked: list[Asked]) -> Iterator[_Question]:
        packages = self._wanted_times(asked)
        stored = self._store.load(shelf, packages)
        for name, wanted in packages.items():
            entry = stored.get(name)
            known = _decoded(entry, Times)
            settled = known is not None and wanted.settled_by(known[0])
            if known is not None and settled and self._is_fresh(entry):
                self._tell(wanted, known[0])
            elif self._how.offline:
                self._tell(wanted, _offline(entry))
            else:
                yield self._of_package(source, shelf, wanted, known if settled else None)

    def _of_package(
        self,
        source: Source,
        shelf: Shelf,
        wanted: TimesWanted,
        known: tuple[Times, str | None] | None,
    ) -> _Question:
        return _Question(
            lambda: ask_times(source, wanted, known),
            shelf,
            lambda value: self._tell(wanted, value),
        )

    def _wanted_times(self, asked: list[Asked]) -> dict[str, TimesWanted]:
        versions: dict[str, set[str]] = defaultdict(set)
        first: set[str] = set()
        for kind, key in asked:
            if kind is PUBLISHED and isinstance(key, Release):
                versions[key.name].add(key.version)
            elif kind is FIRST_PUBLISHED and isinstance(key, Package):
                first.add(key.name)
        return {
            name: TimesWanted(
                name, frozenset(versions[name]), name in first, self._cutoffs, self._now
            )
            for name in sorted(versions.keys() | first)
        }

    def _tell(self, wanted: TimesWanted, times: Times | Missing) -> None:
        """The facts that follow from a package's times."""
        package, cutoffs = Package(wanted.name), self._cutoffs
        known = times if isinstance(times, Times) else None
        for version in wanted.versions:
            told = published(known, version, cutoffs.release, self._now) if known else times
            self._put(PUBLISHED, Release(package, version), told)
        if wanted.first:
            began = first_published(known, cutoffs.first, self._now) if known else times
            self._put(FIRST_PUBLISHED, package, began)

    def _is_fresh(self, entry: Entry | None) -> bool:
        """An entry from the future (the clock was wrong) is as stale as an old one."""
        if entry is None or self._how.revalidate:
            return False
        return entry.fetched_at <= self._now < entry.fresh_until

    # Asking

    def _ask(self, questions: list[_Question], progress: Progress) -> None:
        self._client()  # made here: the threads share it, and its errors are the run's
        progress.start(len(questions))
        left, answered = deque(questions), SimpleQueue[_Answered]()
        pool = ThreadPoolExecutor(self._how.workers, thread_name_prefix="gather")
        try:
            for _ in range(min(self._how.workers, len(questions))):
                pool.submit(_work, left, answered)
            self._collect(answered, len(questions), progress)
        finally:
            left.clear()
            pool.shutdown(wait=True)
            progress.finish()

    def _collect(self, answered: SimpleQueue[_Answered], count: int, progress: Progress) -> None:
        unsaved: dict[Shelf, list[Entry]] = defaultdict(list)
        try:
            for _ in range(count):
                question, answer = answered.get()
                if isinstance(answer, BaseException):
                    raise answer
                value, entry = answer
                question.take(value)
                if entry is not None:
                    self._keep(question.shelf, entry, unsaved)
                progress.advance()
        finally:
            for shelf, entries in unsaved.items():
                self._store.save(shelf, entries)

    def _keep(self, shelf: Shelf, entry: Entry, unsaved: dict[Shelf, list[Entry]]) -> None:
        unsaved[shelf].append(entry)
        if len(unsaved[shelf]) >= _BATCH:
            self._store.save(shelf, unsaved.pop(shelf))


def _decoded(entry: Entry | None, form: type[Any]) -> Any:
    """The stored value with its validator; None where there is none that can be read."""
    if entry is None:
        return None
    try:
        return msgspec.msgpack.decode(entry.value, type=form), entry.etag
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _offline(entry: Entry | None) -> Missing:
    if entry is None:
        return Missing(Why.OFFLINE, "offline, and never asked before")
    day = f"{entry.fetched_at:%Y-%m-%d %H:%M} UTC"
    return Missing(Why.OFFLINE, f"offline, and the stored answer of {day} is out of date")


def _order(asked: Asked) -> tuple[str, str, str]:
    kind, key = asked
    if isinstance(key, Release):
        return kind.name, key.name, key.version
    return kind.name, key.name if key else "", ""
