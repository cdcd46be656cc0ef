from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT
from tests.evidence_builders import (
    AT,
    BOTH,
    REPOSITORY,
    SHA512,
    Level,
    answer,
    facts_of,
    preset,
    record,
    ruling,
)
from tests.trust_cases import CASES, Case, table, verdicts
from tests.unit.provenance.vectors import bundles, folder

from pratique.evaluate.door import Ruling
from pratique.layers import trust
from pratique.model.action import Verdict
from pratique.model.behavior import ACCEPTED, Accepted
from pratique.model.evidence import (
    ATTESTATIONS,
    CLAIMED,
    EARLIER,
    Attestations,
    Build,
    Carries,
    Claimed,
    Earlier,
    History,
    Provenance,
    Refused,
)
from pratique.model.fact import PUBLISHED, Facts, Kind, Missing, Published, PublishSource, Why
from pratique.model.package import Package, Release
from pratique.provenance import keys, root
from pratique.provenance.binding import Expected, bound

SUBJECT = Release(Package("left-widget"), "2.4.1")
DAY = timedelta(days=1)
LONG = 90 * DAY
ALLOW, WARN, QUARANTINE, BLOCK = Verdict
PUBLISHED_AT = Published(AT, PublishSource.ATTESTED)
ABSENT = Missing(Why.ABSENT, "the registry does not carry it")


def earlier(version: str, days: float, level: Level = Level.TRUSTED, **more: Any) -> Earlier:
    at = AT - timedelta(days=days)
    fields = {"at": at, "built": at - timedelta(seconds=2), "certified_at": at, **more}
    return level.earlier(version, at, record(version, **fields) if level.has_record else None)


def from_real_bundles(shared: Path, version: str, *files: str) -> Provenance:
    """The record of a recorded release of `sigstore`, as binding makes it."""
    entries = [(kind_of(each), each) for file in files for each in bundles(folder(shared) / file)]
    tarball = (folder(shared) / "tarballs" / f"sigstore-{version}.tgz").read_bytes()
    expected = Expected(
        name="sigstore",
        version=version,
        sha512=hashlib.sha512(tarball).hexdigest(),
        repository="git+https://github.com/sigstore/sigstore-js.git",
    )
    found = bound(answer(*entries), expected, root.shipped(), keys.shipped())
    assert found.refused == ()
    assert found.provenance is not None
    return found.provenance


def kind_of(bundle: Any) -> str:
    kind: str = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))["predicateType"]
    return kind


PAST = tuple(earlier(f"2.{each}.0", 200 - 30 * each, run=str(each)) for each in range(5))


def judged(
    built: Provenance | None = None,
    past: tuple[Earlier, ...] = PAST,
    later: timedelta = DAY,
    level: Level = Level.TRUSTED,
    **more: Any,
) -> Ruling:
    facts = facts_of(SUBJECT, level, now=AT + later, past=past, built=built, **more)
    return ruling(facts, SUBJECT, preset(), (trust.LAYER,))


def now(**more: Any) -> Provenance:
    return record("2.4.1", **more)


# -- levels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.release} {case.says}")
def test_each_case_is_judged_as_the_table_says(case: Case) -> None:
    assert verdicts(case) == case.verdicts


def test_no_benign_case_blocks_after_settling_nor_with_the_list() -> None:
    for case in CASES:
        soon, settled, listed, both = verdicts(case).split()
        assert settled != "block"
        assert both != "block"
        is_listed = listed != soon
        if not case.attack and soon == "block":
            assert is_listed, f"{case.release} looks like an attack, and no list knows it"


def test_the_documentation_holds_the_table() -> None:
    assert table() in (ROOT / "docs" / "layers" / "trust.md").read_text(encoding="utf-8")


def test_the_list_is_of_bytes_and_not_of_names() -> None:
    case = next(each for each in CASES if each.release == "chokidar@4.0.3")
    past = tuple(earlier(version, days, level) for version, days, level in case.past)
    facts = facts_of(case.subject, Level.HAND, past=past, sha512="cd" * 64)
    assert ruling(facts, case.subject, preset(), (trust.LAYER,)).verdict is BLOCK


def test_an_earlier_release_of_which_nothing_is_known_leaves_it_open() -> None:
    past = (*PAST, replace(earlier("2.4.0", 9), authority=ABSENT))
    found = judged(past=past)
    assert [each.rule for each in found.unknowns] == [
        "trust/downgrade",
        "trust/downgrade-across-lines",
    ]
    assert found.verdict is WARN


def test_a_registry_that_strips_evidence_is_unknown_and_none_is_no_downgrade() -> None:
    stripped = Claimed(carries=Carries())
    more: dict[Kind[Any], object] = {CLAIMED: stripped, ATTESTATIONS: Attestations()}
    found = judged(level=Level.HAND, facts=more)
    assert {each.missing.why for each in found.unknowns} == {Why.ABSENT}
    assert "trust/downgrade" in {each.rule for each in found.unknowns}
    assert found.judged == ()


def test_a_claim_is_not_compared_with_what_was_verified() -> None:
    refused = Attestations(refused=(Refused("crypto", "it does not hold"),))
    for attestations in (Missing(Why.OFFLINE, "no network"), refused):
        found = judged(facts={ATTESTATIONS: attestations})
        assert "trust/downgrade" in {each.rule for each in found.unknowns}
        assert found.verdict is BLOCK


def test_the_ledger_accepts_a_downgrade_for_its_bytes() -> None:
    accepted = Accepted(frozenset({SUBJECT}), frozenset({(SUBJECT, SHA512)}))
    assert judged(level=Level.HAND).verdict is BLOCK
    assert judged(level=Level.HAND, facts={ACCEPTED: accepted}).verdict is ALLOW


# -- publishers ------------------------------------------------------------------------------------


def by(publisher: str, *past: Earlier, later: timedelta = DAY, **more: Any) -> set[str]:
    claimed = Level.HAND.claimed(publisher=publisher, **more)
    found = judged(past=past, later=later, level=Level.HAND, facts={CLAIMED: claimed})
    return {each.finding.rule for each in found.judged}


def test_an_account_that_published_no_earlier_release_is_a_finding() -> None:
    past = (earlier("2.3.0", 60, Level.HAND), earlier("2.4.0", 30, Level.HAND))
    assert by("intruder", *past, maintainers=("corp", "intruder")) == {"trust/publisher-changed"}
    assert by("corp", *past) == set()
    assert by("intruder") == set()


@pytest.mark.parametrize(
    ("name", "days", "verdict"),
    [
        ("lenient", 1, ALLOW),
        ("recommended", 1, WARN),
        ("recommended", 90, WARN),
        ("strict", 13, QUARANTINE),
        ("strict", 14, WARN),
    ],
)
def test_a_package_that_is_handed_over_is_blocked_by_no_preset(
    name: str, days: int, verdict: Verdict
) -> None:
    past = (earlier("2.3.0", 60, Level.HAND), earlier("2.4.0", 30, Level.HAND))
    facts = facts_of(
        SUBJECT, Level.HAND, past=past, now=AT + days * DAY,
        facts={CLAIMED: Level.HAND.claimed(publisher="successor")},
    )  # fmt: skip
    found = ruling(facts, SUBJECT, preset(name), (trust.LAYER,))
    assert (found.verdict, found.unknowns) == (verdict, ())
    assert [each.finding.rule for each in found.judged] == ["trust/publisher-changed"]


def test_an_intruders_own_release_of_yesterday_does_not_vouch_for_the_next() -> None:
    past = (
        earlier("2.3.0", 60, Level.HAND),
        replace(earlier("2.4.0", 1, Level.HAND), publisher="intruder"),
    )
    assert by("intruder", *past) == {"trust/publisher-changed"}


def test_a_registry_that_names_nobody_leaves_the_publisher_open() -> None:
    claimed = Level.HAND.claimed(publisher=None, carries=Carries(attestations=True))
    found = judged(past=(earlier("2.4.0", 30, Level.HAND),), level=Level.HAND,
                   facts={CLAIMED: claimed})  # fmt: skip
    assert "trust/publisher-changed" in {each.rule for each in found.unknowns}


def publishers_left_open(claimed: Claimed, *past: Earlier, **more: Any) -> bool:
    facts = {CLAIMED: claimed, EARLIER: History(past, **more)}
    found = judged(level=Level.HAND, facts=facts)
    return "trust/publisher-changed" in {each.rule for each in found.unknowns}


def test_a_release_of_nobody_is_no_release_of_a_known_publisher() -> None:
    nobody, ann = Level.HAND.claimed(publisher=None), Level.HAND.claimed(publisher="ann")
    past = (earlier("2.3.0", 60, Level.HAND), earlier("2.4.0", 30, Level.HAND))
    unnamed = tuple(replace(each, publisher=None) for each in past)
    assert publishers_left_open(nobody, *past)
    assert publishers_left_open(ann, *unnamed)
    assert publishers_left_open(ann, open=FAILED)
    assert not publishers_left_open(nobody)
    assert not publishers_left_open(ann, *past)
    assert not publishers_left_open(Level.STAGED.claimed(publisher=None), *past)


# -- what is missing beside what is known ----------------------------------------------------------

FAILED = Missing(Why.FAILED, "status 500")
UNBUILT = tuple(replace(each, build=ABSENT, provenance=None) for each in PAST)
STRIPPED = Level.HAND.claimed(carries=Carries(signatures=True, publishers=True))


@pytest.mark.parametrize(
    "more",
    [
        {"past": UNBUILT, "facts": {CLAIMED: STRIPPED, ATTESTATIONS: ABSENT}},
        {"past": UNBUILT, "facts": {CLAIMED: STRIPPED, ATTESTATIONS: FAILED}},
        {"past": (UNBUILT[0], *PAST[1:])},
        {"facts": {EARLIER: History(PAST, open=FAILED)}},
    ],
)
@pytest.mark.parametrize("later", [DAY, LONG])
def test_what_is_missing_of_builds_hides_no_drop_of_another_order(
    more: dict[str, Any], later: timedelta
) -> None:
    whole = judged(level=Level.HAND, later=later)
    found = judged(level=Level.HAND, later=later, **more)
    assert found.verdict >= whole.verdict
    assert later is LONG or "trust/downgrade" in {each.finding.rule for each in found.judged}


def test_where_others_may_have_come_before_the_ledgers_own_are_not_all() -> None:
    few = PAST[-1:]
    assert judged(level=Level.HAND, past=few).verdict is WARN
    found = judged(level=Level.HAND, facts={EARLIER: History(few, open=FAILED)})
    assert found.verdict is BLOCK
    found = judged(facts={EARLIER: History(PAST, open=FAILED)})
    assert {each.rule for each in found.unknowns} >= {"trust/downgrade", "trust/drift-run"}


# -- drift -----------------------------------------------------------------------------------------

CHANGED: list[tuple[str, dict[str, Any]]] = [
    ("D2", {"workflow": ".github/workflows/x.yml", "signer_uri": None}),
    ("D3", {"signer_uri": "https://github.com/other/flows/.github/workflows/x.yml@v1"}),
    ("D4", {"ref": "refs/heads/main"}),
    ("D4", {"ref": "refs/pull/7/merge"}),
    ("D5", {"event": "workflow_dispatch"}),
    ("D6", {"runner": "self-hosted"}),
]


def checks(found: Ruling) -> list[str]:
    return [each.finding.key for each in found.judged]


@pytest.mark.parametrize(("check", "more"), CHANGED)
def test_another_way_of_building_blocks_for_some_days_and_warns_then(
    check: str, more: dict[str, Any]
) -> None:
    assert (judged(now(**more)).verdict, checks(judged(now(**more)))) == (BLOCK, [check])
    assert judged(now(**more), later=8 * DAY).verdict is WARN


@pytest.mark.parametrize(
    ("check", "more"),
    [
        ("D1", {"repository_id": "98", "owner_id": "99"}),
        ("D1", {"owner_id": "99"}),
        ("D1", {"issuer": "https://gitlab.com"}),
        ("D5", {"event": "pull_request_target"}),
        ("D5", {"event": "issue_comment"}),
    ],
)
def test_another_source_and_an_event_from_outside_block_at_any_age(
    check: str, more: dict[str, Any]
) -> None:
    found = judged(now(**more), later=LONG)
    assert (found.verdict, checks(found)) == (BLOCK, [check])
    assert found.rules == ("trust/drift-identity",)


def test_a_repository_with_a_new_name_and_the_same_numbers_is_the_same() -> None:
    moved = "https://github.com/corp/widget"
    flow = f"{moved}/.github/workflows/release.yml@refs/tags/v2.4.1"
    found = judged(now(repository=moved, signer_uri=flow))
    assert (found.verdict, checks(found)) == (ALLOW, ["D1"])


@pytest.mark.parametrize(
    ("check", "more"),
    [
        ("D11", {"certified_at": AT - timedelta(minutes=9)}),
        ("D13", {"visibility": "private"}),
        ("D19", {"shape": "ba9876543210"}),
    ],
)
def test_details_are_kept_and_change_nothing(check: str, more: dict[str, Any]) -> None:
    found = judged(now(**more))
    assert (found.verdict, checks(found)) == (ALLOW, [check])


def test_a_state_of_a_called_workflow_that_is_another_is_told() -> None:
    flow = "https://github.com/other/flows/.github/workflows/x.yml"
    past = tuple(
        replace(each, provenance=replace(each.provenance, signer_uri=f"{flow}@v1",
                                         signer_digest="a" * 40))
        for each in PAST if each.provenance
    )  # fmt: skip
    same = now(signer_uri=f"{flow}@v1", signer_digest="a" * 40)
    other = now(signer_uri=f"{flow}@v1", signer_digest="b" * 40)
    assert checks(judged(same, past=past)) == []
    assert checks(judged(other, past=past)) == ["D3"]
    assert checks(judged(now(), past=past)) == ["D3"]


def test_what_earlier_certificates_do_not_carry_is_no_change() -> None:
    bare: dict[str, Any] = {
        "repository_id": None, "owner_id": None, "runner": None, "run": None, "attempt": None,
        "visibility": None, "signer_digest": None,
    }  # fmt: skip
    past = tuple(earlier(f"2.{each}.0", 200 - 30 * each, **bare) for each in range(5))
    assert judged(past=past).judged == ()
    assert judged(now(**bare)).judged == ()


def test_an_environment_that_is_no_longer_there_holds_a_release() -> None:
    past = tuple(
        earlier(f"2.{each}.0", 200 - 30 * each, run=str(each), environment="npm")
        for each in range(5)
    )
    assert judged(now(environment="npm"), past=past).judged == ()
    for environment in (None, "dev"):
        found = judged(now(environment=environment), past=past)
        assert (found.verdict, checks(found)) == (QUARANTINE, ["D12"])
        assert judged(now(environment=environment), past=past, later=8 * DAY).verdict is ALLOW


def test_an_environment_that_not_every_record_has_is_no_habit() -> None:
    past = (
        earlier("2.0.0", 90, run="1"),
        earlier("2.1.0", 60, run="2", environment="npm"),
        earlier("2.2.0", 30, run="3", environment="npm"),
    )
    assert judged(now(), past=past).judged == ()
    assert judged(now(environment="dev"), past=past).judged == ()


def test_earlier_provenance_that_nobody_verified_leaves_drift_open() -> None:
    past = tuple(earlier(f"2.{each}.0", 90 - each, Level.CLAIM) for each in range(3))
    asked = {each.rule for each in judged(past=past).unknowns}
    assert {rule.id for rule in trust.LAYER.rules if "drift" in rule.id} <= asked
    twin = earlier("2.4.0", 0.003, Level.CLAIM)
    asked = {each.rule for each in judged(past=(*PAST, twin)).unknowns}
    assert "trust/drift-run" in asked


def test_a_second_attempt_holds_a_release_where_earlier_ones_took_one() -> None:
    assert judged(now(attempt=2)).verdict is QUARANTINE
    assert judged(now(attempt=2), later=8 * DAY).verdict is ALLOW
    tried = (*PAST, earlier("2.4.0", 20, attempt=2))
    assert judged(now(attempt=2), past=tried).judged == ()
    assert judged(now(attempt=2), past=PAST[:1]).judged == ()


def test_two_releases_of_a_line_from_two_runs_within_minutes_hold_the_second() -> None:
    minutes = 6 / 24 / 60
    twin = earlier("2.4.0", minutes, run="77")
    assert (judged(past=(*PAST, twin)).verdict, checks(judged(past=(*PAST, twin)))) == (
        QUARANTINE, ["D8"],
    )  # fmt: skip
    assert judged(past=(*PAST, earlier("2.4.0", minutes, run="33"))).judged == ()
    assert judged(past=(*PAST, earlier("3.0.0", minutes, run="77"))).judged == ()
    assert judged(past=(*PAST, earlier("2.4.0", 1 / 24, run="77"))).judged == ()


MONDAYS = tuple(
    earlier(f"2.{each}.0", 6 + 4 / 24 + 7 * (12 - each), run=str(each)) for each in range(12)
)
NIGHT = AT.replace(hour=22)
AT_NIGHT = replace(PUBLISHED_AT, at=NIGHT)


def test_a_time_at_which_no_release_ever_came_out_holds_it() -> None:
    facts = facts_of(SUBJECT, Level.TRUSTED, now=NIGHT + DAY, past=MONDAYS)
    assert checks(ruling(facts, SUBJECT, preset(), (trust.LAYER,))) == []
    odd: dict[Kind[Any], object] = {PUBLISHED: AT_NIGHT}
    facts = facts_of(SUBJECT, Level.TRUSTED, now=NIGHT + DAY, past=MONDAYS, facts=odd)
    found = ruling(facts, SUBJECT, preset(), (trust.LAYER,))
    assert (found.verdict, checks(found)) == (QUARANTINE, ["D10"])
    few = facts_of(SUBJECT, Level.TRUSTED, now=NIGHT + DAY, past=MONDAYS[:7], facts=odd)
    assert checks(ruling(few, SUBJECT, preset(), (trust.LAYER,))) == []


def test_a_real_project_that_changed_how_it_releases_warns_later_and_can_be_accepted(
    shared: Path,
) -> None:
    """`sigstore` 1.0.0 to 1.3.0: workflow, ref kind and event at once."""
    before = from_real_bundles(
        shared, "1.0.0", "npm-cli/test__fixtures__sigstore__valid-sigstore-attestations.json"
    )
    built = from_real_bundles(
        shared, "1.3.0",
        "sigstore-go/examples__bundle-provenance.json", "sigstore-go/examples__bundle-publish.json",
    )  # fmt: skip
    assert before.at
    assert built.at
    subject = Release(Package("sigstore"), "1.3.0")
    past = (Level.PROVENANCE.earlier("1.0.0", before.at, before),)
    accepted = Accepted(frozenset({subject}), frozenset({(subject, SHA512)}))
    for age, more, verdict in (
        (DAY, {}, BLOCK),
        (8 * DAY, {}, WARN),
        (DAY, {ACCEPTED: accepted}, ALLOW),
    ):
        at = Published(built.at, PublishSource.ATTESTED)
        facts = facts_of(
            subject, Level.PROVENANCE, past=past, built=built, now=built.at + age,
            facts={PUBLISHED: at, **more},
        )  # fmt: skip
        found = ruling(facts, subject, preset(), (trust.LAYER,))
        assert found.verdict is verdict
        if not more:
            assert checks(found)[0] == "D2,D4,D5"


# -- whole shapes ----------------------------------------------------------------------------------


def test_releases_stolen_by_the_real_workflow_are_held_by_drift_alone() -> None:
    """Everything is equal: source, workflow, ref, event, runner, level. But for attempt and run."""
    common: dict[str, Any] = {"ref": "refs/heads/main", "event": "push"}
    past = tuple(
        earlier(f"2.{each}.0", 60 - 10 * each, run=str(100 + each), **common) for each in range(5)
    )
    first = now(run="98", attempt=4, **common)
    found = judged(first, past=past)
    assert (found.verdict, checks(found)) == (QUARANTINE, ["D7"])
    stolen = earlier("2.4.0", 6 / 24 / 60, run="98", attempt=4, **common)
    found = judged(now(run="109", attempt=1, **common), past=(*past, stolen))
    assert (found.verdict, checks(found)) == (QUARANTINE, ["D8"])
    assert found.rules == ("trust/drift-run",)


def test_a_stolen_token_on_a_trusted_line_blocks_for_its_first_weeks() -> None:
    claimed = Level.HAND.claimed(publisher="corp-owner", maintainers=("corp-owner",))
    found = judged(level=Level.HAND, facts={CLAIMED: claimed})
    assert (found.verdict, found.rules) == (BLOCK, ("trust/downgrade",))
    assert sorted(checks(found)) == ["authority", "build"]
    assert judged(level=Level.HAND, facts={CLAIMED: claimed}, later=LONG).verdict is WARN


def test_provenance_of_ones_own_repository_is_refused_by_history() -> None:
    elsewhere = "https://github.com/intruder/left-widget"
    stolen = now(repository=elsewhere, repository_id="98", owner_id="99")
    facts = facts_of(SUBJECT, Level.PROVENANCE, past=PAST, built=stolen, now=AT + LONG)
    found = ruling(facts, SUBJECT, preset())
    assert found.verdict is BLOCK
    assert {"signatures/signer-unexpected", "trust/drift-identity"} <= set(found.rules)
    assert REPOSITORY in found.text


# -- removing and adding ---------------------------------------------------------------------------


def _kinds(facts: Facts) -> list[tuple[str, Any]]:
    return [(name, key) for name, key in facts.known() if name not in {"clock", "registered"}]


SHAPES: dict[str, Facts] = {
    "axios": facts_of(SUBJECT, Level.HAND, past=PAST),
    "settled": facts_of(SUBJECT, Level.HAND, past=PAST, now=AT + LONG),
    "tanstack": facts_of(SUBJECT, Level.TRUSTED, past=PAST, built=now(attempt=4)),
    "twins": facts_of(
        SUBJECT, Level.TRUSTED, past=(*PAST, earlier("2.4.0", 0.003, run="77")), built=now()
    ),
    "elsewhere": facts_of(
        SUBJECT, Level.TRUSTED, past=PAST, built=now(repository_id="98", owner_id="99")
    ),
    "workflow": facts_of(SUBJECT, Level.TRUSTED, past=PAST, built=now(ref="refs/heads/x")),
    "cadence": facts_of(
        SUBJECT, Level.TRUSTED, past=MONDAYS[:8], now=NIGHT + DAY, facts={PUBLISHED: AT_NIGHT}
    ),
    "environment": facts_of(
        SUBJECT,
        Level.TRUSTED,
        past=tuple(earlier(f"2.{each}.0", 90 - each, environment="npm") for each in range(3)),
    ),
    "first": facts_of(SUBJECT, Level.TRUSTED, past=()),
    "refused": facts_of(
        SUBJECT, Level.TRUSTED, past=PAST,
        facts={ATTESTATIONS: Attestations(refused=(Refused("crypto", "no"),))},
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", [Why.NOT_ASKED, Why.OFFLINE, Why.FAILED])
@pytest.mark.parametrize("name", sorted(SHAPES))
def test_taking_a_fact_away_never_lowers_a_verdict(name: str, why: Why) -> None:
    facts = SHAPES[name]
    before = ruling(facts, SUBJECT, preset()).verdict
    assert before > ALLOW
    for fact in _kinds(facts):
        less = facts.without([fact], Missing(why, "it was taken away"))
        assert ruling(less, SUBJECT, preset()).verdict >= before, fact


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_registry_that_lacks_a_fact_never_makes_a_verdict_allow(name: str) -> None:
    facts = SHAPES[name]
    for fact in _kinds(facts):
        less = facts.without([fact], ABSENT)
        assert ruling(less, SUBJECT, preset()).verdict > ALLOW, fact


@pytest.mark.parametrize("name", sorted(SHAPES))
@pytest.mark.parametrize("missing", [ABSENT, Missing(Why.FAILED, "no answer")])
def test_an_earlier_release_that_is_no_longer_known_never_makes_a_verdict_allow(
    name: str, missing: Missing
) -> None:
    facts = SHAPES[name]
    history = facts.need(EARLIER, SUBJECT)
    for at, each in enumerate(history.earlier):
        for less in (
            replace(each, authority=missing),
            replace(each, build=missing, provenance=None),
            replace(each, build=Build.CLAIMED, provenance=None),
        ):
            past = (*history.earlier[:at], less, *history.earlier[at + 1 :])
            changed = facts.with_facts({(EARLIER.name, SUBJECT): History(past)})
            assert ruling(changed, SUBJECT, preset()).verdict > ALLOW


@pytest.mark.parametrize("name", sorted(SHAPES))
@pytest.mark.parametrize("version", ["2.4.0", "1.0.0", "3.0.0", "2.4.1-rc.1"])
@pytest.mark.parametrize("days", [0.001, 1, 30, 400])
def test_an_earlier_release_without_evidence_never_relaxes(
    name: str, version: str, days: float
) -> None:
    facts = SHAPES[name]
    before = ruling(facts, SUBJECT, preset()).verdict
    added = earlier(version, days, Level.HAND)
    history = facts.need(EARLIER, SUBJECT)
    past = tuple(sorted((*history.earlier, added), key=lambda each: each.published))
    more = facts.with_facts({(EARLIER.name, SUBJECT): History(past)})
    assert ruling(more, SUBJECT, preset()).verdict >= before


def test_lenient_only_warns() -> None:
    for facts in SHAPES.values():
        assert ruling(facts, SUBJECT, preset("lenient")).verdict <= WARN


def test_each_rule_of_the_two_layers_says_why_and_what_to_do() -> None:
    for layer in BOTH:
        for rule in layer.rules:
            assert rule.id.startswith(f"{layer.name}/")
            assert rule.why.endswith(".")
            assert rule.fix.endswith(".")
