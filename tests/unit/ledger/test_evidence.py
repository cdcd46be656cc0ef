"""What a ledger keeps of who made an artifact, and what it says of it later."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.evidence_builders import AT, record
from tests.unit.ledger.lines import MONDAY, REGISTRY, analysis, ledger, line, release

from pratique.ledger import Made, accept, accepted_before, accepted_records, made_of
from pratique.ledger.evidence import joined, records_of
from pratique.ledger.reading import read_ledger
from pratique.ledger.writing import write_ledger
from pratique.model.evidence import Attestations, Authority, Build, Claimed
from pratique.model.fact import Missing, Why
from pratique.model.ledger import AcceptedArtifact, Ledger

MADE = Made(Authority.TRUSTED_PUBLISHER, Build.VERIFIED, record("1.0.0"))
UNKNOWN = Missing(Why.FAILED, "no answer")


def test_what_is_accepted_survives_the_file_and_vouches_for_the_next() -> None:
    entry = release("1.0.0"), REGISTRY, analysis()
    known = accept(Ledger(), [entry], MONDAY, "ann", "looked at", {release("1.0.0"): MADE})
    again = read_ledger(write_ledger(known))
    assert again == known
    [kept] = again.lines.values()
    assert kept.evidence == "trusted-publisher verified"
    assert kept.signer.startswith("https://github.com/corp/left-widget .github/")
    next_one = release("1.1.0")
    assert accepted_records(again, next_one, REGISTRY) == (MADE.provenance,)
    [before] = accepted_before(again, [(next_one, REGISTRY)])[next_one]
    assert (before.authority, before.build) == (Authority.TRUSTED_PUBLISHER, Build.VERIFIED)
    assert before.published == AT + timedelta(seconds=2)
    assert accepted_before(again, [(release("1.0.0"), REGISTRY)])[release("1.0.0")] == ()


def test_what_is_not_known_is_not_kept_as_nothing() -> None:
    found = made_of(UNKNOWN, UNKNOWN)
    assert (found.evidence, found.signer, found.records) == ("", "", ())
    by_hand = made_of(Claimed(publisher="ann"), UNKNOWN)
    assert by_hand.evidence == "account unknown"
    refused = made_of(Claimed(trusted_publisher="github"), Attestations())
    assert refused.evidence == "trusted-publisher unknown"


def test_the_last_five_records_are_kept_and_one_for_each_version() -> None:
    texts = [
        json.dumps(json.loads(record(f"1.{n}.0", built=AT + timedelta(days=n)).to_json()))
        for n in range(7)
    ]
    kept = joined(texts[:4], [*texts[4:], texts[6]])
    assert [json.loads(each)["version"] for each in kept] == [f"1.{n}.0" for n in range(2, 7)]


def test_a_record_that_is_not_understood_vouches_for_nobody_and_is_kept() -> None:
    odd = ('{"version": "1.0.0", "later": true}', "[]", '"text"', "7")
    artifact = AcceptedArtifact("1.0.0", "ab" * 64)
    known = line(provenance=odd, accepted=(artifact,), evidence="staged verified")
    assert records_of(known) == ()
    assert accepted_records(ledger(known), release("1.1.0"), REGISTRY) == ()
    assert set(joined(odd, ())) == set(odd)
