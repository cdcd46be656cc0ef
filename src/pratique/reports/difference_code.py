"""The code that shows a capability, before and now, as figures of the comparison's page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pratique.model.behavior import Gain, Seen
from pratique.reports import difference_words as words
from pratique.reports.difference_sides import Piece, Row, around, rows_of
from pratique.reports.difference_subject import Compared
from pratique.reports.escape import markup

MOST_CODE = 6_000
"""Rows of code on one page; beyond it the evidence stands alone."""
_TAB = 4


class Code:
    """Draws figures, and keeps count of what they take."""

    def __init__(self, compared: Compared) -> None:
        difference = compared.difference
        self._old = " + ".join(difference.baseline.versions)
        self._new = difference.version
        self._are_new = {side.path for side in compared.sides if side.before is None}
        self._windows: dict[tuple[str, str], list[list[Row]]] = {}
        self._left = MOST_CODE
        for side in compared.sides:
            rows = rows_of(side.before, side.after) or []
            for gain in (*difference.gained, *difference.absolute):
                here = [seen for seen in gain.evidence if seen.file == side.path and seen.line]
                if here and rows:
                    self._windows[gain.capability, side.path] = around(rows, here)

    def figures(self, gain: Gain) -> Iterator[str]:
        """One figure for each file that shows a capability."""
        for file in dict.fromkeys(seen.file for seen in gain.evidence):
            here = [seen for seen in gain.evidence if seen.file == file]
            windows = self._windows.get((gain.capability, file), [])
            size = sum(map(len, windows))
            if 0 < size <= self._left:
                self._left -= size
                yield from self._figure(file, here, windows)
            else:
                yield from _alone(here)

    def _figure(
        self, file: str, places: Sequence[Seen], windows: Sequence[Sequence[Row]]
    ) -> Iterator[str]:
        yield "<figure>"
        yield f"<figcaption>{_caption(file, places)}</figcaption>"
        yield '<table class="code"><colgroup><col class="n"><col><col class="n"><col></colgroup>'
        old = f"before, {markup(self._old)}" if self._old else "before"
        old = "this file was not there" if file in self._are_new else old
        yield f'<thead><tr><th scope="col" colspan="2">{old}</th>'
        yield f'<th scope="col" colspan="2">now, {markup(self._new)}</th></tr></thead>'
        yield "<tbody>"
        for number, window in enumerate(windows):
            if number:
                yield '<tr class="gap"><td colspan="4">\u22ef</td></tr>'
            yield from (_row(row) for row in window)
        yield "</tbody></table></figure>"


def _caption(file: str, places: Iterable[Seen]) -> str:
    lines = sorted({seen.line for seen in places if seen.line})
    word = "line" if len(lines) == 1 else "lines"
    said = f"<code>{markup(file)}</code>, {word} {', '.join(map(str, lines))}"
    reach = next((words.reach(seen) for seen in places if seen.reach), "")
    return f"{said} \u00b7 {reach}" if reach else said


def _alone(places: Iterable[Seen]) -> Iterator[str]:
    """Evidence without the code around it."""
    for seen in places:
        reach = words.reach(seen)
        where = f"<code>{markup(words.place(seen))}</code>" + (f" \u00b7 {reach}" if reach else "")
        yield f"<figure><figcaption>{where}</figcaption>"
        if snippet := words.snippet(seen):
            yield f'<code class="type">{markup(snippet)}</code>'
        yield "</figure>"


def _row(row: Row) -> str:
    classes = f"{row.kind} seen" if row.is_seen else row.kind
    sign = {"added": "+", "altered": "+"}.get(row.kind, "")
    old = _cells(row.before, "old", "\u2212" if row.kind in {"removed", "altered"} else "", "")
    mark = f"\u25b8{sign}" if row.is_seen else sign
    new = _cells(row.after, "new", mark, row.snippet)
    return f'<tr class="{classes}">{old}{new}</tr>'


def _cells(piece: Piece | None, side: str, sign: str, snippet: str) -> str:
    if piece is None:
        return f'<td class="n {side}"></td><td class="{side}"></td>'
    number = f"{piece.line}:{piece.start + 1}" if piece.start else f"{piece.line}"
    return (
        f'<td class="n {side}">{sign} {number}</td>'
        f'<td class="{side}"><code>{_text(piece.text, snippet)}</code></td>'
    )


def _text(text: str, snippet: str) -> str:
    """The line, with the evidence marked where it stands whole on it."""
    head, found, tail = text.partition(snippet) if snippet else (text, "", "")
    if not found:
        return _spaced(text)
    return f"{_spaced(head)}<mark>{_spaced(found)}</mark>{_spaced(tail)}"


def _spaced(text: str) -> str:
    """Tabs are layout where they indent: as spaces; elsewhere they are shown."""
    body = text.lstrip("\t")
    return " " * _TAB * (len(text) - len(body)) + markup(body)
