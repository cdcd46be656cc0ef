"""Rows -> figures: shares of pairs, by step, by capability, by shape; and the bars. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from evals.judged import AGES, Judged
from pratique.difference import LIGHT
from pratique.model.policy import Action

STEPS = ("patch", "minor", "major")
HARD, BLOCKED, GAINED = 0.75, 0.4, 4.5
WARNED, HELD, WORST = 97.0, 90.0, 85.0
"""The bars, in percent: at most the first three of benign pairs, at least the others of hostile."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `value` in percent against `most`, or else against `least`."""

    what: str
    value: float
    most: float | None = None
    least: float = 0.0

    @property
    def is_met(self) -> bool:
        return self.value >= self.least if self.most is None else self.value <= self.most

    @property
    def demanded(self) -> str:
        return f"at least {self.least:g} %" if self.most is None else f"at most {self.most:g} %"


def share(rows: Sequence[Judged], condition: Callable[[Judged], bool]) -> float:
    """Percent of `rows`; 0 of none is 0."""
    return 100.0 * sum(map(condition, rows)) / len(rows) if rows else 0.0


def at_least(action: Action, age: int) -> Callable[[Judged], bool]:
    """Whether a row comes to `action` or a stronger one, at the age of that index."""
    return lambda row: row.actions[age] >= action


def exactly(action: Action, age: int) -> Callable[[Judged], bool]:
    return lambda row: row.actions[age] == action


def family(capability: str) -> str:
    return capability.partition(":")[0]


def is_gaining(row: Judged) -> bool:
    """Gains something beside new dependencies, hosts and named variables."""
    return any(family(each) not in LIGHT for each in row.gained)


def benign(rows: Iterable[Judged]) -> list[Judged]:
    return [row for row in rows if not row.shape]


def hostile(rows: Iterable[Judged]) -> list[Judged]:
    return [row for row in rows if row.shape]


def by_shape(rows: Iterable[Judged]) -> dict[str, list[Judged]]:
    found: dict[str, list[Judged]] = defaultdict(list)
    for row in hostile(rows):
        found[row.shape].append(row)
    return dict(found)


def worst(rows: Iterable[Judged], action: Action, age: int) -> tuple[str, float]:
    """The shape that comes to `action` most rarely, and how often in percent."""
    shares = {shape: share(those, at_least(action, age)) for shape, those in by_shape(rows).items()}
    return min(shares.items(), key=lambda each: each[1], default=("", 0.0))


def families(rows: Sequence[Judged]) -> Counter[str]:
    """Family -> in how many pairs one of its capabilities was gained."""
    return Counter(each for row in rows for each in {family(gain) for gain in row.gained})


def bars(rows: Sequence[Judged]) -> list[Bar]:
    """Every bar, at both ages where the age matters."""
    real = benign(rows)
    found = [
        Bar("benign: gains of the hard set", share(real, lambda row: row.is_hard), HARD),
        Bar("benign: gains, light ones aside", share(real, is_gaining), GAINED),
    ]
    return found + [bar for number in range(len(AGES)) for bar in _aged(rows, number)]


def _aged(rows: Sequence[Judged], age: int) -> Iterator[Bar]:
    laid, when = hostile(rows), f"at {AGES[age].days} days"
    yield Bar(f"benign: blocked {when}", share(benign(rows), at_least(Action.BLOCK, age)), BLOCKED)
    for action, says, least in (
        (Action.WARN, "warned or more", WARNED),
        (Action.QUARANTINE, "quarantined or more", HELD),
    ):
        value = share(laid, at_least(action, age))
        yield Bar(f"hostile: {says} {when}", value, least=least)
        name, value = worst(rows, action, age)
        yield Bar(f"hostile: worst shape {says} {when} ({name})", value, least=WORST)
