"""The SQLite file: who may read it, what happens where it is damaged, newer, full or read-only."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from pratique.errors import StoreError
from pratique.model.fact import Clock
from pratique.store import Entry, Shelf, location, open_store
from pratique.store.migrations import MIGRATIONS, SCHEMA, migrate, schema_of
from pratique.store.opening import FILE
from pratique.store.packing import MAX_VALUE, pack, unpack
from pratique.store.tables import METADATA, SELF

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLOCK = Clock(NOW)
SHELF = Shelf("registered", 1, "https://registry.example/", "")


def entry(subject: str, value: bytes = b"value") -> Entry:
    return Entry(subject, value, NOW, NOW)


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    with open_store(tmp_path / "deep" / "cache", CLOCK) as store:
        store.save(SHELF, [entry("a")])
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in (tmp_path / "deep" / "cache").iterdir()
        }
    assert modes
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "deep" / "cache").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"PRATIQUE_CACHE": "/x", "XDG_CACHE_HOME": "/y", "HOME": "/h"}, "/x"),
        ({"XDG_CACHE_HOME": "/y", "HOME": "/h"}, "/y/pratique"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/pratique"),
        ({"HOME": "/h"}, "/h/.cache/pratique"),
    ],
)
def test_the_folder_comes_from_the_environment(environ: dict[str, str], folder: str) -> None:
    assert location(environ) == Path(folder)


@pytest.mark.parametrize("start", range(len(MIGRATIONS) + 1))
def test_every_older_schema_is_brought_to_the_tables_of_today(start: int) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for step in MIGRATIONS[:start]:
            step(connection)
        if start:
            connection.execute(SELF.update().where(SELF.c.name == "schema").values(value=start))
        migrate(connection)
        assert schema_of(connection) == SCHEMA
        migrated = _shape(connection)
    fresh = create_engine("sqlite://")
    with fresh.begin() as connection:
        METADATA.create_all(connection)
        assert _shape(connection) == migrated


def _shape(connection: object) -> dict[str, object]:
    seen = inspect(connection)
    assert seen is not None
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(name)],
            seen.get_pk_constraint(name)["constrained_columns"],
            seen.get_indexes(name),
        )
        for name in seen.get_table_names()
    }


def test_a_store_of_a_newer_program_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    with open_store(tmp_path, CLOCK) as store:
        store.save(SHELF, [entry("a")])
    with closing(sqlite3.connect(tmp_path / FILE)) as raw, raw:
        raw.execute("UPDATE store SET value = '99' WHERE name = 'schema'")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(StoreError, match="schema 99") as caught:
        open_store(tmp_path, CLOCK)
    assert "PRATIQUE_CACHE" in caught.value.hint
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 8000]
)
def test_a_damaged_file_is_an_error_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match="damaged") as caught:
        open_store(tmp_path, CLOCK)
    assert "Nothing was deleted" in caught.value.hint
    assert (tmp_path / FILE).read_bytes() == content


def test_damage_found_while_reading_is_an_error(tmp_path: Path) -> None:
    with open_store(tmp_path, CLOCK) as store:
        store.save(SHELF, [entry(f"a-{n}", os.urandom(900)) for n in range(200)])
    content = bytearray((tmp_path / FILE).read_bytes())
    content[4096 * 5 :] = b"\xa5" * (len(content) - 4096 * 5)
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), open_store(tmp_path, CLOCK) as store:
        store.load(SHELF, [f"a-{n}" for n in range(200)])


def made(folder: Path) -> None:
    """A store that is there and holds nothing."""
    with open_store(folder, CLOCK) as store:
        assert () == store.warnings


def test_nothing_is_made_where_nothing_is_kept(tmp_path: Path) -> None:
    with open_store(tmp_path / "cache", CLOCK) as store:
        assert {} == store.load(SHELF, ["a"])
        assert "" == store.credential_key(None)
    assert not (tmp_path / "cache").exists()


def test_a_store_without_its_secret_is_an_error(tmp_path: Path) -> None:
    made(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as raw, raw:
        raw.execute("DELETE FROM store WHERE name = 'secret'")
    with pytest.raises(StoreError, match="secret"):
        open_store(tmp_path, CLOCK)


def test_where_there_is_no_place_for_a_folder_nothing_is_kept_and_a_warning_says_so(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    with open_store(tmp_path / "file" / "cache", CLOCK) as store:
        store.save(SHELF, [entry("a")])
        assert store.load(SHELF, ["a"]) == {}
    assert len(store.warnings) == 1
    assert "nothing is kept" in store.warnings[0]


def test_a_full_disk_is_a_warning_and_what_was_there_is_still_read(tmp_path: Path) -> None:
    with open_store(tmp_path, CLOCK) as store:
        store.save(SHELF, [entry("a")])
    with open_store(tmp_path, CLOCK) as store:
        store._connection.exec_driver_sql("PRAGMA max_page_count = 8")  # type: ignore[attr-defined]
        store._connection.rollback()  # type: ignore[attr-defined]
        assert store.load(SHELF, ["a"])
        store.save(SHELF, [entry(f"b-{n}", os.urandom(2000)) for n in range(100)])
        assert "full" in store.warnings[0]
        store.save(SHELF, [entry("c")])
    assert len(store.warnings) == 1
    with open_store(tmp_path, CLOCK) as store:
        assert store.load(SHELF, ["a", "b-1", "c"]).keys() == {"a"}


def test_another_writer_that_never_ends_is_a_warning(tmp_path: Path) -> None:
    open_store(tmp_path, CLOCK).close()
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with open_store(tmp_path, CLOCK, busy_seconds=0.01) as store:
            store.save(SHELF, [entry("a")])
        other.execute("ROLLBACK")
    assert "locked" in store.warnings[0]


def test_a_writer_takes_its_lock_before_it_reads_and_a_reader_takes_none(tmp_path: Path) -> None:
    said: list[str] = []
    made(tmp_path)
    store = open_store(tmp_path, CLOCK, size_cap=100)
    raw = store._connection.connection.driver_connection  # type: ignore[attr-defined]
    raw.set_trace_callback(said.append)
    store.load(SHELF, ["a"])
    assert [one for one in said if one.startswith("BEGIN")] == ["BEGIN"]
    said.clear()
    store.save(SHELF, [entry("a", os.urandom(500))])
    store.close()
    assert [one for one in said if one.startswith("BEGIN")][:2] == ["BEGIN IMMEDIATE"] * 2
    assert next(one for one in said if "sum(" in one)


def test_a_row_that_nobody_can_unpack_is_not_there(tmp_path: Path) -> None:
    with open_store(tmp_path, CLOCK) as store:
        store.save(SHELF, [entry("a"), entry("b")])
    with closing(sqlite3.connect(tmp_path / FILE)) as raw, raw:
        raw.execute("UPDATE facts SET body = x'07ff' WHERE subject = 'a'")
    with open_store(tmp_path, CLOCK) as store:
        assert store.load(SHELF, ["a", "b"]).keys() == {"b"}


@pytest.mark.parametrize("value", [b"", b"x", b"abc" * 5000, os.urandom(2000)])
def test_packing_gives_the_value_back(value: bytes) -> None:
    assert unpack(pack(value)) == value


def test_packing_deflates_only_where_it_pays() -> None:
    assert len(pack(b"abc" * 5000)) < 300
    assert len(pack(noise := os.urandom(2000))) == len(noise) + 1


@pytest.mark.parametrize(
    "body",
    [b"", b"\x02x", b"\x01not deflated", pack(b"abc" * 500)[:-3], pack(bytes(MAX_VALUE + 1))],
)
def test_a_body_that_packing_did_not_make_is_no_value(body: bytes) -> None:
    assert unpack(body) is None
