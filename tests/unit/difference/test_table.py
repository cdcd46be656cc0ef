"""The table of what a gain leads to: read whole or not at all, and never weaker for the young."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest

from pratique.difference import table
from pratique.difference.table import FILE, ROWS, read_table
from pratique.model.behavior import Step
from pratique.model.policy import Action

SHIPPED = files("pratique").joinpath(FILE).read_text(encoding="utf-8")
Edit = Callable[[str], str]


def test_it_has_a_row_for_each_condition_with_its_words_and_every_step() -> None:
    rows = table().rows
    assert list(rows) == list(ROWS)
    assert all(row.when for row in rows.values())
    assert all(set(row.actions) == set(Step) for row in rows.values())


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("step", Step)
def test_a_young_release_is_never_judged_weaker(row: str, step: Step) -> None:
    young, older = table().rows[row].actions[step]
    assert young >= older


@pytest.mark.parametrize("step", Step)
def test_the_rows_keep_their_order_of_weight(step: Step) -> None:
    """What is rarer in benign updates, or more of it, is never judged weaker."""
    for stronger, weaker in (
        ("unanalysable", "hard"),
        ("hard", "tier-a"),
        ("tier-a", "tier-b"),
        ("tier-b", "tier-c"),
        ("tier-c", "light"),
        ("chain", "tier-a"),
        ("several", "tier-b"),
        ("unknown-past-hard", "unknown-past"),
    ):
        pair = zip(
            table().rows[stronger].actions[step], table().rows[weaker].actions[step], strict=True
        )
        assert all(more >= less for more, less in pair), f"{stronger} < {weaker}"


def test_other_bytes_under_a_known_version_are_never_judged_weaker_than_a_patch() -> None:
    for row in table().rows.values():
        pair = zip(row.actions[Step.SAME], row.actions[Step.PATCH], strict=True)
        assert all(same >= patch for same, patch in pair), row.name


def test_light_gains_are_recorded_at_most() -> None:
    actions = table().rows["light"].actions.values()
    assert all(each <= Action.OBSERVE for pair in actions for each in pair)


def replaced(old: str, new: str) -> Edit:
    assert old in SHIPPED
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (replaced('young = "14 days"', ""), "`young` or a row is missing"),
        (replaced('"14 days"', '"14"'), "`young` or a row is missing"),
        (replaced('"14 days"', "14"), "`young` or a row is missing"),
        (replaced("[row.light]", "[row.heavy]"), "`young` or a row is missing"),
        (lambda text: text.partition("[row.light]")[0], "`young` or a row is missing"),
        (lambda text: text + '\n[row.more]\nwhen = "x"\n', "a row is unknown"),
        (replaced('same = ["block", "block"]\n', ""), "row.unanalysable has to name every step"),
        (lambda text: text + 'later = ["off", "off"]\n', "row.unknown-past-hard has to name"),
        (replaced('["block", "block"]', '["warn", "block"]'), "the one of the young not weaker"),
        (replaced('["block", "block"]', '["block"]'), "gives two actions"),
        (replaced('["block", "block"]', '"block"'), "gives two actions"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(edit: Edit, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_table(edit(SHIPPED))


@pytest.mark.parametrize(
    "edit",
    [replaced('["block", "block"]', '["blok", "block"]'), replaced('when = "the', 'say = "the')],
)
def test_an_action_or_a_key_that_is_not_ours_is_refused(edit: Edit) -> None:
    with pytest.raises((ValueError, KeyError)):
        read_table(edit(SHIPPED))
