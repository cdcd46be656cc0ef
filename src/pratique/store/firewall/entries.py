"""Reading the log: what `pratique log` shows, bit by bit, however long it is."""

from __future__ import annotations

import heapq
import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing

from sqlalchemy import ColumnElement, Connection, and_, func, select

from pratique.errors import StoreError
from pratique.model.action import Verdict
from pratique.model.record import Request
from pratique.store.firewall.database import Database, chunks, micros, streamed
from pratique.store.firewall.migrations import DAMAGED_HINT
from pratique.store.firewall.port import Logged, Wanted
from pratique.store.firewall.rows import Kind, batch_again, decision_of, told_of
from pratique.store.firewall.tables import BATCHED, BATCHES, DECISIONS, LOG

_ERROR = 400
"""HTTP statuses from here on say that something was not served."""
_MOST_KNOWN = 50_000
"""Decisions that are remembered, so that they are not looked up again."""


def log(database: Database, wanted: Wanted) -> Generator[Logged]:
    """The entries in the order in which they were written, from one moment of the database."""
    with database.snapshot() as connection, ExitStack() as opened:
        parts = [_requests(connection, wanted)]
        if wanted.token is None:
            parts.append(_decisions(connection, wanted))
        if wanted.token is None and wanted.package is None and wanted.verdict is None:
            parts.append(_others(connection, wanted))
        for part in parts:
            opened.enter_context(closing(part))
        try:
            yield from heapq.merge(*parts, key=lambda each: each.place)
        except (TypeError, ValueError, KeyError) as error:
            raise StoreError(f"The log cannot be read: {error}", hint=DAMAGED_HINT) from error


def _decisions(connection: Connection, wanted: Wanted) -> Generator[Logged]:
    chosen: list[ColumnElement[bool]] = []
    if wanted.package is not None:
        chosen.append(DECISIONS.c.name == wanted.package)
    if wanted.since is not None:
        chosen.append(DECISIONS.c.at >= micros(wanted.since))
    if wanted.verdict is not None:
        chosen.append(DECISIONS.c.verdict == wanted.verdict.name)
    query = select(DECISIONS).where(*chosen).order_by(DECISIONS.c.place, DECISIONS.c.nth)
    with closing(streamed(connection, query)) as rows:
        for row in rows:
            decision = decision_of(row)
            yield Logged(row["place"], decision, decision.verdict, decision.rules)


def _requests(connection: Connection, wanted: Wanted) -> Generator[Logged]:
    """Each with its decision's verdict, which may have been recorded long before it."""
    query = select(BATCHES).where(*_chosen(wanted)).order_by(BATCHES.c.place)
    rulings = _Rulings(connection)
    with closing(streamed(connection, query, at_once=1)) as rows:
        for row in rows:
            requests = [each for each in batch_again(row["body"])[1] if _is_of(each, wanted)]
            rulings.look_up(each.decision for each in requests)
            for request in requests:
                logged = _logged(row["place"], request, rulings)
                if wanted.verdict in {None, logged.verdict}:
                    yield logged


def _logged(place: int, request: Request, rulings: _Rulings) -> Logged:
    ruled = rulings.known.get(request.decision or "")
    if ruled is not None:
        return Logged(place, request, *ruled)
    is_allowed = request.decision is None and 0 < request.status < _ERROR
    return Logged(place, request, Verdict.ALLOW if is_allowed else None)


def _is_of(request: Request, wanted: Wanted) -> bool:
    if wanted.package is not None and request.name != wanted.package:
        return False
    if wanted.token is not None and request.token != wanted.token:
        return False
    return wanted.since is None or request.at >= wanted.since


def _chosen(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """The batches that have any of them."""
    for kind, value in (("name", wanted.package), ("token", wanted.token)):
        if value is not None:
            is_it = and_(BATCHED.c.kind == kind, BATCHED.c.value == value)
            yield BATCHES.c.place.in_(select(BATCHED.c.place).where(is_it))
    if wanted.since is not None:
        # A batch has no time of its own, but its row of the log has that of its last request.
        later = LOG.c.at >= micros(wanted.since)
        yield BATCHES.c.place >= select(func.min(LOG.c.place)).where(later).scalar_subquery()


class _Rulings:
    """Verdicts and rules of decisions, as they are asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.known: dict[str, tuple[Verdict, tuple[str, ...]]] = {}

    def look_up(self, ids: Iterable[str | None]) -> None:
        """Know what there is of these."""
        if len(self.known) > _MOST_KNOWN:
            self.known.clear()
        unknown = {each for each in ids if each is not None} - self.known.keys()
        for part in chunks(sorted(unknown)):
            query = select(DECISIONS.c.id, DECISIONS.c.verdict, DECISIONS.c.rules)
            for row in self._connection.execute(query.where(DECISIONS.c.id.in_(part))):
                self.known[row.id] = (Verdict[row.verdict], tuple(json.loads(row.rules)))


def _others(connection: Connection, wanted: Wanted) -> Generator[Logged]:
    kinds = [each.value for each in (Kind.POLICY, Kind.GAP, Kind.ACKNOWLEDGED)]
    query = select(LOG).where(LOG.c.kind.in_(kinds))
    if wanted.since is not None:
        query = query.where(LOG.c.at >= micros(wanted.since))
    with closing(streamed(connection, query.order_by(LOG.c.place))) as rows:
        for row in rows:
            yield Logged(row["place"], told_of(row))
