"""What `accept` says: short, whatever was accepted, and harmless to a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.ledger.lines import analysis, release

from pratique import difference
from pratique.model.acceptance import Refused, Taken
from pratique.model.behavior import Baseline, Origin, Seen
from pratique.reports import acceptance_text
from pratique.reports.layout import columns

NOTHING = Baseline(Origin.NONE)
BEFORE = Baseline(Origin.LEDGER, versions=("1.0.0",))
MANY = tuple(f"secret.path:{number:02}" for number in range(20))


def taken(version: str, *capabilities: str, known: Baseline = BEFORE, odd: str = "") -> Taken:
    evidence = tuple(Seen(each, "lib/a.js", 3, "code") for each in sorted(capabilities))
    found = analysis(*capabilities, evidence=evidence)
    seen = difference.compare("left-widget", version, found, known)
    return Taken(release(version), seen, odd)


def test_each_gain_stands_beside_the_place_that_shows_it() -> None:
    lines = list(acceptance_text.reviewed([taken("1.0.1", "secret.path:ssh", "fs.read")], 80))
    assert lines == [
        "left-widget@1.0.1  compared with 1.0.0: gained 2",
        "    A secret.path:ssh  lib/a.js:3",
        "    C fs.read          lib/a.js:3",
    ]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (taken("1.0.1"), "compared with 1.0.0: nothing new"),
        (taken("1.0.0"), "other bytes were accepted: nothing new"),
        (replace(taken("1.0.0"), again=True), "accepted before"),
        (taken("1.0.0", known=NOTHING), "nothing to compare with"),
        (taken("1.0.0", "secret.path:ssh", known=NOTHING), "nothing to compare with: 1 of tier A"),
    ],
)
def test_what_it_was_compared_with_is_said(what: Taken, said: str) -> None:
    (first, *_) = acceptance_text.reviewed([what], 80)
    assert first.endswith(f"  {said}")


def test_many_gains_and_many_releases_are_counted() -> None:
    lines = list(acceptance_text.reviewed([taken("1.0.1", *MANY)] * 30, 80))
    assert lines[7] == "    and 14 more"
    assert len(lines) == 20 * 8 + 1
    assert lines[-1] == "and 10 more releases"


def test_of_what_nobody_looked_at_those_with_most_of_tier_a_are_named() -> None:
    dull = [taken(f"2.0.{number}", "fs.read", known=NOTHING) for number in range(5)]
    grave = [taken(f"3.0.{number}", *MANY[: number + 1], known=NOTHING) for number in range(12)]
    lines = list(acceptance_text.first([*dull, *grave], 80))
    assert lines[0].startswith("17 releases of 1 package accepted as they are")
    assert lines[2] == "12 of them can do something of tier A; look at these first:"
    assert lines[3].startswith("    pratique inspect left-widget@3.0.11  secret.path:00, ")
    assert lines[-1] == "    and 2 more"
    assert not any("2.0.1" in line for line in lines)


def test_foreign_text_moves_no_cursor_and_no_line_is_too_wide() -> None:
    bad = "\x1b[31m\u202e\n" + "x" * 300
    what = taken("1.0.1" + bad, f"secret.path:{bad}", odd=bad)
    refused = [Refused(release("1.0.0" + bad), bad)]
    for width in (40, 80):
        lines = [
            *acceptance_text.reviewed([what], width),
            *acceptance_text.first([what], width),
            *acceptance_text.refused(refused, width),
        ]
        assert all(columns(line) <= width for line in lines)
        assert all(line.isprintable() for line in lines)
