"""What counts as changed between two states of a repository."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import pin, project

from pratique.comparison import changed_pins
from pratique.model.pin import Pin
from pratique.model.project import Repository

ALIASED = replace(pin("left-pad", "1.3.0"), alias="pad")


def changed(head: Pin, base: Pin) -> frozenset[tuple[str, str]]:
    return changed_pins(Repository((project(head),)), Repository((project(base),)))


def test_a_further_name_for_a_release_that_has_one_is_a_change() -> None:
    more = replace(ALIASED, more_aliases=("lodash",))
    assert changed(more, ALIASED) == {("", more.key)}


def test_the_order_of_further_names_is_none() -> None:
    one = replace(ALIASED, more_aliases=("a", "b"))
    other = replace(ALIASED, more_aliases=("b", "a"))
    assert changed(one, other) == frozenset()
