"""`pratique verify` for programs: version 1, frozen in schemas/verify-v1.schema.json.

Equal inputs give equal bytes. A change of the shape is a new version in a new file.
"""

from __future__ import annotations

import json

from pratique.model.evidence import Attestations, Provenance, SignatureFact
from pratique.model.fact import Missing
from pratique.model.verification import Outcome, Verification, Verified
from pratique.reports.escape import ascii_json
from pratique.reports.page import Page

SCHEMA = "pratique-verify/1"
Object = dict[str, object]


def render(verification: Verification, page: Page) -> str:
    """The verification as indented ASCII JSON, ending in a newline."""
    return ascii_json(
        {
            "schema": SCHEMA,
            "program": {"name": "pratique", "version": page.version},
            "exit": verification.exit,
            "counts": {each.value: len(verification.of(each)) for each in Outcome},
            "releases": [_release(each) for each in verification.releases],
            "notes": list(verification.notes),
        }
    )


def _release(each: Verified) -> Object:
    attested = each.attestations
    built = attested.provenance if isinstance(attested, Attestations) else None
    return {
        "name": each.name,
        "version": each.version,
        "outcome": each.outcome.value,
        "signature": _signature(each.signature),
        "attestations": _attestations(attested),
        "provenance": _provenance(built) if built else None,
        "signer": {"state": each.signer, "why": each.signer_why} if each.signer else None,
        "why": list(each.why),
        "warnings": list(each.warnings),
        "rules": [
            {"rule": rule.rule, "says": rule.says, "verdict": rule.verdict, "why": rule.why}
            for rule in each.explained
        ],
    }


def _missing(found: Missing) -> Object:
    return {"why": found.why.value, "detail": found.detail}


def _signature(found: SignatureFact | Missing | None) -> Object | None:
    if found is None:
        return None
    if isinstance(found, Missing):
        return {"state": "unknown", "key": None, "missing": _missing(found)}
    return {"state": found.state.value, "key": found.keyid, "missing": None}


def _attestations(found: Attestations | Missing) -> Object:
    if isinstance(found, Missing):
        return {
            "missing": _missing(found), "published": None, "present": [], "refused": [], "open": []
        }  # fmt: skip
    return {
        "missing": None,
        "published": f"{found.publish:%Y-%m-%dT%H:%M:%SZ}" if found.publish else None,
        "present": list(found.present),
        "refused": [{"rule": x.rule, "name": x.name, "why": x.why} for x in found.refused],
        "open": [{"rule": x.rule, "name": x.name, "why": x.why} for x in found.open],
    }


def _provenance(built: Provenance) -> Object:
    """The record as it is kept; what its certificate does not carry is left out."""
    record: Object = json.loads(built.to_json())
    return record
