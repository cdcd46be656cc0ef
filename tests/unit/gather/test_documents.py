"""Hostile documents: whatever a registry answers, reading it raises nothing and invents nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.gather.documents import digests_of, read_listing, read_packument, read_version
from pratique.gather.times import Times, first_published, published, times_of
from pratique.model.fact import FirstPublished, Missing, Published, VersionDocument
from pratique.model.package import Digest

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CUTOFF = NOW - timedelta(days=3)
SHA512 = Digest("sha512", "ab" * 64)
SHA1 = Digest("sha1", "cd" * 20)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
moments = st.one_of(
    anything,
    st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat()),
    st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - hypothesis wants naive bounds
        lambda moment: moment.isoformat().replace("+00:00", "Z")
    ),
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("is-odd") | anything,
        "version": st.just("1.0.0") | anything,
        "dist": st.fixed_dictionaries(
            {"tarball": st.text(max_size=8) | anything},
            optional={"integrity": anything, "shasum": anything},
        ) | anything,
        "scripts": anything,
        "hasInstallScript": anything,
        "deprecated": anything,
        "dependencies": anything,
        "optionalDependencies": anything,
    },
)  # fmt: skip
VERSIONS = st.sampled_from(["1.0.0", "1.1.0", "1.2.0"])
packuments = st.fixed_dictionaries(
    {"name": st.just("is-odd")},
    optional={
        "modified": moments,
        "time": st.dictionaries(
            st.sampled_from(["created", "modified", "1.0.0", "1.1.0", "1.2.0"]), moments
        ) | anything,
        "versions": st.dictionaries(VERSIONS, documents) | anything,
    },
)  # fmt: skip


def encoded(document: Any) -> bytearray:
    return bytearray(json.dumps(document).encode())


@given(document=documents | anything)
def test_a_version_is_read_as_what_was_asked_for_or_not_at_all(document: Any) -> None:
    found = read_version(encoded(document), "is-odd", "1.0.0")
    if isinstance(found, VersionDocument):
        assert (document["name"], document["version"]) == ("is-odd", "1.0.0")
        assert found.tarball == document["dist"]["tarball"]


@given(document=packuments | anything, whole=st.booleans())
def test_times_are_never_later_than_now_and_never_made_up(document: Any, whole: bool) -> None:
    found = read_packument(encoded(document), "is-odd")
    read_listing(encoded(document), "is-odd", ["1.0.0", "1.2.0"])
    if isinstance(found, str):
        return
    times = times_of(found, ["1.0.0", "1.1.0"], CUTOFF, whole=whole)
    if not isinstance(times, Times):
        return
    for version in ("1.0.0", "1.1.0"):
        told = published(times, version, CUTOFF, NOW)
        assert isinstance(told, Published | Missing)
        if isinstance(told, Published):
            assert told.at <= NOW + timedelta(minutes=5)
            assert told.exact or (told.at <= CUTOFF and version in document["versions"])
            assert not told.exact or version in document["time"]
            assert all(at <= CUTOFF for _, at in told.alternatives)
    assert isinstance(first_published(times, CUTOFF, NOW), FirstPublished | Missing)


@given(body=st.binary(max_size=200))
def test_bytes_that_are_no_document_are_a_reason(body: bytes) -> None:
    assert isinstance(read_version(bytearray(body), "is-odd", "1.0.0"), str)
    assert isinstance(read_packument(bytearray(body), "is-odd"), str)
    assert isinstance(read_listing(bytearray(body), "is-odd", ["1.0.0"]), str)


@pytest.mark.parametrize("opening", [b'{"name":"is-odd","time":', b'{"name":"is-odd","x":'])
def test_depth_is_a_reason_and_no_crash(opening: bytes) -> None:
    for nest in (b"[", b'{"a":'):
        body = bytearray(opening + nest * 200_000)
        assert isinstance(read_packument(body, "is-odd"), str)
        assert isinstance(read_version(body, "is-odd", "1.0.0"), str)
        assert isinstance(read_listing(body, "is-odd", []), str)


@pytest.mark.parametrize(
    ("integrity", "shasum", "digests"),
    [
        (SHA512.sri, SHA1.hex, (SHA512, SHA1)),
        (f"{SHA1.sri} {SHA512.sri}", SHA1.hex, (SHA512, SHA1)),
        (None, SHA1.hex.upper(), (SHA1,)),
        ("sha512-short", None, ()),
        (SHA512.sri, "no hex", (SHA512,)),
        (7, [], ()),
    ],
)
def test_digests_are_taken_where_they_are_well_formed(
    integrity: object, shasum: object, digests: tuple[Digest, ...]
) -> None:
    assert digests_of(integrity, shasum) == digests


def test_aliases_are_read_from_every_group_of_dependencies() -> None:
    document = {
        "name": "is-odd",
        "version": "1.0.0",
        "dist": {"tarball": "https://registry.example/is-odd/-/is-odd-1.0.0.tgz"},
        "dependencies": {"a": "npm:b@^1.0.0", "c": "^2.0.0", "d": 3},
        "optionalDependencies": {"e": "npm:@scope/f@1"},
        "peerDependencies": {"g": "npm:h"},
    }
    found = read_version(bytearray(json.dumps(document).encode()), "is-odd", "1.0.0")
    assert isinstance(found, VersionDocument)
    assert (("a", "b"), ("e", "@scope/f"), ("g", "h")) == found.aliases


# -- what an install brings in ---------------------------------------------------------------------


def stated(**more: Any) -> VersionDocument:
    body = {"name": "@corp/odd", "version": "1.0.0", "dist": {"tarball": "x"}, **more}
    found = read_version(encoded(body), "@corp/odd", "1.0.0")
    assert isinstance(found, VersionDocument)
    return found


def test_dependencies_are_read_with_their_group_and_others_than_texts_ask_for_nothing() -> None:
    found = stated(
        dependencies={"b": "1", "a": "^2", "none": None, "many": ["1"]},
        optionalDependencies={"c": "npm:d@1"},
        peerDependencies={"e": "*"},
        devDependencies={"f": "1"},
    )
    assert found.dependencies == (
        ("dependencies", "a", "^2"),
        ("dependencies", "b", "1"),
        ("optionalDependencies", "c", "npm:d@1"),
        ("peerDependencies", "e", "*"),
    )
    assert stated(dependencies=["a"], peerDependencies="b").dependencies == ()


@pytest.mark.parametrize(
    ("commands", "bins"),
    [
        ("cli.js", (("odd", "cli.js"),)),
        ({"b": "./b.js", "a": "a.js", "c": None}, (("a", "a.js"), ("b", "./b.js"))),
        (["cli.js"], ()),
        (None, ()),
    ],
)
def test_commands_are_read_in_both_of_their_forms(
    commands: Any, bins: tuple[tuple[str, str], ...]
) -> None:
    assert stated(bin=commands).bins == bins


@pytest.mark.parametrize(
    ("attestations", "source"),
    [({"url": "https://registry.example/"}, "github:corp/a"), (None, None)],
)
def test_the_source_is_told_of_a_release_that_has_attestations(
    attestations: Any, source: str | None
) -> None:
    stated = {
        "name": "a", "version": "1.0.0", "repository": {"url": "github:corp/a"},
        "dist": {"tarball": "https://registry.example/a.tgz", "attestations": attestations},
    }  # fmt: skip
    found = read_version(json.dumps(stated).encode(), "a", "1.0.0")
    assert isinstance(found, VersionDocument)
    assert found.source == source
