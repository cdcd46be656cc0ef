"""A progress bar on a terminal's standard error."""

from __future__ import annotations

import time
from typing import IO

_CELLS = 24
_PAUSE = 0.1
"""Seconds between two drawings: often enough to move, seldom enough to cost nothing."""


class Bar:
    """Draws how many of the questions to the registry are answered, and wipes itself at the end."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._total = self._done = 0
        self._drawn = 0.0

    def start(self, total: int) -> None:
        """Begin; `total` answers are awaited."""
        self._total, self._done, self._drawn = total, 0, 0.0
        self._draw()

    def advance(self) -> None:
        """One answer has come, or has failed."""
        self._done += 1
        if time.monotonic() - self._drawn >= _PAUSE:
            self._draw()

    def finish(self) -> None:
        """Wipe the bar."""
        self._stream.write("\r\x1b[K")
        self._stream.flush()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        full = _CELLS * self._done // max(self._total, 1)
        cells = "#" * full + "." * (_CELLS - full)
        self._stream.write(f"\rasking the registry [{cells}] {self._done:,}/{self._total:,}\x1b[K")
        self._stream.flush()
