"""Durations as people write them: a whole number and a unit, always."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_FORM = re.compile(r"([0-9]{1,6}) (minute|hour|day|week)s?")
PATTERN = r"^[0-9]{1,6} (minute|hour|day|week)s?$"
"""The form that `parse_duration` reads, as a JSON schema's pattern."""
LONGEST = timedelta(days=3650)
"""Beyond ten years a mistake is likelier than an intent, and dates before year 1 come near."""


def parse_duration(text: str) -> timedelta | None:
    """`3 days`, `1 week`, `36 hours`, `90 minutes`; None where it has another form."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    span = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    return span if span <= LONGEST else None


def format_duration(span: timedelta) -> str:
    """The duration in the largest unit up to days that divides it; `parse_duration` reads it.

    Raises:
        ValueError: It is not a whole number of minutes.
    """
    seconds = int(span.total_seconds())
    for unit in ("day", "hour", "minute"):
        if seconds % _UNITS[unit] == 0:
            number = seconds // _UNITS[unit]
            return f"{number} {unit}{'' if number == 1 else 's'}"
    raise ValueError(f"{span} is not a whole number of minutes")
