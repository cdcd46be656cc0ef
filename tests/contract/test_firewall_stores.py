"""What the firewall saw, its queue and its documents on every database."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import MetaData, inspect, select
from tests.contract.conftest import Place
from tests.contract.recorded import NOW, REGISTRY, SECOND, decision, request

from pratique.model.record import Sight
from pratique.store.firewall import migrations
from pratique.store.firewall.migrations import MIGRATIONS, SCHEMA, migrate, schema_of
from pratique.store.firewall.opening import SqlFirewall
from pratique.store.firewall.port import (
    MOST_ATTEMPTS,
    Artifact,
    Bound,
    Document,
    Job,
    Key,
    Standing,
    State,
    Wanted,
)
from pratique.store.firewall.queue import SqlQueue
from pratique.store.firewall.tables import BATCHED, BATCHES, METADATA, SELF

ANALYSER = 3
HOUR = timedelta(hours=1)


def key(number: int = 1, analyser: int = ANALYSER) -> Key:
    return Key(f"{number:0128x}", analyser)


def job(number: int = 1, priority: int = 0, analyser: int = ANALYSER) -> Job:
    return Job(key(number, analyser), REGISTRY, "left-widget", f"1.0.{number}", priority)


@pytest.fixture
def firewall(place: Place) -> SqlFirewall:
    return place.open(NOW)


# -- migrations ------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", range(len(MIGRATIONS) + 1))
def test_every_older_schema_is_brought_to_the_tables_of_today(place: Place, start: int) -> None:
    database = place.open(NOW)._database
    with database.writing() as connection:
        METADATA.drop_all(connection)
        for step in MIGRATIONS[:start]:
            step(connection)
        if start:
            update = SELF.update().where(SELF.c.name == "schema")
            connection.execute(update.values(value=str(start)))
        migrate(connection)
        assert schema_of(connection) == SCHEMA
    with database.reading() as connection:
        migrated = _shape(connection)
    with database.writing() as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    with database.reading() as connection:
        assert _shape(connection) == migrated
    assert set(migrated) == set(METADATA.tables)
    with database.writing() as connection:
        connection.execute(SELF.insert(), {"name": "schema", "value": str(SCHEMA)})


def test_requests_of_an_older_schema_are_found_and_are_still_what_was_written(
    place: Place,
) -> None:
    firewall = place.open(NOW)
    every = [request(number, client="\U0001f6a2 \x1b") for number in range(7)]
    firewall.record.requests(every[:4])
    firewall.record.decide(decision())
    firewall.record.requests([*every[4:], request(9, token="bob", decision=decision().id)])
    before = firewall.record.head()
    _back_to_rows(firewall)
    other = place.open(NOW, serving=False)
    assert other.record.head() == before
    assert other.record.verify([before]).problems == ()
    [last] = [each.entry for each in other.record.log(Wanted(token="bob"))]
    assert last == request(9, token="bob", decision=decision().id)
    found = [each.entry for each in other.record.log(Wanted(token="alice"))]
    assert found == every


def _back_to_rows(firewall: SqlFirewall) -> None:
    """Schema 5: a row for each request."""
    schema = MetaData()
    migrations._decisions_and_requests(schema)
    table = schema.tables["requests"]
    with firewall._database.writing() as connection:
        table.create(connection)
        for batch in connection.execute(select(BATCHES)).all():
            for array in json.loads(batch.body):
                connection.execute(table.insert().values((batch.place, *array)))
        for each in (BATCHES, BATCHED):
            each.drop(connection)
        connection.execute(SELF.update().where(SELF.c.name == "schema").values(value="5"))


def _shape(connection: object) -> dict[str, object]:
    seen = inspect(connection)
    assert seen is not None
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(name)],
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted(
                (
                    str(index["name"]),
                    index["column_names"],
                    {kind: str(told) for kind, told in index.get("dialect_options", {}).items()},
                )
                for index in seen.get_indexes(name)
            ),
        )
        for name in seen.get_table_names()
    }


# -- seen ------------------------------------------------------------------------------------------


def test_what_was_there_at_the_first_fetch_has_no_time_before(firewall: SqlFirewall) -> None:
    seen = firewall.seen
    assert seen.first_seen(REGISTRY, "a") is None
    assert seen.note(REGISTRY, "a", ["1.0.0", "1.1.0"], NOW) == {
        "1.0.0": Sight(NOW), "1.1.0": Sight(NOW)
    }  # fmt: skip
    assert seen.first_seen(REGISTRY, "a") == NOW


def test_a_later_version_says_when_the_package_was_last_seen_without_it(
    firewall: SqlFirewall,
) -> None:
    seen = firewall.seen
    for hour in range(3):
        seen.note(REGISTRY, "a", ["1.0.0"], NOW + hour * HOUR)
    found = seen.note(REGISTRY, "a", ["1.1.0", "1.0.0"], NOW + 5 * HOUR)
    assert found == {"1.0.0": Sight(NOW), "1.1.0": Sight(NOW + 5 * HOUR, NOW + 2 * HOUR)}
    assert seen.sights(REGISTRY, "a") == found
    assert seen.first_seen(REGISTRY, "a") == NOW


def test_a_version_that_goes_and_comes_back_keeps_its_first_time(firewall: SqlFirewall) -> None:
    seen = firewall.seen
    seen.note(REGISTRY, "a", ["1.0.0", "1.1.0"], NOW)
    assert seen.note(REGISTRY, "a", ["1.0.0"], NOW + HOUR) == {"1.0.0": Sight(NOW)}
    assert seen.note(REGISTRY, "a", ["1.1.0"], NOW + 2 * HOUR) == {"1.1.0": Sight(NOW)}


def test_packages_of_other_names_and_registries_share_nothing(firewall: SqlFirewall) -> None:
    seen = firewall.seen
    seen.note(REGISTRY, "a", ["1.0.0"], NOW)
    for registry, name in [(REGISTRY, "A"), ("https://other.example/", "a"), (REGISTRY, "@a/a")]:
        assert seen.sights(registry, name) == {}
        found = seen.note(registry, name, ["1.0.0"], NOW + HOUR)
        assert found == {"1.0.0": Sight(NOW + HOUR)}


def test_thousands_of_versions_under_any_name_are_seen(firewall: SqlFirewall) -> None:
    versions = [f"1.0.{n}" for n in range(3500)] + ["", "\0", "\ud800", "\u202e", '"]']
    found = firewall.seen.note(REGISTRY, "a", versions, NOW)
    assert found == dict.fromkeys(versions, Sight(NOW))
    assert firewall.seen.note(REGISTRY, "a", versions, NOW + HOUR) == found
    assert firewall.seen.note(REGISTRY, "empty", [], NOW) == {}
    assert firewall.seen.first_seen(REGISTRY, "empty") == NOW


# -- the queue -------------------------------------------------------------------------------------


def test_a_job_goes_through_its_states(firewall: SqlFirewall) -> None:
    queue = firewall.queue
    assert queue.put([job()], NOW) == ()
    assert queue.states([key(), key(2)]) == {key(): Standing(State.QUEUED, "", NOW)}
    leased = queue.lease(NOW + SECOND, 60, ANALYSER)
    assert leased == replace(job(), attempt=1)
    assert queue.states([key()])[key()] == Standing(State.ANALYSING, "", NOW + SECOND, 1)
    assert queue.lease(NOW + SECOND, 60, ANALYSER) is None
    assert queue.done(leased, State.HELD, "gained exec.process", NOW + 2 * SECOND)
    ended = Standing(State.HELD, "gained exec.process", NOW + 2 * SECOND, 1)
    assert queue.states([key()]) == {key(): ended}
    assert queue.put([job(priority=9)], NOW + HOUR) == ()
    assert queue.states([key()]) == {key(): ended}
    assert queue.lease(NOW + HOUR, 60, ANALYSER) is None


def test_the_most_wanted_comes_first_then_the_one_that_waits_longest(
    firewall: SqlFirewall,
) -> None:
    queue = firewall.queue
    queue.put([job(1), job(2, 5), job(3), job(4, 5)], NOW)
    queue.put([job(5), job(3, 9), job(2, 1)], NOW)
    order = [queue.lease(NOW, 60, ANALYSER) for _ in range(6)]
    assert [each and each.version for each in order] == [
        "1.0.3", "1.0.2", "1.0.4", "1.0.1", "1.0.5", None
    ]  # fmt: skip


def test_the_same_bytes_wait_once_for_each_analyser(firewall: SqlFirewall) -> None:
    queue = firewall.queue
    queue.put([job(1), job(1), job(1, analyser=4)], NOW)
    assert queue.counts() == {State.QUEUED: 2}
    other = queue.lease(NOW, 60, 4)
    assert other
    assert other.key == key(1, 4)
    assert queue.lease(NOW, 60, 4) is None


def test_a_lease_that_runs_out_puts_the_job_back_three_times(firewall: SqlFirewall) -> None:
    queue = firewall.queue
    queue.put([job()], NOW)
    at = NOW
    for attempt in range(1, MOST_ATTEMPTS + 1):
        leased = queue.lease(at, 60, ANALYSER)
        assert leased
        assert leased.attempt == attempt
        assert queue.lease(at + 59 * SECOND, 60, ANALYSER) is None
        at += 60 * SECOND
    assert queue.lease(at, 60, ANALYSER) is None
    standing = queue.states([key()])[key()]
    assert (standing.state, standing.attempts) == (State.FAILED, MOST_ATTEMPTS)
    assert standing.why


def test_who_lost_the_lease_has_nothing_to_say(firewall: SqlFirewall) -> None:
    queue = firewall.queue
    queue.put([job()], NOW)
    first = queue.lease(NOW, 60, ANALYSER)
    second = queue.lease(NOW + HOUR, 60, ANALYSER)
    assert first
    assert second
    assert not queue.done(first, State.CLEARED, "", NOW + HOUR)
    assert not queue.renew(first, NOW + HOUR, 60)
    assert queue.states([key()])[key()].state is State.ANALYSING
    assert queue.renew(second, NOW + HOUR + 59 * SECOND, 60)
    assert queue.lease(NOW + HOUR + 100 * SECOND, 60, ANALYSER) is None
    assert queue.done(second, State.CLEARED, "", NOW + HOUR)
    assert not queue.done(second, State.FAILED, "", NOW + HOUR)


def test_a_failed_attempt_is_tried_again_until_the_last(firewall: SqlFirewall) -> None:
    queue = firewall.queue
    queue.put([job()], NOW)
    for _ in range(MOST_ATTEMPTS):
        assert queue.states([key()])[key()].state is State.QUEUED
        leased = queue.lease(NOW, 60, ANALYSER)
        assert leased
        assert queue.done(leased, State.QUEUED, "the worker died", NOW)
    assert queue.states([key()]) == {key(): Standing(State.FAILED, "the worker died", NOW, 3)}


def test_a_state_is_set_without_a_lease_and_a_failed_one_queued_again(
    firewall: SqlFirewall,
) -> None:
    queue = firewall.queue
    queue.put([job()], NOW)
    queue.settle(key(), State.FAILED, "the artifact is gone", NOW)
    assert queue.lease(NOW, 60, ANALYSER) is None
    queue.settle(key(), State.QUEUED, "", NOW)
    leased = queue.lease(NOW, 60, ANALYSER)
    assert leased
    assert leased.attempt == 1
    with pytest.raises(ValueError, match="leased"):
        queue.settle(key(), State.ANALYSING, "", NOW)


def test_a_full_queue_turns_away_what_comes_and_says_so(firewall: SqlFirewall) -> None:
    queue = SqlQueue(firewall._database, most=3)
    assert queue.put([job(n) for n in range(5)], NOW) == (job(3), job(4))
    assert queue.put([job(1, 7)], NOW) == ()
    assert queue.lease(NOW, 60, ANALYSER)
    assert queue.put([job(4), job(3)], NOW) == (job(3),)
    assert queue.counts() == {State.QUEUED: 3, State.ANALYSING: 1}


def test_many_workers_never_have_the_same_job(place: Place) -> None:
    nodes = [place.open(NOW), place.open(NOW, serving=False)]
    nodes[0].queue.put([job(n) for n in range(40)], NOW)
    taken: list[Key] = []

    def work(firewall: SqlFirewall) -> None:
        while (leased := firewall.queue.lease(NOW, 60, ANALYSER)) is not None:
            taken.append(leased.key)
            firewall.queue.done(leased, State.CLEARED, "", NOW)

    threads = [threading.Thread(target=work, args=(nodes[n % 2],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == [key(n) for n in range(40)]


def test_after_a_crash_what_was_being_analysed_is_queued_again(place: Place) -> None:
    firewall = place.open(NOW)
    firewall.queue.put([job(1), job(2)], NOW)
    assert firewall.queue.lease(NOW, 600, ANALYSER)
    place.crash(firewall)
    # On PostgreSQL another node may be at it: there the lease has to run out.
    at = NOW + SECOND if place.is_sqlite else NOW + timedelta(seconds=601)
    queue = place.open(at).queue
    assert queue.counts() == {State.QUEUED: 2}
    again = queue.lease(at, 60, ANALYSER)
    assert again
    assert again.attempt == 2


# -- documents and artifacts -----------------------------------------------------------------------


def document(**more: object) -> Document:
    made = Document(REGISTRY, "a", "full", "d" * 64, "b" * 128, 2**33, NOW, NOW, 'W/"x"', None)
    return replace(made, **more)  # type: ignore[arg-type]  # fields of the class


def artifact(number: int, **more: object) -> Artifact:
    made = Artifact(f"{number:0128x}", 10, NOW, NOW + number * SECOND)
    return replace(made, **more)  # type: ignore[arg-type]  # fields of the class


def test_a_document_replaces_its_predecessor_alone(firewall: SqlFirewall) -> None:
    documents = firewall.documents
    assert documents.document(REGISTRY, "a", "full") is None
    assert documents.keep(document()) is None
    assert documents.keep(document(form="short", blob="c" * 128)) is None
    newer = document(blob="e" * 128, etag=None, modified="Wed, 25 Nov 2026 08:00:00 GMT")
    assert documents.keep(newer) == "b" * 128
    assert documents.document(REGISTRY, "a", "full") == newer
    assert documents.document(REGISTRY, "a", "short") == document(form="short", blob="c" * 128)
    assert list(documents.names(REGISTRY)) == ["a"]


def test_a_blob_that_something_else_refers_to_is_not_for_deletion(firewall: SqlFirewall) -> None:
    documents = firewall.documents
    documents.keep(document())
    documents.keep(document(name="b"))
    assert documents.keep(document(blob="c" * 128)) is None
    assert documents.keep(document(blob="c" * 128, digest="e" * 64)) is None
    documents.add(Artifact("c" * 128, 1, NOW, NOW))
    assert documents.keep(document(blob="f" * 128)) is None
    assert documents.keep(document(name="b", blob="f" * 128)) == "b" * 128


def test_a_document_that_still_holds_says_since_when(firewall: SqlFirewall) -> None:
    firewall.documents.keep(document())
    firewall.documents.checked(REGISTRY, "a", "full", NOW + HOUR)
    assert firewall.documents.document(REGISTRY, "a", "full") == document(checked_at=NOW + HOUR)


def test_artifacts_are_known_by_when_they_were_last_used(firewall: SqlFirewall) -> None:
    documents = firewall.documents
    for number in range(3):
        documents.add(artifact(number))
    documents.used([artifact(0).sha512], NOW + HOUR)
    documents.used([artifact(1).sha512, "f" * 128], NOW - HOUR)
    documents.add(artifact(1, verified_at=NOW + HOUR, last_used=NOW))
    used = artifact(0, last_used=NOW + HOUR)
    assert documents.artifact(artifact(0).sha512) == used
    again = artifact(1, verified_at=NOW + HOUR)
    assert documents.oldest(2) == (again, artifact(2))
    assert documents.oldest(9) == (again, artifact(2), used)
    documents.forget([artifact(2).sha512, "f" * 128])
    assert documents.artifact(artifact(2).sha512) is None


def test_a_release_is_bound_to_the_bytes_that_came_first(firewall: SqlFirewall) -> None:
    documents = firewall.documents
    first = Bound(REGISTRY, "a", "1.0.0", "a" * 128, NOW)
    assert documents.bind(first) == first
    assert documents.bind(replace(first, sha512="b" * 128, at=NOW + HOUR)) == first
    other = Bound(REGISTRY, "a", "1.0.1", "b" * 128, NOW)
    documents.bind(other)
    documents.bind(replace(first, name="b", sha512="c" * 128))
    assert documents.bound(REGISTRY, "a") == {"1.0.0": first, "1.0.1": other}
    assert documents.bound("https://other.example/", "a") == {}
