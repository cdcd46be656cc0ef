"""Cooldowns of package managers: the same "7" is days to npm, minutes to pnpm, seconds to bun."""

from __future__ import annotations

import re
from datetime import timedelta

_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
_WITH_UNIT = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|m|h|d|w)")

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": SECOND,
    "m": MINUTE,
    "h": timedelta(hours=1),
    "d": DAY,
    "w": timedelta(weeks=1),
}


def duration(value: object, unit: timedelta, *, suffixes: bool = False) -> timedelta | None:
    """`value` in `unit`s, or by its own suffix ("7d", yarn 4.11+) where those are understood.

    None where it is no duration, or longer than a timedelta holds.
    """
    text = str(value).strip() if isinstance(value, (int, float, str)) else ""
    if isinstance(value, bool):
        return None
    try:
        if _NUMBER.fullmatch(text):
            return float(text) * unit
        found = _WITH_UNIT.fullmatch(text) if suffixes else None
        return float(found[1]) * _UNITS[found[2]] if found else None
    except OverflowError:
        return None
