"""What leads to a file: install scripts, commands, entries of either kind of module."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.capabilities.manifests import read_manifest
from pratique.capabilities.reach import _imported, imports_of, reach


def ways(document: dict[str, Any], files: dict[str, str]) -> dict[str, str]:
    manifest = read_manifest(json.dumps(document).encode())
    return reach(manifest, {path: imports_of(code.encode()) for path, code in files.items()})


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("require('./a')", ("./a",)),
        ('require( "../a.js" )', ("../a.js",)),
        ("import x from './a'; export * from './b'; import './c'", ("./a", "./b", "./c")),
        ("await import('./a.mjs')", ("./a.mjs",)),
        ("require('fs'); require('a/b'); require(x); require(`./a`)", ()),
        ("xrequire('./a')", ()),
        ("", ()),
    ],
)
def test_relative_imports_are_found(code: str, found: tuple[str, ...]) -> None:
    assert imports_of(code.encode()) == found


PIECES = st.sampled_from([
    b"require(", b"'", b'"', b"./", b"../", b"a", b"x", b" ", b")", b"from ", b".", b"\n",
    b"import",
])  # fmt: skip


@given(st.lists(PIECES, max_size=24).map(b"".join))
def test_the_common_way_to_write_them_is_read_as_any_other(code: bytes) -> None:
    assert imports_of(code) == tuple(sorted(each.decode() for each in _imported(code)))


def test_their_number_is_bounded() -> None:
    assert len(imports_of(b"".join(b"require('./%d');" % at for at in range(5000)))) == 2000


EMPTY = dict.fromkeys(("index.js", "a.js", "b.mjs", "cli.js", "lib/index.js", "x.cjs"), "")


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({}, {"index.js": "cjs"}),
        ({"main": "a.js"}, {"a.js": "cjs"}),
        ({"main": "./a"}, {"a.js": "cjs"}),
        ({"main": "lib"}, {"lib/index.js": "cjs"}),
        ({"main": "gone.js"}, {}),
        ({"type": "module", "main": "a.js"}, {"a.js": "esm"}),
        ({"main": "a.js", "module": "b.mjs"}, {"a.js": "cjs", "b.mjs": "esm"}),
        ({"exports": {".": {"require": "./a.js", "import": "./b.mjs"}}},
         {"index.js": "cjs", "a.js": "cjs", "b.mjs": "esm"}),
        ({"exports": {"require": {"node": {"default": "./x.cjs"}}}},
         {"index.js": "cjs", "x.cjs": "cjs"}),
        ({"exports": "./a.js"}, {"index.js": "cjs", "a.js": "esm"}),
        ({"bin": "cli.js"}, {"cli.js": "bin", "index.js": "cjs"}),
        ({"bin": {"x": "./cli.js"}}, {"cli.js": "bin", "index.js": "cjs"}),
        ({"scripts": {"postinstall": "node a.js"}}, {"a.js": "install", "index.js": "cjs"}),
        ({"scripts": {"preinstall": "node ./lib/index.js --x && node a.js"}},
         {"lib/index.js": "install", "a.js": "install", "index.js": "cjs"}),
        ({"scripts": {"test": "node a.js"}}, {"index.js": "cjs"}),
        ({"main": 7, "bin": [1], "scripts": [], "exports": None, "module": {}},
         {"index.js": "cjs"}),
    ],
)  # fmt: skip
def test_where_ways_begin(document: dict[str, Any], found: dict[str, str]) -> None:
    assert ways(document, EMPTY) == found


def test_a_way_goes_on_through_relative_imports_and_ends_in_a_circle() -> None:
    files = {
        "index.js": "require('./lib/a')",
        "lib/a.js": "require('../b'); require('./')",
        "lib/index.js": "require('../index.js'); require('../../out')",
        "b.js": "require('./gone')",
        "apart.js": "require('./index')",
    }
    assert ways({}, files) == {
        "index.js": "cjs", "lib/a.js": "cjs", "lib/index.js": "cjs", "b.js": "cjs",
    }  # fmt: skip


def test_what_runs_first_is_told_first() -> None:
    files = {"index.js": "require('./a')", "a.js": "", "cli.js": "require('./a')"}
    document = {"bin": "cli.js", "scripts": {"install": "node cli.js"}}
    assert ways(document, files) == {"cli.js": "install", "a.js": "install", "index.js": "cjs"}


def test_without_a_manifest_the_usual_entry_is_one() -> None:
    assert reach(None, {"index.js": (), "a.js": ()}) == {"index.js": "cjs"}


def test_deep_exports_have_an_end() -> None:
    document: dict[str, Any] = {"exports": "./a.js"}
    for _ in range(300):
        document = {"exports": {"require": document["exports"]}}
    assert ways(document, EMPTY)["a.js"] == "cjs"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("command", ["a" * 2_000_000, "./" * 1_000_000, "a.j" * 600_000, "\ud800"])
def test_a_long_or_odd_command_takes_no_time(command: str) -> None:
    assert ways({"scripts": {"install": command}}, EMPTY) == {"index.js": "cjs"}
