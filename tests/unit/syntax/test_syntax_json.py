"""JSON: values as the standard library reads them, lines as an editor counts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.syntax.json import read_json
from pratique.syntax.text import Bounds, Lines, TextError, conflict_line

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=30,
)

REFUSED = [
    (b"", 1, "expecting value"),
    (b"[1,]", 1, "not JSON"),
    (b'{"a": 1} x', 1, "extra data"),
    (b'{"a": 1}\n{"b": 1}', 2, "extra data"),
    (b'{"a" "b"}', 1, "not JSON"),
    (b"{a: 1}", 1, "not JSON"),
    (b"[1 2]", 1, "not JSON"),
    (b"]", 1, "not JSON"),
    (b"[0,{]}", 1, "not JSON"),
    (b'{\n"a": "b', 2, "unterminated string"),
    (b'{"a":\n"b\nc"}', 2, "not JSON"),
    (b'\n{"a\\x": 1}', 2, "not JSON"),
    (b"[1] // no", 1, "extra data"),
    (b'{"a": 1,\n"a": 2}', 2, "duplicate key 'a'"),
    (b'{"a": 1,\n"\\u0061": 2}', 2, "duplicate key 'a'"),
    (b'{"\\u0061": 1,\n"a": 2}', 2, "duplicate key 'a'"),
    (b'[{"a": [{"b": 1,\n "b": 1}]}]', 2, "duplicate key 'b'"),
    (b"[\nNaN]", 2, "NaN"),
    (b"[\n-Infinity]", 2, "Infinity"),
    (b"[\n1e999]", 2, "overflows"),
    (b"[\n" + b"1" * 5000 + b"]", 2, "too long"),
    (b'[\n"\\ud800"]', 2, "surrogate"),
    (b'[\n"\\udc00\\ud800"]', 2, "surrogate"),
    (b'{\n"\\uDFFF": 1}', 2, "surrogate"),
    (b'{"a":\n"\xff"}', 2, "not UTF-8"),
    (b"\xff\xfe[\x00]\x00", 1, "not UTF-8"),
    (b'"\xed\xa0\x80"', 1, "not UTF-8"),
    (b"[" * 65 + b"]" * 65, 1, "nested deeper than 64"),
    (b"[" * 1_000_000, 1, "nested deeper than 64"),
    (b'{"a":' * 1_000_000, 1, "nested deeper than 64"),
    (b'{\n<<<<<<< ours\n"a": 1\n=======\n"a": 2\n>>>>>>> theirs\n}', 2, "merge conflict marker"),
    (b'"' * 200_001, 1, "unterminated"),
    (b'\\"' * 200_000, 1, "not JSON"),
]

COMMENTED = [
    (b"[1, // one\n 2, /* two */ ]", [1, 2]),
    (b'{"a": [1,],}', {"a": [1]}),
    (b'["// no", "/* no */", ",]"]', ["// no", "/* no */", ",]"]),
    (b'["a\\"//b"]', ['a"//b']),
    (b"/* a,] */ [] // end", []),
]

NOT_COMMENTED = [b"[,]", b"{,}", b"[1,,]", b"[1,,2]", b"/* ", b"/*" * 100_000, b'["a', b"[1 /*/ ]"]


def test_a_value_stands_on_the_line_of_its_key() -> None:
    source = b'{\n  "a": {\n    "b": [\n      1,\n      {"c":\n 2}\n    ]\n  }\n}'
    value, lines = read_json(source)
    assert value == {"a": {"b": [1, {"c": 2}]}}
    assert lines.of() == 1
    assert lines.of("a") == 2
    assert lines.of("a", "b") == 3
    assert lines.of("a", "b", 0) == 4
    assert lines.of("a", "b", 1, "c") == 5


def test_an_unknown_path_stands_on_the_line_of_its_nearest_ancestor() -> None:
    _, lines = read_json(b'{\n"a": {\n"b": 1}}')
    assert lines.of("a", "x", "y") == 2
    assert lines.of("a", "b", "c") == 3
    assert lines.of("x") == 1


def test_a_key_written_with_an_escape_is_found_by_its_name() -> None:
    _, lines = read_json(b'{\n"\\u0061\\n": 1}')
    assert lines.of("a\n") == 2


@pytest.mark.parametrize("source", [b"\xef\xbb\xbf{}", b" {}\r\n", b"{}"])
def test_a_byte_order_mark_and_blanks_around_are_accepted(source: bytes) -> None:
    assert read_json(source)[0] == {}


def test_a_pair_of_surrogates_is_one_letter() -> None:
    assert read_json(b'"\\ud83d\\ude00 \\\\ud800"')[0] == "\U0001f600 \\ud800"


@pytest.mark.parametrize(("source", "line", "reason"), REFUSED)
def test_what_is_not_strict_json_is_refused_with_its_line(
    source: bytes, line: int, reason: str
) -> None:
    with pytest.raises(TextError) as caught:
        read_json(source)
    assert reason in caught.value.message
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("source", "bounds"),
    [
        (b"[1, 2]", Bounds(max_bytes=5)),
        (b"[[1]]", Bounds(max_depth=1)),
        (b"[" + b"1," * 100 + b"1]", Bounds(max_nodes=20)),
    ],
)
def test_what_is_beyond_a_bound_is_refused(source: bytes, bounds: Bounds) -> None:
    with pytest.raises(TextError):
        read_json(source, bounds)
    read_json(source)


@pytest.mark.parametrize(("source", "expected"), COMMENTED)
def test_comments_and_trailing_commas_are_read_where_allowed(
    source: bytes, expected: object
) -> None:
    assert read_json(source, comments=True)[0] == expected
    if expected != COMMENTED[2][1] and expected != COMMENTED[3][1]:
        with pytest.raises(TextError):
            read_json(source)


def test_comments_move_no_line() -> None:
    _, lines = read_json(b'/* one\n two */ {\n // three\n "a": 1,\n}', comments=True)
    assert lines.of("a") == 4


@pytest.mark.parametrize("source", NOT_COMMENTED)
def test_a_comma_without_a_value_or_an_open_comment_is_refused(source: bytes) -> None:
    with pytest.raises(TextError):
        read_json(source, comments=True)


@given(VALUES, st.sampled_from([None, 0, 2]))
def test_every_value_that_json_can_write_is_read_back(value: object, indent: int | None) -> None:
    source = json.dumps(value, indent=indent).encode()
    assert read_json(source)[0] == value
    assert read_json(source, comments=True)[0] == value


@given(VALUES)
def test_every_member_stands_where_an_indented_text_has_it(value: object) -> None:
    text = json.dumps(value, indent=1)
    _, lines = read_json(text.encode())
    shown = text.split("\n")
    for path, leaf in _leaves(value):
        written = json.dumps(leaf)
        assert written in shown[lines.of(*path) - 1]


def _leaves(value: object, *path: str | int) -> list[tuple[tuple[str | int, ...], object]]:
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, *path, key)]
    if isinstance(value, list) and value:
        return [leaf for key, inner in enumerate(value) for leaf in _leaves(inner, *path, key)]
    return [(path, value)]


@given(st.binary() | st.text('[]{}:,"\\u0aD8 \n/*1eN').map(str.encode))
def test_what_is_read_is_what_the_standard_library_reads(source: bytes) -> None:
    try:
        value, _ = read_json(source)
    except TextError:
        return
    assert value == json.loads(source.decode("utf-8-sig"))


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n<<<<<<< x\n", 2), ("=======\r\n", 1), ("a\n >>>>>>> x", None), ("========\n", None)],
)
def test_a_conflict_marker_is_found_at_the_start_of_a_line(text: str, line: int | None) -> None:
    assert conflict_line(text) == line


def test_lines_of_a_scalar_are_its_own() -> None:
    assert Lines(7).of("a", 1) == 7


@pytest.mark.shared
def test_a_real_lockfile_is_read_with_the_lines_of_its_text(shared: Path) -> None:
    source = (shared / "repos/lerna/package-lock.json").read_bytes()
    value, lines = read_json(source)
    assert value == json.loads(source)
    text = source.decode().split("\n")
    packages = value["packages"]  # type: ignore[index] # a lockfile's own shape
    for key, fields in packages.items():
        assert text[lines.of("packages", key) - 1].strip().startswith(json.dumps(key))
        for name in fields:
            line = text[lines.of("packages", key, name) - 1]
            assert line.strip().startswith(json.dumps(name))
