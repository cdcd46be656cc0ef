"""Blocklists: what each form blocks, and that what cannot be read or applied never lets through."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import NOW, A, B, release
from tests.fuzz import fuzz_blocklist

from pratique.ecosystems.npm.blocking import entries_for, needs_bytes
from pratique.ecosystems.npm.blocklist import blocked_by, read_blocklist
from pratique.errors import BlocklistError
from pratique.model.blocklist import Blocked
from pratique.model.fact import Missing, Why

FILE = "lists/blocked.json"


def own(*entries: Any, **more: Any) -> bytes:
    return json.dumps({"pratique-blocklist": 1, "entries": entries, **more}, indent=1).encode()


def entry(**more: Any) -> dict[str, Any]:
    return {"package": "left-pad", "reason": "hijacked", **more}


def record(*affected: Any, **more: Any) -> dict[str, Any]:
    return {"id": "MAL-2026-1", "summary": "steals tokens", "affected": affected, **more}


def affected(**more: Any) -> dict[str, Any]:
    return {"package": {"ecosystem": "npm", "name": "left-pad"}, **more}


def ranged(*events: dict[str, str], kind: str = "SEMVER") -> dict[str, Any]:
    return affected(ranges=[{"type": kind, "events": list(events)}])


def blocked(source: bytes) -> Blocked:
    found = blocked_by({FILE: source})
    assert isinstance(found, Blocked)
    return found


def versions(source: bytes, *asked: str, sha512: str | None = None) -> list[str]:
    known = blocked(source)
    return [x for x in asked if entries_for(known, release(version=x), sha512, NOW)]


ASKED = ("0.9.0", "1.0.0-rc.1", "1.0.0", "1.3.0", "2.0.0-beta", "2.0.0", "not-a-version")


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({"versions": ["1.3.0", "v2.0.0"]}, ["1.3.0", "2.0.0"]),
        ({"range": "1.x"}, ["1.0.0-rc.1", "1.0.0", "1.3.0", "not-a-version"]),
        ({"range": ">=1.3.0 <2.0.0"}, ["1.3.0", "not-a-version"]),
        ({"range": "*"}, list(ASKED)),
        ({"sha512": A.hex}, list(ASKED)),
        ({"sha512": A.sri}, list(ASKED)),
        ({"sha512": B.hex}, []),
    ],
)
def test_an_entry_blocks_what_it_names(which: dict[str, Any], expected: list[str]) -> None:
    assert expected == versions(own(entry(**which)), *ASKED, sha512=A.hex)


def test_build_metadata_makes_no_other_version() -> None:
    assert ["1.3.0+a", "1.3.0"] == versions(own(entry(versions=["1.3.0+b"])), "1.3.0+a", "1.3.0")


def test_another_package_is_not_meant() -> None:
    known = blocked(own(entry(range="*")))
    assert () == entries_for(known, release("left-pads"), None, NOW)
    assert () == entries_for(known, release("Left-Pad"), None, NOW)


def test_an_entry_by_digest_cannot_be_applied_without_one() -> None:
    known = blocked(own(entry(sha512=A.hex)))
    assert () == entries_for(known, release(), None, NOW)
    assert (True, False) == tuple(needs_bytes(known, release(x), NOW) for x in ("left-pad", "x"))
    assert not needs_bytes(blocked(own(entry(sha512=A.hex, until="2026-11-22"))), release(), NOW)


@pytest.mark.parametrize(("until", "counts"), [("2026-11-22", False), ("2026-11-23", True)])
def test_an_entry_counts_until_its_day_begins(until: str, counts: bool) -> None:
    assert counts == bool(versions(own(entry(range="*", until=until)), "1.3.0"))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (affected(), list(ASKED)),
        (affected(versions=["1.3.0"]), ["1.3.0"]),
        (ranged({"introduced": "0"}), list(ASKED)),
        (
            ranged({"introduced": "1.0.0"}, {"fixed": "2.0.0"}),
            ["1.0.0", "1.3.0", "2.0.0-beta", "not-a-version"],
        ),
        (
            ranged({"last_affected": "1.3.0"}, {"introduced": "1.0.0"}),
            ["1.0.0", "1.3.0", "not-a-version"],
        ),
        (
            ranged({"introduced": "1.3.0"}, {"last_affected": "1.3.0"}),
            ["1.3.0", "not-a-version"],
        ),
        (
            ranged(
                {"introduced": "0"}, {"fixed": "1.0.0"}, {"introduced": "2.0.0"}, kind="ECOSYSTEM"
            ),
            ["0.9.0", "1.0.0-rc.1", "2.0.0", "not-a-version"],
        ),
        (ranged({"introduced": "a1b2"}, kind="GIT"), list(ASKED)),
        (
            {**ranged({"introduced": "2.0.0"}), "versions": ["0.9.0"]},
            ["0.9.0", "2.0.0", "not-a-version"],
        ),
    ],
)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x]])
def test_a_record_of_malware_blocks_its_versions_and_ranges(
    of: dict[str, Any], expected: list[str], wrap: Any
) -> None:
    assert expected == versions(json.dumps(wrap(record(of))).encode(), *ASKED)
    assert expected == versions(own(osv=[record(of)]), *ASKED)


@pytest.mark.parametrize(
    "other",
    [
        record(affected(), id="GHSA-0000"),
        record(affected(), withdrawn="2026-11-01T00:00:00Z"),
        record({"package": {"ecosystem": "PyPI", "name": "left-pad"}}),
        record({"versions": ["1.3.0"]}),
        record(),
    ],
)
def test_what_is_no_standing_malware_of_npm_is_passed_over(other: dict[str, Any]) -> None:
    assert [] == versions(json.dumps(other).encode(), *ASKED)


def test_an_entry_says_why_and_where_and_a_record_its_id() -> None:
    known = blocked(own(entry(versions=["1.0.0"]), entry(range="*"), osv=[record(affected())]))
    found = entries_for(known, release(), None, NOW)
    assert [("hijacked", "", 11), ("steals tokens", "MAL-2026-1", 18)] == [
        (each.reason, each.id, each.where.line) for each in found
    ]
    assert {FILE} == {each.where.file for each in found}


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        (b"", 1, "not JSON"),
        (b"{}", 1, "is no blocklist"),
        (b"7", 1, "must be an object"),
        (b'{\n"id": 7}', 2, "id: must be text"),
        (b'{\n"pratique-blocklist": 2}', 2, "this version reads 1"),
        (b'{\n"pratique-blocklist": true}', 2, "this version reads 1"),
        (b'{"pratique-blocklist": 1,\n"entrys": []}', 2, "entrys: is not a member"),
        (b'{"pratique-blocklist": 1,\n"entries": {}}', 2, "entries: must be a list"),
        (b'{"pratique-blocklist": 1,\n"expires_at": "soon"}', 2, "must be an instant"),
        (b'{"pratique-blocklist": 1,\n"expires_at": "2026-12-01T00:00:00"}', 2, "its offset"),
        (b'{"pratique-blocklist": 1,\n"generated_at": 7}', 2, "must be text"),
        (own(entry()), 4, "entries[0]: must say which releases by one of"),
        (own(entry(range="*", versions=["1.0.0"])), 4, "by one of"),
        (own(entry(range="*", reason=" ")), 6, "entries[0].reason: must be text"),
        (own(entry(range="*", package="../x")), 5, "is no package's name"),
        (own(entry(range="latest of all")), 7, "is no range"),
        (own(entry(versions=["^1.0.0"])), 8, "entries[0].versions[0]: is no exact version"),
        (own(entry(versions=[])), 7, "must not be empty"),
        (own(entry(sha512="abc")), 7, "is no SHA-512 digest"),
        (own(entry(sha512="sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")), 7, "is no SHA-512"),
        (own(entry(range="*", until="2026-13-01")), 8, "must be a day"),
        (own(entry(range="*", until="20261201")), 8, "must be a day"),
        (own(entry(range="*", untill="2026-12-01")), 8, "is not a member here"),
        (b'[{"id": "MAL-1", "affected":\n{}}]', 1, "[0].affected: must be a list"),
        (json.dumps(record(affected(versions="1.0.0"))).encode(), 1, "must be a list"),
        (json.dumps(record(affected(versions=[7]))).encode(), 1, "versions[0]: must be text"),
        (json.dumps(record(ranged({"fixed": "1.0.0"}))).encode(), 1, "no event that introduces"),
        (json.dumps(record(ranged({"introduced": "x"}))).encode(), 1, "is no version"),
        (json.dumps(record(ranged({"introduced": "0"}, {"fixed": "0"}))).encode(), 1, "no version"),
        (b"[" * 100_000, 1, "nested deeper"),
    ],
)
def test_what_cannot_be_read_names_file_line_and_place(
    source: bytes, line: int, words: str
) -> None:
    with pytest.raises(BlocklistError) as caught:
        read_blocklist(source, FILE)
    assert words in caught.value.message
    assert f"{FILE}:{line}: " in caught.value.message


def test_one_list_that_cannot_be_read_leaves_nothing_known() -> None:
    good = own(entry(range="*"))
    for bad in (b"{", "is not among the repository's files"):
        found = blocked_by({FILE: good, "other.json": bad})
        assert isinstance(found, Missing)
        assert (Why.FAILED, True) == (found.why, "other.json" in found.detail)


def test_lists_count_together_and_each_keeps_its_own_expiry() -> None:
    end = NOW + timedelta(days=3)
    sources = {
        "a": own(entry(versions=["1.0.0"]), expires_at=end.isoformat()),
        "b": json.dumps(record(affected(versions=["2.0.0"]))).encode(),
    }
    found = blocked_by(sources)
    assert isinstance(found, Blocked)
    assert (("a", end),) == found.expires
    assert 2 == len(found.entries["left-pad"])
    assert 64 == len(found.digest)
    other = blocked_by({**sources, "b": b"[]"})
    assert isinstance(other, Blocked)
    assert other.digest != found.digest
    assert blocked_by({}) == Blocked()


def test_an_instant_may_have_any_offset() -> None:
    found = read_blocklist(own(expires_at="2026-12-01T02:00:00+02:00"), FILE)
    assert datetime(2026, 12, 1, tzinfo=UTC) == found.expires


KEYS = [
    *("id", "affected", "package", "ecosystem", "name", "versions", "ranges", "type", "events"),
    *("introduced", "fixed", "pratique-blocklist", "entries", "osv", "range", "sha512", "reason"),
]
PIECES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["npm", "1.0.0", "*", "MAL-1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(PIECES)
def test_any_json_is_a_list_or_an_error_that_says_where(value: object) -> None:
    fuzz_blocklist.one(json.dumps(value).encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_a_list_or_an_error(source: bytes) -> None:
    fuzz_blocklist.one(source)
