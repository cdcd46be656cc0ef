"""Which names of a file are given a value once."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.capabilities.trees import tree_of

from pratique.capabilities.code.constants import Constants

PLAINLY = re.compile(rb"(?<![\w$.])([A-Za-z_$][\w$]*+)\s*+(=(?![=>])|\+=|\+\+|--)")
"""The same in one pattern, which looks at every character."""
PARTS = st.sampled_from([
    b"a", b"b", b"$", b"_c", b"1", b".", b"=", b"==", b"=>", b"+=", b"++", b"--", b" ", b"\n", b"(",
    b"'", b"-", b"\xc3",
])  # fmt: skip


@given(st.lists(PARTS, max_size=16).map(b"".join))
def test_names_are_found_before_the_signs_that_give_them_a_value(code: bytes) -> None:
    found: dict[bytes, int | None] = {}
    for match in PLAINLY.finditer(code):
        once = match[1] not in found and match[2] == b"="
        found[match[1]] = match.start() if once else None
    assigned = Constants(code, tree_of(code))._assigned
    assert {name[::-1]: at for name, at in assigned.items()} == found


def test_a_name_of_any_length_is_not_taken_for_another() -> None:
    name = b"n" * 1000
    code = name + b" = 1; " + b"n" * 257 + b" = 2; short = 3;"
    assert Constants(code, tree_of(code))._assigned[b"trohs"] is not None
