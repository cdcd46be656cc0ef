"""Figures -> tables of markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from evals.figures import (
    STEPS,
    at_least,
    bars,
    benign,
    by_shape,
    exactly,
    families,
    family,
    hostile,
    is_gaining,
    share,
    worst,
)
from evals.judged import AGES, Judged
from pratique.difference.judging import LIGHT
from pratique.model.policy import Action

Parts = Mapping[str, Sequence[Judged]]
"""Title of a part of the corpus -> its rows: held out, the rest, the long tail."""
_STRONG = (Action.BLOCK, Action.QUARANTINE, Action.WARN)


def grid(head: Sequence[str], rows: Iterator[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *([str(each) for each in row] for row in rows)]
    return "".join(f"| {' | '.join(_plain(cell) for cell in line)} |\n" for line in lines)


def _plain(cell: str) -> str:
    """Foreign text in a cell: no line feeds, no bars, no markup."""
    text = "".join(letter if letter.isprintable() else "?" for letter in cell)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def document(parts: Parts, judged_parts: Sequence[str]) -> str:
    """All tables; the bars for the parts named."""
    sections = [
        ("Bars", "".join(f"{title}:\n\n{bar_table(parts[title])}\n" for title in judged_parts)),
        ("Benign updates", grid(_BENIGN, _benign_rows(parts))),
        ("Gained by family, in percent of the benign pairs", _family_table(parts)),
        ("Hostile updates", grid(_HOSTILE, _hostile_rows(parts))),
        ("Hostile updates by shape", grid(_SHAPES, _shape_rows(parts))),
        ("Masking", _masking(parts)),
        ("Benign updates that are blocked or quarantined", grid(_LISTED, _listed(parts))),
        ("Benign updates that gain something, light ones aside", grid(_GAINING, _gaining(parts))),
        ("Hostile updates below a warning", grid(_MISSED, _missed(parts))),
    ]
    return "".join(f"## {title}\n\n{text}\n" for title, text in sections)


def bar_table(rows: Sequence[Judged]) -> str:
    return grid(
        ("bar", "figure", "demanded", ""),
        (
            (
                bar.what,
                f"{bar.value:.2f} %",
                bar.demanded,
                "OK" if bar.is_met else "**FAIL**",
            )
            for bar in bars(rows)
        ),
    )


_AGED = tuple(f"{action.name.lower()} {age.days} d" for age in AGES for action in _STRONG)
_BENIGN = ("part", "step", "pairs", "hard gain", "gain, light aside", *_AGED)


def _benign_rows(parts: Parts) -> Iterator[Sequence[object]]:
    for title, rows in parts.items():
        real = benign(rows)
        for step in ("all", *STEPS):
            those = [row for row in real if step in {"all", row.step}]
            figures = [
                share(those, lambda row: row.is_hard),
                share(those, is_gaining),
                *(share(those, exactly(a, n)) for n in range(len(AGES)) for a in _STRONG),
            ]
            yield title, step, len(those), *(f"{each:.2f} %" for each in figures)


def _family_table(parts: Parts) -> str:
    counts = {title: families(benign(rows)) for title, rows in parts.items()}
    sizes = {title: len(benign(rows)) or 1 for title, rows in parts.items()}
    every = sorted({each for count in counts.values() for each in count})
    rows = (
        (each, *(f"{100 * counts[t][each] / sizes[t]:.2f} ({counts[t][each]})" for t in parts))
        for each in every
    )
    return grid(("family", *parts), rows)


_HOSTILE = ("part", "age", "(pair, shape)", "warned or more", "quarantined or more", "blocked",
            "worst shape, warned or more", "worst shape, quarantined or more")  # fmt: skip


def _hostile_rows(parts: Parts) -> Iterator[Sequence[object]]:
    for title, rows in parts.items():
        laid = hostile(rows)
        for number, age in enumerate(AGES if laid else ()):
            shares = [share(laid, at_least(each, number)) for each in reversed(_STRONG)]
            least = [worst(rows, each, number) for each in (Action.WARN, Action.QUARANTINE)]
            yield (
                title,
                f"{age.days} days",
                len(laid),
                *(f"{each:.2f} %" for each in shares),
                *(f"{name}: {value:.1f} %" for name, value in least),
            )


_SHAPES = ("part", "shape", "pairs", *(f"{w} {a.days} d" for a in AGES for w in ("warn+", "held")))


def _shape_rows(parts: Parts) -> Iterator[Sequence[object]]:
    for title, rows in parts.items():
        for shape, those in sorted(by_shape(rows).items()):
            shares = (
                share(those, at_least(action, number))
                for number in range(len(AGES))
                for action in (Action.WARN, Action.QUARANTINE)
            )
            yield title, shape, len(those), *(f"{each:.1f} %" for each in shares)


def _masking(parts: Parts) -> str:
    lead = "Of the latest releases: on how many a shape adds nothing to the package's capabilities."
    return f"{lead}\n\n{grid(_MASKED, _masked_rows(parts))}"


_MASKED = ("part", "shape", "latest releases", "nothing gained", "")


def _masked_rows(parts: Parts) -> Iterator[Sequence[object]]:
    for title, rows in parts.items():
        laid = [row for row in hostile(rows) if row.is_masked is not None]
        masked = [row for row in laid if row.is_masked]
        if laid:
            yield title, "all", len(laid), len(masked), f"{100 * len(masked) / len(laid):.2f} %"
        for shape, those in sorted(by_shape(masked).items()):
            of = sum(row.shape == shape for row in laid)
            yield title, shape, of, len(those), ", ".join(sorted(row.name for row in those))


_LISTED = ("part", "release", "before", "step", "0 d", "30 d", "why", "where")


def _listed(parts: Parts) -> Iterator[Sequence[object]]:
    for title, rows in parts.items():
        strong = [row for row in benign(rows) if max(row.actions) >= Action.QUARANTINE]
        for row in sorted(strong, key=lambda r: (-r.actions[0], -r.actions[1], r.name, r.newer)):
            actions = (each.name.lower() for each in row.actions)
            where = ", ".join(row.places)
            why = row.reasons[0]
            yield title, f"{row.name}@{row.newer}", row.older, row.step, *actions, why, where


_GAINING = ("part", "release", "before", "step", "gained")


def _gaining(parts: Parts) -> Iterator[Sequence[object]]:
    for title, rows in parts.items():
        for row in filter(is_gaining, benign(rows)):
            heavy = [each for each in row.gained if family(each) not in LIGHT]
            more = f" and {len(heavy) - 6} more" if len(heavy) > 6 else ""
            gained = f"{', '.join(heavy[:6])}{more}"
            yield title, f"{row.name}@{row.newer}", row.older, row.step, gained


_MISSED = ("part", "shape", "spelling", "age", "pairs", "for example")


def _missed(parts: Parts) -> Iterator[Sequence[object]]:
    for title, rows in parts.items():
        for shape, those in sorted(by_shape(rows).items()):
            for number, age in enumerate(AGES):
                low = [row for row in those if row.actions[number] < Action.WARN]
                for spelling in sorted({row.spelling for row in low}):
                    of = [row for row in low if row.spelling == spelling]
                    some = ", ".join(f"{row.name}@{row.newer}" for row in of[:4])
                    yield title, shape, spelling + 1, f"{age.days} d", len(of), some


def plain(parts: Parts) -> dict[str, Any]:
    """The rows for results.json: benign ones whole, hostile ones as counts by shape and action."""
    return {
        title: {"benign": _benign(rows), "hostile": _counts(rows)} for title, rows in parts.items()
    }


_OF_HOSTILE = frozenset({"shape", "spelling", "is_masked"})


def _benign(rows: Sequence[Judged]) -> list[dict[str, Any]]:
    return [
        {
            **{key: value for key, value in asdict(row).items() if key not in _OF_HOSTILE},
            "actions": [action.name.lower() for action in row.actions],
        }
        for row in benign(rows)
        if row.gained or any(row.actions)
    ]


def _counts(rows: Sequence[Judged]) -> dict[str, Any]:
    return {
        shape: {
            f"{age.days} days": {
                action.name.lower(): sum(row.actions[number] == action for row in those)
                for action in Action
            }
            for number, age in enumerate(AGES)
        }
        for shape, those in sorted(by_shape(rows).items())
    }
