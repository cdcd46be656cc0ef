"""What the firewall keeps: the record, what it saw, the queue, documents. Nouns and protocols.

Every method is synchronous, may be called from any thread, and is one transaction. Times are
aware, in UTC. What cannot be written raises `StoreUnavailableError`, which says why (full,
read-only, busy, unreachable); nothing of the call was kept then. `StoreError` itself means damage.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from pratique.model.action import Verdict
from pratique.model.record import Acknowledged, Decision, Gap, PolicyChange, Request, Sight
from pratique.store.firewall.private import Private
from pratique.store.firewall.rows import Line
from pratique.store.port import Store

MOST_ATTEMPTS = 3
"""Times that an analysis is begun before it has failed."""
# -- the record ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries of the record to read; all of them where nothing is named.

    Attributes:
        package: Its name.
        token: Name of a token.
        since: The first moment.
        verdict: As in `Logged.verdict`.
    """

    package: str | None = None
    token: str | None = None
    since: datetime | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry of the record.

    Attributes:
        place: Its row in the chain, from 1; the requests of a batch share one.
        entry: What happened.
        verdict: The decision's; a request's is that of the decision that it names, or ALLOW where
            it names none and was answered without an error. None for everything else.
        rules: Ids of the rules behind the verdict.
    """

    place: int
    entry: Decision | Request | PolicyChange | Gap | Acknowledged
    verdict: Verdict | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found.

    Attributes:
        head: The chain's head as it stands: `COUNT:HASH`.
        problems: Why the log is not what was written, one sentence each; empty where it is. What
            an opening found out (`Gap.altered`) stays one until somebody acknowledges it.
        gaps: Gaps that the log itself records.
        acknowledged: What would be a problem, and is acknowledged.
        lost_heads: Those of the heads that were asked for, and that the log does not lead to.
        is_edited: Whether rows are not what was written: nobody can acknowledge that.
    """

    head: str
    problems: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    acknowledged: tuple[str, ...] = ()
    lost_heads: tuple[str, ...] = ()
    is_edited: bool = False


@dataclass(frozen=True, slots=True)
class Counters:
    """Since opening.

    Attributes:
        decisions, requests: Rows written.
        refused_writes: Calls that raised `StoreUnavailableError`.
        lost: Requests that were given up (`give_up`), on record or still to be put there.
        unexported: Times that the head's file could not be written.
    """

    decisions: int = 0
    requests: int = 0
    refused_writes: int = 0
    lost: int = 0
    unexported: int = 0


class Record(Protocol):
    """The log: decisions, requests, changes of policy, gaps; one hash chain over all of it."""

    @property
    def counters(self) -> Counters: ...

    def decide(self, *decisions: Decision) -> None:
        """Keep the decisions: on the disk when this returns. One of a known id changes nothing."""
        ...

    def decision(self, decision_id: str) -> Decision | None: ...

    def requests(self, rows: Sequence[Request]) -> None:
        """Keep a batch, whole or not at all."""
        ...

    def lines(self, lines: Sequence[Line]) -> None:
        """The same of what `rows.line_of` made of each: when it was answered, not later."""
        ...

    def give_up(self, lost: int, since: datetime, why: str) -> None:
        """Requests that can no longer be kept. Never raises; a gap says so as soon as it can."""
        ...

    def policy_changed(self, change: PolicyChange) -> None: ...

    def acknowledge(self, entry: Acknowledged) -> None:
        """Put on record that somebody knows of what `verify` found before this entry."""
        ...

    def head(self) -> str:
        """`COUNT:HASH` of the chain as committed."""
        ...

    def log(self, wanted: Wanted) -> Generator[Logged]:
        """The entries in the order in which they were written. Close it before the store."""
        ...

    def verify(self, heads: Iterable[str] = ()) -> Verified:
        """Compute the chain anew, and find each of the heads (`COUNT:HASH`, or the hash) in it."""
        ...


# -- what was seen ---------------------------------------------------------------------------------


class Seen(Protocol):
    """When a package and each of its versions were first seen here."""

    def note(
        self, registry: str, name: str, versions: Collection[str], now: datetime
    ) -> Mapping[str, Sight]:
        """The package's document was fetched at `now` with these versions.

        Returns:
            Version -> its sight, for every one of `versions`.
        """
        ...

    def sights(self, registry: str, name: str) -> Mapping[str, Sight]:
        """Every version that was ever seen, also those that are gone upstream."""
        ...

    def first_seen(self, registry: str, name: str) -> datetime | None:
        """When the package was first fetched."""
        ...


# -- the quarantine --------------------------------------------------------------------------------


class State(StrEnum):
    """Where an artifact stands in quarantine."""

    QUEUED = "queued"
    ANALYSING = "analysing"
    CLEARED = "cleared"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What is analysed, by what."""

    sha512: str
    analyser: int


@dataclass(frozen=True, slots=True)
class Job:
    """One analysis to be done.

    Attributes:
        key: The artifact, and the analyser's version.
        registry, name, version: A release that has these bytes.
        priority: Higher ones first; of equals, the one that waits longer.
        attempt: Which attempt this is, from 1; 0 before it is leased.
    """

    key: Key
    registry: str
    name: str
    version: str
    priority: int = 0
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A key's state, why it is in it, since when, and how often it was begun."""

    state: State
    why: str
    at: datetime
    attempts: int = 0


class Queue(Protocol):
    """Jobs by (sha512, analyser). A lease that ran out puts its job back, `MOST_ATTEMPTS` times."""

    def put(self, jobs: Iterable[Job], now: datetime) -> tuple[Job, ...]:
        """Queue what is not there yet; a queued one gets the higher of both priorities.

        Returns:
            Those that had no place: `MOST_JOBS` wait already.
        """
        ...

    def lease(self, now: datetime, seconds: float, analyser: int) -> Job | None:
        """Take the job that is next, for so long; None where none waits."""
        ...

    def renew(self, job: Job, now: datetime, seconds: float) -> bool:
        """Keep a lease for so long from now; False where it is no longer held."""
        ...

    def done(self, job: Job, state: State, why: str, now: datetime) -> bool:
        """CLEARED, HELD or FAILED, for good; QUEUED: try again, or FAILED after the last attempt.

        Returns:
            False, and nothing changes, where the job is no longer leased by this attempt.
        """
        ...

    def settle(self, key: Key, state: State, why: str, now: datetime) -> None:
        """Set a state without a lease: what an earlier clearance or a person decided."""
        ...

    def states(self, keys: Iterable[Key]) -> Mapping[Key, Standing]:
        """Of those that are known."""
        ...

    def counts(self) -> Mapping[State, int]: ...


# -- documents and artifacts -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """An upstream's document as it was fetched. Its body lies in the blobs.

    Attributes:
        registry, name, form: Whose, and which: `full`, `short`, `tags`, ...
        digest: Hex SHA-256 of the body as the upstream sent it, decoded.
        blob: Hex SHA-512 of the stored file, which `pack` of `store.packing` or zlib made.
        size: Bytes of the body, decoded.
        etag, modified: The upstream's validators, verbatim; None where it gave none.
        fetched_at: When the body came.
        checked_at: When the upstream last said that it still holds.
    """

    registry: str
    name: str
    form: str
    digest: str
    blob: str
    size: int
    fetched_at: datetime
    checked_at: datetime
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified artifact in the blobs."""

    sha512: str
    size: int
    verified_at: datetime
    last_used: datetime


@dataclass(frozen=True, slots=True)
class Bound:
    """The bytes that a release has for good: what its metadata said, or what was seen first."""

    registry: str
    name: str
    version: str
    sha512: str
    at: datetime


class Documents(Protocol):
    """Upstream documents, artifacts, and which bytes a release has."""

    def document(self, registry: str, name: str, form: str) -> Document | None: ...

    def keep(self, document: Document) -> str | None:
        """Keep it in its predecessor's place.

        Returns:
            The predecessor's blob, where nothing else refers to it: it may be deleted.
        """
        ...

    def checked(self, registry: str, name: str, form: str, at: datetime) -> None:
        """The upstream says that the stored one still holds."""
        ...

    def names(self, registry: str) -> Iterator[str]:
        """Names of the packages that a document is kept of, sorted."""
        ...

    def artifact(self, sha512: str) -> Artifact | None: ...

    def add(self, artifact: Artifact) -> None:
        """Keep a newly verified artifact; a known one keeps the later times."""
        ...

    def used(self, digests: Iterable[str], at: datetime) -> None:
        """The artifacts were served."""
        ...

    def forget(self, digests: Iterable[str]) -> None:
        """The artifacts were evicted."""
        ...

    def oldest(self, limit: int) -> tuple[Artifact, ...]:
        """The artifacts that were not used for longest, up to `limit`."""
        ...

    def bind(self, bound: Bound) -> Bound:
        """Bind the release to the bytes; where it is bound already, that binding is returned."""
        ...

    def bound(self, registry: str, name: str) -> Mapping[str, Bound]:
        """Version -> its binding."""
        ...


# -- all of it -------------------------------------------------------------------------------------


class Firewall(Protocol):
    """Everything that a firewall keeps in SQL. Made by `open_firewall`."""

    @property
    def record(self) -> Record: ...

    @property
    def seen(self) -> Seen: ...

    @property
    def queue(self) -> Queue: ...

    @property
    def documents(self) -> Documents: ...

    @property
    def private(self) -> Private: ...

    @property
    def facts(self) -> Store:
        """Facts of content, for where several nodes share the database."""
        ...

    def why_not_writable(self) -> str:
        """Try a write that changes nothing; "" where it works, else a sentence. For readiness."""
        ...

    def close(self) -> None:
        """Say that this run ended in order, and let go."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
