"""Sizes as people write them: a number and a unit, as in `20 GiB` or `500 MB`."""

from __future__ import annotations

import re

_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SIZE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([MGT]i?B)", re.IGNORECASE)


def parse_size(text: str) -> int | None:
    """Bytes; None where it is no size. A bare number is none: of what would it be?"""
    found = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(found[2].upper()) if found else None
    return None if found is None or unit is None else round(float(found[1]) * unit)
