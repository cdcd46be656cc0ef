"""YAML with lines: values as CSafeLoader has them, and what is refused beyond it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pratique.syntax.text import Bounds, TextError
from pratique.syntax.yaml import read_yaml
from pratique.syntax.yaml_flow import UnsureError, read_flow
from pratique.syntax.yaml_lines import _LINES, _Document, read_document

SETTINGS = Bounds(max_aliases=3)


def values(source: bytes, bounds: Bounds = SETTINGS) -> list[object]:
    return [value for value, _ in read_yaml(source, bounds)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"a: b\n", {"a": "b"}),
        (b"a: b", {"a": "b"}),
        (b"\xef\xbb\xbfa: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
        (b"a:\n  b: 1\n  c: 1.5\n  d: 1.5.0\n", {"a": {"b": 1, "c": 1.5, "d": "1.5.0"}}),
        (
            b"a: true\nb: 'true'\nc: no\nd:\ne: ~\n",
            {"a": True, "b": "true", "c": False, "d": None, "e": None},
        ),
        (b"a: 2026-01-02\n", {"a": date(2026, 1, 2)}),
        (b"a: 0x1f\nb: 1:30\nc: 1_000\nd: .5\n", {"a": 31, "b": 90, "c": 1000, "d": 0.5}),
        (
            b"a: ''\nb: 'it''s'\nc: \"x y\"\nd: \"\\u00e9\"\n",
            {"a": "", "b": "it's", "c": "x y", "d": "\xe9"},
        ),
        (b"a: [x64, '1', 1]\nb: {c: d, e: {}}\n", {"a": ["x64", "1", 1], "b": {"c": "d", "e": {}}}),
        (b"a:\n  - x\n  - y: 1\n    z: 2\n", {"a": ["x", {"y": 1, "z": 2}]}),
        (b"a:\n- x\n- y\nb: c\n", {"a": ["x", "y"], "b": "c"}),
        (b"a: |-\n  one\n    two\n\n  three\nb: c\n", {"a": "one\n  two\n\nthree", "b": "c"}),
        (b"a: |\n  one\nb: >-\n  x\n  y\n", {"a": "one\n", "b": "x y"}),
        (b"a: |\n  one", {"a": "one"}),
        (b"--- {b: c}\n", {"b": "c"}),
        (b"a: b\n...\n", {"a": "b"}),
        (b"# c\na: b # c\n  # c\n\nc: x#y\n", {"a": "b", "c": "x#y"}),
        (b"a: b\n  c\n", {"a": "b c"}),
        (b"? a\n: b\n", {"a": "b"}),
        (b'{\n\t"a": {"b": "c"},\n}\n', {"a": {"b": "c"}}),
        (b"a: &x {b: c}\nd: *x\n", {"a": {"b": "c"}, "d": {"b": "c"}}),
    ],
)
def test_values_are_those_of_the_usual_loader(source: bytes, expected: object) -> None:
    assert values(source) == [expected]
    assert list(yaml.load_all(source, Loader=yaml.CSafeLoader)) == [expected]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"", []),
        (b"# nothing\n", []),
        (b"---\n", [None]),
        (b"a: b\n---\nc: d\n", [{"a": "b"}, {"c": "d"}]),
        (b"---\na: b\n---\nc: d\n", [{"a": "b"}, {"c": "d"}]),
        (b"---\na: b\n...\n---\n", [{"a": "b"}, None]),
    ],
)
def test_every_document_is_read_in_file_order(source: bytes, expected: list[object]) -> None:
    assert values(source) == expected


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        (b"a: b\nc: d\na: e\n", 3, "duplicate key 'a'"),
        (b"a: b\n'a': e # c\n", 2, "duplicate key 'a'"),
        (b"x:\n  - {a: 1, a: 2}\n", 2, "duplicate key 'a'"),
        (b"a: !x b\n", 1, "a tag: '!x'"),
        (b"%TAG ! tag:x,1:\n---\na: b\n", 1, "a tag directive"),
        (b"a: b\n<<: {c: d}\n", 2, "not a value: '<<' has no meaning here"),
        (b"a: =\n", 1, "not a value: '=' has no meaning here"),
        (b"a: 2026-99-99\n", 1, "not a value: month must be in 1..12"),
        (b"a: 0x" + b"f" * 1000 + b"\n", 1, "not a value: a number is too long"),
        (b"a: 1" + b":59" * 300 + b".5\n", 1, "not a value: a number overflows"),
        (b"? [a]\n: b\n", 1, "a key that is a mapping or a sequence"),
        (b"a: *b\n", 1, "an alias of nothing: 'b'"),
        (b"a: &a [*a]\n", 1, "an alias of nothing: 'a'"),
        (b"a: &x 1\nb: &x 2\n", 2, "duplicate anchor 'x'"),
        (b"a: &x\n  b: &x 2\n", 2, "duplicate anchor 'x'"),
        (b"a: &x 1\nb: [*x, *x, *x, *x]\n", 2, "more than 3 aliases"),
        (b"a: b\n<<<<<<< ours\nc: d\n", 2, "merge conflict marker"),
        (b"a: b\nb: \xff\n", 2, "not UTF-8 (byte 0xff)"),
        (b"a: [b\nc: d\n", 2, "not YAML: did not find expected ',' or ']'"),
        (b"a: b\n c: d\n", 2, "not YAML: mapping values are not allowed in this context"),
        (b"a: b\x07\n", 1, "not YAML: control characters are not allowed"),
        (b"k" * 1030 + b": v\n", 1, "not YAML: mapping values are not allowed in this context"),
    ],
)
def test_what_is_refused_is_named_with_its_line(source: bytes, line: int, message: str) -> None:
    with pytest.raises(TextError) as caught:
        read_yaml(source, SETTINGS)
    assert (caught.value.message, caught.value.line) == (message, line)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"a: &x b\n", "an anchor: 'x'"),
        (b"a: b\n" * 3, "larger than 12 bytes"),
        (b"a: [[[[1]]]]", "nested deeper than 3"),
        (b"a:\n b:\n  c:\n   d: 1\n", "larger than 12 bytes"),
        (b"[1,2,3,4,5]", "more than 5 values"),
    ],
)
def test_bounds_hold(source: bytes, message: str) -> None:
    with pytest.raises(TextError) as caught:
        read_yaml(source, Bounds(max_bytes=12, max_depth=3, max_nodes=5))
    assert caught.value.message == message


@pytest.mark.parametrize("opening", [b"[", b"{", b"- ", b"? ", b"a: [", b"{a: "])
def test_deep_nesting_is_refused_without_recursion(opening: bytes) -> None:
    with pytest.raises(TextError):
        read_yaml(opening * 50_000)


def test_lines_of_deep_block_mappings_are_bounded_too() -> None:
    source = b"".join(b" " * depth + b"a:\n" for depth in range(80))
    with pytest.raises(TextError) as caught:
        read_yaml(source)
    assert caught.value.message == "nested deeper than 64"


def test_aliases_count_what_they_stand_for() -> None:
    bomb = b"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n"
    with pytest.raises(TextError) as caught:
        read_yaml(bomb, Bounds(max_nodes=60, max_aliases=100))
    assert caught.value.message == "more than 60 values"


SOURCE = b"""---
a:
  b: 1

  'c': {d: e, f: [g]}
h:
  - i
  - j: k
    l: m
---
n: |-
  text
  text
o: p
"""


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n#\t\n"])
def test_every_member_has_its_line(end: bytes) -> None:
    # The tab makes the full parser read it: both must say the same.
    source = SOURCE.replace(b"\r\n", b"\n")[:-1] + end
    (_, first), (_, second) = read_yaml(source)
    places = [
        ("a",),
        ("a", "b"),
        ("a", "c"),
        ("h",),
        ("h", 0),
        ("h", 1),
        ("h", 1, "j"),
        ("h", 1, "l"),
    ]
    assert [first.of(*place) for place in places] == [2, 3, 5, 6, 7, 8, 8, 9]
    assert first.of("a", "c", "f", 0) == 5
    assert [second.of("n"), second.of("o"), second.of()] == [11, 14, 11]
    assert first.of("a", "none", "below") == 2


LOCKFILE = b"""lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

packages:

  '@a/b@1.0.0':
    resolution: {integrity: sha512-AAAA, tarball: https://registry.example/a.tgz}
    engines: {node: '>=0.10.0 || ^12'}
    cpu: [x64, arm64]
    deprecated: |-
      do not use
    bundledDependencies:
      - c

snapshots:

  '@a/b@1.0.0(c@1.0.0)': {}
"""


def test_what_managers_write_needs_no_full_parser() -> None:
    found = read_document(LOCKFILE.decode(), 0, 64)
    assert found is not None
    assert found[0] == yaml.load(LOCKFILE, Loader=yaml.CSafeLoader)  # noqa: TID251  # the reference


@pytest.mark.parametrize(
    "text", ["{a}", "[a, ]", "{a: b} ", "{a: b} # c", "[a: b]", "{? a: b}", "{a: }"]
)
def test_what_is_not_certain_between_brackets_is_left_to_the_full_parser(text: str) -> None:
    with pytest.raises(UnsureError):
        read_flow(text)


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from(list(" :#-'\"{}[],&*!|>?@`%\t\n\r.0123=~<")),
    max_size=12,
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.dates() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, TREES, max_size=5), st.booleans())
def test_what_was_written_is_read(tree: dict[str, object], block: bool) -> None:
    style = False if block else None
    source = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=style, width=10_000)
    expected = list(yaml.load_all(source.encode(), Loader=yaml.CSafeLoader))
    assert values(source.encode(), Bounds(max_aliases=1000)) == expected


@given(st.text(st.sampled_from(list("ab1.0:#-'\"{}[],|> \n~<=")), max_size=40))
def test_any_text_is_read_as_the_usual_loader_reads_it_or_refused(text: str) -> None:
    try:
        found = values(text.encode())
    except TextError:
        return
    assert repr(found) == repr(list(yaml.load_all(text.encode(), Loader=yaml.CSafeLoader)))


def test_many_literal_scalars_cost_no_more_than_their_length() -> None:
    reads = 0

    class Counted(list[str]):
        def __getitem__(self, index: Any) -> Any:
            nonlocal reads
            reads += len(range(*index.indices(len(self)))) if isinstance(index, slice) else 1
            return super().__getitem__(index)

    source = "".join(f"a{number}: |-\n b\n" for number in range(100))
    document = _Document(source, 0, 64)
    document._lines = Counted(source.split("\n"))
    document.fold(_LINES["'"].findall(source))
    assert reads <= 4 * 200
