from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence_builders import AT, record

from pratique.model.evidence import MAX_TEXT, Key, Keys, Provenance, Usage, is_plain

TEXT = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=40)
TIMES = st.datetimes(
    datetime(1, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    datetime(9999, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    timezones=st.just(UTC),
).map(lambda at: at.replace(microsecond=0))


@given(st.builds(Provenance, version=TEXT, at=st.none() | TIMES, built=TIMES, issuer=TEXT,
                 repository=TEXT, ref=st.none() | TEXT, attempt=st.none() | st.integers(0, 99),
                 predicate=TEXT, shape=TEXT, certified_at=TIMES))  # fmt: skip
def test_a_record_is_read_back_as_it_was_written(found: Provenance) -> None:
    text = found.to_json()
    assert text.isascii()
    assert Provenance.from_json(text) == found
    assert Provenance.from_json(text).to_json() == text


def changed(**more: object) -> str:
    return json.dumps(
        {**json.loads(record().to_json()), **more}, sort_keys=True, separators=(",", ":")
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 5000,
        "x" * 40_000,
        changed(more="x"),
        changed(version=""),
        changed(version="x" * (MAX_TEXT + 1)),
        changed(version="a\x1b[31m"),
        changed(version="a\u202eb"),
        changed(version=None),
        changed(version=7),
        changed(attempt="1"),
        changed(attempt=True),
        changed(attempt=-1),
        changed(built="2026-11-01"),
        changed(built="2026-13-01T00:00:00Z"),
        changed(built="2026-11-01T00:00:00+00:00"),
        record().to_json().replace(",", ", ", 1),
        record().to_json().replace('"version"', '"version":"1.0.0","version"'),
    ],
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the messages are not the program's interface
        Provenance.from_json(text)


@pytest.mark.parametrize(
    "at", [AT + timedelta(microseconds=1), AT.astimezone(timezone(timedelta(hours=1)))]
)
def test_a_record_takes_whole_seconds_in_utc_alone(at: datetime) -> None:
    with pytest.raises(ValueError, match="whole seconds in UTC"):
        record(built=at).to_json()


def test_text_that_is_long_or_hides_something_is_not_plain() -> None:
    assert is_plain("https://forge.example/a")
    assert not any(map(is_plain, ["", "a\nb", "\u202e", "\x00", "x" * (MAX_TEXT + 1)]))


def test_a_key_is_found_by_id_and_usage_and_its_end_is_exclusive() -> None:
    one = Key("SHA256:a", Usage.SIGNATURES, b"1", AT, AT + timedelta(days=1))
    two = Key("SHA256:a", Usage.ATTESTATIONS, b"2", AT)
    keys = Keys((one, two))
    assert keys.find("SHA256:a", Usage.ATTESTATIONS) is two
    assert keys.find("SHA256:b", Usage.ATTESTATIONS) is None
    assert [one.is_valid_at(AT + timedelta(days=day)) for day in (-1, 0, 1)] == [False, True, False]
    assert two.is_valid_at(AT + timedelta(days=9999))
