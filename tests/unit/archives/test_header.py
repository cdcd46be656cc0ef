"""The checksum of a header."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pratique.archives.header import _sum


@given(st.binary(min_size=0, max_size=512), st.integers(0, 512))
def test_the_sum_of_a_block_is_that_of_its_bytes(content: bytes, at: int) -> None:
    block = (bytes(min(at, 512 - len(content))) + content).ljust(512, b"\0")
    assert _sum(block) == sum(block)


def test_the_sum_of_a_block_without_zeros_is_that_of_its_bytes() -> None:
    assert _sum(b"\xff" * 512) == 512 * 255
    assert _sum(bytes(256) + b"\xff" * 256) == 256 * 255
    assert _sum(b"\xff" * 157 + bytes(100) + b"\xff" * 88 + bytes(167)) == 245 * 255
    assert _sum(bytes(255) + b"\xff" * 257) == 257 * 255
