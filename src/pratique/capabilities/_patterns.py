"""Patterns over texts, compiled once. RE2: linear in the text, whatever it holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import re2


@cache
def compiled(patterns: Sequence[str]) -> re2._Regexp:
    """One pattern of several: matches where any of them does."""
    return re2.compile("|".join(f"(?:{each})" for each in patterns))


def matches(patterns: Sequence[str], text: str) -> bool:
    """Whether any of `patterns`, a tuple, is found in `text`."""
    return compiled(patterns).search(text) is not None
