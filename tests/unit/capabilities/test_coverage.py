"""Code that the manifest's own `files` would not have packed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pratique.capabilities.coverage import uncovered
from pratique.capabilities.manifests import read_manifest

FILES = (
    "package.json", "index.js", "README.md", "lib/a.js", "lib/deep/b.mjs", "dist/c.min.js", "d.ts",
    "data.json", "cli.js", "node_modules/x/e.js",
)  # fmt: skip


def left(wanted: Any, *files: str, **more: Any) -> set[str]:
    manifest = read_manifest(json.dumps({"files": wanted, **more}).encode())
    found = uncovered(manifest, dict.fromkeys(files or FILES))
    assert set(found.values()) <= {False}
    return set(found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["lib"], {"dist/c.min.js", "d.ts", "cli.js"}),
        (["./lib/"], {"dist/c.min.js", "d.ts", "cli.js"}),
        (["/lib", "dist"], {"d.ts", "cli.js"}),
        (["lib/*.js"], {"lib/deep/b.mjs", "dist/c.min.js", "d.ts", "cli.js"}),
        (["lib/**"], {"dist/c.min.js", "d.ts", "cli.js"}),
        (["**/*.js"], {"lib/deep/b.mjs", "d.ts"}),
        (["*.js"], {"lib/deep/b.mjs", "d.ts"}),
        (["lib/**/*.{js,mjs}"], {"dist/c.min.js", "d.ts", "cli.js"}),
        (["lib/?.js", "d.ts"], {"lib/deep/b.mjs", "dist/c.min.js", "cli.js"}),
        (["b.mjs"], {"lib/a.js", "dist/c.min.js", "d.ts", "cli.js"}),
        (["lib/a.js", "lib/deep", "dist", "d.ts", "cli.js"], set()),
        (["lib", 7, None], {"dist/c.min.js", "d.ts", "cli.js"}),
    ],
)  # fmt: skip
def test_a_pattern_covers_what_npm_packs_by_it(wanted: list[Any], found: set[str]) -> None:
    assert left(wanted) == found


@pytest.mark.parametrize("wanted", [[], None, "lib", {}, ["*"], ["**"], ["."], ["./"], ["", "lib"]])
def test_without_a_list_or_with_one_of_everything_nothing_is_left(wanted: Any) -> None:
    assert left(wanted) == set()


def test_a_list_that_takes_something_out_is_not_followed() -> None:
    assert left(["lib", "!lib/a.js"]) == set()


@pytest.mark.parametrize(
    "more",
    [{"main": "cli.js"}, {"main": "./cli"}, {"bin": "cli.js"}, {"bin": {"x": "./cli.js"}},
     {"module": "cli.js"}, {"browser": "cli.js"}],
)  # fmt: skip
def test_what_is_packed_always_is_not_left(more: dict[str, Any]) -> None:
    assert left(["lib", "dist", "d.ts"], **more) == set()


def test_without_a_manifest_nothing_is_left() -> None:
    assert uncovered(None, dict.fromkeys(FILES)) == {}


@pytest.mark.parametrize(
    "pattern", ["[", "{", "(", "lib/[a", "}{", "a" * 5000 + "*", "*" * 60 + "x", "**/" * 30 + "x"]
)
def test_an_odd_pattern_is_no_error_and_takes_no_time(pattern: str) -> None:
    left([pattern], "a/" * 40 + "y.js", "x" * 200 + ".js")
