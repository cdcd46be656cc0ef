"""A decision's id and the chain over the record."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.recorded import decision

from pratique.model.action import Verdict
from pratique.proxy.decision import Door, chained, decision_id

OTHER_GROUNDS = [
    {"registry": "https://other.example/"},
    {"name": "right-widget"},
    {"version": "1.0.2"},
    {"sha512": None},
    {"verdict": Verdict.QUARANTINE},
    {"rules": ("release-age/too-new",)},
    {"rules": ("behavior/new-capability", "release-age/too-new")},
    {"facts": "0" * 64},
    {"policy": "0" * 64},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_an_id_is_sixteen_letters_and_digits() -> None:
    assert re.fullmatch(r"[a-z2-7]{16}", decision().id)
    assert decision().id == decision_id(decision())


@pytest.mark.parametrize("more", OTHER_GROUNDS, ids=str)
def test_other_grounds_have_another_id(more: dict[str, Any]) -> None:
    assert decision(**more).id != decision().id


def test_the_time_the_door_and_the_words_are_no_grounds() -> None:
    same = decision(
        at=decision().at + timedelta(days=1), door=Door.ARTIFACT, text="other words", findings=()
    )
    assert same.id == decision().id


def test_an_id_that_is_given_stays() -> None:
    from dataclasses import replace

    assert replace(decision(), name="right-widget").id == decision().id


def test_parts_that_only_read_alike_have_other_ids() -> None:
    assert decision(name="a", version="b,c").id != decision(name="a,b", version="c").id


@given(st.dictionaries(st.text(), JSON), st.dictionaries(st.text(), JSON))
def test_equal_rows_and_only_they_lead_to_equal_heads(one: dict[str, Any], two: Any) -> None:
    again = dict(reversed(one.items()))
    assert chained("", one) == chained("", again)
    assert (chained("", one) == chained("", two)) == (_exact(one) == _exact(two))


def _exact(node: object) -> object:
    """Values that tell `True` from 1."""
    if isinstance(node, dict):
        return {key: _exact(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_exact(value) for value in node]
    return (type(node), node)


def test_a_head_depends_on_the_one_before() -> None:
    assert chained("", {}) != chained("0" * 64, {})
