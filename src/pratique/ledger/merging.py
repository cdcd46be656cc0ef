"""Two rows about one line, or what is there and what is added -> one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from pratique.model.ledger import BOOTSTRAP, AcceptedArtifact, Line, More

MOST_PROVENANCE = 5
"""Records of provenance that a line keeps (DECISIONS 11)."""


def merged(one: Line, other: Line) -> Line:
    """What either accepts, with the earliest day of each capability.

    Whose order does not matter: who accepted, why and on what evidence is taken from the later of
    the two.
    """
    later = max(one, other, key=_rank)
    return replace(
        later,
        first=min(one.first, other.first),
        analyser=min(one.analyser, other.analyser),
        accepted=_artifacts((*one.accepted, *other.accepted)),
        capabilities=earliest((*one.capabilities.items(), *other.capabilities.items())),
        scripts=tuple(sorted({*one.scripts, *other.scripts})),
        dependencies=tuple(sorted({*one.dependencies, *other.dependencies})),
        bins=tuple(sorted({*one.bins, *other.bins})),
        binaries=tuple(sorted({*one.binaries, *other.binaries})),
        size=max(one.size, other.size),
        code=max(one.code, other.code),
        files=max(one.files, other.files),
        more=_more((*one.more, *other.more)),
    )


def earliest(those: Iterable[tuple[str, date]]) -> dict[str, date]:
    """Each name with the earliest of its days, sorted by name."""
    found: dict[str, date] = {}
    for name, day in those:
        found[name] = min(day, found.get(name, day))
    return dict(sorted(found.items()))


def _rank(line: Line) -> tuple[object, ...]:
    """Orders lines of one key by what `merged` takes from the later; what nobody reviewed last."""
    of_line = (line.by, line.why, line.evidence, line.signer, line.provenance)
    return line.last, line.why == BOOTSTRAP, *of_line


def _artifacts(those: Iterable[AcceptedArtifact]) -> tuple[AcceptedArtifact, ...]:
    found: dict[tuple[str, str], More] = {}
    for each in those:
        key = each.version, each.sha512
        found[key] = _more((*found.get(key, ()), *each.more))
    return tuple(sorted(AcceptedArtifact(*key, more) for key, more in found.items()))


def _more(those: Iterable[tuple[str, str]]) -> More:
    """Of a name that both have, the greater value: any rule would do that always gives the same."""
    return tuple(sorted(dict(sorted(those)).items()))
