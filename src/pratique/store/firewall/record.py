"""The record: written in one hash chain, so that whoever edits, cuts or adds is found out.

A row of the chain covers a batch of decisions or of requests, a change of policy, or a gap. It is
on the disk when the method returns; then the head is written to a file outside the database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from pratique.errors import StoreError
from pratique.model.record import (
    START,
    Acknowledged,
    Decision,
    Gap,
    PolicyChange,
    Request,
    canonical,
)
from pratique.store.firewall import entries, verifying
from pratique.store.firewall.database import Database, chunks, micros, moment
from pratique.store.firewall.port import Counters, Logged, Verified, Wanted
from pratique.store.firewall.rows import (
    Batch,
    Kind,
    Line,
    acknowledged_body,
    batches,
    covering_decisions,
    covering_requests,
    decision_of,
    decision_row,
    gap_body,
    head_after,
    line_of,
    policy_body,
)
from pratique.store.firewall.tables import BATCHED, BATCHES, DECISIONS, LOG

_MOST_KNOWN = 100_000
"""Ids of decisions on record that are remembered, so that they are not looked up again."""
_MOST_REASONS = 8
_OTHER = "several reasons"


class Chain:
    """The end of the log inside a write transaction, and what is added to it there."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        query = select(LOG.c.place, LOG.c.head).order_by(LOG.c.place.desc()).limit(1)
        last = connection.execute(query).first()
        self.place: int = 0 if last is None else last.place
        self._head: str = START if last is None else last.head
        self.grew = False

    @property
    def head(self) -> str:
        return f"{self.place}:{self._head}"

    def append(self, kind: Kind, at: datetime, *, body: str = "", covers: str = "") -> None:
        """Add a row at `place + 1`; what it covers is in its table already, or will be."""
        row: dict[str, Any] = {
            "place": self.place + 1,
            "at": micros(at),
            "kind": kind.value,
            "body": body,
        }
        self._head = head_after(self._head, row, covers)
        self.connection.execute(LOG.insert(), {**row, "head": self._head})
        self.place += 1
        self.grew = True

    def gap(self, gap: Gap) -> None:
        """Add a gap."""
        self.append(Kind.GAP, gap.at, body=gap_body(gap))


class SqlRecord:
    """`Record` over a database.

    Args:
        database: Where.
        export: Writes the head to its file; an OSError of it is counted.

    Attributes:
        is_failing: Whether the last write was refused.
    """

    def __init__(self, database: Database, export: Callable[[str], None]) -> None:
        self._database = database
        self._export = export
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._counters = Counters()
        self._known: set[str] = set()
        self.is_failing = False
        self._given_up: dict[str, tuple[int, datetime]] = {}

    @property
    def counters(self) -> Counters:
        return self._counters

    def decide(self, *decisions: Decision) -> None:
        fresh = {each.id: each for each in decisions if each.id not in self._known}
        if not fresh:
            return
        written = self._write(lambda chain: _add_decisions(chain, dict(fresh)), decisions[0].at)
        self._count(decisions=written)
        if len(self._known) > _MOST_KNOWN:
            self._known = set()
        self._known |= fresh.keys()

    def decision(self, decision_id: str) -> Decision | None:
        with self._database.reading() as connection:
            query = select(DECISIONS).where(DECISIONS.c.id == decision_id)
            row = connection.execute(query).mappings().first()
        return None if row is None else decision_of(row)

    def requests(self, rows: Sequence[Request]) -> None:
        self.lines([line_of(each) for each in rows])

    def lines(self, lines: Sequence[Line]) -> None:
        if not lines:
            return
        made, last = batches(lines), moment(max(lines)[0])

        def add(chain: Chain) -> int:
            for batch in made:
                self._add_batch(chain, batch, last)
            return len(lines)

        self._count(requests=self._write(add, last))

    def _add_batch(self, chain: Chain, batch: Batch, at: datetime) -> None:
        place = {"place": chain.place + 1}
        row = {**place, "count": batch.count, "body": batch.body.decode("ascii")}
        chain.connection.execute(BATCHES.insert(), row)
        self._database.insert_arrays(chain.connection, BATCHED, place, canonical(batch.entries))
        chain.append(Kind.REQUESTS, at, covers=covering_requests(batch.body))

    def give_up(self, lost: int, since: datetime, why: str) -> None:
        with self._counting:
            if why not in self._given_up and len(self._given_up) >= _MOST_REASONS:
                why = _OTHER
            before, first = self._given_up.get(why, (0, since))
            self._given_up[why] = (before + lost, min(first, since))
        self._count(lost=lost)

    def policy_changed(self, change: PolicyChange) -> None:
        def add(chain: Chain) -> int:
            chain.append(Kind.POLICY, change.at, body=policy_body(change))
            return 1

        self._write(add, change.at)

    def acknowledge(self, entry: Acknowledged) -> None:
        def add(chain: Chain) -> int:
            chain.append(Kind.ACKNOWLEDGED, entry.at, body=acknowledged_body(entry))
            return 1

        self._write(add, entry.at)

    def note_gap(self, gap: Gap) -> None:
        """Put a gap on record."""

        def add(chain: Chain) -> int:
            chain.gap(gap)
            return 1

        self._write(add, gap.at)

    def head(self) -> str:
        with self._database.reading() as connection:
            return Chain(connection).head

    def log(self, wanted: Wanted) -> Generator[Logged]:
        return entries.log(self._database, wanted)

    def verify(self, heads: Iterable[str] = ()) -> Verified:
        return verifying.verify(self._database, tuple(heads))

    def export(self) -> None:
        """Write the head to its file now."""
        with self._lock:
            self._try_export(self.head())

    def flush(self) -> None:
        """Put on record what was given up."""
        with self._counting:
            latest = max((since for _, since in self._given_up.values()), default=None)
        if latest is not None:
            self._write(lambda _: 0, latest)

    def _write(self, add: Callable[[Chain], int], at: datetime) -> int:
        """Do it in one durable transaction, with the gaps that are due before it."""
        with self._lock:
            with self._counting:
                due = dict(self._given_up)
            try:
                with self._database.writing(durable=True) as connection:
                    chain = Chain(connection)
                    for why, (lost, since) in due.items():
                        chain.gap(Gap(at, since, lost, f"requests were not kept: {why}"))
                    added = add(chain)
            except StoreError:
                self._count(refused_writes=1)
                self.is_failing = True
                raise
            self.is_failing = False
            self._on_record(due)
            if chain.grew:
                self._try_export(chain.head)
        return added

    def _on_record(self, due: dict[str, tuple[int, datetime]]) -> None:
        """Forget what is on record now; more may have been given up meanwhile."""
        with self._counting:
            for why, (lost, _) in due.items():
                total, since = self._given_up.pop(why)
                if total > lost:
                    self._given_up[why] = (total - lost, since)

    def _try_export(self, head: str) -> None:
        """What is committed stays committed; a file that lags is still a place in the chain."""
        try:
            self._export(head)
        except OSError:
            self._count(unexported=1)

    def _count(self, **more: int) -> None:
        with self._counting:
            now = {name: getattr(self._counters, name) + each for name, each in more.items()}
            self._counters = replace(self._counters, **now)


def _add_decisions(chain: Chain, fresh: dict[str, Decision]) -> int:
    """Add those that are not there, under one row of the chain."""
    for part in chunks(tuple(fresh)):
        there = select(DECISIONS.c.id).where(DECISIONS.c.id.in_(part))
        for known in chain.connection.scalars(there).all():
            del fresh[known]
    if not fresh:
        return 0
    place = chain.place + 1
    rows = [decision_row(each, place, nth) for nth, each in enumerate(fresh.values())]
    chain.connection.execute(DECISIONS.insert(), rows)
    latest = max(each.at for each in fresh.values())
    chain.append(Kind.DECISIONS, latest, covers=covering_decisions(rows))
    return len(rows)
