from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.evidence_builders import AT, ISSUER, REPOSITORY, WORKFLOW, record

from pratique.model.evidence import Authority, Build, Earlier, History, Provenance
from pratique.model.signer import SignerPin, pins_for
from pratique.provenance.past import records
from pratique.provenance.signer import SignerState, is_same_source, signer_of

ELSEWHERE = "https://github.com/intruder/left-widget"
OTHER: dict[str, Any] = {"repository": ELSEWHERE, "repository_id": "98", "owner_id": "99"}
OLD: dict[str, Any] = {"repository_id": None, "owner_id": None, "run": None, "attempt": None}
WEEK = timedelta(days=7)


def pin(**more: Any) -> SignerPin:
    return SignerPin(**{"package": "left-widget", **more})


def state(built: Provenance, *before: Provenance, **more: Any) -> SignerState:
    return signer_of(built, more.pop("pins", ()), before, **more).state


def test_two_earlier_releases_by_it_make_a_signer_known_and_one_does_not() -> None:
    assert state(record(), record("2.3.0"), record("2.2.0")) is SignerState.KNOWN
    assert state(record(), record("2.3.0")) is SignerState.FIRST_SEEN
    assert state(record()) is SignerState.FIRST_SEEN


def test_valid_provenance_from_a_repository_of_ones_own_is_unexpected_by_history() -> None:
    stolen = record(**OTHER)
    assert state(stolen, record("2.3.0"), record("2.2.0")) is SignerState.UNEXPECTED
    assert state(stolen, record("2.3.0")) is SignerState.FIRST_SEEN
    assert "corp/left-widget" in signer_of(stolen, (), [record(), record()]).why


def test_the_ledger_makes_a_signer_known_with_one_record_and_others_unexpected() -> None:
    assert state(record(), accepted=(record("2.3.0"),)) is SignerState.KNOWN
    assert state(record(**OTHER), accepted=(record("2.3.0"),)) is SignerState.UNEXPECTED


@pytest.mark.parametrize(
    ("more", "same"),
    [
        ({"repository": ELSEWHERE}, True),
        ({"repository_id": "98"}, False),
        ({"owner_id": "99"}, False),
        ({"issuer": "https://issuer.example"}, False),
        ({"ref": "refs/heads/main", "workflow": "other"}, True),
        ({**OLD}, True),
        ({**OLD, "repository": ELSEWHERE}, False),
    ],
)
def test_a_source_is_the_same_by_its_numbers_and_by_name_where_one_has_none(
    more: dict[str, Any], *, same: bool
) -> None:
    assert is_same_source(record(), record(**more)) is same
    assert is_same_source(record(**more), record()) is same


PINS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"repository": REPOSITORY}, {"repository": ELSEWHERE}),
    ({"repository_id": "11"}, {"repository_id": "98"}),
    ({"owner_id": "22"}, {"owner_id": "99"}),
    ({"workflow": WORKFLOW}, {"workflow": ".github/workflows/other.yml"}),
    ({"ref": "refs/tags/v*"}, {"ref": "refs/heads/main"}),
    ({"issuer": ISSUER}, {"issuer": "https://issuer.example"}),
    ({"environment": "npm"}, {"environment": "dev"}),
    ({"builder": "github-hosted"}, {"runner": "self-hosted"}),
    ({"builder": f"{REPOSITORY}/{WORKFLOW}"}, {"signer_uri": f"{ELSEWHERE}/x.yml@v1"}),
]


@pytest.mark.parametrize(("asked", "changed"), PINS)
def test_a_pin_is_met_exactly_or_the_signer_is_unexpected(
    asked: dict[str, Any], changed: dict[str, Any]
) -> None:
    built, many = record(environment="npm"), [record(), record()]
    assert state(built, pins=(pin(**asked),)) is SignerState.PINNED
    assert state(replace(built, **changed), *many, pins=(pin(**asked),)) is SignerState.UNEXPECTED


def test_one_of_several_pins_is_enough_and_names_are_no_globs() -> None:
    pins = (pin(workflow="a.yml"), pin(workflow=WORKFLOW))
    assert state(record(), pins=pins) is SignerState.PINNED
    for text in ("*", ".github/workflows/*", WORKFLOW.upper()):
        assert state(record(), pins=(pin(workflow=text),)) is SignerState.UNEXPECTED


def test_a_build_in_no_environment_does_not_meet_a_pin_that_asks_for_one() -> None:
    assert state(record(), pins=(pin(environment="npm"),)) is SignerState.UNEXPECTED


def test_what_an_old_certificate_does_not_carry_is_unknown_and_not_another_signer() -> None:
    old = record(**OLD)
    assert state(old, pins=(pin(repository_id="11"),)) is SignerState.UNKNOWN
    assert state(old, pins=(pin(repository_id="11", environment="npm"),)) is SignerState.UNKNOWN
    wrong = pin(repository_id="11", repository=ELSEWHERE)
    assert state(old, pins=(wrong,)) is SignerState.UNEXPECTED


def test_a_pin_of_the_package_goes_before_one_of_its_scope() -> None:
    own, scope, other = (pin(package=each) for each in ("@corp/a", "@corp", "@corp/b"))
    assert pins_for("@corp/a", (scope, own, other)) == (own,)
    assert pins_for("@corp/c", (scope, own)) == (scope,)
    assert pins_for("corp", (scope, own)) == ()
    assert pins_for("@other/a", (scope, own)) == ()


# -- what came before ------------------------------------------------------------------------------


def earlier(version: str, days: int, built: Provenance | None = None) -> Earlier:
    """A release that came out `days` before AT."""
    at = AT - timedelta(days=days)
    return Earlier(
        version=version,
        published=at,
        authority=Authority.ACCOUNT,
        build=Build.VERIFIED if built else Build.NONE,
        provenance=replace(built, at=at, built=at) if built else None,
    )


def found(version: str, *past: Earlier, **more: Any) -> list[str]:
    history = History(past, **more)
    return [each.version for each in records(version, history, AT, WEEK)]


def test_the_last_five_of_the_line_count_else_those_of_the_highest_line_below() -> None:
    old = [earlier(f"1.{each}.0", 200 - each, record(f"1.{each}.0")) for each in range(7)]
    new = earlier("2.0.0", 100, record("2.0.0"))
    assert found("1.9.0", *old, new) == [f"1.{each}.0" for each in range(2, 7)]
    assert found("2.0.1", *old, new) == ["2.0.0"]
    assert found("3.0.0", *old, new) == ["2.0.0"]
    assert found("0.9.0", new) == ["2.0.0"]
    assert found("2.0.1", earlier("2.0.0", 100)) == []


def test_a_release_does_not_vouch_for_the_next_one_before_it_has_an_age() -> None:
    stolen = record("2.4.1", **OTHER)
    past = (
        earlier("2.2.0", 90, record("2.2.0")),
        earlier("2.3.0", 60, record("2.3.0")),
        earlier("2.4.0", 1, stolen),
        earlier("2.4.1", 1, stolen),
    )
    assert found("2.4.2", *past) == ["2.2.0", "2.3.0"]
    before = records("2.4.2", History(past), AT, WEEK)
    assert signer_of(stolen, (), before).state is SignerState.UNEXPECTED


def test_what_the_ledger_accepts_always_counts() -> None:
    past = (earlier("2.4.0", 1, record("2.4.0")),)
    assert found("2.4.1", *past, accepted=(record("2.3.0"),)) == ["2.3.0"]
