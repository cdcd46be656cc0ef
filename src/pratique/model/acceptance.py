"""Which, Taken, Refused: what somebody asks to be accepted, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.errors import Exit
from pratique.model.behavior import Difference
from pratique.model.package import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which of the locked releases are to be accepted: one of the first three.

    Attributes:
        named: These.
        base: Those that the work tree adds or alters since its merge base with this revision.
        every: All of them, as a beginning: what nobody has looked at, and nothing that a look
            would have to be taken at.
        prune: Take out what is accepted of packages that are no longer locked; `every` does, too.
    """

    named: tuple[Release, ...] = ()
    base: str | None = None
    every: bool = False
    prune: bool = False

    @property
    def is_any(self) -> bool:
        return bool(self.named or self.base or self.every)


@dataclass(frozen=True, slots=True)
class Taken:
    """A release that was accepted.

    Attributes:
        found: What it gained over what was known of it.
        odd: What is to be looked at beside that; "" for nothing.
        again: These very bytes were accepted before.
    """

    release: Release
    found: Difference
    odd: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A release of which nothing is accepted, why, and the exit code that this leads to."""

    release: Release
    why: str
    exit: Exit = Exit.UNDECIDED
