from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.manifest import read_manifest
from pratique.errors import ManifestError
from pratique.model.pin import Group

_FULL = b"""{
  "name": "shop",
  "version": "1.0.0",
  "packageManager": "pnpm@9.1.0+sha512.abc",
  "workspaces": ["packages/*", "!packages/old"],
  "dependencies": {
    "left-pad": "^1.3.0",
    "local": "npm:@corp/real@2"
  },
  "devDependencies": {"typescript": "catalog:"},
  "optionalDependencies": {"fsevents": "*"},
  "peerDependencies": {"react": ">=18"},
  "overrides": {
    "a": "1.0.0",
    "b@2": {".": "2.1.0", "c": {"d": "$left-pad"}}
  },
  "resolutions": {"x/**/y": "3.0.0"},
  "pnpm": {"overrides": {"p>q": "4"}}
}
"""


def test_every_requirement_is_read_with_its_group_and_line() -> None:
    read = read_manifest(_FULL, "package.json")
    assert [
        (r.name, r.specifier, r.group, r.where.line if r.where else None)
        for r in read.requirements
    ] == [
        ("left-pad", "^1.3.0", Group.PROD, 7),
        ("local", "npm:@corp/real@2", Group.PROD, 8),
        ("typescript", "catalog:", Group.DEV, 10),
        ("fsevents", "*", Group.OPTIONAL, 11),
        ("react", ">=18", Group.PEER, 12),
    ]  # fmt: skip
    assert (read.name, read.version) == ("shop", "1.0.0")
    assert read.package_manager == "pnpm@9.1.0+sha512.abc"
    assert read.workspaces == ("packages/*", "!packages/old")


def test_nested_overrides_are_flattened_with_their_lines() -> None:
    read = read_manifest(_FULL, "package.json")
    assert [(key, value, where.line) for key, value, where in read.overrides] == [
        ("a", "1.0.0", 14),
        ("b@2", "2.1.0", 15),
        ("b@2 > c > d", "$left-pad", 15),
        ("x/**/y", "3.0.0", 17),
        ("p>q", "4", 18),
    ]


@pytest.mark.parametrize(
    ("document", "manager"),
    [
        ({"packageManager": "yarn@4.0.0"}, "yarn@4.0.0"),
        ({"devEngines": {"packageManager": {"name": "npm", "version": "^11"}}}, "npm@^11"),
        ({"devEngines": {"packageManager": [{"name": "bun"}, {"name": "npm"}]}}, "bun@*"),
        ({"packageManager": 7, "devEngines": "none"}, None),
        ({"devEngines": {"packageManager": {"name": 7}}}, None),
        ({}, None),
    ],
)
def test_the_manager_is_the_one_that_the_manifest_names(
    document: object, manager: str | None
) -> None:
    assert read_manifest(json.dumps(document).encode(), "package.json").package_manager == manager


def test_yarns_object_of_workspaces_is_read() -> None:
    assert read_manifest(b'{"workspaces": {"packages": ["a"]}}', "p").workspaces == ("a",)


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        (b"[]", 1, "not a JSON object"),
        (b"{", 1, "not JSON"),
        (b'{\n"dependencies": 3}', 2, "not an object"),
        (b'{\n"dependencies": {\n"a": 1}}', 3, "not text"),
        (b'{\n"dependencies": {"a": "1"},\n"dependencies": {}}', 3, "duplicate key"),
        (b'{\n"workspaces": [1]}', 2, "not a list of patterns"),
        (b'{"overrides": {\n"a": 1}}', 2, "neither text nor object"),
        (b'{"name": "a",\n\xff}', 2, "UTF-8"),
        (b'{"overrides": ' + b'{"a":' * 40 + b'"1"' + b"}" * 40 + b"}", 1, "neither text"),
    ],
)
def test_a_malformed_manifest_is_refused_with_its_line(
    source: bytes, line: int, message: str
) -> None:
    with pytest.raises(ManifestError, match=message) as refused:
        read_manifest(source, "packages/a/package.json")
    assert (refused.value.file, refused.value.line) == ("packages/a/package.json", line)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["dependencies", "overrides", "workspaces", "packages", ".", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_only_a_manifest_error_escapes(document: object) -> None:
    with suppress(ManifestError):
        read_manifest(json.dumps(document).encode(), "package.json")
