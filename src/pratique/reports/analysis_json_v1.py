"""`pratique inspect` for programs: version 1, frozen in schemas/inspect-v1.schema.json.

Equal inputs give equal bytes. A change of the shape is a new version in a new file.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence

from pratique.model.behavior import Analysis, Inner, Seen, Sizes
from pratique.reports.difference_json_v1 import Object, age, capability, reasons, sizes, unread
from pratique.reports.difference_subject import Inspected
from pratique.reports.difference_words import notes
from pratique.reports.escape import ascii_json
from pratique.reports.page import Page

SCHEMA = "pratique-inspect/1"


def render(inspected: Inspected, page: Page) -> str:
    """The analysis as indented ASCII JSON, ending in a newline."""
    analysis = inspected.analysis
    return ascii_json(
        {
            "schema": SCHEMA,
            "program": {"name": "pratique", "version": page.version},
            "analyser": analysis.analyser,
            "name": inspected.name,
            "version": inspected.version,
            "sha512": analysis.sha512,
            "verdict": inspected.verdict.name.lower(),
            "exit": inspected.exit.value,
            "reasons": reasons(inspected.outcome),
            "age": age(inspected.age),
            "baseline": None,
            "fingerprint": _fingerprint(analysis),
            "capabilities": _capabilities(analysis),
            "installs": _pairs(analysis.installs, "event", "command"),
            "binaries": _pairs(analysis.binaries, "path", "format"),
            "manifest": _manifest(analysis.inner) if analysis.inner else None,
            "sizes": sizes(Sizes(analysis.size, analysis.code, analysis.files)),
            "oddities": list(analysis.oddities),
            "unread": unread(analysis.unread),
            "notes": notes(inspected),
        }
    )


def canonical(capabilities: Sequence[str]) -> bytes:
    """The set of ids as canonical JSON: sorted by code point, ASCII, no spaces, no newline."""
    return json.dumps(sorted(set(capabilities)), separators=(",", ":")).encode("ascii")


def fingerprint_of(analysis: Analysis) -> str:
    """SHA-256 of the canonical set: equal for equal capabilities, wherever they show."""
    return hashlib.sha256(canonical(analysis.capabilities)).hexdigest()


def _fingerprint(analysis: Analysis) -> Object:
    ids = json.loads(canonical(analysis.capabilities))
    return {"sha256": fingerprint_of(analysis), "capabilities": ids}


def _capabilities(analysis: Analysis) -> list[Object]:
    seen: dict[str, list[Seen]] = defaultdict(list)
    for each in analysis.evidence:
        seen[each.capability].append(each)
    return [capability(each, seen[each]) for each in analysis.capabilities]


def _pairs(those: Sequence[tuple[str, str]], first: str, second: str) -> list[Object]:
    return [{first: one, second: other} for one, other in those]


def _manifest(inner: Inner) -> Object:
    return {
        "name": inner.name,
        "version": inner.version,
        "scripts": _pairs(inner.scripts, "event", "command"),
        "dependencies": [
            {"group": group, "name": name, "specifier": specifier}
            for group, name, specifier in inner.dependencies
        ],
        "bins": _pairs(inner.bins, "name", "path"),
    }
