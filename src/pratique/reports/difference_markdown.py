"""`pratique diff` as a pull-request comment: the verdict, what was gained, the rest folded."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities import tier_of, title_of
from pratique.model.behavior import Change, Gain, Seen
from pratique.reports import difference_words as words
from pratique.reports.difference_subject import Compared
from pratique.reports.escape import code, prose
from pratique.reports.grouping import counted
from pratique.reports.markdown import LIMIT, MARK, Comment, section
from pratique.reports.page import Page

MOST_PLACES = 3
_SNIPPET = 160


def render(compared: Compared, page: Page) -> str:
    """GitHub-flavoured Markdown of at most `LIMIT` characters."""
    comment = Comment(LIMIT)
    for line in _head(compared, page):
        comment.add(line)
    difference = compared.difference
    changes = counted(len(difference.changes), "change")
    sections = (
        (f"Manifest and binaries: {changes}", list(_changes(compared))),
        (f"Lost: {len(difference.lost):,}", list(_lost(compared))),
        ("Sizes", list(_sizes(compared))),
        (f"Not examined whole: {len(difference.unread):,}", list(_unread(compared))),
    )
    for title, lines in sections:
        section(comment, title, lines)
    if comment.cut:
        said = counted(comment.cut, "line")
        comment.close(f"\n**Cut: {said} did not fit; `pratique diff --format json` has them all.**")
    return comment.text()


def _head(compared: Compared, page: Page) -> Iterator[str]:
    difference = compared.difference
    mark = MARK[compared.verdict]
    subject = code(f"{difference.name} {words.versions(difference)}")
    yield f"### {mark} {compared.verdict.name}: {subject} {words.found(difference)}"
    yield ""
    named = f"pratique {page.version}".strip()
    yield f"{named} \u00b7 analyser {compared.after.analyser} \u00b7 exit {compared.exit.value}"
    yield ""
    yield from _why(compared)
    yield f"- compared with {prose(words.baseline(difference))}"
    yield f"- age {prose(words.age(compared.age))}"
    yield from (f"- {prose(each)}" for each in compared.notes)
    yield ""
    yield from _gains(difference.gained, "gained")
    yield from _gains(difference.absolute, "can; what is new, nobody knows")


def _why(compared: Compared) -> Iterator[str]:
    for action, text, row in words.reasons(compared.outcome):
        yield f"- **{action}** {prose(text)} ({prose(row)})"
    for each in compared.difference.oddities:
        yield f"- the archive {prose(each)}"


def _gains(gains: tuple[Gain, ...], title: str) -> Iterator[str]:
    if not gains:
        return
    yield f"| tier | {title} | | where | code |"
    yield "|---|---|---|---|---|"
    for gain in gains:
        what = title_of(gain.capability)
        remarks = words.remarks(gain)
        what += f" ({remarks})" if remarks else ""
        places = gain.evidence[:MOST_PLACES]
        snippets = dict.fromkeys(words.snippet(seen) for seen in places)
        cells = (
            gain.tier.value,
            code(gain.capability, cell=True),
            prose(what, cell=True),
            "<br>".join(_where(seen) for seen in places) + _more(len(gain.evidence)),
            "<br>".join(code(s, cell=True, longest=_SNIPPET) for s in snippets if s),
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _where(seen: Seen) -> str:
    reach = words.reach(seen)
    return code(words.place(seen), cell=True) + (f" {reach}" if reach else "")


def _more(number: int) -> str:
    return f"<br>and {number - MOST_PLACES} more" if number > MOST_PLACES else ""


def _changes(compared: Compared) -> Iterator[str]:
    changes = compared.difference.changes
    if changes:
        yield "| | what | name | before | now |"
        yield "|---|---|---|---|---|"
        yield from map(_change, words.by_weight(changes))


def _change(change: Change) -> str:
    texts = (change.what, change.name, change.before, change.after)
    cells = [code(text, cell=True) if text else "" for text in texts]
    return f"| {' | '.join([words.kind(change), *cells])} |"


def _lost(compared: Compared) -> Iterator[str]:
    for each in compared.difference.lost:
        yield f"- {tier_of(each).value} {code(each)} {prose(title_of(each))}"


def _sizes(compared: Compared) -> Iterator[str]:
    difference = compared.difference
    yield "| | before | now | change |"
    yield "|---|---|---|---|"
    is_known = bool(difference.baseline.versions)
    for what, before, after, growth in words.sizes(difference.before, difference.after):
        cells = (what, before if is_known else "", after, growth if is_known else "")
        yield f"| {' | '.join(cells)} |"


def _unread(compared: Compared) -> Iterator[str]:
    for path, why in compared.difference.unread:
        yield f"- {code(path)}: {prose(why)}"
