from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.globs import chosen, matches


@pytest.mark.parametrize(
    ("pattern", "path", "answer"),
    [
        ("packages/*", "packages/a", True),
        ("packages/*", "packages/a/b", False),
        ("packages/*", "packages", False),
        ("packages/*", "packages/.hidden", False),
        ("packages/.h*", "packages/.hidden", True),
        ("packages/**", "packages/a/b/c", True),
        ("packages/**", "packages", True),
        ("**", "any/where", True),
        ("**/test/**", "a/test/b", True),
        ("**/test/**", "test", True),
        ("**/test/**", "a/tests/b", False),
        ("**/a/**/b", "x/a/y/a/b", True),
        ("{apps,libs}/*", "libs/x", True),
        ("{apps,libs}/{a,b}", "apps/c", False),
        ("a?c", "abc", True),
        ("[ab]/c", "b/c", True),
        (".", "", True),
        ("x" * 2000, "x" * 2000, False),
        ("{a,b}" * 10, "a" * 10, False),
    ],
)
def test_a_pattern_names_whole_paths(pattern: str, path: str, answer: bool) -> None:
    assert matches(path, pattern) is answer


def test_a_negated_pattern_takes_out_what_another_put_in() -> None:
    paths = ["packages/a", "packages/b", "packages/b/test/x"]
    patterns = ["./packages/**/", "!packages/b", "!**/test/**"]
    assert chosen(paths, patterns) == ["packages/a"]


@given(st.text(alphabet="ab/*?[]{},!.", max_size=60), st.text(alphabet="ab/.", max_size=30))
def test_no_pattern_raises(pattern: str, path: str) -> None:
    assert matches(path, pattern) in {True, False}


def test_a_pattern_of_many_stars_is_answered_at_once() -> None:
    assert not matches("/".join(["a"] * 200), "/".join(["**", "a*a*a*a*a*b"] * 50))
