"""Which names are a user's own, and which can be taken for one of them."""

from __future__ import annotations

import random
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.ownership import Ownership, is_one_edit, skeleton

OWN = ("corp-lib", "@corp-tools/lib", "@widgets", "tool")


@pytest.mark.parametrize("name", ["corp-lib", "@corp-tools/lib", "@widgets/anything", "tool"])
def test_listed_names_and_everything_in_a_listed_scope_are_owned_and_nothing_else_is(
    name: str,
) -> None:
    whose = Ownership(OWN)
    assert whose.is_owned(name)
    assert whose.alike(name) is None
    for other in ("@corp-tools/other", "corp-lib2", "lib", "@other/corp-lib", ""):
        assert not whose.is_owned(other)


def test_a_family_owns_what_begins_like_it_and_has_no_look_alikes() -> None:
    whose = Ownership(["corp-*", "tool"])
    assert whose.is_owned("corp-lib")
    assert not whose.is_owned("corporate")
    assert not whose.is_owned("corp")
    assert whose.alike("c0rp-lib") is None
    assert whose.alike("t00l") == "tool"
    assert not Ownership(["tool"]).is_owned("tool-x")


@pytest.mark.parametrize(
    ("name", "own"),
    [
        *((each, "corp-lib") for each in ("Corp.Lib", "corplib", "corp_lib", "CORP-LIB")),
        *((each, "corp-lib") for each in ("c0rp-lib", "corp-1ib", "corp-llb", "corp-Iib")),
        *((each, "corp-lib") for each in ("corp-libs", "cor-lib", "corp-lob", "copr-lib")),
        ("c\u043erp-lib", "corp-lib"),
        ("co\u0308rp-lib", "corp-lib"),
        ("lib", "@corp-tools/lib"),
        ("LIB", "@corp-tools/lib"),
        ("@c0rp-tools/lib", "@corp-tools/lib"),
        ("@corq-tools/lib", "@corp-tools/lib"),
        ("corp-tools-lib", "@corp-tools/lib"),
        ("@w1dgets/lib", "@widgets"),
        ("@Widgets/x", "@widgets"),
        ("@widget/x", "@widgets"),
        ("@wigdets/x", "@widgets"),
        ("t00l", "tool"),
        ("Tool", "tool"),
    ],
)
def test_a_name_that_looks_like_an_own_one_is_told_with_it(name: str, own: str) -> None:
    assert Ownership(OWN).alike(name) == own
    assert Ownership([own]).alike(name) == own


@pytest.mark.parametrize(
    ("name", "own"),
    [("modem", "rnodern"), ("vviki", "wiki"), ("clata", "data"), ("base64x", "ba5e64x")],
)
def test_letters_that_look_like_others_do_not_count(name: str, own: str) -> None:
    assert Ownership([own]).alike(name) == own


@pytest.mark.parametrize(
    "name",
    [
        "tools",  # one edit away from a name of four characters
        "corp-libssx",
        "corp-utils",
        "@corp-tools/libs",  # a name of a scope has the scope's owner
        "@other/tool",
        "@widgets-of/x",
        "unrelated",
        "",
        "@",
    ],
)
def test_what_is_further_away_is_nobodys_look_alike(name: str) -> None:
    assert Ownership(OWN).alike(name) is None


def test_what_is_listed_as_anothers_is_no_look_alike_as_a_name_or_a_scope() -> None:
    whose = Ownership(OWN, ("lib", "@w1dgets"))
    assert [None, None, "@widgets"] == [whose.alike(x) for x in ("lib", "@w1dgets/x", "@widgetz/x")]


def test_who_owns_nothing_has_no_look_alikes() -> None:
    assert Ownership(()).alike("anything") is None


def test_what_is_remembered_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pratique.ecosystems.npm.ownership._MOST_REMEMBERED", 10)
    whose = Ownership(["corp-lib"])
    assert ["corp-lib"] * 40 == [whose.alike(f"corp-lib{each % 7}") for each in range(40)]
    for each in range(40):
        whose.alike(f"name-{each}")
    assert len(whose._alike) <= 10


WORDS = st.text("abc", max_size=6)


def edits(word: str) -> set[str]:
    """Every text that one edit makes of `word`, by trying all."""
    cut = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    less = {a + b[1:] for a, b in cut if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cut if len(b) > 1}
    other = {a + letter + b[1:] for a, b in cut if b for letter in "abc"}
    more = {a + letter + b for a, b in cut for letter in "abc"}
    return (less | swapped | other | more) - {word}


@given(WORDS, WORDS)
def test_one_edit_is_a_letter_more_less_or_other_or_two_swapped(one: str, other: str) -> None:
    assert is_one_edit(one, other) == (other in edits(one))
    assert is_one_edit(one, other) == is_one_edit(other, one)


@given(st.text("abcmrvw01-_.", min_size=5, max_size=12), st.data())
def test_a_look_alike_is_found_whichever_edit_made_it(own: str, data: st.DataObject) -> None:
    folded = skeleton(own)
    near = sorted(x for x in edits(folded) if x and skeleton(x) == x)
    if near and len(folded) > 1:
        assert Ownership([own]).alike(data.draw(st.sampled_from(near))) == own


def test_thousands_of_own_names_are_looked_through_at_once() -> None:
    draw = random.Random(5)  # noqa: S311 - names for a test
    own = ["".join(draw.choices(ascii_lowercase, k=14)) for _ in range(5000)]
    whose = Ownership(own)
    assert [own[7]] * 14 == [whose.alike(own[7][:at] + own[7][at + 1 :]) for at in range(14)]
