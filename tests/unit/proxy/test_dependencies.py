"""What is told of what a release newly depends on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.proxy.judged import body
from tests.unit.proxy.packuments import known
from tests.unit.proxy.stand import NOW, policy

from pratique.model.behavior import Dependencies
from pratique.proxy.dependencies import MOST, Told, told_of
from pratique.proxy.packument import Packument

POLICY = policy()


def with_member(member: str, value: str) -> Packument:
    tight = body({"1.0.0": 900, "1.1.0": 800})
    return known(tight.replace(b'"scripts":{"test":"x"}', f'"{member}":{value}'.encode()))


def told(
    names: dict[str, str], there: dict[str, Packument | str], *, stated: bool = True
) -> Dependencies:
    return told_of(names, lambda name: there.get(name, "nothing is there"), stated, NOW, POLICY)


@pytest.mark.parametrize(
    ("specifier", "package", "expected"),
    [
        ("^1.0.0", known(body({"1.0.0": 900, "1.1.0": 800})), ""),
        ("latest", known(body({"1.0.0": 900, "1.1.0": 800})), ""),
        ("*", with_member("scripts", '{"postinstall":"node x.js"}'), "installs"),
        ("^1.0.0", with_member("scripts", '{"preinstall":"x"}'), "installs"),
        ("^1.0.0", with_member("scripts", '{"prepare":"x"}'), ""),
        ("^1.0.0", with_member("gypfile", "true"), "installs"),
        ("^1.0.0", with_member("hasInstallScript", "true"), "installs"),
        ("^1.0.0", known(body({"1.0.0": 900, "1.1.0": 1})), "young"),
        ("~1.0.0", known(body({"1.0.0": 900, "1.1.0": 1})), ""),
        ("^1.0.0", known(body({"1.0.0": 900}, created=10)), "young"),
    ],
)
def test_a_new_dependency_is_told_by_the_release_that_would_be_picked(
    specifier: str, package: Packument, expected: str
) -> None:
    assert told({"helper": specifier}, {"helper": package}) == Dependencies({"helper": expected})


@pytest.mark.parametrize(
    "specifier", ["git+https://forge.example/a.git", "file:../a", "owner/repository", "link:a"]
)
def test_an_address_is_not_looked_up(specifier: str) -> None:
    assert told({"helper": specifier}, {}) == Dependencies({"helper": ""})


def test_an_alias_is_told_by_what_it_stands_for() -> None:
    runs: dict[str, Any] = {"@evil/runs": with_member("gypfile", "true")}
    assert told({"safe": "npm:@evil/runs@^1.0.0"}, runs).told == {"safe": "installs"}
    assert told({"safe": "npm:@evil/runs"}, runs).told == {"safe": "installs"}


@pytest.mark.parametrize("specifier", ["^9.0.0", "nosuchtag", "1.0.0.0.0"])
def test_what_nothing_is_listed_for_is_untold(specifier: str) -> None:
    found = told({"helper": specifier}, {"helper": known(body({"1.0.0": 900}))})
    assert not found.told
    assert specifier in found.untold["helper"]


def test_a_package_that_cannot_be_had_is_untold() -> None:
    assert told({"helper": "^1.0.0"}, {}).untold == {"helper": "nothing is there"}


def test_of_too_many_new_names_nothing_is_known_of_those_beyond() -> None:
    names = {f"helper-{number}": "^1.0.0" for number in range(MOST + 3)}
    found = told(names, dict.fromkeys(names, known(body({"1.0.0": 900}))))
    assert len(found.told) == MOST
    assert len(found.untold) == 3


def test_nothing_is_young_by_times_that_are_untrusted() -> None:
    young = known(body({"1.0.0": 1}, created=1))
    assert told({"helper": "*"}, {"helper": young}, stated=False).told == {"helper": ""}


DIGESTS = {"1.0.0": "a" * 128, "1.0.1": "b" * 128}


@pytest.mark.parametrize(
    ("found", "lasting"),
    [
        (Dependencies({"helper": ""}), Dependencies({"helper": ""})),
        (Dependencies({"helper": "installs"}), Dependencies({"helper": "installs"})),
        (Dependencies({"helper": "", "other": "young"}), Dependencies({"helper": ""})),
        (Dependencies({}, {"helper": "the registry is away"}), Dependencies()),
    ],
)
def test_what_passes_with_time_is_looked_up_again(
    found: Dependencies, lasting: Dependencies
) -> None:
    kept = Told()
    kept.keep("left-pad", DIGESTS["1.0.0"], found, NOW)
    hour = timedelta(hours=1)
    assert kept.of("left-pad", DIGESTS, NOW + hour - timedelta(seconds=1)) == {"1.0.0": found}
    assert kept.of("left-pad", DIGESTS, NOW + hour) == {"1.0.0": lasting}
    assert kept.of("right-pad", DIGESTS, NOW) == {}


def test_what_is_told_of_some_bytes_is_not_told_of_others_of_the_same_version() -> None:
    kept = Told()
    kept.keep("left-pad", DIGESTS["1.0.0"], Dependencies({"helper": ""}), NOW)
    assert kept.of("left-pad", {"1.0.0": "c" * 128}, NOW) == {}


def test_what_was_told_stays_beside_what_is_told_later_and_the_newer_word_counts() -> None:
    kept = Told()
    kept.keep("left-pad", DIGESTS["1.0.0"], Dependencies({"a": "young"}, {"b": "away"}), NOW)
    kept.keep("left-pad", DIGESTS["1.0.0"], Dependencies({"b": "installs", "c": ""}), NOW)
    told = Dependencies({"a": "young", "b": "installs", "c": ""})
    assert kept.of("left-pad", DIGESTS, NOW) == {"1.0.0": told}
