"""An appended exemption re-reads to itself, and the rest of the file stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.config.policies import HEX, VALID

from pratique.config import append_exemption, read_policy
from pratique.layers import rules
from pratique.model.duration import format_duration, parse_duration
from pratique.model.package import Package, Release
from pratique.model.policy import Exemption

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLAIN = Exemption("release-age/too-new", "pkg:npm/left@1.0.0", HEX, "r", "o", date(2026, 12, 1))

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda x: x.strip())
exemptions = st.builds(
    Exemption,
    rule=st.sampled_from(sorted(rules())),
    purl=st.builds(
        lambda scope, name, version: Release(Package(scope + name), version).purl,
        st.sampled_from(["", "@corp/"]),
        st.text("abc._-", min_size=1),
        st.from_regex(r"[0-9]\.[0-9]\.[0-9](-rc\.1)?(\+b)?", fullmatch=True),
    ),
    sha512=st.just(HEX),
    reason=words,
    owner=words,
    until=st.dates(date(2000, 1, 1), date(2027, 2, 20)),
    advisory=st.none() | words,
)


@given(exemptions)
def test_an_appended_exemption_is_read_as_it_was(exemption: Exemption) -> None:
    policy = read_policy(append_exemption("", exemption).encode(), "x.toml", now=NOW)
    assert [replace(each, where=None) for each in policy.exemptions] == [exemption]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", VALID)
def test_the_rest_of_the_file_stays(name: str, newline: str) -> None:
    text = f"# kept  {newline}" + VALID[name].replace("\n", newline) + "# no newline after this"
    before = read_policy(text.encode(), "x.toml", now=NOW)
    longer = append_exemption(text, PLAIN)
    assert longer.startswith(text)
    assert longer.count("\n") == (longer.count("\r\n") if newline == "\r\n" else longer.count("\n"))
    after = read_policy(longer.encode(), "x.toml", now=NOW)
    assert after.exemptions[:-1] == before.exemptions
    assert replace(after.exemptions[-1], where=None) == PLAIN
    assert replace(after, exemptions=(), digest="") == replace(before, exemptions=(), digest="")


@given(st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)))
def test_a_duration_reads_back(span: timedelta) -> None:
    text = format_duration(span)
    if len(text.split()[0]) <= 6:
        assert parse_duration(text) == span


@pytest.mark.parametrize(
    ("text", "hours"),
    [("1 day", 24), ("1 days", 24), ("2 weeks", 336), ("36 hours", 36), ("90 minutes", 1.5)],
)
def test_durations_have_units(text: str, hours: float) -> None:
    assert parse_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text", ["", "3", "3d", "3days", " 3 days", "1.5 days", "3 Days", "٣ days"]
)
def test_other_spellings_are_no_durations(text: str) -> None:
    assert parse_duration(text) is None
