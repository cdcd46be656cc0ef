"""The line of every key and element of a TOML text."""

from __future__ import annotations

import pytest

from pratique.config.toml_text import Path, read_toml

TEXT = '''\
# comment with "quote
a = 1
"b.c" = { d = 2, e = [3, 4] } # x
f.g = """
[not.a.table]
h = 5 \\"""
"""
i = [
  # ]
  "]", # [
  { j = 1 },
  [
    6,
  ],
]
k = \'\'\'
l = 1\'\'\'
[m . "n"]
o = '\\'
[[p]]
q = 1
[[p]]
q = 2
[p.r]
s = 2020-01-01T00:00:00Z
[[p.t]]
u = 1.5
v = "\\u0041#"
'''

EXPECTED: list[tuple[Path, int]] = [
    (("a",), 2),
    (("b.c",), 3),
    (("b.c", "d"), 3),
    (("b.c", "e", 1), 3),
    (("f", "g"), 4),
    (("i",), 8),
    (("i", 0), 10),
    (("i", 1), 11),
    (("i", 1, "j"), 11),
    (("i", 2), 12),
    (("i", 2, 0), 13),
    (("k",), 16),
    (("m", "n"), 18),
    (("m", "n", "o"), 19),
    (("p", 0), 20),
    (("p", 0, "q"), 21),
    (("p", 1), 22),
    (("p", 1, "q"), 23),
    (("p", 1, "r"), 24),
    (("p", 1, "r", "s"), 25),
    (("p", 1, "t", 0), 26),
    (("p", 1, "t", 0, "u"), 27),
    (("p", 1, "t", 0, "v"), 28),
]


@pytest.mark.parametrize(("path", "line"), EXPECTED)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_key_and_element_has_its_line(path: Path, line: int, newline: str) -> None:
    _, lines = read_toml(TEXT.replace("\n", newline).encode(), "x.toml")
    assert lines[path] == line


def test_no_key_is_found_inside_of_a_text() -> None:
    _, lines = read_toml(TEXT.encode(), "x.toml")
    assert not {path for path in lines if path[0] in ("not", "h", "l")}


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    document, lines = read_toml(b"\xef\xbb\xbfa = 1\n", "x.toml")
    assert (document, dict(lines)) == ({"a": 1}, {("a",): 1})
