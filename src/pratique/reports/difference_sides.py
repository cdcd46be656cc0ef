"""Two texts of one file -> rows to stand side by side, around the lines that matter.

Long lines (minified code) are broken where statements end, so that what was put into the middle of
one is seen. The work is bounded: lines that occur once on both sides are matched first (patience
diff), and only what is left between them, where it is small, by `difflib`.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from pratique.model.behavior import Seen

LONGEST_LINE = 240
"""Characters of a line that is shown as one."""
MOST_PIECES = 100_000
"""Lines, or parts of long lines, of one text; beyond it the file is not shown."""
CONTEXT = 4
_STATEMENTS = re.compile(r"[^;{}]{1,200}[;{}]{0,40}|[;{}]{1,40}")
_LARGEST_GAP = 10_000
_BUDGET = 1_000_000
_MOST_LIKENESSES = 400


@dataclass(frozen=True, slots=True)
class Piece:
    """A line, or a part of a long one: its number from 1, where in the line it begins, its text."""

    line: int
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what was there, what is there now; None where there is nothing beside it.

    `snippet` is the evidence that begins in the new text; "" where the row shows none.
    """

    before: Piece | None
    after: Piece | None
    is_seen: bool = False
    snippet: str = ""

    @property
    def kind(self) -> str:
        """`same`, `added`, `removed` or `altered`."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "same" if self.before.text == self.after.text else "altered"


def rows_of(before: str | None, after: str | None) -> list[Row] | None:
    """All rows of a file; None where it has too many lines."""
    old, new = _pieces(before), _pieces(after)
    if old is None or new is None:
        return None
    rows: list[Row] = []
    i = j = 0
    matches = matched([each.text for each in old], [each.text for each in new])
    for a, b in [*matches, (len(old), len(new))]:
        rows += _beside(old[i:a], new[j:b])
        rows += [Row(old[a], new[b])] if a < len(old) and b < len(new) else []
        i, j = a + 1, b + 1
    return rows


def _beside(old: Sequence[Piece], new: Sequence[Piece]) -> Iterator[Row]:
    """What was taken out beside what was put in, shifted to where the lines are most alike."""
    shift = len(new) - len(old)
    if not old or not new or abs(shift) * min(len(old), len(new)) > _MOST_LIKENESSES:
        yield from (Row(one, other) for one, other in zip_longest(old, new))
    elif shift < 0:
        yield from (Row(row.after, row.before) for row in _beside(new, old))
    else:
        best = max(range(shift + 1), key=lambda k: (sum(map(_likeness, old, new[k:])), -k))
        yield from (Row(None, each) for each in new[:best])
        yield from (Row(one, other) for one, other in zip_longest(old, new[best:]))


def _likeness(one: Piece, other: Piece) -> int:
    """Characters that both begin with, and end with."""
    first, second = one.text.strip(), other.text.strip()
    return _equal(first, second) + _equal(first[::-1], second[::-1])


def _pieces(text: str | None) -> list[Piece] | None:
    if not text:
        return []
    if text.count("\n") > MOST_PIECES:
        return None
    made: list[Piece] = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        made += _of_line(number, line.removesuffix("\r"))
        if len(made) > MOST_PIECES:
            return None
    return made


def _of_line(number: int, line: str) -> list[Piece]:
    if len(line) <= LONGEST_LINE:
        return [Piece(number, 0, line)]
    return [Piece(number, found.start(), found.group()) for found in _STATEMENTS.finditer(line)]


def matched(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of indexes of equal texts, both ascending."""
    head = _equal(old, new)
    tail = _equal(old[head:][::-1], new[head:][::-1])
    ends = len(old) - tail, len(new) - tail
    anchors = [(head - 1, head - 1), *_anchors(old, new, head, ends), ends]
    pairs = [(each, each) for each in range(head)]
    budget = _BUDGET
    for (i, j), (a, b) in pairwise(anchors):
        between, cost = _between(old[i + 1 : a], new[j + 1 : b], budget)
        budget -= cost
        pairs += [(i + 1 + x, j + 1 + y) for x, y in between]
        pairs += [(a, b)] if (a, b) != ends else []
    return pairs + [(ends[0] + each, ends[1] + each) for each in range(tail)]


def _equal(old: Sequence[str], new: Sequence[str]) -> int:
    """How many texts at the beginning of both are equal."""
    number = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        number += 1
    return number


def _anchors(
    old: Sequence[str], new: Sequence[str], head: int, ends: tuple[int, int]
) -> list[tuple[int, int]]:
    """The longest ascending row of pairs whose text occurs once on each side."""
    here, there = Counter(old[head : ends[0]]), Counter(new[head : ends[1]])
    places = {new[j]: j for j in range(head, ends[1])}
    pairs = [
        (i, places[old[i]])
        for i in range(head, ends[0])
        if here[old[i]] == 1 and there.get(old[i]) == 1
    ]
    return _ascending(pairs)


def _ascending(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Longest increasing subsequence by the second member, by patience sorting."""
    tops: list[int] = []
    indexes: list[int] = []
    previous: list[int] = []
    for index, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        previous.append(indexes[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [place]
        indexes[pile : pile + 1] = [index]
    chain: list[tuple[int, int]] = []
    index = indexes[-1] if indexes else -1
    while index >= 0:
        chain.append(pairs[index])
        index = previous[index]
    return chain[::-1]


def _between(
    old: Sequence[str], new: Sequence[str], budget: int
) -> tuple[list[tuple[int, int]], int]:
    """(pairs, cost) of what lies between two anchors: the ends, then difflib where it is cheap."""
    head = _equal(old, new)
    tail = _equal(old[head:][::-1], new[head:][::-1])
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    size = len(middle[0]) * len(middle[1])
    cost = size * min(len(middle[0]), len(middle[1]))
    pairs = [(each, each) for each in range(head)]
    if 0 < size <= _LARGEST_GAP and cost <= budget:
        blocks = difflib.SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks()
        pairs += [(head + b.a + n, head + b.b + n) for b in blocks for n in range(b.size)]
    else:
        cost = 0
    pairs += [(len(old) - tail + n, len(new) - tail + n) for n in range(tail)]
    return pairs, cost


def around(rows: Sequence[Row], places: Sequence[Seen]) -> list[list[Row]]:
    """The rows that show `places`, with CONTEXT rows on each side; near ones in one list."""
    by_line: dict[int, list[tuple[int, Piece]]] = {seen.line: [] for seen in places}
    for number, row in enumerate(rows):
        if row.after and row.after.line in by_line:
            by_line[row.after.line].append((number, row.after))
    found = [(_row_of(each, by_line[each.line]), each.snippet) for each in places]
    seen = {number: snippet for number, snippet in found if number is not None}
    windows: list[list[Row]] = []
    end = -1
    for number in sorted(seen):
        start = max(number - CONTEXT, end, 0)
        if not windows or number - CONTEXT > end:
            windows.append([])
            start = max(number - CONTEXT, 0)
        end = min(number + CONTEXT + 1, len(rows))
        windows[-1] += [_marked(rows[n], seen, n) for n in range(start, end)]
    return windows


def _row_of(seen: Seen, here: Sequence[tuple[int, Piece]]) -> int | None:
    """Number of the row that holds the beginning of the snippet, else the line's first."""
    line = "".join(piece.text for _, piece in here)
    start = max(line.find(seen.snippet), 0)
    return max((number for number, piece in here if piece.start <= start), default=None)


def _marked(row: Row, seen: dict[int, str], number: int) -> Row:
    return Row(row.before, row.after, number in seen, seen.get(number, ""))
