"""`pratique diff` for a terminal: may it go in, what is new, where, why that matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

from pratique.capabilities import split, tier_of, title_of
from pratique.difference import LIGHT
from pratique.model.behavior import Change, Gain, Outcome, Seen, Tier
from pratique.model.policy import Verdict
from pratique.reports import difference_words as words
from pratique.reports.difference_subject import Compared
from pratique.reports.escape import LONGEST, shown
from pratique.reports.grouping import counted
from pratique.reports.layout import Paint, columns, wrap
from pratique.reports.page import Page

MOST_GAINS = 60
MOST_ROWS = 20
FOLDED = 3
"""So many of one family that ordinary development gains are told in one line each."""
MOST_PLACES = 3
_INDENT = " " * 12


def render(compared: Compared, page: Page) -> str:
    """The comparison as lines of at most `page.width` columns, lines to copy excepted."""
    sections = (
        _head(compared, page),
        why(compared.outcome, page),
        labelled("note", map(shown, compared.notes), page),
        _gained(compared, page),
        _absolute(compared, page),
        _lost(compared, page),
        _changes(compared, page),
        _sizes(compared, page),
        _rest(compared, page),
        _steps(compared),
        [verdict_line(words.closing(compared), compared.verdict, page)],
    )
    lines = chain.from_iterable([*made, ""] for each in sections if (made := list(each)))
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _head(compared: Compared, page: Page) -> Iterator[str]:
    difference = compared.difference
    name = f"{shown(difference.name)} {shown(words.versions(difference))}"
    yield from headline(name, compared.verdict, words.found(difference), page)
    yield from signature(compared.after.analyser, compared.after.sha512, page)


def headline(name: str, verdict: Verdict, said: str, page: Page) -> list[str]:
    """`NAME: BLOCK, gained ...`: who, verdict, what."""
    lines = wrap(f"{name}: {verdict.name}, {said}", page.width, rest="  ")
    painted = Paint(colour=page.colour)(verdict.name, verdict.name)
    return _painted(lines, f": {verdict.name},", f": {painted},")


def _painted(lines: Sequence[str], old: str, new: str) -> list[str]:
    """`lines` with the last `old` replaced: what is foreign stands before it."""
    done, made = False, []
    for line in reversed(lines):
        head, found, tail = line.rpartition(old)
        made.append(line if done or not found else head + new + tail)
        done = done or bool(found)
    return made[::-1]


def signature(analyser: int, sha512: str, page: Page) -> list[str]:
    """By which program and for which bytes."""
    parts = [f"pratique {page.version}".strip(), f"analyser {analyser}"]
    parts += [f"sha512 {sha512[:16]}\u2026"] if sha512 else []
    return wrap(" \u00b7 ".join(parts), page.width, rest="  ")


def why(outcome: Outcome, page: Page) -> Iterator[str]:
    """The reasons of the verdict, strongest first."""
    paint = Paint(colour=page.colour)
    for index, (action, text, row) in enumerate(words.reasons(outcome)):
        first = f"{'' if index else 'why':<11} {action:<10} "
        lines = wrap(f"{shown(text)} ({shown(row)})", page.width, first=first, rest=" " * 23)
        yield lines[0].replace(f" {action} ", f" {paint(action, action)} ", 1)
        yield from lines[1:]


def _gained(compared: Compared, page: Page) -> Iterator[str]:
    gained = compared.difference.gained
    if not gained:
        return
    yield f"gained {counted(len(gained), 'capability', 'capabilities')}"
    for fold, group in groupby(gained[:MOST_GAINS], key=_fold):
        those = list(group)
        if fold and len(those) >= FOLDED:
            yield from folded(those, page, f"  {those[0].tier.value}  ")
        else:
            yield from chain.from_iterable(_gain(gain, page) for gain in those)
    yield from _more(len(gained) - MOST_GAINS)


def _fold(gain: Gain) -> tuple[str, str] | None:
    """What gains have in common that are told in one line each; None for those that need more."""
    family = split(gain.capability)[0]
    is_plain = gain.tier is not Tier.A and not words.remarks(gain)
    return (gain.tier, family) if family in LIGHT and is_plain else None


def folded(gains: Sequence[Gain], page: Page, first: str = "  ") -> Iterator[str]:
    """Many of one family: its title once, then each with the first place that shows it."""
    family = split(gains[0].capability)[0]
    said = f"{family}   {title_of(family)} ({len(gains):,})"
    yield from wrap(said, page.width, first=first, rest=" " * 8)
    for gain in gains:
        seen = gain.evidence[0] if gain.evidence else None
        reach = words.reach(seen) if seen else ""
        where = (shown(words.place(seen)) if seen else "") + (f" ({reach})" if reach else "")
        said = f"{shown(gain.capability)}   {where}"
        yield from wrap(said, page.width, first=" " * 7, rest=" " * 11)


def _absolute(compared: Compared, page: Page) -> Iterator[str]:
    """What it can do where nobody knows what is new."""
    absolute = compared.difference.absolute
    if not absolute:
        return
    number = counted(len(absolute), "capability", "capabilities")
    yield from wrap(f"shows {number} of tier A; which are new, nobody knows", page.width)
    for gain in absolute[:MOST_GAINS]:
        yield from _gain(gain, page)
    yield from _more(len(absolute) - MOST_GAINS)


def _gain(gain: Gain, page: Page) -> Iterator[str]:
    said = f"{shown(gain.capability)}   {title_of(gain.capability)}"
    remarks = words.remarks(gain)
    said += f" ({remarks})" if remarks else ""
    yield from wrap(said, page.width, first=f"  {gain.tier.value}  ", rest=" " * 8)
    yield from evidence(gain.evidence, page, 1 if gain.tier is Tier.C else MOST_PLACES)


def evidence(places: Sequence[Seen], page: Page, most: int = MOST_PLACES) -> Iterator[str]:
    """Where a capability shows, at most `most`; how many more there are is said."""
    for seen in places[:most]:
        reach = words.reach(seen)
        where = shown(words.place(seen)) + (f" ({reach})" if reach else "")
        yield from wrap(where, page.width, first="       ", rest=" " * 11)
        if snippet := words.snippet(seen):
            yield from wrap(shown(snippet), page.width, first=" " * 11, rest=" " * 13)
    if len(places) > most:
        yield f"       and {len(places) - most:,} more: --format json lists them all"


def _lost(compared: Compared, page: Page) -> Iterator[str]:
    lost = compared.difference.lost
    if not lost:
        return
    yield f"lost {counted(len(lost), 'capability', 'capabilities')}"
    for each in lost[:MOST_ROWS]:
        said = f"{shown(each)}   {title_of(each)}"
        yield from wrap(said, page.width, first=f"  {tier_of(each).value}  ", rest=" " * 8)
    yield from _more(len(lost) - MOST_ROWS)


def _changes(compared: Compared, page: Page) -> Iterator[str]:
    changes = compared.difference.changes
    if not changes:
        return
    yield f"changed {counted(len(changes), 'entry', 'entries')} of the manifest or its binaries"
    installed, others = words.installed(changes)
    for change in installed[:MOST_ROWS]:
        yield from _change(change, page)
    yield from _more(len(installed) - MOST_ROWS)
    if others:
        said = f"{counted(others, 'entry', 'entries')} of devDependencies, which nobody installs"
        yield from wrap(said, page.width, first="     ", rest=" " * 8)


def _change(change: Change, page: Page) -> Iterator[str]:
    """On one line where that is short enough, else what was and what is each on its own."""
    first = f"  {words.SIGNS[words.kind(change)]}  {shown(change.what)} {shown(change.name)}"
    texts = [shown(text) for text in (change.before, change.after) if text]
    line = f"{first}: {' -> '.join(texts)}"
    if columns(line) <= page.width:
        yield line
        return
    yield from wrap(first, page.width, rest=" " * 8)
    for sign, text in (("-", change.before), ("+", change.after)):
        if text:
            yield from wrap(shown(text), page.width, first=f"       {sign} ", rest=" " * 11)


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield f"  and {number:,} more: --format json lists them all"


def _sizes(compared: Compared, page: Page) -> Iterator[str]:
    difference = compared.difference
    rows = words.sizes(difference.before, difference.after)
    for index, (what, before, after, growth) in enumerate(rows):
        first = f"{'' if index else 'sizes':<11} {what:<16}"
        said = f"{before} -> {after}, {growth}" if difference.baseline.versions else after
        yield from wrap(said, page.width, first=first, rest=_INDENT)


def _rest(compared: Compared, page: Page) -> Iterator[str]:
    difference = compared.difference
    yield from labelled("compared", [f"with {shown(words.baseline(difference))}"], page)
    yield from labelled("age", [shown(words.age(compared.age))], page)
    yield from partly(difference.oddities, difference.unread, page)


def partly(oddities: Sequence[str], unread: Sequence[tuple[str, str]], page: Page) -> Iterator[str]:
    """What could not be analysed or was not read: never silent."""
    yield from labelled("odd", (f"the archive {shown(each)}" for each in oddities), page)
    yield from labelled("unread", (f"{shown(path)}: {shown(why)}" for path, why in unread), page)


def labelled(label: str, texts: Iterable[str], page: Page) -> Iterator[str]:
    """The label once, then at most MOST_ROWS texts; how many more there are is said."""
    every = list(texts)
    more = len(every) - MOST_ROWS
    every = [*every[:MOST_ROWS], f"and {more:,} more: --format json lists them all"][
        : min(len(every), MOST_ROWS + 1)
    ]
    for index, text in enumerate(every):
        first = f"{'' if index else label:<11} "
        yield from wrap(text, page.width, first=first, rest=_INDENT)


def _steps(compared: Compared) -> Iterator[str]:
    for why, line in words.steps(compared):
        yield f"{why:<11} {shown(line, 2 * LONGEST)}"


def verdict_line(text: str, verdict: Verdict, page: Page) -> str:
    """The closing line."""
    name = verdict.name
    return text.replace(name, Paint(colour=page.colour)(name, name), 1)
