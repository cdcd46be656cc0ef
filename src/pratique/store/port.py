"""The port: what every store does, whatever keeps it.

A store is used from one thread. Times are aware, in UTC, kept to the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

BUSY_SECONDS = 15.0
"""How long a process waits for another one's write."""
SIZE_CAP = 512 * 1024 * 1024
"""Bytes of facts that are kept between runs."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where facts of one kind from one source stand.

    Attributes:
        kind: Name of the kind of fact.
        version: Version of the value's schema; values of another version are never found.
        registry: Registry id: its normalised base URL.
        credential: `Store.credential_key` of the credential that they were fetched with. What was
            fetched with one credential is not served to another.
    """

    kind: str
    version: int
    registry: str
    credential: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored fact.

    Attributes:
        subject: What it is about, as text: `left-pad@1.0.0`, `left-pad`.
        value: The encoded value, as the caller gave it.
        fetched_at: When the source said so.
        fresh_until: From then on it has to be asked for again.
        etag: The source's validator, where it gave one.
    """

    subject: str
    value: bytes
    fetched_at: datetime
    fresh_until: datetime
    etag: str | None = None


class Store(Protocol):
    """Facts between runs. Losing one costs a request, never a wrong answer."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why nothing could be read or kept; empty where all is well. One sentence each."""
        ...

    def credential_key(self, credential: str | None) -> str:
        """A key that tells credentials apart and gives none away; "" for None."""
        ...

    def load(self, shelf: Shelf, subjects: Iterable[str]) -> dict[str, Entry]:
        """The entries that are there, fresh or stale, by subject.

        Raises:
            StoreError: The store is damaged.
        """
        ...

    def save(self, shelf: Shelf, entries: Iterable[Entry]) -> None:
        """Keep the entries, replacing those of the same subject. One short transaction.

        Where the place is full, read-only or busy for too long they are not kept: `warnings`.

        Raises:
            StoreError: The store is damaged.
        """
        ...

    def close(self) -> None:
        """Evict what exceeds the size cap, least recently used first, and let go."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
