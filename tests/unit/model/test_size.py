"""Sizes as people write them."""

from __future__ import annotations

import pytest

from pratique.model.size import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("20 GiB", 20 * 2**30), ("500 MB", 5 * 10**8), ("1.5TB", 15 * 10**11), ("1 mib", 2**20)],
)
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "20", "GiB", "-1 GB", "1 GBit", "1e3 GB", "1,5 GB", "9" * 9 + " GB"]
)
def test_anything_else_is_none(text: str) -> None:
    assert parse_size(text) is None
