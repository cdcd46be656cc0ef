"""What every store does, whatever keeps it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.model.fact import Clock
from pratique.store import Entry, Shelf, Store, open_store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHELF = Shelf("registered", 1, "https://registry.example/", "")
Opener = Callable[..., Store]


@pytest.fixture(params=["sqlite"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same store again and again: `opener(at=..., size_cap=...)`."""
    opened: list[Store] = []

    def open_again(at: datetime = NOW, **more: int) -> Store:
        store = open_store(tmp_path / "cache", Clock(at), **more)
        opened.append(store)
        return store

    yield open_again
    assert all(not store.warnings for store in opened)


def entry(subject: str, value: bytes = b"value", etag: str | None = None) -> Entry:
    return Entry(subject, value, NOW, NOW + timedelta(hours=24), etag)


def test_what_was_saved_is_loaded_by_another_process_later(opener: Opener) -> None:
    with opener() as store:
        store.save(SHELF, [entry("a@1.0.0", b"\x00\x01", '"tag"'), entry("b@1.0.0")])
    with opener() as store:
        found = store.load(SHELF, ["a@1.0.0", "b@1.0.0", "c@1.0.0"])
    assert found == {
        "a@1.0.0": entry("a@1.0.0", b"\x00\x01", '"tag"'),
        "b@1.0.0": entry("b@1.0.0"),
    }


def test_a_second_save_replaces_the_first(opener: Opener) -> None:
    with opener() as store:
        store.save(SHELF, [entry("a", b"old", "old")])
        store.save(SHELF, [entry("a", b"new")])
        assert store.load(SHELF, ["a"]) == {"a": entry("a", b"new")}


@pytest.mark.parametrize(
    "other",
    [
        Shelf("published", 1, "https://registry.example/", ""),
        Shelf("registered", 2, "https://registry.example/", ""),
        Shelf("registered", 1, "https://registry.example/other/", ""),
        Shelf("registered", 1, "https://registry.example/", "somebody"),
    ],
    ids=["kind", "schema version", "registry", "credential"],
)
def test_shelves_that_differ_in_one_part_share_nothing(opener: Opener, other: Shelf) -> None:
    with opener() as store:
        store.save(SHELF, [entry("a")])
        assert store.load(other, ["a"]) == {}


def test_credential_keys_tell_credentials_apart_and_last_between_runs(opener: Opener) -> None:
    with opener() as store:
        keys = [store.credential_key(text) for text in (None, "", "Bearer one", "Bearer two")]
    with opener() as store:
        assert store.credential_key("Bearer one") == keys[2]
    assert keys[0] == ""
    assert len(set(keys)) == 4
    assert not any("one" in key for key in keys)


def test_credential_keys_of_two_stores_differ(tmp_path: Path) -> None:
    with (
        open_store(tmp_path / "1", Clock(NOW)) as one,
        open_store(tmp_path / "2", Clock(NOW)) as two,
    ):
        assert one.credential_key("Bearer x") != two.credential_key("Bearer x")


def test_thousands_are_loaded_at_once(opener: Opener) -> None:
    subjects = [f"package-{n}@1.0.{n}" for n in range(5000)]
    with opener() as store:
        store.save(SHELF, [entry(subject) for subject in subjects])
        assert store.load(SHELF, subjects).keys() == set(subjects)
        assert store.load(SHELF, []) == {}


def test_the_least_recently_used_go_first_when_the_cap_is_passed(opener: Opener) -> None:
    body = hashlib.shake_256(b"noise").digest(2000)
    later = NOW + timedelta(days=3)
    with opener() as store:
        store.save(SHELF, [entry(f"old-{n}", body + bytes([n])) for n in range(20)])
    with opener(later) as store:
        assert store.load(SHELF, ["old-3"])
    with opener(later, size_cap=28_000) as store:
        store.save(SHELF, [entry(f"new-{n}", body + bytes([n])) for n in range(10)])
    with opener(later) as store:
        old = store.load(SHELF, [f"old-{n}" for n in range(20)])
        new = store.load(SHELF, [f"new-{n}" for n in range(10)])
    assert set(old) == {"old-3"}
    assert len(new) == 10


def test_nothing_is_evicted_below_the_cap(opener: Opener) -> None:
    with opener(size_cap=100_000) as store:
        store.save(SHELF, [entry(f"a-{n}") for n in range(100)])
    with opener() as store:
        assert len(store.load(SHELF, [f"a-{n}" for n in range(100)])) == 100


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.dictionaries(
        st.text(min_size=1, max_size=30), st.binary(max_size=3000), min_size=1, max_size=8
    )
)
def test_any_value_under_any_subject_comes_back_as_it_was(
    opener: Opener, values: dict[str, bytes]
) -> None:
    values = {key: value for key, value in values.items() if key.isprintable()}
    with opener() as store:
        store.save(SHELF, [entry(subject, value) for subject, value in values.items()])
        found = store.load(SHELF, values)
    assert {subject: one.value for subject, one in found.items()} == values
