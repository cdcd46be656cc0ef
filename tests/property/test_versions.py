"""The quick way to read a version gives what the library gives."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pratique.ecosystems.npm import versions
from pratique.ecosystems.npm.versions import order_of

NUMBER = st.integers(0, 10**16).map(str) | st.sampled_from(["0", "1", "01", "10", ""])
IDENTIFIER = st.text("0159abzAZ-", max_size=5)


@st.composite
def spelled(draw: st.DrawFn) -> str:
    numbers = ".".join(draw(st.lists(NUMBER, min_size=2, max_size=4)))
    before = draw(st.lists(IDENTIFIER, max_size=3))
    build = draw(st.sampled_from(["", "", "+b.1", "+"]))
    return numbers + ("-" + ".".join(before) if before else "") + build


@settings(max_examples=1000)
@example(text="1.0.0-0")
@example(text="1.0.0--")
@example(text="1.0.0-01a.2")
@example(text="999999999999999.0.0-999999999999999")
@given(text=spelled())
def test_a_strict_version_reads_the_same_both_ways(text: str) -> None:
    strict = versions._STRICT.fullmatch(text)
    if strict is not None:
        assert versions._strict_order(strict) == versions._loose_order(text) == order_of(text)
