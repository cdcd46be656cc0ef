"""Which packages and shapes are held out: never looked at while anything is tuned."""

from __future__ import annotations

import hashlib

PARTS = 3


def is_held_out(name: str) -> bool:
    """Whether `name` (of a package, or of a shape) belongs to the held-out third."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % PARTS == 0
