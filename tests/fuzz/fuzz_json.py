"""Any bytes are JSON with lines, or a TextError."""

from __future__ import annotations

import contextlib

from pratique.syntax.json import read_json
from pratique.syntax.text import TextError


def one(data: bytes) -> None:
    for comments in (False, True):
        with contextlib.suppress(TextError):
            value, lines = read_json(data, comments=comments)
            assert lines.of() >= 1
            if isinstance(value, dict):
                assert all(lines.of(key) >= 1 for key in value)
