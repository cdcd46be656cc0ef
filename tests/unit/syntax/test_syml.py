"""Syml: the strict subset of YAML that yarn 2 and later write."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pratique.syntax.syml import Syml, read_syml
from pratique.syntax.text import Bounds, TextError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("a: b\n", {"a": "b"}),
        ("on: 1\nno: 1.10\nx: null\n", {"on": "1", "no": "1.10", "x": "null"}),
        ('"a@npm:^1, a@npm:2":\n  b: "c: d"\n', {"a@npm:^1, a@npm:2": {"b": "c: d"}}),
        ("a:\n  b:\n    c: d\ne: f\n", {"a": {"b": {"c": "d"}}, "e": "f"}),
        ("# note\n\na: b c  d\r\n", {"a": "b c  d"}),
        ('a: "\\u00e9\\n"\n', {"a": "\xe9\n"}),
        ('? "long"\n:\n  a: b\n', {"long": {"a": "b"}}),
        ("\ufeffa: b", {"a": "b"}),
        ("__proto__:\n  a: b\n", {"__proto__": {"a": "b"}}),
    ],
)
def test_every_scalar_is_text(text: str, value: Syml) -> None:
    assert read_syml(text.encode())[0] == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b\na: c\n", 2),
        ("a:\nb: c\n", 1),
        ("a:\n", 1),
        ("a:\n   b: c\n", 2),
        ("a: b\n  c: d\n", 2),
        ("a:\n\tb: c\n", 1),
        ("a: [b]\n", 1),
        ("a: {b: c}\n", 1),
        ("a: &x b\n", 1),
        ("a: *x\n", 1),
        ("a: !x b\n", 1),
        ("a: |\n  b\n", 1),
        ("a: b # c\n", 1),
        ("a: 'b'\n", 1),
        ("- a\n", 1),
        ("---\na: b\n", 1),
        ("a: b\n...\n", 2),
        ("a:b\n", 1),
        ('a: "b\n', 1),
        ('a: "\\x41"\n', 1),
        ('a: "\\ud800"\n', 1),
        ("# x\rb: c\n", 1),
        ("a: \x00\n", 1),
        ("<<<<<<< ours\na: b\n", 1),
        ("a: b\n=======\n", 2),
        ('? "a"\nb: c\n', 2),
        ('? "a"\n', 2),
    ],
)
def test_what_yarn_never_writes_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(TextError) as caught:
        read_syml(text.encode())
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("source", "bounds"),
    [
        (b"\xff", Bounds()),
        (b"a: b\n" * 3, Bounds(max_bytes=4)),
        (b"a: b\nb: c\nc: d\n", Bounds(max_nodes=2)),
        (b"a:\n  b:\n    c: d\n", Bounds(max_depth=2)),
    ],
)
def test_bounds_are_kept(source: bytes, bounds: Bounds) -> None:
    with pytest.raises(TextError):
        read_syml(source, bounds)


def test_lines_are_those_of_the_members() -> None:
    _, lines = read_syml(b"# c\n\na:\n  b: c\n  d:\n    e: f\n")
    assert [lines.of("a"), lines.of("a", "b"), lines.of("a", "d", "e")] == [3, 4, 6]
    assert lines.of("a", "missing") == 3


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)
_MAPS = st.recursive(
    _TEXTS,
    lambda inner: st.dictionaries(_TEXTS, inner, min_size=1, max_size=4),
    max_leaves=12,
)


def _written(value: Syml, depth: int = 0) -> str:
    if isinstance(value, str):
        return f" {json.dumps(value, ensure_ascii=False)}\n"
    rows = (
        f"{'  ' * depth}{json.dumps(key, ensure_ascii=False)}:{_written(each, depth + 1)}"
        for key, each in value.items()
    )
    return ("\n" if depth else "") + "".join(rows)


@given(st.dictionaries(_TEXTS, _MAPS, max_size=4))
def test_what_is_written_is_read_back(value: dict[str, Syml]) -> None:
    text = _written(value)
    if any(mark in text for mark in "\x7f\x85\ufffe\uffff"):
        return
    assert read_syml(text.encode())[0] == value


@given(st.lists(st.sampled_from(["a", "b", ": ", ":", "\n", "  ", '"', "# ", "1", "-", "x y"])))
def test_what_is_read_is_what_yaml_reads(parts: list[str]) -> None:
    source = "".join(parts).encode()
    try:
        value, _ = read_syml(source)
    except TextError:
        return
    assert value == (yaml.load(source, Loader=yaml.BaseLoader) or {})  # noqa: S506, TID251  # its BaseLoader makes text only
