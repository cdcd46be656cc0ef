"""`pratique diff` for programs: version 1, frozen in schemas/diff-v1.schema.json.

Equal inputs give equal bytes. A change of the shape is a new version in a new file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC

from pratique.capabilities import is_hard, split, tier_of, title_of
from pratique.model.behavior import Analysis, Baseline, Change, Gain, Outcome, Seen, Sizes
from pratique.reports.difference_subject import Age, Compared
from pratique.reports.difference_words import duration, kind, notes, published
from pratique.reports.escape import ascii_json
from pratique.reports.page import Page

SCHEMA = "pratique-diff/1"

Object = dict[str, object]


def render(compared: Compared, page: Page) -> str:
    """The comparison as indented ASCII JSON, ending in a newline."""
    difference = compared.difference
    return ascii_json(
        {
            "schema": SCHEMA,
            "program": {"name": "pratique", "version": page.version},
            "analyser": compared.after.analyser,
            "name": difference.name,
            "version": difference.version,
            "sha512": compared.after.sha512,
            "verdict": compared.verdict.name.lower(),
            "exit": compared.exit.value,
            "reasons": reasons(compared.outcome),
            "age": age(compared.age),
            "step": difference.step.value,
            "baseline": _baseline(difference.baseline, compared.before),
            "gained": [_gain(each) for each in difference.gained],
            "absolute": [_gain(each) for each in difference.absolute],
            "lost": [_lost(each, compared.before) for each in difference.lost],
            "changes": [_change(each) for each in difference.changes],
            "sizes": {"before": sizes(difference.before), "after": sizes(difference.after)},
            "oddities": list(difference.oddities),
            "unread": unread(difference.unread),
            "notes": notes(compared),
        }
    )


def reasons(outcome: Outcome) -> list[Object]:
    """Why the verdict, strongest first."""
    return [
        {
            "action": each.action.name.lower(),
            "row": each.row,
            "text": each.text,
            "capabilities": list(each.capabilities),
        }
        for each in outcome.reasons
    ]


def age(of: Age) -> Object | None:
    """As stated, or when it was published: nothing of the day of the run. None counts as 0."""
    if of.published is not None:
        at = of.published.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"source": "registry", "seconds": None, "published": at, "text": published(of)}
    if of.span is None:
        return None
    seconds = int(of.span.total_seconds())
    return {"source": "stated", "seconds": seconds, "published": None, "text": duration(of.span)}


def capability(id_: str, seen: Iterable[Seen]) -> Object:
    """A capability with the places that show it."""
    return {
        "id": id_,
        "family": split(id_)[0],
        "title": title_of(id_),
        "tier": tier_of(id_).value,
        "hard": is_hard(id_),
        "evidence": [evidence(each) for each in seen],
    }


def evidence(seen: Seen) -> Object:
    """One place. `sha256` is of the snippet's UTF-8, so that it can be told again elsewhere."""
    content = seen.snippet.encode("utf-8", "backslashreplace")
    return {
        "file": seen.file,
        "line": seen.line,
        "snippet": seen.snippet,
        "sha256": hashlib.sha256(content).hexdigest(),
        "reach": seen.reach or None,
    }


def sizes(those: Sizes) -> Object:
    """Bytes of all files, bytes of code, number of files."""
    return {"size": those.size, "code": those.code, "files": those.files}


def unread(those: Iterable[tuple[str, str]]) -> list[Object]:
    """Files that were not examined whole."""
    return [{"path": path, "why": why} for path, why in those]


def _gain(gain: Gain) -> Object:
    return capability(gain.capability, gain.evidence) | {
        "tier": gain.tier.value,
        "hard": gain.hard,
        "since": gain.since.isoformat() if gain.since else None,
    }


def _lost(id_: str, before: Iterable[Analysis]) -> Object:
    seen = {each for analysis in before for each in analysis.evidence if each.capability == id_}
    return capability(id_, sorted(seen))


def _baseline(baseline: Baseline, before: Iterable[Analysis]) -> Object:
    return {
        "origin": baseline.origin.value,
        "versions": list(baseline.versions),
        "sha512": [each.sha512 for each in before],
        "capabilities": sorted(baseline.capabilities),
    }


def _change(change: Change) -> Object:
    return {
        "what": change.what,
        "name": change.name,
        "kind": kind(change),
        "before": change.before or None,
        "after": change.after or None,
    }
