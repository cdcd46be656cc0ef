"""The package.json inside an artifact: hostile JSON, and what a client runs of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.capabilities.manifests import LARGEST, inner_of, installs_of, read_manifest
from pratique.model.behavior import Inner


def inner(document: dict[str, Any]) -> Inner:
    manifest = read_manifest(json.dumps(document).encode())
    assert manifest is not None
    return inner_of(manifest)


def installs(document: dict[str, Any], *paths: str) -> tuple[tuple[str, str], ...]:
    manifest = read_manifest(json.dumps(document).encode())
    assert manifest is not None
    return installs_of(inner_of(manifest), manifest, {"package.json", *paths})


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"1", b'"x"', b"null", b"{", b"{} {}", b'{"a": \xff}', b"[" * 100_000,
        b'{"a":' * 100_000, b"{" + b" " * LARGEST + b"}", b"// x\n{}",
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_no_manifest(content: bytes) -> None:
    assert read_manifest(content) is None


def test_lines_of_members_are_found() -> None:
    manifest = read_manifest(b'\xef\xbb\xbf{\n  "name": "a",\n\n  "scripts": {\n    "name": "x"}}')
    assert manifest is not None
    assert dict(manifest.lines) == {"name": 2, "scripts": 4}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({}, Inner()),
        ({"name": 1, "version": None}, Inner()),
        ({"name": "a", "version": "1"}, Inner("a", "1")),
        ({"scripts": {"b": "2", "a": "1", "c": 3, "d": None}},
         Inner(scripts=(("a", "1"), ("b", "2")))),
        ({"scripts": ["a"]}, Inner()),
        ({"dependencies": {"b": "1", "a": "2"}, "devDependencies": {"c": "3"},
          "optionalDependencies": {"d": 4, "e": "5"}, "peerDependencies": "x"},
         Inner(dependencies=(("dependencies", "a", "2"), ("dependencies", "b", "1"),
                             ("devDependencies", "c", "3"), ("optionalDependencies", "e", "5")))),
        ({"bin": "a.js"}, Inner()),
        ({"name": "a", "bin": "a.js"}, Inner("a", bins=(("a", "a.js"),))),
        ({"name": "@s/a", "bin": "a.js"}, Inner("@s/a", bins=(("a", "a.js"),))),
        ({"bin": {"b": "b.js", "c": 1}}, Inner(bins=(("b", "b.js"),))),
        ({"bin": ["a.js"]}, Inner()),
    ],
)  # fmt: skip
def test_a_part_counts_where_it_has_the_form_that_clients_accept(
    document: dict[str, Any], found: Inner
) -> None:
    assert inner(document) == replace(found, source="")


@pytest.mark.parametrize(
    ("repository", "source"),
    [
        ("github:corp/a", "github:corp/a"),
        ({"type": "git", "url": "git+https://forge.example/a.git"},
         "git+https://forge.example/a.git"),
        ({"url": ["x"]}, ""), (["x"], ""), (None, ""), ("\x1b[2J", ""), ("x" * 5_000, ""),
    ],
)  # fmt: skip
def test_the_source_counts_where_it_is_plain_text(repository: Any, source: str) -> None:
    assert inner({"repository": repository}).source == source


GYP = ("install", "node-gyp rebuild")


@pytest.mark.parametrize(
    ("document", "paths", "found"),
    [
        ({}, (), ()),
        ({"scripts": {"test": "a", "prepare": "b", "postpack": "c"}}, (), ()),
        ({"scripts": {"postinstall": "c", "preinstall": "a", "install": "b"}}, (),
         (("preinstall", "a"), ("install", "b"), ("postinstall", "c"))),
        ({"scripts": {"install": "  "}}, (), ()),
        ({}, ("binding.gyp",), (GYP,)),
        ({}, ("deps/binding.gyp",), ()),
        ({"scripts": {"postinstall": "c"}}, ("binding.gyp",), (("postinstall", "c"), GYP)),
        ({"scripts": {"install": "b"}}, ("binding.gyp",), (("install", "b"),)),
        ({"scripts": {"preinstall": "a"}}, ("binding.gyp",), (("preinstall", "a"),)),
        ({"scripts": {"install": ""}}, ("binding.gyp",), (GYP,)),
        ({"gypfile": False}, ("binding.gyp",), ()),
        ({"gypfile": "false"}, ("binding.gyp",), (GYP,)),
        ({"gypfile": True}, (), ()),
    ],
)  # fmt: skip
def test_what_a_client_runs_at_install(
    document: dict[str, Any], paths: tuple[str, ...], found: tuple[tuple[str, str], ...]
) -> None:
    assert installs(document, *paths) == found


def test_the_last_of_two_members_of_one_name_counts_as_for_clients() -> None:
    manifest = read_manifest(b'{"scripts": {"install": "a"}, "scripts": {"install": "b"}}')
    assert manifest is not None
    assert inner_of(manifest).scripts == (("install", "b"),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["name", "version", "scripts", "dependencies", "peerDependencies", "bin", "gypfile"]
)


@given(st.dictionaries(KEYS, JSON))
def test_no_form_of_a_member_is_an_error(document: dict[str, Any]) -> None:
    assert isinstance(inner(document), Inner)
    installs(document, "binding.gyp")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "content",
    [
        b"{" + b",".join(b'\n"%d": 1' % at for at in range(200_000)) + b"}",
        b"{" + b"\n" * (LARGEST - 100) + b'"a": 1}',
        b'{"a": "' + b"a" * (LARGEST - 100) + b'"}',
    ],
    ids=["many members", "many lines", "a long text"],
)
def test_the_lines_of_a_large_one_are_found_in_one_pass(content: bytes) -> None:
    assert read_manifest(content) is not None
