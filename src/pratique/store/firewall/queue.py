"""The quarantine's queue: a table. Who takes a job has it for a while, and loses it then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, true, tuple_, update

from pratique.store.firewall.database import Database, Row, micros, moment, plain
from pratique.store.firewall.port import MOST_ATTEMPTS, Job, Key, Standing, State
from pratique.store.firewall.tables import JOBS

_KEYS_AT_ONCE = 400
LAPSED = "its analysis ended without an answer"
"""Why a job failed whose lease ran out once too often."""

MOST_JOBS = 50_000
"""Jobs that may wait; what comes then is turned away."""


class SqlQueue:
    """`Queue` over a database."""

    def __init__(self, database: Database, most: int = MOST_JOBS) -> None:
        self._database = database
        self._most = most

    def put(self, jobs: Iterable[Job], now: datetime) -> tuple[Job, ...]:
        wanted = tuple(jobs)
        if not wanted:
            return ()
        turned_away = []
        with self._database.writing() as connection:
            known = _standings(connection, [job.key for job in wanted])
            turn = connection.scalar(select(func.max(JOBS.c.turn))) or 0
            room = self._most - _count(connection, State.QUEUED)
            for job in wanted:
                if job.key in known:
                    _raise_priority(connection, job)
                elif room <= 0:
                    turned_away.append(job)
                else:
                    turn, room = turn + 1, room - 1
                    connection.execute(JOBS.insert(), _row(job, turn, now))
                    known[job.key] = Standing(State.QUEUED, "", now)
        return tuple(turned_away)

    def lease(self, now: datetime, seconds: float, analyser: int) -> Job | None:
        with self._database.writing() as connection:
            _take_back(connection, now, JOBS.c.leased_until <= micros(now))
            waits = and_(JOBS.c.state == State.QUEUED.value, JOBS.c.analyser == analyser)
            query = select(JOBS).where(waits).order_by(JOBS.c.priority.desc(), JOBS.c.turn)
            row = connection.execute(query.limit(1)).mappings().first()
            if row is None:
                return None
            job = replace(_job(row), attempt=row["attempts"] + 1)
            taken = {
                "state": State.ANALYSING.value,
                "attempts": job.attempt,
                "leased_until": _end(now, seconds),
                "changed_at": micros(now),
            }
            connection.execute(update(JOBS).where(_is(job.key)).values(taken))
        return job

    def renew(self, job: Job, now: datetime, seconds: float) -> bool:
        with self._database.writing() as connection:
            longer = update(JOBS).where(_is_held(job)).values(leased_until=_end(now, seconds))
            return connection.execute(longer).rowcount == 1

    def done(self, job: Job, state: State, why: str, now: datetime) -> bool:
        if state is State.QUEUED and job.attempt >= MOST_ATTEMPTS:
            state = State.FAILED
        values = _settled(state, why, now)
        with self._database.writing() as connection:
            ended = update(JOBS).where(_is_held(job)).values(values)
            return connection.execute(ended).rowcount == 1

    def settle(self, key: Key, state: State, why: str, now: datetime) -> None:
        values = _settled(state, why, now)
        if state is State.QUEUED:
            values["attempts"] = 0
        with self._database.writing() as connection:
            connection.execute(update(JOBS).where(_is(key)).values(values))

    def states(self, keys: Iterable[Key]) -> Mapping[Key, Standing]:
        with self._database.reading() as connection:
            return _standings(connection, list(dict.fromkeys(keys)))

    def counts(self) -> Mapping[State, int]:
        query = select(JOBS.c.state, func.count()).group_by(JOBS.c.state)
        with self._database.reading() as connection:
            return {State(state): count for state, count in connection.execute(query)}

    def take_back(self, now: datetime, *, every: bool) -> None:
        """Queue again what is leased: what ran out, or all of it where no worker can be left."""
        is_lost = true() if every else JOBS.c.leased_until <= micros(now)
        with self._database.writing() as connection:
            _take_back(connection, now, is_lost)


def _take_back(connection: Connection, now: datetime, is_lost: ColumnElement[bool]) -> None:
    is_last = JOBS.c.attempts >= MOST_ATTEMPTS
    values = {
        "state": case((is_last, State.FAILED.value), else_=State.QUEUED.value),
        "why": case((is_last, LAPSED), else_=""),
        "leased_until": None,
        "changed_at": micros(now),
    }
    is_leased = JOBS.c.state == State.ANALYSING.value
    connection.execute(update(JOBS).where(is_leased, is_lost).values(values))


def _raise_priority(connection: Connection, job: Job) -> None:
    is_lower = and_(_is(job.key), JOBS.c.priority < job.priority)
    connection.execute(update(JOBS).where(is_lower).values(priority=job.priority))


def _row(job: Job, turn: int, now: datetime) -> dict[str, Any]:
    return {
        "sha512": job.key.sha512,
        "analyser": job.key.analyser,
        "registry": job.registry,
        "name": plain(job.name),
        "version": plain(job.version),
        "priority": job.priority,
        "turn": turn,
        "state": State.QUEUED.value,
        "why": "",
        "attempts": 0,
        "leased_until": None,
        "changed_at": micros(now),
    }


def _job(row: Row) -> Job:
    key = Key(row["sha512"], row["analyser"])
    return Job(key, row["registry"], row["name"], row["version"], row["priority"], row["attempts"])


def _settled(state: State, why: str, now: datetime) -> dict[str, Any]:
    if state is State.ANALYSING:
        raise ValueError("a job is being analysed by who leased it")
    return {
        "state": state.value,
        "why": plain(why),
        "leased_until": None,
        "changed_at": micros(now),
    }


def _standings(connection: Connection, keys: list[Key]) -> dict[Key, Standing]:
    found: dict[Key, Standing] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        part = [(each.sha512, each.analyser) for each in keys[start : start + _KEYS_AT_ONCE]]
        query = select(JOBS).where(tuple_(JOBS.c.sha512, JOBS.c.analyser).in_(part))
        for row in connection.execute(query).mappings():
            found[Key(row["sha512"], row["analyser"])] = Standing(
                State(row["state"]), row["why"], moment(row["changed_at"]), row["attempts"]
            )
    return found


def _count(connection: Connection, state: State) -> int:
    query = select(func.count()).select_from(JOBS).where(JOBS.c.state == state.value)
    return connection.scalar(query) or 0


def _end(now: datetime, seconds: float) -> int:
    return micros(now + timedelta(seconds=seconds))


def _is(key: Key) -> ColumnElement[bool]:
    return and_(JOBS.c.sha512 == key.sha512, JOBS.c.analyser == key.analyser)


def _is_held(job: Job) -> ColumnElement[bool]:
    """By this attempt: who lost the lease has nothing to say any more."""
    return and_(_is(job.key), JOBS.c.state == State.ANALYSING.value, JOBS.c.attempts == job.attempt)
