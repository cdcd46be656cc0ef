"""What a process that serves asks of the interpreter, so that no request waits long for another."""

from __future__ import annotations

import gc
import sys

_TURN = 0.001
"""Seconds for which a thread keeps the interpreter where another one wants it."""
_YOUNG, _MIDDLE, _OLD = 50_000, 20, 50
"""Objects and rounds before the collector looks for cycles. A document of thousands of releases is
as many objects, none of them in a cycle: looking at all of them again and again took half of the
time of reading it."""


def tune() -> None:
    """Once, when everything is put together: what is there now is looked at no more."""
    sys.setswitchinterval(_TURN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
