from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm import versions


def _fixtures(shared: Path) -> dict[str, list[list[object]]]:
    file = shared / "vectors/advisories-and-sbom/node-semver/fixtures.json"
    loaded: dict[str, list[list[object]]] = json.loads(file.read_text("utf-8"))
    return loaded


def _includes_prereleases(row: list[object]) -> bool:
    return len(row) > 2 and isinstance(row[2], dict) and bool(row[2].get("includePrerelease"))


@pytest.mark.shared
@pytest.mark.parametrize(("table", "answer"), [("range-include", True), ("range-exclude", False)])
def test_satisfaction_agrees_with_node_semvers_own_table(
    shared: Path, table: str, answer: bool
) -> None:
    rows = [row for row in _fixtures(shared)[table] if not _includes_prereleases(row)]
    assert len(rows) > 80
    told = [
        (wanted, version, versions.satisfies(version, wanted))
        for wanted, version, *_ in rows
        if isinstance(wanted, str) and isinstance(version, str) and versions.is_version(version)
    ]
    # In loose mode a few rows that node-semver excludes in strict mode are prereleases written
    # without a hyphen; none of them may be admitted.
    assert [row for row in told if row[2] is not answer] == []


@pytest.mark.shared
def test_order_agrees_with_node_semvers_own_table(shared: Path) -> None:
    for higher, lower, *_ in _fixtures(shared)["comparisons"]:
        assert versions.ascending([str(higher), str(lower)]) == [lower, higher]
    for one, other, *_ in _fixtures(shared)["equality"]:
        assert versions.order_of(str(one)) == versions.order_of(str(other))


@pytest.mark.shared
def test_what_node_semver_refuses_is_not_a_version(shared: Path) -> None:
    for text, *_ in _fixtures(shared)["invalid-versions"]:
        if isinstance(text, str):
            assert not versions.is_version(text)


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("2.1.0", "2"),
        ("2.1.0-rc.1", "2"),
        ("0.3.1", "0.3"),
        ("0.0.9", "0.0"),
        ("0.0.1-alpha", "0.0"),
        ("1.0.0+build", "1"),
        ("v1.0.0", "1"),
        ("latest", None),
        ("1.2", None),
        ("", None),
    ],
)
def test_a_line_is_the_major_or_the_minor_below_one(version: str, line: str | None) -> None:
    assert versions.line_of(version) == line


@pytest.mark.parametrize(
    ("version", "wanted", "answer"),
    [
        ("1.2.3", "^1.2.0", True),
        ("1.2.3", "", True),
        ("1.2.3", "*", True),
        ("1.2.3", "1.2.3 || 3", True),
        ("2.0.0", "^1", False),
        ("2.0.0-rc.1", "^1 || ^2", False),
        ("2.0.0-rc.2", "^2.0.0-rc.1", True),
        ("1.2.3", "latest", None),
        ("1.2.3", "npm:other@1", None),
        ("1.2.3", "git+ssh://host.example/a.git#semver:^1", None),
        ("not-a-version", "*", None),
        ("1.2.3", "^" * 300, None),
        ("9" * 17 + ".0.0", "*", None),
        (f"{2**53}.0.0", "*", None),
        (f"{2**53 - 1}.0.0", "*", True),
        ("1.2.3", "\uff11.2.3", None),
    ],
)
def test_what_cannot_be_told_is_none(version: str, wanted: str, answer: bool | None) -> None:
    assert versions.satisfies(version, wanted) is answer


_PART = st.integers(min_value=0, max_value=50)
_TAG = st.lists(st.sampled_from(["alpha", "beta", "rc", "0", "1", "11", "2"]), max_size=3)
_VERSION = st.builds(
    lambda a, b, c, tag: f"{a}.{b}.{c}" + ("-" + ".".join(tag) if tag else ""),
    _PART, _PART, _PART, _TAG,
)  # fmt: skip


@given(_VERSION)
def test_every_version_satisfies_itself_and_nothing_below(version: str) -> None:
    assert versions.satisfies(version, version) is True
    assert versions.satisfies(version, f"<{version}") is False


@given(st.lists(_VERSION, max_size=8))
def test_ascending_agrees_with_ranges(several: list[str]) -> None:
    for lower, higher in pairwise(versions.ascending(several)):
        assert versions.is_prerelease(lower) or versions.satisfies(lower, f"<={higher}")
        assert versions.satisfies(higher, f"<{lower}") is False


@given(st.text(max_size=300), st.text(max_size=300))
def test_nothing_from_outside_raises(version: str, wanted: str) -> None:
    assert versions.satisfies(version, wanted) in {True, False, None}
    assert versions.satisfies("1.2.3", wanted) in {True, False, None}
    versions.line_of(version)
