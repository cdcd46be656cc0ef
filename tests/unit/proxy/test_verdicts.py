"""What may be seen of a package, by what is known of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.unit.proxy.judged import Ages, digest_of, package
from tests.unit.proxy.stand import NOW, days, policy

from pratique.model.fact import Missing, Published, PublishSource, Why
from pratique.model.policy import Verdict
from pratique.model.record import Sight
from pratique.proxy.needs import Needs
from pratique.proxy.verdicts import LONG_SETTLED, is_refused

OLD: Ages = {"1.0.0": 900, "1.0.1": 800}
REGISTRY, FIRST_SEEN = PublishSource.REGISTRY, PublishSource.FIRST_SEEN
NEW = Sight(NOW - timedelta(hours=1), NOW - timedelta(hours=2))
FROM_THE_START = Sight(NOW - timedelta(hours=1))
BROKEN = Missing(Why.FAILED, "reading it failed")

# When was it published?


@pytest.mark.parametrize(
    ("stated", "sight", "expected"),
    [
        # What the registry states counts, as far as nothing speaks against it.
        (days(40), None, (days(40), REGISTRY)),
        (days(40), FROM_THE_START, (days(40), REGISTRY)),
        (NEW.before, NEW, (NEW.before, REGISTRY)),
        (NOW, NEW, (NOW, REGISTRY)),
        (NOW + timedelta(minutes=4), None, (NOW + timedelta(minutes=4), REGISTRY)),
        # Back-dated: it was not there when we looked last.
        (days(40), NEW, (NEW.at, FIRST_SEEN)),
        (NEW.at - timedelta(hours=1, minutes=6), NEW, (NEW.at, FIRST_SEEN)),
        # In the future.
        (NOW + timedelta(minutes=6), None, None),
        (NOW + timedelta(days=9), FROM_THE_START, None),
        (NOW + timedelta(days=9), NEW, (NEW.at, FIRST_SEEN)),
        # Not stated at all.
        (None, None, None),
        (None, FROM_THE_START, None),
        (None, NEW, (NEW.at, FIRST_SEEN)),
    ],
)
def test_a_publish_time_is_believed_as_far_as_what_was_seen_here_agrees(
    stated: datetime | None, sight: Sight | None, expected: tuple[datetime, PublishSource] | None
) -> None:
    sights = {} if sight is None else {"1.0.2": sight}
    found = package({**OLD, "1.0.2": stated}, sights=sights).published("1.0.2")
    if expected is None:
        assert isinstance(found, Missing)
    else:
        assert found == Published(*expected)


@pytest.mark.parametrize(("sight", "counts"), [(None, False), (FROM_THE_START, False), (NEW, True)])
def test_of_an_untrusted_registry_only_what_was_seen_here_counts(
    sight: Sight | None, *, counts: bool
) -> None:
    sights = {} if sight is None else {"1.0.2": sight}
    found = package({"1.0.2": 40}, sights=sights, stated=False).published("1.0.2")
    assert found == (Published(NEW.at, FIRST_SEEN) if counts else found)
    assert isinstance(found, Missing) is not counts


def test_a_back_dated_release_matures_from_when_it_was_first_seen() -> None:
    ages = {**OLD, "1.0.2": 40}
    judged = package(ages, good=ages, sights={"1.0.2": NEW})
    assert is_refused(judged.by_metadata["1.0.2"])
    mature = NEW.at + timedelta(days=3)
    at_last = package(ages, good=ages, sights={"1.0.2": NEW}, now=mature).seen()
    assert "1.0.2" in at_last.visible
    before = package(ages, good=ages, sights={"1.0.2": NEW}, now=mature - timedelta(seconds=1))
    assert "1.0.2" not in before.seen().visible


def test_a_release_with_a_future_time_is_not_shown() -> None:
    ages = {**OLD, "1.0.2": -9}
    assert package(ages, good=ages).seen().visible == ("1.0.0", "1.0.1")


@pytest.mark.parametrize(("seconds", "visible"), [(-1, False), (0, True), (1, True)])
def test_a_release_is_visible_from_the_instant_of_its_maturity(
    seconds: int, *, visible: bool
) -> None:
    ages = {**OLD, "1.0.2": 0}
    now = NOW + timedelta(days=3, seconds=seconds)
    assert ("1.0.2" in package(ages, good=ages, now=now).seen().visible) is visible


def test_what_is_seen_says_when_it_could_change() -> None:
    ages = {**OLD, "1.0.2": 1}
    assert package(ages, good=ages).seen().until == NOW + timedelta(days=2)


# What is examined?


def test_a_candidate_is_hidden_until_it_is_examined() -> None:
    seen = package({**OLD, "1.0.2": 20}, good=["1.0.1"]).seen()
    assert seen.visible == ("1.0.0", "1.0.1")
    assert seen.pending == {"1.0.2": Needs(("1.0.2",))}


def test_a_candidate_is_hidden_until_what_it_is_compared_with_is_examined() -> None:
    seen = package({**OLD, "1.0.2": 20}, good=["1.0.2"]).seen()
    assert seen.pending == {"1.0.2": Needs(("1.0.1",))}
    assert "1.0.2" not in seen.visible


def test_a_candidate_that_is_examined_and_harmless_is_shown() -> None:
    seen = package({**OLD, "1.0.2": 20}, good=["1.0.1", "1.0.2"]).seen()
    assert seen.visible == ("1.0.0", "1.0.1", "1.0.2")
    assert not seen.needs.analyses


def test_a_held_candidate_makes_the_next_lower_one_a_candidate() -> None:
    ages = {**OLD, "1.0.2": 30, "1.0.3": 20}
    seen = package(ages, good=["1.0.1"], bad=["1.0.3"]).seen()
    assert "1.0.3" not in seen.visible
    seen = package(ages, good=["1.0.1", "1.0.2"], bad=["1.0.3"]).seen()
    assert seen.visible == ("1.0.0", "1.0.1", "1.0.2")
    assert seen.rulings["1.0.3"].rules == ("behavior/new-capability",)


def test_the_next_lower_one_is_not_shown_before_it_is_examined_itself() -> None:
    ages = {"1.0.0": 170, "1.0.1": 160, "1.0.2": 60, "1.0.3": 5}
    seen = package(ages, good=["1.0.1", "1.0.2"], bad=["1.0.3"]).seen()
    assert is_refused(seen.rulings["1.0.3"])
    assert seen.pending == {"1.0.2": Needs(("1.0.0",))}
    assert seen.visible == ("1.0.0", "1.0.1")


@pytest.mark.parametrize("age", [2.9, 20, 29, 31, 100, 179])
def test_two_hostile_releases_in_a_row_do_not_vouch_for_each_other(age: float) -> None:
    ages = {**OLD, "1.0.2": age + 0.1, "1.0.3": age}
    seen = package(ages, good=["1.0.1"], bad=["1.0.2", "1.0.3"]).seen()
    assert seen.visible == tuple(OLD)


def test_eight_hostile_releases_in_a_row_do_not_vouch_for_the_last_one() -> None:
    row = {f"1.1.{number}": 20 - number for number in range(8)}
    seen = package({**OLD, **row}, good=["1.0.1"], bad=row).seen()
    assert seen.visible == tuple(OLD)


def test_a_release_is_compared_past_those_that_metadata_holds() -> None:
    ages = {**OLD, "1.0.2": -5, "1.0.3": 20}
    seen = package(ages, good=["1.0.1", "1.0.3"], bad=["1.0.2"]).seen()
    assert seen.visible == (*OLD, "1.0.3")
    seen = package(ages, good=["1.0.1"], bad=["1.0.2", "1.0.3"]).seen()
    assert seen.visible == tuple(OLD)


def test_a_long_settled_release_is_seen_before_it_is_examined_and_not_given() -> None:
    judged = package(OLD)
    assert judged.seen().visible == tuple(OLD)
    assert not judged.seen().pending
    assert judged.by_all("1.0.1") == Needs(("1.0.1",))


def test_a_long_settled_release_is_judged_by_what_it_can_do_at_all() -> None:
    judged = package(OLD, bad=["1.0.0", "1.0.1"])
    found = judged.by_all("1.0.1")
    assert not isinstance(found, Needs)
    absolute = package({"1.0.1": 800}, bad=["1.0.1"]).by_all("1.0.1")
    assert found == absolute


@pytest.mark.parametrize(("more", "settled"), [(-1, False), (0, False), (1, True)])
def test_a_release_is_long_settled_after_its_time_and_not_at_it(
    more: int, *, settled: bool
) -> None:
    at = NOW - LONG_SETTLED - timedelta(seconds=more)
    assert package({"1.0.0": 900, "1.0.1": at}).is_long_settled("1.0.1") is settled


def test_what_cannot_be_analysed_is_never_shown_under_recommended() -> None:
    seen = package({**OLD, "1.0.2": 20}, good=["1.0.1"], failed={"1.0.2": BROKEN}).seen()
    assert seen.visible == tuple(OLD)
    assert seen.rulings["1.0.2"].verdict is Verdict.BLOCK
    assert seen.rulings["1.0.2"].text == BROKEN.detail


def test_what_cannot_be_analysed_is_passed_over_for_an_older_baseline() -> None:
    ages = {"1.0.0": 900, "1.0.1": 100, "1.0.2": 20}
    seen = package(ages, good=["1.0.0", "1.0.2"], failed={"1.0.1": BROKEN}).seen()
    assert seen.visible == ("1.0.0", "1.0.2")
    seen = package(ages, good=["1.0.0"], bad=["1.0.2"], failed={"1.0.1": BROKEN}).seen()
    assert seen.visible == ("1.0.0",)


@pytest.mark.parametrize("oldest", [900, 100, 40])
def test_a_release_is_no_first_one_where_no_earlier_one_could_be_read(oldest: float) -> None:
    ages = {"1.0.0": oldest, "1.0.1": 30, "1.0.2": 20}
    failed = {"1.0.0": BROKEN, "1.0.1": BROKEN}
    for good, bad in ((["1.0.2"], []), ([], ["1.0.2"])):
        seen = package(ages, good=good, bad=bad, failed=failed).seen()
        assert "1.0.2" not in seen.visible
        assert "which it is compared with" in seen.rulings["1.0.2"].text


@pytest.mark.parametrize(
    ("failed", "verdict"),
    [("warn", Verdict.WARN), ("quarantine", Verdict.QUARANTINE), ("block", Verdict.BLOCK)],
)
def test_where_nothing_is_required_a_failed_analysis_weighs_what_the_policy_says(
    failed: str, verdict: Verdict
) -> None:
    text = f'[layers.behavior]\non-unknown = {{ failed = "{failed}" }}\n'
    lenient = policy(text, "lenient")
    ages = {**OLD, "1.0.2": 20}
    seen = package(ages, good=["1.0.1"], failed={"1.0.2": BROKEN}, policy=lenient).seen()
    assert seen.rulings["1.0.2"].verdict is verdict
    assert ("1.0.2" in seen.visible) is (verdict is Verdict.WARN)


def test_the_first_release_of_a_package_is_judged_by_what_it_can_do_at_all() -> None:
    assert package({"1.0.0": 40}, good=["1.0.0"], created=40).seen().visible == ("1.0.0",)
    held = package({"1.0.0": 40}, bad=["1.0.0"], created=40).by_all("1.0.0")
    assert not isinstance(held, Needs)


def test_the_facts_of_a_ruling_are_others_where_the_artifact_or_its_time_is() -> None:
    ages = {**OLD, "1.0.2": 20}
    judged = [
        package(ages),
        package(ages, good=["1.0.2"]),
        package(ages, failed={"1.0.2": BROKEN}),
        package({**OLD, "1.0.2": 21}),
    ]
    assert len({each.facts_digest("1.0.2") for each in judged}) == len(judged)
    assert package(ages).facts_digest("1.0.2") == package(ages).facts_digest("1.0.2")
    assert len(digest_of("1.0.2")) == 128
