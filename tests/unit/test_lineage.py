"""Which earlier versions a release is compared with (DECISIONS 12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.versions import Order, ascending, line_of, order_of
from pratique.lineage import earlier_of, of_locked, of_locked_above, of_published


@pytest.mark.parametrize(
    ("version", "published", "before"),
    [
        # the highest lower one of the line, by semver and not by text or time
        ("1.2.3", ["1.2.2", "1.2.1"], "1.2.2"),
        ("1.10.0", ["1.9.0", "1.2.0", "1.11.0"], "1.9.0"),
        ("1.2.3", ["1.2.3", "1.2.4", "1.3.0"], None),
        ("1.2.3", ["1.0.0", "2.0.0"], "1.0.0"),
        # a new major is compared with the highest lower line
        ("2.0.0", ["1.2.2", "0.9.0"], "1.2.2"),
        ("3.0.0", ["1.2.2", "2.0.0", "2.4.1", "1.9.9"], "2.4.1"),
        ("2.1.0", ["1.9.9", "2.0.0"], "2.0.0"),
        # below 1.0.0 a minor version is a line of its own
        ("0.3.1", ["0.3.0", "0.2.9"], "0.3.0"),
        ("0.3.0", ["0.2.9", "0.1.0"], "0.2.9"),
        ("1.0.0", ["0.3.0", "0.10.2"], "0.10.2"),
        # 0.0.x is one line
        ("0.0.7", ["0.0.3", "0.0.6"], "0.0.6"),
        ("0.1.0", ["0.0.6"], "0.0.6"),
        # a prerelease: its own line's stable ones, then the line below
        ("1.3.0-rc.1", ["1.2.2", "1.3.0-rc.0", "1.3.0"], "1.2.2"),
        ("2.0.0-rc.1", ["1.2.2", "2.0.0-rc.0"], "1.2.2"),
        ("1.0.0-rc.1", ["0.9.0", "0.8.0"], "0.9.0"),
        ("0.2.1-beta", ["0.2.0", "0.1.0"], "0.2.0"),
        # a stable one is never compared with a prerelease where there is a stable one
        ("1.3.0", ["1.2.2", "1.3.0-rc.1"], "1.2.2"),
        ("2.0.0", ["1.2.2", "2.0.0-rc.9"], "1.2.2"),
        # and with one where there is nothing else
        ("1.0.0", ["1.0.0-rc.1", "1.0.0-rc.2"], "1.0.0-rc.2"),
        ("1.0.0-rc.2", ["1.0.0-rc.1", "1.0.0-rc.10"], "1.0.0-rc.1"),
        # nothing below, nothing known, nothing that is a version
        ("1.0.0", [], None),
        ("1.0.0", ["1.0.0+build"], None),
        ("1.2.3", ["latest", "1.2", "1.2.2"], "1.2.2"),
        ("latest", ["1.2.2"], None),
        ("", ["1.2.2"], None),
    ],
)
def test_the_release_before_a_release(
    version: str, published: list[str], before: str | None
) -> None:
    """What was withdrawn is not among the published ones, and so is nothing to compare with."""
    assert of_published(version, published) == before
    assert of_published(version, reversed(published)) == before


@pytest.mark.parametrize(
    ("version", "locked", "known"),
    [
        ("1.2.3", ["1.2.2"], ("1.2.2",)),
        # all of the line together
        ("1.2.3", ["1.2.2", "1.0.0", "2.0.0", "0.9.0"], ("1.0.0", "1.2.2")),
        # a downgrade is compared with what is higher, and is not skipped
        ("1.2.1", ["1.2.2"], ("1.2.2",)),
        ("1.2.2", ["1.2.2"], ("1.2.2",)),
        # none of the line: all of the highest line below
        ("2.0.0", ["1.2.2", "1.0.0", "0.9.0"], ("1.0.0", "1.2.2")),
        ("0.3.0", ["0.2.9", "0.1.0"], ("0.2.9",)),
        ("0.0.7", ["0.0.3", "0.0.6"], ("0.0.3", "0.0.6")),
        # a line above says nothing
        ("1.2.3", ["2.0.0"], ()),
        ("0.2.0", ["0.3.0"], ()),
        # a prerelease is of its own stable's line
        ("1.3.0-rc.1", ["1.2.2"], ("1.2.2",)),
        ("2.0.0-rc.1", ["1.2.2"], ("1.2.2",)),
        ("1.2.3", [], ()),
        ("nightly", ["1.2.2"], ()),
    ],
)
def test_the_locked_versions_that_a_release_is_compared_with(
    version: str, locked: list[str], known: tuple[str, ...]
) -> None:
    assert of_locked(version, locked) == known


def order(version: str) -> Order:
    found = order_of(version)
    assert found is not None
    return found


VERSIONS = st.builds(
    lambda major, minor, patch, rc: f"{major}.{minor}.{patch}{'-rc.1' if rc else ''}",
    st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.booleans(),
)  # fmt: skip


@given(VERSIONS, st.lists(VERSIONS, max_size=8))
def test_the_release_before_is_lower_and_of_the_highest_line_that_has_a_stable_one(
    version: str, published: list[str]
) -> None:
    found = of_published(version, published)
    lower = [each for each in ascending(published) if order(each) < order(version)]
    assert (found is None) == (not lower)
    stable = [each for each in lower if "-" not in each]
    if found and stable:
        assert found == stable[-1]
        own = [each for each in stable if line_of(each) == line_of(version)]
        assert not own or found == own[-1]


@given(VERSIONS, st.lists(VERSIONS, max_size=8))
def test_locked_versions_that_count_are_all_of_one_line(version: str, locked: list[str]) -> None:
    found = of_locked(version, locked)
    assert len({line_of(each) for each in found}) <= 1
    assert found == tuple(ascending(found))
    if line_of(version) in {line_of(each) for each in locked}:
        assert {line_of(each) for each in found} == {line_of(version)}


@pytest.mark.parametrize(
    ("version", "locked", "above"),
    [
        ("1.0.0", ["2.1.0", "2.0.0", "3.0.0"], ("2.0.0", "2.1.0")),
        ("0.1.0", ["0.2.0", "1.0.0"], ("0.2.0",)),
        ("1.0.0", ["0.1.0"], ()),
        ("1.0.0", [], ()),
        ("no version", ["1.0.0", "2.0.0"], ("1.0.0",)),
    ],
)
def test_where_nothing_is_below_the_lowest_locked_line_above_is_left(
    version: str, locked: list[str], above: tuple[str, ...]
) -> None:
    assert of_locked_above(version, locked) == above


NUMBERS = st.integers(0, 2).map(str)
ENDS = st.sampled_from(["", "", "-beta.1", "-rc.1", "+a", "+b"])
VERSIONS = st.builds(
    "{}{}.{}.{}{}".format, st.sampled_from(["", "v"]), NUMBERS, NUMBERS, NUMBERS, ENDS
)


@given(st.lists(VERSIONS, unique=True), VERSIONS)
def test_what_comes_below_comes_in_the_order_of_what_it_would_be_compared_with(
    several: list[str], version: str
) -> None:
    left, chosen = list(several), list[str]()
    while (nearest := of_published(version, left)) is not None:
        chosen.append(nearest)
        left.remove(nearest)
    assert list(earlier_of(version, ascending(several))) == chosen
