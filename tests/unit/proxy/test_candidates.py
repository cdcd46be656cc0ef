"""Which releases a resolver would pick."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pratique.proxy.candidates import MOST_LINES, candidates


@pytest.mark.parametrize(
    ("tags", "visible", "expected"),
    [
        ({}, [], []),
        ({}, ["1.0.0", "1.2.0", "1.1.9"], ["1.2.0"]),
        ({}, ["1.9.0", "1.10.0"], ["1.10.0"]),
        ({}, ["1.0.0", "2.0.0", "3.0.0"], ["3.0.0", "2.0.0", "1.0.0"]),
        ({"latest": "1.0.0"}, ["1.0.0", "2.0.0"], ["1.0.0", "2.0.0"]),
        ({"latest": "2.0.0"}, ["1.0.0", "1.1.0"], ["1.1.0"]),
        ({"next": "2.0.0-rc.1"}, ["1.0.0", "2.0.0-rc.1"], ["1.0.0", "2.0.0-rc.1"]),
        ({}, ["1.0.0", "2.0.0-rc.1"], ["1.0.0"]),
        ({"old": "1.0.0"}, ["1.0.0", "1.1.0"], ["1.1.0", "1.0.0"]),
        ({"a": "1.0.0", "b": "1.0.0"}, ["1.0.0"], ["1.0.0"]),
        ({"latest": "nonsense"}, ["nonsense", "1.0.0"], ["nonsense", "1.0.0"]),
        # Below 1.0.0 a caret keeps to the minor version, and below 0.1.0 to the patch.
        ({}, ["0.1.0", "0.1.5", "0.2.0"], ["0.2.0", "0.1.5"]),
    ],
)
def test_the_candidates_are_what_tags_and_ranges_lead_to(
    tags: Mapping[str, str], visible: list[str], expected: list[str]
) -> None:
    assert list(candidates(tags, visible)) == expected


def test_only_the_highest_lines_have_candidates_of_their_own() -> None:
    visible = [f"{major}.0.0" for major in range(1, 40)]
    found = candidates({"old": "1.0.0"}, visible)
    assert found[:MOST_LINES] == tuple(reversed(visible))[:MOST_LINES]
    assert found[MOST_LINES:] == ("1.0.0",)


def test_the_order_in_which_versions_come_does_not_matter() -> None:
    visible = ["2.0.0", "1.0.0", "1.5.0", "3.0.0-rc.1"]
    assert candidates({}, visible) == candidates({}, visible[::-1])


def test_of_the_same_versions_it_is_told_for_each_that_hides_some() -> None:
    every = ("1.0.0", "2.0.0-rc.1", "1.1.0", "2.0.0", "v1.1.0", "3.0.0", "nonsense")
    for hidden in ((), ("3.0.0",), ("1.1.0",), ("v1.1.0", "2.0.0"), every):
        visible = [each for each in every if each not in hidden]
        tags = {"latest": "2.0.0", "next": "2.0.0-rc.1"}
        assert candidates(tags, visible, every) == candidates(tags, visible)
