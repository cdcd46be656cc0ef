"""Compared, Inspected, Side: what the reports of `diff` and `inspect` are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pratique.errors import Exit
from pratique.model.behavior import Analysis, Difference, Outcome
from pratique.model.policy import Verdict

MOST_SIDES = 60
"""Files whose code a page shows; for the others it shows the evidence alone."""
LARGEST_SIDE = 2 * 1024 * 1024
"""Bytes of a file that is shown side by side; of a larger one, the evidence alone."""


@dataclass(frozen=True, slots=True)
class Side:
    """One file, before and after: foreign text.

    Attributes:
        path: Inside the artifact, as evidence names it.
        before, after: The file's text; None where the artifact does not have it.
    """

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Age:
    """How old a release is judged to be, and who says so.

    Attributes:
        span: As stated; None where nobody stated it, or the registry tells `published`.
        published: When, by the registry; aware, in UTC.
        exact: False where it was published then or earlier.
        why: Why nothing is known of it; "" where nothing was asked.
    """

    span: timedelta | None = None
    published: datetime | None = None
    exact: bool = True
    why: str = ""

    def at(self, now: datetime) -> timedelta | None:
        """How old it is; None where nothing is known, which counts as no age."""
        return self.span if self.published is None else now - self.published


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, and what it led to.

    Attributes:
        difference, outcome: Of it.
        after: Of the release that is judged.
        exit: What the process will exit with.
        before: Of the releases that it is compared with: they show what is lost.
        age: How old the release was judged to be.
        asked: The two operands as typed, for the line that writes the page; () where there were
            none.
        steps: (why, line) to copy besides, quoted for a shell.
        sides: The files that show what was gained, for the page; others are shown by evidence.
        notes: What else is to be said, what could not be had above all: foreign text.
    """

    difference: Difference
    outcome: Outcome
    after: Analysis
    exit: Exit
    before: tuple[Analysis, ...] = ()
    age: Age = Age()
    asked: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()
    sides: tuple[Side, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return Verdict.of(self.outcome.action)


@dataclass(frozen=True, slots=True)
class Inspected:
    """One artifact, looked at on its own.

    Attributes:
        name, version: As asked for; of a file, what the manifest inside says.
        analysis: Of it.
        outcome: What it leads to without anything to compare with.
        exit: What the process will exit with.
        age: How old it was judged to be.
        notes: What else is to be said: foreign text.
    """

    name: str
    version: str
    analysis: Analysis
    outcome: Outcome
    exit: Exit
    age: Age = Age()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return Verdict.of(self.outcome.action)


def files_to_show(difference: Difference) -> tuple[str, ...]:
    """Paths of the files that show what was gained, at most MOST_SIDES, the gravest first."""
    gains = (*difference.gained, *difference.absolute)
    places = (seen for gain in gains for seen in gain.evidence if seen.line)
    return tuple(dict.fromkeys(seen.file for seen in places if seen.file))[:MOST_SIDES]


def side_of(path: str, before: bytes | None, after: bytes | None) -> Side | None:
    """The file at `path` in both artifacts; None where it is too large to be shown."""
    if max(len(before or b""), len(after or b"")) > LARGEST_SIDE:
        return None
    return Side(path, _text(before), _text(after))


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "replace")
