"""Reading the log: what `pratique log` shows, bit by bit, however long it is."""

from __future__ import annotations

import heapq
import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from pratique.errors import StoreError
from pratique.model.action import Verdict
from pratique.store.firewall.database import Database, Row, micros, streamed
from pratique.store.firewall.migrations import DAMAGED_HINT
from pratique.store.firewall.port import Logged, Wanted
from pratique.store.firewall.rows import Kind, decision_of, request_of, told_of
from pratique.store.firewall.tables import DECISIONS, LOG, REQUESTS

_ERROR = 400
"""HTTP statuses from here on say that something was not served."""


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
    verdict, rules = DECISIONS.c.verdict.label("ruled"), DECISIONS.c.rules.label("by")
    both = REQUESTS.outerjoin(DECISIONS, REQUESTS.c.decision == DECISIONS.c.id)
    query = select(REQUESTS, verdict, rules).select_from(both)
    query = query.where(*_chosen(wanted)).order_by(REQUESTS.c.place, REQUESTS.c.nth)
    with closing(streamed(connection, query)) as rows:
        for row in rows:
            yield _logged(row)


def _logged(row: Row) -> Logged:
    request = request_of(row)
    if row["ruled"] is not None:
        ruled = Verdict[row["ruled"]]
        return Logged(row["place"], request, ruled, tuple(json.loads(row["by"])))
    is_allowed = request.decision is None and 0 < request.status < _ERROR
    return Logged(row["place"], request, Verdict.ALLOW if is_allowed else None)


def _chosen(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.package is not None:
        yield REQUESTS.c.name == wanted.package
    if wanted.token is not None:
        yield REQUESTS.c.token == wanted.token
    if wanted.since is not None:
        since = micros(wanted.since)
        # Requests have no index by time, but the log's rows do.
        first = select(func.min(LOG.c.place)).where(LOG.c.at >= since).scalar_subquery()
        yield REQUESTS.c.place >= first
        yield REQUESTS.c.at >= since
    if wanted.verdict is not None:
        is_it = DECISIONS.c.verdict == wanted.verdict.name
        served = and_(
            REQUESTS.c.decision.is_(None), REQUESTS.c.status > 0, REQUESTS.c.status < _ERROR
        )
        yield or_(is_it, served) if wanted.verdict is Verdict.ALLOW else is_it


def _others(connection: Connection, wanted: Wanted) -> Generator[Logged]:
    kinds = [each.value for each in (Kind.POLICY, Kind.GAP, Kind.ACKNOWLEDGED)]
    query = select(LOG).where(LOG.c.kind.in_(kinds))
    if wanted.since is not None:
        query = query.where(LOG.c.at >= micros(wanted.since))
    with closing(streamed(connection, query.order_by(LOG.c.place))) as rows:
        for row in rows:
            yield Logged(row["place"], told_of(row))
