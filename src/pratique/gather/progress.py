"""Progress: told how much there is to ask, and each answer that came."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Shows how far the questions are. Called from one thread."""

    def start(self, total: int) -> None:
        """`total` questions will be asked; not called where the store answers them all."""
        ...

    def advance(self) -> None:
        """One of them is answered, or has failed."""
        ...

    def finish(self) -> None:
        """No more will come. Called once for each `start`, whatever happens."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, total: int) -> None:
        pass

    def advance(self) -> None:
        pass

    def finish(self) -> None:
        pass
