"""What a forge says of the run and the commit that a provenance names.

Certificates say where a build ran, not how it ended: that only the forge knows, and it is asked
where the policy says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pratique.model.fact import Kind, Missing, Per


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """A forge that a policy lets be asked.

    Attributes:
        repositories: Address below which its repositories are: `https://github.com/`.
        api: Base address of its API, ending in "/".
        token: Name of the environment variable that holds a token for it; None for none.
    """

    repositories: str
    api: str
    token: str | None = None

    def __str__(self) -> str:
        return self.repositories


class Order(StrEnum):
    """Where a commit is, seen from another."""

    IDENTICAL = "identical"
    AHEAD = "ahead"
    BEHIND = "behind"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True)
class Actor:
    """An account of the forge: its number, which nobody else gets, and its name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """A job of a run, or a step in it; `conclusion` is None where it has none yet."""

    name: str
    conclusion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """What a forge says of a release's making.

    Attributes:
        conclusion: How the run's attempt ended, `success` among others; None where it goes on.
        publishing: Its jobs and steps whose names speak of publishing; Missing where not all of
            them are told.
        actor: Who started the attempt; None where it says nobody.
        actors: Who started those of earlier releases of the line; Missing where none is known.
        branch: The default branch.
        on_branch: Whether the commit is on it.
        previous: The earlier release that it is compared with; None where there is none.
        was_on_branch: Whether that one's commit is on the default branch.
        since: Where the commit is, seen from that one's.
    """

    conclusion: str | None
    publishing: tuple[Step, ...] | Missing = ()
    actor: Actor | None = None
    actors: tuple[Actor, ...] | Missing = ()
    branch: str
    on_branch: bool
    previous: str | None = None
    was_on_branch: bool | Missing = False
    since: Order | Missing | None = None


FORGED = Kind("forged", Per.RELEASE, Forged)
