"""Which release a tag or a range stands for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import NOW
from tests.registry import Registry, faults

from pratique.gather.documents import Listed, Packument
from pratique.gather.npm import How
from pratique.gather.picking import gather_picks, pick
from pratique.gather.times import Cutoffs
from pratique.model.fact import Missing, Why
from pratique.model.package import Package, Release
from pratique.model.registry import Registries

HOW = How(Cutoffs(NOW, NOW))
LISTED = {
    "1.0.0": Listed(),
    "1.2.0": Listed(),
    "1.3.0": Listed(deprecated="broken"),
    "2.0.0-rc.1": Listed(),
    "3.0.0": Listed(deprecated=True),
}


def packument(tags: Any = None) -> Packument:
    return Packument("left-widget", versions=LISTED, tags=tags)


PICKS = [
    (">=1.3.0", "3.0.0"),
    ("^1.0.0", "1.2.0"),
    ("", "1.2.0"),
    ("*", "1.2.0"),
    ("2.0.0-rc.1", "2.0.0-rc.1"),
    ("^4", None),
    ("next", None),
]


@pytest.mark.parametrize(("wanted", "version"), PICKS)
def test_a_range_is_its_highest_release_that_is_not_deprecated(
    wanted: str, version: str | None
) -> None:
    assert pick(wanted, packument()) == version


@pytest.mark.parametrize(
    ("tags", "version"),
    [
        ({"next": "2.0.0-rc.1"}, "2.0.0-rc.1"),
        ({"next": "9.9.9"}, None),
        ({"next": 7}, None),
        ({"next": ["1.0.0"]}, None),
        ("next", None),
        (None, None),
    ],
)
def test_a_tag_is_believed_where_it_names_a_release_that_is_there(
    tags: Any, version: str | None
) -> None:
    assert pick("next", packument(tags)) == version


def test_the_registry_is_asked_once_for_each_and_never_for_an_exact_version(
    registry: Registry,
) -> None:
    registry.publish("left-widget", "1.0.0")
    registry.publish("left-widget", "1.1.0")
    asked = [("left-widget", "^1"), ("left-widget", "latest"), ("left-widget", "1.0.0")]
    found = gather_picks(asked, Registries(registry.url), HOW)
    package = Package("left-widget")
    assert found == {
        asked[0]: Release(package, "1.1.0"),
        asked[1]: Release(package, "1.1.0"),
        asked[2]: Release(package, "1.0.0"),
    }
    assert len(registry.requests) == 2


def test_what_cannot_be_told_is_missing(registry: Registry) -> None:
    registry.publish("left-widget", "1.0.0")
    registry.publish("broken", "1.0.0")
    registry.fault(faults.malformed(), package="broken")
    asked = [("left-widget", "^2"), ("absent", "^1"), ("broken", "^1"), ("../x", "^1")]
    found = gather_picks(asked, Registries(registry.url), HOW)
    details = {key[0]: each.detail for key, each in found.items() if isinstance(each, Missing)}
    assert "^2 stands for" in details["left-widget"]
    assert "has no package of that name" in details["absent"]
    assert "no document of that package" in details["broken"]
    assert "it begins with '.'" in details["../x"]


def test_offline_nothing_is_picked(registry: Registry) -> None:
    how = How(Cutoffs(NOW, NOW), offline=True)
    (found,) = gather_picks([("left-widget", "^1")], Registries(registry.url), how).values()
    assert isinstance(found, Missing)
    assert found.why is Why.OFFLINE
    assert not registry.requests
