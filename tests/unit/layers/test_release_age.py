"""Layer 2: who is too young, by which time, and what to type instead."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.builders import NOW, facts, fired, known, pin, policy, project, published, report

from pratique.layers.release_age import LAYER, ReleaseAgeSettings
from pratique.model.fact import (
    FIRST_PUBLISHED,
    NEWCOMERS,
    PUBLISHED,
    FirstPublished,
    Missing,
    Newcomers,
    PublishSource,
    Why,
)
from pratique.model.package import Package
from pratique.model.pin import Location, Manager, Source
from pratique.model.policy import Action
from pratique.model.project import AgeExclusion, Settings

YOUNG = timedelta(hours=7)
DAY = timedelta(days=1)
THREE = {LAYER.name: ReleaseAgeSettings(cooldown=timedelta(days=3))}


@pytest.mark.parametrize(
    ("age", "too_new"),
    [
        (timedelta(days=3), False),
        (timedelta(days=3) - timedelta(seconds=1), True),
        (YOUNG, True),
        (timedelta(seconds=-1), True),
        (timedelta(days=900), False),
    ],
)
def test_a_release_is_too_new_until_the_very_second(age: timedelta, *, too_new: bool) -> None:
    shop = project(pin())
    found = report(shop, facts=known(pin(), age=age), policy=policy(settings=THREE))
    assert too_new == (("release-age/too-new", "left-pad@1.3.0") in fired(found))


def test_every_locked_release_is_asked_about_once() -> None:
    twin = pin(key="node_modules/a/node_modules/left-pad", where=Location("package-lock.json", 70))
    found = report(project(pin(), twin), facts=known(pin(), age=YOUNG), policy=policy())
    young = [each.finding for each in found.judged if each.finding.rule == "release-age/too-new"]
    assert [Location("package-lock.json", 7)] == [each.where for each in young]
    assert "published 7 hours ago, mature 2026-11-25 05:00 UTC" == young[0].message


def test_bytes_that_no_registry_published_have_no_age() -> None:
    local = pin(source=Source.WORKSPACE, url=None, digests=())
    found = report(project(local), facts=facts(), policy=policy())
    assert not [each for each in found.unknowns if each.rule.startswith("release-age/")]


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        (Manager.NPM, "npm install left-pad@1.2.0 --save-exact"),
        (Manager.PNPM, "pnpm add left-pad@1.2.0 --save-exact"),
        (Manager.YARN_CLASSIC, "yarn add left-pad@1.2.0 --exact"),
        (Manager.YARN_BERRY, "yarn add left-pad@1.2.0 --exact"),
        (Manager.BUN, "bun add left-pad@1.2.0 --exact"),
    ],
)
def test_the_fix_installs_the_newest_mature_release_of_the_line(
    manager: Manager, line: str
) -> None:
    direct = pin(direct=True)
    when = published(YOUNG, alternatives=(("1.2.0", NOW - 40 * DAY), ("1.1.0", NOW - 90 * DAY)))
    given = known(direct).with_facts({(PUBLISHED.name, direct.release): when})
    found = report(project(direct, manager=manager), facts=given, policy=policy())
    remedies = [each.finding.remedy for each in found.judged if each.finding.remedy]
    assert [line] == [each.command for each in remedies]


def test_untrusted_times_are_unknown_and_warn() -> None:
    why = Missing(Why.ABSENT, "the policy calls this registry's publish times untrusted")
    given = known(pin()).with_facts({(PUBLISHED.name, pin().release): why})
    found = report(project(pin()), facts=given, policy=policy())
    assert ("unknown", Action.WARN) == (found.layers[1].state.value, found.unknowns[0].action)
    assert "1 of 1: the policy calls" in found.layers[1].summary


def newcomer(age: timedelta, *, compared: bool = True) -> set[tuple[str, str]]:
    package = Package("left-pad")
    new = Newcomers(frozenset({package} if compared else ()), compared=compared)
    first = FirstPublished(NOW - age, PublishSource.REGISTRY)
    more = {(NEWCOMERS.name, None): new, (FIRST_PUBLISHED.name, package): first}
    return fired(report(project(pin()), facts=known(pin()).with_facts(more), policy=policy()))


def test_a_new_dependency_is_held_until_its_first_version_is_old_enough() -> None:
    held = ("release-age/new-package", "left-pad@1.3.0")
    assert held in newcomer(29 * DAY)
    assert held not in newcomer(30 * DAY)


def test_without_a_base_no_package_is_called_new() -> None:
    assert set() == newcomer(DAY, compared=False)


def test_the_managers_own_exclusions_and_shorter_cooldown_are_observed() -> None:
    settings = Settings(
        exclusions=(AgeExclusion("vite", Location("pnpm-workspace.yaml", 4), Manager.PNPM),),
        cooldown=(DAY, Location("pnpm-workspace.yaml", 2)),
    )
    found = report(project(pin(), settings=settings), facts=known(pin()), policy=policy())
    assert {
        ("release-age/manager-exclusion", "pnpm-workspace.yaml:4"),
        ("release-age/manager-cooldown", "pnpm-workspace.yaml:2"),
    } == {(each.finding.rule, str(each.finding.where)) for each in found.judged}


def test_a_release_at_a_registrys_own_unusual_address_has_an_age() -> None:
    odd = pin(source=Source.REMOTE, url="https://registry.example/download/left-pad/1.3.0/ab12")
    found = report(project(odd), facts=known(odd, age=YOUNG), policy=policy())
    assert ("release-age/too-new", "left-pad@1.3.0") in fired(found)


def test_a_tarball_elsewhere_has_no_age() -> None:
    other = pin(source=Source.REMOTE, url="https://files.example/left-pad.tgz")
    found = report(project(other), facts=facts(), policy=policy())
    assert not [each for each in found.unknowns if each.rule.startswith("release-age/")]
