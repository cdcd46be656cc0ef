"""Computing the chain anew: is the log what was written?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Column, Connection, Table, select

from pratique.errors import StoreError
from pratique.model.record import START, Acknowledged, Gap
from pratique.store.firewall.database import Database, Row, streamed
from pratique.store.firewall.port import Verified
from pratique.store.firewall.rows import (
    Kind,
    batch_again,
    covering_decisions,
    covering_requests,
    head_after,
    told_of,
)
from pratique.store.firewall.tables import BATCHED, BATCHES, DECISIONS, LOG

MOST_PROBLEMS = 20


def verify(database: Database, heads: Sequence[str]) -> Verified:
    """Compute the chain anew, and find each of the heads in it."""
    with database.snapshot() as connection, closing(_Walk(connection, heads)) as walk:
        walk.go()
    return walk.verified()


class _Walk:
    """One pass over the log and over what it covers, all in the order of their places."""

    def __init__(self, connection: Connection, heads: Sequence[str]) -> None:
        self._connection = connection
        self._covered = {
            Kind.DECISIONS.value: _Covered(connection, DECISIONS, (DECISIONS.c.nth,)),
            Kind.REQUESTS.value: _Covered(connection, BATCHES, at_once=1),
        }
        self._index = _Covered(connection, BATCHED, (BATCHED.c.kind, BATCHED.c.value))
        self._numbered: dict[int, set[str]] = {}
        self._bare: set[str] = set()
        for head in heads:
            count, sign, digest = head.strip().rpartition(":")
            if not sign:
                self._bare.add(digest)
            elif count.isascii() and count.isdigit():
                self._numbered.setdefault(int(count), set()).add(digest)
            else:
                self._bare.add(head)
        self._edits: list[str] = []
        self._altered: list[str] = []
        self._lost: dict[str, str] = {}
        self._known: list[str] = []
        self._known_heads: set[str] = set()
        self._gaps: list[Gap] = []
        self._place, self._head = 0, START

    def verified(self) -> Verified:
        """What was found. A head that an entry acknowledges as lost is no problem any more."""
        lost = {head: why for head, why in self._lost.items() if head not in self._known_heads}
        known = [why for head, why in self._lost.items() if head in self._known_heads]
        problems = (*self._edits, *self._altered, *lost.values())
        return Verified(
            f"{self._place}:{self._head}",
            problems[:MOST_PROBLEMS],
            tuple(self._gaps),
            (*self._known, *known)[:MOST_PROBLEMS],
            tuple(lost),
            bool(self._edits),
        )

    def go(self) -> None:
        self._compare()
        with closing(streamed(self._connection, select(LOG).order_by(LOG.c.place))) as rows:
            for row in rows:
                try:
                    self._step(row)
                except (TypeError, ValueError, AttributeError):
                    # SQLite keeps anything in any column, and somebody has put something there.
                    self._complain(f"what follows row {self._place} cannot be read")
                    return
                if len(self._edits) >= MOST_PROBLEMS:
                    return
        self._end()

    def _end(self) -> None:
        for covered in (*self._covered.values(), self._index):
            if covered.has_more():
                self._complain(f"{covered.name} stand in the database that the log does not know")
        for count, digests in sorted(self._numbered.items()):
            why = f"the head says {count} rows, and the log has {self._place}: its end was cut off"
            self._lost |= {f"{count}:{digest}": why for digest in sorted(digests)}
        for head in sorted(self._bare):
            self._lost[head] = f"no row of the log has the head {head[:80]}"

    def _step(self, row: Row) -> None:
        place = row["place"]
        if place != self._place + 1:
            self._complain(f"row {self._place + 1} is not there; the next one is row {place}")
        covers = self._covers(row)
        # Goes on from the head as it is written: one edited row is one problem.
        if head_after(self._head, row, covers) != row["head"]:
            self._complain(f"row {place} ({row['kind']}) is not what was written")
        self._place, self._head = place, row["head"]
        self._compare()
        if row["kind"] in {Kind.GAP, Kind.ACKNOWLEDGED}:
            self._read_told(row)

    def _covers(self, row: Row) -> str:
        digest = ""
        for kind, covered in self._covered.items():
            rows, is_ahead = covered.up_to(row["place"])
            if not is_ahead:
                self._complain(f"{kind} before row {row['place']} are not those that were written")
            if kind == row["kind"]:
                digest = _digest(kind, rows)
                self._find(row["place"], rows if kind == Kind.REQUESTS else ())
            elif rows:
                self._complain(f"row {row['place']} covers no {kind}, and there are some")
        return digest

    def _find(self, place: int, batches: Sequence[Row]) -> None:
        """Whether what a batch has is found under its names and tokens, and under nothing else."""
        listed, is_ahead = self._index.up_to(place)
        found = [[each["kind"], each["value"]] for each in listed]
        wanted: list[list[str]] = []
        for each in batches:
            batch = batch_again(each["body"])[0]
            wanted += batch.entries
            if batch.count != each["count"]:
                self._complain(f"row {place} does not say how many requests it has")
        if not is_ahead or sorted(found) != wanted:
            self._complain(f"what row {place} covers is not found by its names and tokens")

    def _compare(self) -> None:
        for digest in self._numbered.pop(self._place, ()):
            if digest != self._head:
                self._lost[f"{self._place}:{digest}"] = (
                    f"row {self._place} has another head than was exported: "
                    "the log was written anew"
                )
        if self._head:
            self._bare.discard(self._head)

    def _read_told(self, row: Row) -> None:
        try:
            told = told_of(row)
        except StoreError as error:
            self._complain(f"row {row['place']}: {error.message}")
            return
        if isinstance(told, Gap):
            self._gaps.append(told)
            if told.altered:
                self._altered.append(f"row {row['place']}: {told.why}")
        if isinstance(told, Acknowledged):
            said = f"acknowledged by {told.by}: {told.why}"
            self._known += [f"{each} ({said})" for each in self._altered]
            self._altered = []
            self._known_heads |= set(told.heads)

    def close(self) -> None:
        """Close what is read from."""
        for covered in (*self._covered.values(), self._index):
            covered.close()

    def _complain(self, problem: str) -> None:
        self._edits.append(problem)


class _Covered:
    """The rows of one covered table, taken place by place."""

    def __init__(
        self,
        connection: Connection,
        table: Table,
        then: Sequence[Column[Any]] = (),
        at_once: int = 500,
    ) -> None:
        self.name = table.name
        query = select(table).order_by(table.c.place, *then)
        self._rows = streamed(connection, query, at_once)
        self._next = next(self._rows, None)

    def up_to(self, place: int) -> tuple[list[Row], bool]:
        """The rows of this place; and whether there were none of an earlier one."""
        is_ahead = True
        found: list[Row] = []
        while self._next is not None and self._next["place"] <= place:
            if self._next["place"] == place:
                found.append(self._next)
            else:
                is_ahead = False
            self._next = next(self._rows, None)
        return found, is_ahead

    def close(self) -> None:
        self._rows.close()

    def has_more(self) -> bool:
        return self._next is not None


def _digest(kind: str, rows: list[Row]) -> str:
    if kind == Kind.REQUESTS:
        return covering_requests(b"".join(each["body"].encode("ascii") for each in rows))
    return covering_decisions({**row, "findings": bytes(row["findings"])} for row in rows)
