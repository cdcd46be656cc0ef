"""An artifact beside its past: steps, gains, losses, new dependencies, changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.unit.difference.changes import FIRST, analysis, needs, past

from pratique.difference import SETTLED, baseline_of, compare, new_dependencies, step_of
from pratique.model.behavior import (
    Baseline,
    Change,
    Difference,
    Gain,
    Inner,
    Origin,
    Seen,
    Sizes,
    Step,
    Tier,
)

TODAY = date(2026, 11, 22)


# -- steps -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "before", "step"),
    [
        ("1.2.3", ["1.2.2"], Step.PATCH),
        ("1.2.9", ["1.2.2"], Step.PATCH),
        ("1.3.0", ["1.2.2"], Step.MINOR),
        ("1.3.1", ["1.2.2"], Step.MINOR),
        ("2.0.0", ["1.2.2"], Step.MAJOR),
        ("3.0.1", ["1.2.2"], Step.MAJOR),
        ("1.2.2", ["1.2.2"], Step.SAME),
        ("1.2.1", ["1.2.2"], Step.DOWNGRADE),
        ("0.9.0", ["1.2.2"], Step.DOWNGRADE),
        ("1.2.3", [], Step.FIRST),
        # below 1.0.0 a minor version is a line of its own; 0.0.x is one line
        ("0.2.1", ["0.2.0"], Step.PATCH),
        ("0.3.0", ["0.2.9"], Step.MAJOR),
        ("0.0.2", ["0.0.1"], Step.PATCH),
        ("1.0.0", ["0.9.0"], Step.MAJOR),
        # of several, the nearest below counts
        ("1.2.3", ["1.1.0", "1.2.2"], Step.PATCH),
        ("1.2.3", ["1.2.2", "1.4.0"], Step.PATCH),
        ("1.2.3", ["1.4.0", "1.1.0"], Step.MINOR),
        ("1.2.2", ["1.1.0", "1.2.2"], Step.SAME),
        ("1.2.1", ["1.2.2", "1.4.0"], Step.DOWNGRADE),
        # a prerelease is of its own line
        ("1.2.3-rc.1", ["1.2.2"], Step.PATCH),
        ("1.2.2", ["1.2.2-rc.1"], Step.PATCH),
        ("2.0.0-rc.1", ["1.2.2"], Step.MAJOR),
        # what is no version tells nothing: the widest step
        ("nightly", ["1.2.2"], Step.MAJOR),
        ("1.2.3", ["nightly"], Step.MAJOR),
        ("1.2.3+build", ["1.2.3"], Step.PATCH),
    ],
)
def test_a_step_is_told_from_the_nearest_version(
    version: str, before: list[str], step: Step
) -> None:
    assert step_of(version, before) is step


# -- baselines -------------------------------------------------------------------------------------


def test_nothing_to_compare_with_is_no_baseline() -> None:
    assert baseline_of([], Origin.BASE) == Baseline(Origin.NONE)


def test_several_releases_are_one_baseline_their_union() -> None:
    one = analysis(
        "fs.read",
        inner=replace(needs("a"), bins=(("x", "x.js"),)),
        installs=(("install", "make"),),
        binaries=(("a.node", "elf"),),
        size=10, code=9, files=1,
    )  # fmt: skip
    two = analysis("net.dns", inner=needs("b"), installs=(), size=20, code=1, files=7)
    found = baseline_of([("1.10.0", two), ("1.9.0", one)], Origin.BASE)
    assert found == Baseline(
        Origin.BASE,
        ("1.9.0", "1.10.0"),
        frozenset({"fs.read", "net.dns"}),
        (("install", "make"),),
        (("dependencies", "a", "^1.0.0"), ("dependencies", "b", "^1.0.0")),
        (("x", "x.js"),),
        frozenset({"a.node"}),
        20, 9, 7,
    )  # fmt: skip


# -- gains and losses ------------------------------------------------------------------------------


def compared(*capabilities: str, before: Baseline) -> Difference:
    return compare("widget", "1.2.3", analysis(*capabilities), before)


def test_gains_are_sorted_by_weight_and_carry_their_places() -> None:
    found = compared("fs.read", "net.dns", "fs.write", "net.client:fetch", before=past("fs.read"))
    assert [(each.tier, each.capability) for each in found.gained] == [
        (Tier.A, "net.dns"),
        (Tier.B, "fs.write"),
        (Tier.B, "net.client:fetch"),
    ]
    assert found.gained[0].evidence == (Seen("net.dns", "a.js", 4, "net.dns"),)
    assert found.lost == ()


def test_what_is_gone_is_lost_and_no_gain() -> None:
    found = compared("fs.read", before=past("fs.read", "net.dns", "env.bulk"))
    assert (found.gained, found.lost) == ((), ("env.bulk", "net.dns"))


def test_two_versions_of_a_line_are_compared_with_together() -> None:
    both = baseline_of(
        [("1.2.2", analysis("fs.read")), ("1.1.0", analysis("net.dns"))], Origin.BASE
    )
    assert compared("fs.read", "net.dns", before=both).gained == ()


def test_a_detail_is_a_capability_of_its_own() -> None:
    """Who talks to one host already can still gain another."""
    found = compared("net.host:a.test", "net.host:b.test", before=past("net.host:a.test"))
    assert [each.capability for each in found.gained] == ["net.host:b.test"]


def test_a_first_release_gains_nothing_and_says_what_of_tier_a_it_can_do() -> None:
    found = compared("net.dns", "net.client:fetch", before=FIRST)
    assert (found.gained, found.lost, found.changes) == ((), (), ())
    assert found.absolute == (
        Gain("net.dns", Tier.A, hard=False, evidence=(Seen("net.dns", "a.js", 2, "net.dns"),)),
    )
    assert (found.step, found.before) == (Step.FIRST, Sizes(0, 0, 0))


def test_of_a_later_release_nothing_is_told_absolutely() -> None:
    assert compared("net.dns", before=past("net.dns")).absolute == ()


def test_what_was_not_examined_and_what_is_odd_is_handed_on() -> None:
    odd, unread = ("has bytes behind its end",), (("a.js", "too large"),)
    for before in (FIRST, past()):
        found = compare("widget", "1.2.3", analysis(oddities=odd, unread=unread), before)
        assert (found.oddities, found.unread) == (odd, unread)


# -- since -----------------------------------------------------------------------------------------


def since(days: int, today: date | None = TODAY) -> tuple[Gain, ...]:
    known = Baseline(
        Origin.LEDGER, ("1.2.2",), frozenset({"net.dns"}),
        since={"net.dns": TODAY - timedelta(days=days)},
    )  # fmt: skip
    return compare("widget", "1.2.3", analysis("net.dns"), known, None, today).gained


def test_a_capability_that_was_accepted_too_short_a_time_ago_is_a_gain_with_its_day() -> None:
    (gain,) = since(SETTLED.days - 1)
    assert (gain.capability, gain.since) == ("net.dns", TODAY - SETTLED + timedelta(days=1))
    assert since(SETTLED.days) == ()
    assert since(0, today=None) == ()


def test_a_gain_that_was_never_accepted_has_no_day() -> None:
    (gain,) = compared("net.dns", before=past()).gained
    assert gain.since is None


# -- what only comparing shows ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "gained"),
    [
        ((), (("install", "make"),), []),
        ((("install", "make"),), (("install", "make"),), []),
        ((("install", "make"),), (("install", "make it"),), ["install.script:altered-install"]),
        ((("install", "make"),), (), []),
        (
            (("install", "a"), ("postinstall", "b")),
            (("install", "b"), ("postinstall", "a")),
            ["install.script:altered-install", "install.script:altered-postinstall"],
        ),
    ],
)
def test_a_script_whose_text_changed_is_a_gain(
    before: tuple[tuple[str, str], ...], after: tuple[tuple[str, str], ...], gained: list[str]
) -> None:
    """One that is new is a capability of the artifact itself."""
    had = past("install.script:install", installs=before)
    now = analysis("install.script:install", installs=after)
    found = compare("widget", "1.2.3", now, had)
    assert [each.capability for each in found.gained] == gained
    assert all(each.tier is Tier.A and not each.hard for each in found.gained)
    for each in found.gained:
        (place,) = each.evidence
        assert place.file == "package.json"
        assert place.snippet in {f"{event}: {command}" for event, command in after}


def test_a_script_of_either_of_two_known_versions_is_not_altered() -> None:
    both = baseline_of(
        [
            ("1.2.2", analysis(installs=(("install", "a"),))),
            ("1.2.1", analysis(installs=(("install", "b"),))),
        ],
        Origin.BASE,
    )
    assert compare("widget", "1.2.3", analysis(installs=(("install", "b"),)), both).gained == ()


@pytest.mark.parametrize(
    ("group", "is_new"),
    [
        ("dependencies", True),
        ("optionalDependencies", True),
        ("peerDependencies", True),
        ("devDependencies", False),
    ],
)
def test_a_new_dependency_is_one_that_is_installed_with_it(group: str, *, is_new: bool) -> None:
    now = analysis(inner=needs("left", group=group))
    assert new_dependencies(now, past()) == ({"left": "^1.0.0"} if is_new else {})


def test_a_dependency_that_only_moves_between_groups_or_asks_for_more_is_not_new() -> None:
    known = past(inner=needs("left", group="optionalDependencies"))
    assert new_dependencies(analysis(inner=needs("left")), known) == {}


def test_one_that_was_only_for_development_is_new() -> None:
    known = past(inner=needs("left", group="devDependencies"))
    assert new_dependencies(analysis(inner=needs("left")), known) == {"left": "^1.0.0"}


@pytest.mark.parametrize("inner", [None, Inner()])
def test_without_a_manifest_or_without_a_past_no_dependency_is_new(inner: Inner | None) -> None:
    assert new_dependencies(analysis(inner=inner), past()) == {}
    assert new_dependencies(analysis(inner=needs("left")), FIRST) == {}


@pytest.mark.parametrize(
    ("known", "capability", "tier"),
    [
        ({}, "dep.new:left", Tier.B),
        ({"left": "young"}, "dep.new:young/left", Tier.A),
        ({"left": "installs"}, "dep.new:installs/left", Tier.A),
        ({"other": "installs"}, "dep.new:left", Tier.B),
    ],
)
def test_what_is_known_of_a_new_dependency_lifts_it(
    known: dict[str, str], capability: str, tier: Tier
) -> None:
    found = compare("widget", "1.2.3", analysis(inner=needs("left")), past(), known)
    (gain,) = found.gained
    assert (gain.capability, gain.tier) == (capability, tier)
    assert gain.evidence[0].snippet == "left: ^1.0.0"


# -- changes ---------------------------------------------------------------------------------------


def test_what_differs_of_manifests_and_binaries_is_listed() -> None:
    before = past(
        inner=replace(needs("a", "gone"), bins=(("x", "x.js"),)),
        installs=(("install", "make"),),
        binaries=(("old.node", "elf"),),
    )
    now = analysis(
        inner=replace(needs("a", "left"), bins=(("x", "y.js"),)),
        installs=(("postinstall", "node a.js"),),
        binaries=(("new.node", "pe"),),
    )
    assert compare("widget", "1.2.3", now, before).changes == (
        Change("bin", "x", "x.js", "y.js"),
        Change("binary", "new.node", "", "pe"),
        Change("binary", "old.node", "present", ""),
        Change("dependencies", "gone", "^1.0.0", ""),
        Change("dependencies", "left", "", "^1.0.0"),
        Change("install", "install", "make", ""),
        Change("install", "postinstall", "", "node a.js"),
    )


def test_sizes_stand_beside_the_largest_of_the_past() -> None:
    before = past(size=10, code=9, files=1)
    found = compare("widget", "1.2.3", analysis(size=30, code=20, files=2), before)
    assert (found.before, found.after) == (Sizes(10, 9, 1), Sizes(30, 20, 2))
