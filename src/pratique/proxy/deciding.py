"""A ruling becomes a decision: what is put on record, and shown to who asks why. Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from pratique.evaluate.door import Ruling
from pratique.model.behavior import Analysis
from pratique.model.fact import Missing, Published, Registered
from pratique.model.package import Release
from pratique.model.record import Decision, Door
from pratique.proxy.proven import Proven


def decision_of(  # noqa: PLR0913 - the grounds of a decision
    release: Release,
    ruling: Ruling,
    *,
    at: datetime,
    registry: str,
    sha512: str | None,
    door: Door,
    facts: str,
    policy: str,
) -> Decision:
    """The decision, with everything that was found."""
    return Decision(
        at=at,
        registry=registry,
        name=release.name,
        version=release.version,
        sha512=sha512,
        door=door,
        verdict=ruling.verdict,
        rules=ruling.rules,
        text=ruling.text,
        facts=facts,
        policy=policy,
        findings=tuple(_findings(ruling)),
    )


def _findings(ruling: Ruling) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "rule": each.finding.rule,
            "verdict": each.verdict.name.lower(),
            "message": each.finding.message,
            "evidence": [piece.text for piece in each.finding.evidence],
            "exempted": each.exemption.reason if each.exemption else None,
        }
        for each in ruling.judged
    ]
    found += [
        {
            "rule": each.rule,
            "verdict": each.verdict.name.lower(),
            "unknown": each.missing.detail,
            "why": str(each.missing.why),
        }
        for each in ruling.unknowns
    ]
    return found


def facts_digest_of(
    stated: Registered | Missing,
    published: Published | Missing,
    analysis: Analysis | Missing | None,
    proven: Proven | None,
) -> str:
    """Hex digest of what a release's ruling rests on, beside the clock."""
    made = proven.identity if proven else ""
    parts = (repr(stated), repr(published), _identity(analysis), made)
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def _identity(analysis: Analysis | Missing | None) -> str:
    if isinstance(analysis, Analysis):
        return f"{analysis.sha512}/{analysis.analyser}"
    return "" if analysis is None else f"{analysis.why}: {analysis.detail}"
