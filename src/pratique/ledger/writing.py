"""Ledger -> `pratique.lock`: the same ledger is always the same bytes."""

from __future__ import annotations

import json
from collections import defaultdict

from pratique.errors import LedgerError
from pratique.ledger.purls import purl_of
from pratique.ledger.reading import HEADER, HOST, MOST_IN_LINE, VERSION
from pratique.model.behavior import ANALYSER
from pratique.model.ledger import LEDGER_FILE, AcceptedArtifact, Ledger, Line, More

ATTRIBUTE = f"{LEDGER_FILE} merge=union"
"""The line of `.gitattributes` with which git merges ledgers: what either side adds is kept."""


def write_ledger(ledger: Ledger) -> bytes:
    """The file: a header, then one row for each line, sorted.

    The header has the oldest analyser of all; a line has its own where that is another. So a line
    that is added touches no other.

    Raises:
        LedgerError: A line is longer than the reader takes.
    """
    analyser = min((line.analyser for line in ledger.lines.values()), default=ANALYSER)
    header = {HEADER: VERSION, "analyser": analyser, **_members(ledger.more)}
    lines = sorted(ledger.lines.values(), key=lambda line: line.key)
    rows = [header, *(_row(line, analyser) for line in lines)]
    texts = [json.dumps(row) for row in rows]
    for number, text in enumerate(texts, start=1):
        if len(text) > MOST_IN_LINE:
            raise LedgerError(LEDGER_FILE, number, f"a line of more than {MOST_IN_LINE} bytes")
    return "".join(f"{text}\n" for text in texts).encode("ascii")


def _row(line: Line, analyser: int) -> dict[str, object]:
    """The members in the order in which a reviewer reads them; empty ones are left out."""
    days = {each: day.isoformat() for each, day in sorted(line.capabilities.items())}
    known: dict[str, object] = {
        "package": purl_of(line.key.package),
        "registry": line.key.registry,
        "line": line.key.line,
        "accepted": [_artifact(each) for each in line.accepted],
        "capabilities": {each: day for each, day in days.items() if not each.startswith(HOST)},
        "hosts": {
            each.removeprefix(HOST): day for each, day in days.items() if each.startswith(HOST)
        },
        "scripts": _scripts(line),
        "dependencies": line.dependencies,
        "bins": line.bins,
        "binaries": line.binaries,
        "size": line.size,
        "code": line.code,
        "files": line.files,
        "evidence": line.evidence,
        "signer": line.signer,
        "provenance": [json.loads(each) for each in line.provenance],
        "analyser": line.analyser if line.analyser != analyser else 0,
        "first": line.first.isoformat(),
        "last": line.last.isoformat(),
        "by": line.by,
        "why": line.why,
    }
    return {name: value for name, value in known.items() if value} | _members(line.more)


def _artifact(each: AcceptedArtifact) -> dict[str, object]:
    return {"version": each.version, "sha512": each.sha512, **_members(each.more)}


def _scripts(line: Line) -> dict[str, object]:
    """Event -> digest; where two releases of the line run different commands, the list of both."""
    found: dict[str, list[str]] = defaultdict(list)
    for event, digest in line.scripts:
        found[event].append(digest)
    return {event: those[0] if len(those) == 1 else those for event, those in found.items()}


def _members(more: More) -> dict[str, object]:
    return {name: json.loads(value) for name, value in more}
