"""Tags lead to visible versions, and to no other kind of them than before where that can be."""

from __future__ import annotations

import time

import pytest

from pratique.proxy.tags import repaired

EVERY = (
    "0.9.0", "1.0.0", "1.1.0", "1.2.0-rc.1", "1.2.0", "2.0.0-beta.1", "2.0.0-beta.2",
    "2.0.0-rc.1", "2.0.0", "2.1.0", "2.1.1", "3.0.0-dev.20260101", "3.0.0-dev.20260102", "3.0.0",
)  # fmt: skip


def without(*hidden: str) -> list[str]:
    return [version for version in EVERY if version not in hidden]


def latest(target: str, visible: list[str]) -> str | None:
    return repaired({"latest": target}, visible, EVERY).get("latest")


def test_tags_on_visible_versions_stay_as_they_are_and_in_order() -> None:
    tags = {"next": "3.0.0-dev.20260102", "latest": "2.1.1", "old": "0.9.0"}
    found = repaired(tags, EVERY, EVERY)
    assert list(found.items()) == list(tags.items())


@pytest.mark.parametrize(
    ("target", "visible", "expected"),
    [
        ("2.1.1", without("2.1.1"), "2.1.0"),
        ("2.1.1", without("2.1.1", "2.1.0"), "2.0.0"),
        ("2.1.1", without("2.1.1", "2.1.0", "2.0.0"), "1.2.0"),
        ("2.1.0", ["1.0.0", "2.1.1", "3.0.0"], "2.1.1"),
        ("2.0.0", ["1.0.0", "2.1.0", "2.1.1"], "2.1.0"),
        ("2.1.1", ["0.9.0", "1.0.0", "3.0.0"], "1.0.0"),
        ("1.0.0", ["2.0.0", "2.1.1", "3.0.0"], "2.1.1"),
        ("3.0.0", without("3.0.0"), "2.1.1"),
        ("2.1.1", ["2.0.0-beta.1", "2.0.0-rc.1", "3.0.0-dev.20260101"], "2.0.0-rc.1"),
        ("0.9.0", ["2.0.0-beta.1", "3.0.0-dev.20260101"], "3.0.0-dev.20260101"),
        ("2.0.0-rc.1", without("2.0.0-rc.1"), "2.0.0"),
        ("2.1.1", [], None),
    ],
)
def test_latest_moves_to_the_nearest_stable_version(
    target: str, visible: list[str], expected: str | None
) -> None:
    assert expected == latest(target, visible)


@pytest.mark.parametrize(
    ("target", "visible", "expected"),
    [
        ("3.0.0-dev.20260102", without("3.0.0-dev.20260102"), "3.0.0-dev.20260101"),
        ("2.0.0-beta.2", without("2.0.0-beta.2"), "2.0.0-beta.1"),
        ("2.0.0-rc.1", without("2.0.0-rc.1"), None),
        ("1.2.0", without("1.2.0"), "1.1.0"),
        ("2.0.0", without("2.0.0"), None),
        ("1.2.0-rc.1", without("1.2.0-rc.1"), None),
    ],
)
def test_another_tag_moves_within_its_major_and_kind_or_goes(
    target: str, visible: list[str], expected: str | None
) -> None:
    assert expected == repaired({"next": target}, visible, EVERY).get("next")


def test_a_tag_on_a_version_that_the_upstream_does_not_have_goes() -> None:
    assert repaired({"latest": "9.9.9", "x": "v1.0.0"}, EVERY, EVERY) == {}


@pytest.mark.parametrize("tag", ["", "2.1.1", "v2.1.1", "^1.0.0", "1", "1.x", "*", ">=1", "x"])
def test_a_tag_that_is_itself_a_version_or_a_range_goes(tag: str) -> None:
    assert repaired({tag: "1.0.0"}, without("2.1.1"), EVERY) == {}


def test_a_tag_that_only_looks_like_a_range_stays() -> None:
    tags = {"xtreme": "1.0.0", "v-next": "1.0.0", "1-lts-latest": "1.0.0"}
    assert set(repaired(tags, EVERY, EVERY)) >= {"xtreme", "v-next"}


def test_what_is_no_version_is_never_chosen() -> None:
    every = ("1.0.0", "nonsense", "2.0.0")
    assert repaired({"latest": "2.0.0"}, ["1.0.0", "nonsense"], every) == {"latest": "1.0.0"}
    assert repaired({"latest": "nonsense", "x": "nonsense"}, ["1.0.0"], every) == {
        "latest": "1.0.0"
    }


def test_many_tags_on_many_hidden_versions_take_no_time() -> None:
    every = [f"1.{minor}.0-pr{minor}.1" for minor in range(3000)]
    tags = {f"pr-{version}": version for version in every}
    repaired(tags, every[::2], every)
    start = time.process_time()
    repaired(tags, every[::2], every)
    assert time.process_time() - start < 0.5
