"""The table that sets GuardDog beside us, on the same sampled pairs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from evals.guarddog import SUSPICIOUS, Beside
from evals.report import grid
from pratique.model.policy import Action

_HEAD = ("part", "pairs", "", "real updates", "hostile updates")
_QUESTIONS: tuple[tuple[str, Callable[[Beside], bool]], ...] = (
    ("pratique: warned or more, 0 days", lambda each: each.ours.actions[0] >= Action.WARN),
    ("pratique: held or more, 0 days", lambda each: each.ours.actions[0] >= Action.QUARANTINE),
    ("pratique: warned or more, 30 days", lambda each: each.ours.actions[1] >= Action.WARN),
    ("pratique: held or more, 30 days", lambda each: each.ours.actions[1] >= Action.QUARANTINE),
    (f"GuardDog: score of {SUSPICIOUS:g} or more", lambda each: each.newer.score >= SUSPICIOUS),
    ("GuardDog: any risk", lambda each: bool(each.newer.risks)),
    ("GuardDog: a risk that the older release has not", lambda each: bool(_new(each))),
    (
        f"GuardDog: score of {SUSPICIOUS:g} or more, and the older release has less",
        lambda each: each.newer.score >= SUSPICIOUS > each.older.score,
    ),
)


def _new(each: Beside) -> frozenset[str]:
    return each.newer.risks - each.older.risks


def versus(parts: Mapping[str, Sequence[Beside]], release: str) -> str:
    """The section; the sizes of the samples stand in it."""
    lead = (
        f"GuardDog {release}, its rules about source code, on a sample drawn by hash. It judges "
        "one release; what is new against the older release is our comparison of its risks."
    )
    return f"## Beside GuardDog\n\n{lead}\n\n{grid(_HEAD, _rows(parts))}\n"


def _rows(parts: Mapping[str, Sequence[Beside]]) -> Iterator[Sequence[object]]:
    for title, all_ in parts.items():
        real = [each for each in all_ if not each.ours.shape]
        laid = [each for each in all_ if each.ours.shape]
        for says, asked in _QUESTIONS:
            shares = (
                f"{100 * sum(map(asked, those)) / (len(those) or 1):.1f} %"
                for those in (real, laid)
            )
            yield title, f"{len(real)} and {len(laid)}", says, *shares
