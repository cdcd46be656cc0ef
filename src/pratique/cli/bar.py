"""A progress bar on a terminal's standard error."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import IO

_CELLS = 24
_PAUSE = 0.1
"""Seconds between two drawings: often enough to move, seldom enough to cost nothing."""


def watched(
    stream: IO[str], environment: Mapping[str, str], what: str = "asking the registry"
) -> Bar | None:
    """A bar where somebody watches `stream`."""
    is_watched = stream.isatty() and environment.get("TERM") != "dumb"
    return Bar(stream, what) if is_watched else None


class Bar:
    """Draws how many of the answers have come, and wipes itself at the end."""

    def __init__(self, stream: IO[str], what: str = "asking the registry") -> None:
        self._stream, self._what = stream, what
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
        self._stream.write(f"\r{self._what} [{cells}] {self._done:,}/{self._total:,}\x1b[K")
        self._stream.flush()
