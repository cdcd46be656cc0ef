"""`pratique verify` as text and JSON: lines for many, blocks for what is not well."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from tests.conftest import ROOT
from tests.evidence_builders import AT, record

from pratique.evaluate.verification import verification
from pratique.model.evidence import Attestations, Refused, SignatureFact, SignatureState
from pratique.model.fact import Missing, Why
from pratique.model.verification import Outcome, Verified
from pratique.reports import verification_json_v1, verification_text
from pratique.reports.page import Page

VALID = SignatureFact(SignatureState.VALID, "SHA256:key")
HOSTILE = "a\x1b[2J\u202eb\nc"
SCHEMA = json.loads((ROOT / "src/pratique/schemas/verify-v1.schema.json").read_bytes())


def built(number: int = 0, **more: Any) -> Verified:
    fields: dict[str, Any] = {
        "name": f"widget-{number}", "version": "2.4.0", "outcome": Outcome.VERIFIED,
        "signature": VALID, "attestations": Attestations(publish=AT, provenance=record()),
        "signer": "known", "signer_why": "2 earlier releases are by it", **more,
    }  # fmt: skip
    return Verified(**fields)


def refused(why: str) -> Verified:
    attested = Attestations(refused=(Refused("B4", why),), present=(why,))
    return built(99, outcome=Outcome.REFUSED, attestations=attested, signer="", why=(why,))


def unknown(number: int) -> Verified:
    missing = Missing(Why.ABSENT, "no document speaks of it")
    return built(
        number, outcome=Outcome.UNKNOWN, signature=missing, attestations=missing, signer="",
        why=("signature: no document speaks of it",),
    )  # fmt: skip


def test_a_few_have_a_block_each_and_many_a_line() -> None:
    few = verification_text.render(verification([built()]), Page())
    assert "    signature   valid, key SHA256:key\n" in few
    many = verification_text.render(verification([*map(built, range(30)), refused("x")]), Page())
    assert "    signature   valid" not in many.partition("widget-99")[0]
    assert many.count("widget-7@2.4.0  verified  https://github.com/corp/left-widget@0000") == 1
    assert "    refused     x" in many


def test_what_only_has_a_signature_is_counted() -> None:
    signed = built(signer="", attestations=Attestations())
    told = verification_text.render(verification([signed, built(1)]), Page())
    assert "widget-0@" not in told
    assert told.endswith("2 verified (1 with provenance), 0 refused, 0 unknown \u00b7 exit 0\n")


def test_unknown_ones_are_told_by_their_reason_and_never_exit_zero() -> None:
    found = verification([*map(unknown, range(3)), built(7)])
    assert found.exit == 3
    told = verification_text.render(found, Page())
    assert "unknown  3 of 4: signature: no document speaks of it\n" in told
    assert verification([]).exit == 3
    assert verification([unknown(1), refused("x")]).exit == 1


def test_foreign_words_are_escaped_for_people_and_exact_for_programs() -> None:
    found = verification([refused(HOSTILE)], (HOSTILE,))
    told = verification_text.render(found, Page(), explain=True)
    assert not {"\x1b", "\u202e"} & set(told)
    document = json.loads(verification_json_v1.render(found, Page(version="1")))
    jsonschema.validate(document, SCHEMA)
    assert document["releases"][0]["why"] == [HOSTILE]


def test_every_form_of_evidence_fits_the_schema() -> None:
    found = verification(
        [built(), unknown(1), built(2, signature=None, attestations=Attestations())]
    )
    jsonschema.validate(json.loads(verification_json_v1.render(found, Page(version="1"))), SCHEMA)
