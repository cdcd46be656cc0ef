"""The record of requests: written in batches by a thread of its own, at most a second late.

A refusal's decision is on record before the refusal is sent; what is lost here is counted, and the
record has a gap for it.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from datetime import datetime

from pratique.errors import StoreError
from pratique.model.record import Request
from pratique.proxy.settings import Now
from pratique.store.firewall.database import moment
from pratique.store.firewall.port import Record
from pratique.store.firewall.rows import Line, line_of

_EVERY = 0.5
_BATCH = 10_000
"""Rows of one transaction: many at once cost half of what they cost in small ones."""
MOST_WAITING = 200_000


class Recording:
    """Takes rows from the event loop and gives them to the store."""

    def __init__(self, record: Record, now: Now) -> None:
        self._record, self._now = record, now
        self._rows: deque[Line] = deque()
        self._closing = threading.Event()
        self._counting = threading.Lock()
        self._lost = 0
        self._since: datetime | None = None
        self._thread = threading.Thread(target=self._run, name="record", daemon=True)

    @property
    def waiting(self) -> int:
        return len(self._rows)

    @property
    def unsaid(self) -> int:
        """Requests that are lost, and of which the record was not told yet."""
        return self._lost

    def start(self) -> None:
        self._thread.start()

    def add(self, row: Request) -> None:
        self.put(line_of(row))

    def put(self, line: Line) -> None:
        if len(self._rows) >= MOST_WAITING:
            with self._counting:
                self._lost += 1
                self._since = self._since or moment(line[0])
            return
        self._rows.append(line)

    def _run(self) -> None:
        while not self._closing.wait(_EVERY):
            self._write()

    def _write(self) -> None:
        # What comes meanwhile has to wait for its turn, or each write is followed by a small one.
        waiting = len(self._rows)
        while waiting:
            batch = [self._rows.popleft() for _ in range(min(_BATCH, waiting))]
            waiting -= len(batch)
            try:
                self._record.lines(batch)
            except StoreError as error:
                self._rows.extendleft(reversed(batch))
                with suppress(StoreError):
                    self._say(str(error))
                return
        self._say("more requests came than could be put on record")

    def _say(self, why: str) -> None:
        with self._counting:
            lost, since = self._lost, self._since
            self._lost, self._since = 0, None
        if since is not None:
            self._record.give_up(lost, since, why)

    def close(self) -> None:
        """Write what waits."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(30)
        self._write()
        if self._rows:
            self._record.give_up(
                len(self._rows), moment(self._rows[0][0]), "the record took no more"
            )
