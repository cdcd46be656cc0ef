"""`pratique diff` as one page: what was gained beside the code that has it, and what changed.

The page holds no script, asks for nothing and says so to the browser (`difference_style.POLICY`).
All that came from outside goes through `markup`; ids and links are made of numbers of ours.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from pratique.capabilities import tier_of, title_of
from pratique.model.behavior import Change, Gain, Seen
from pratique.reports import difference_words as words
from pratique.reports.difference_code import Code
from pratique.reports.difference_style import POLICY, STYLE
from pratique.reports.difference_subject import Compared
from pratique.reports.escape import markup, shown
from pratique.reports.grouping import counted
from pratique.reports.page import Page

MOST_OPEN = 12
"""Gains that are unfolded when the page opens."""
MOST_GAINS = 400
MOST_ROWS = 500
_LONGEST_NAME = 120
_LEGEND = "\u25b8 stands where the capability shows, + at what is new, \u2212 at what is gone."
_LIMITS = "Static analysis sees what code says, not what it will do with what it fetches."


def render(compared: Compared, page: Page) -> str:
    """The page, self-contained; to be written as UTF-8."""
    sections = [(id_, title, list(lines)) for id_, title, lines in _sections(compared)]
    shown_ = [each for each in sections if each[2]]
    lines = [
        *_top(compared),
        '<a class="skip" href="#main">Skip to what was found</a>',
        *_header(compared, page),
        '<nav aria-label="Contents"><ul>',
        *(f'<li><a href="#{id_}">{title}</a></li>' for id_, title, _ in shown_),
        "</ul></nav>",
        '<main id="main">',
        *(line for each in shown_ for line in _section(*each)),
        "</main>",
        f"<footer>{html.escape(words.closing(compared))}. {_LIMITS}</footer>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _sections(compared: Compared) -> Iterator[tuple[str, str, Iterable[str]]]:
    """(id, title, lines); one without lines is left out."""
    difference = compared.difference
    code = Code(compared)
    yield "why", "Why", _why(compared)
    gained = f"What it gained <small>({len(difference.gained):,})</small>"
    yield "gained", gained, _gains(difference.gained, code)
    yield "absolute", "What it can do", _absolute(compared, code)
    yield "lost", f"What it lost <small>({len(difference.lost):,})</small>", _lost(compared)
    changes = f"The manifest and binaries <small>({len(difference.changes):,})</small>"
    yield "changes", changes, _changes(difference.changes)
    yield "sizes", "Sizes", _sizes(compared)
    unread = f"Not examined whole <small>({len(difference.unread):,})</small>"
    yield "unread", unread, _unread(compared)
    yield "next", "What to type", _steps(compared)


def _section(id_: str, title: str, lines: Sequence[str]) -> list[str]:
    return [f'<section id="{id_}" aria-labelledby="{id_}-title">', *_titled(id_, title), *lines,
            "</section>"]  # fmt: skip


def _titled(id_: str, title: str) -> list[str]:
    return [f'<h2 id="{id_}-title">{title}</h2>']


def _top(compared: Compared) -> list[str]:
    difference = compared.difference
    named = f"{shown(difference.name)} {shown(words.versions(difference))}"
    return [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{compared.verdict.name}: {html.escape(named)} - pratique diff</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
    ]


def _header(compared: Compared, page: Page) -> Iterator[str]:
    difference = compared.difference
    verdict = compared.verdict.name
    versions = markup(words.versions(difference), _LONGEST_NAME).replace(" -&gt; ", " \u2192 ")
    program = f"pratique {page.version}".strip()
    yield "<header>"
    yield f'<p class="by">{html.escape(program)} diff</p>'
    name = markup(difference.name, _LONGEST_NAME)
    yield f"<h1><bdi>{name}</bdi> <span><bdi>{versions}</bdi></span></h1>"
    badge = f'<strong class="badge {verdict.lower()}">{verdict}</strong>'
    yield f'<p class="verdict">{badge} <span>{html.escape(words.found(difference))}</span></p>'
    yield "<dl>"
    for term, said in _facts(compared):
        yield f"<dt>{term}</dt><dd>{said}</dd>"
    yield "</dl>"
    yield "</header>"


def _facts(compared: Compared) -> Iterator[tuple[str, str]]:
    yield "Compared with", markup(words.baseline(compared.difference))
    yield "Age", markup(words.age(compared.age))
    if compared.notes:
        items = "".join(f"<li>{markup(each)}</li>" for each in compared.notes)
        yield "Notes", f"<ul>{items}</ul>"
    if compared.after.sha512:
        yield "Its SHA-512", f"<code>{markup(compared.after.sha512)}</code>"
    yield "Analyser", f"version {compared.after.analyser}"


def _why(compared: Compared) -> Iterator[str]:
    reasons = words.reasons(compared.outcome)
    if reasons:
        yield '<ol class="reasons">'
        for action, text, row in reasons:
            word = f'<span class="word {action}">{action}</span>'
            yield f"<li>{word} <span>{markup(text)} <small>({markup(row)})</small></span></li>"
        yield "</ol>"
    for each in compared.difference.oddities:
        yield f"<p>The archive {markup(each)}.</p>"


def _gains(gains: Sequence[Gain], code: Code) -> Iterator[str]:
    if gains:
        yield f'<p class="note">{_LEGEND}</p>'
    for number, gain in enumerate(gains[:MOST_GAINS]):
        yield f"<details{' open' if number < MOST_OPEN else ''}>"
        yield f"<summary>{_capability(gain.capability, gain.tier.value)}</summary>"
        remarks = words.remarks(gain)
        if remarks:
            yield f'<p class="note">{html.escape(remarks)}</p>'
        yield from code.figures(gain)
        yield "</details>"
    yield from _more(len(gains) - MOST_GAINS)


def _capability(id_: str, tier: str) -> str:
    mark = f'<span class="tier tier-{tier.lower()}">tier {tier}</span>'
    return f"{mark}<code>{markup(id_)}</code> {html.escape(title_of(id_))}"


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield f'<p class="note">and {number:,} more: <code>--format json</code> lists them all</p>'


def _absolute(compared: Compared, code: Code) -> Iterator[str]:
    absolute = compared.difference.absolute
    if absolute:
        number = counted(len(absolute), "capability", "capabilities")
        yield f'<p class="note">{number} of tier A; which of them are new, nobody knows.</p>'
        yield from _gains(absolute, code)


def _lost(compared: Compared) -> Iterator[str]:
    lost = compared.difference.lost
    if not lost:
        return
    seen: dict[str, list[Seen]] = {}
    for place in (place for analysis in compared.before for place in analysis.evidence):
        seen.setdefault(place.capability, []).append(place)
    yield "<ul>"
    for each in lost[:MOST_ROWS]:
        where = f" at <code>{markup(words.place(seen[each][0]))}</code>" if each in seen else ""
        yield f"<li>{_capability(each, tier_of(each).value)}{where}</li>"
    yield "</ul>"
    yield from _more(len(lost) - MOST_ROWS)


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        return
    yield '<table class="plain stack">'
    yield '<thead><tr><th scope="col">what</th><th scope="col">name</th>'
    yield '<th scope="col">before</th><th scope="col">now</th></tr></thead>'
    yield "<tbody>"
    for change in words.by_weight(changes)[:MOST_ROWS]:
        before = f"<del>\u2212 <code>{markup(change.before)}</code></del>" if change.before else ""
        after = f"<ins>+ <code>{markup(change.after)}</code></ins>" if change.after else ""
        yield f"<tr><td>{markup(change.what)}, {words.kind(change)}</td>"
        yield f'<th scope="row"><code>{markup(change.name)}</code></th>'
        yield f"<td>{before}</td><td>{after}</td></tr>"
    yield "</tbody></table>"
    yield from _more(len(changes) - MOST_ROWS)


def _sizes(compared: Compared) -> Iterator[str]:
    difference = compared.difference
    yield '<table class="plain">'
    yield '<thead><tr><th scope="col"></th><th scope="col">before</th><th scope="col">now</th>'
    yield '<th scope="col">change</th></tr></thead>'
    yield "<tbody>"
    is_known = bool(difference.baseline.versions)
    for what, before, after, growth in words.sizes(difference.before, difference.after):
        cells = (before if is_known else "", after, growth if is_known else "")
        numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
        yield f'<tr><th scope="row">{what}</th>{numbers}</tr>'
    yield "</tbody></table>"


def _unread(compared: Compared) -> Iterator[str]:
    unread = compared.difference.unread
    if unread:
        yield "<ul>"
        for path, why in unread[:MOST_ROWS]:
            yield f"<li><code>{markup(path)}</code>: {markup(why)}</li>"
        yield "</ul>"
        yield from _more(len(unread) - MOST_ROWS)


def _steps(compared: Compared) -> Iterator[str]:
    for why, line in compared.steps:
        yield f'<p>{html.escape(why)}</p><code class="type">{markup(line)}</code>'
