"""How far a release's making can be followed, and whether that was further before (DECISIONS 33).

Two orders: by whose leave it was published (account < trusted publisher < staged), and what is
known of its build (none < claimed < verified). What is missing stands outside both: a comparison
with it is Unknown, never a pass and never a drop.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pratique.model.evidence import (
    Attestations,
    Authority,
    Build,
    Claimed,
    Earlier,
    History,
)
from pratique.model.fact import Missing, Why
from pratique.provenance.past import ENOUGH, comparable, line_kept

_SHIPPED = "benign-downgrades.json"


@dataclass(frozen=True, slots=True)
class Level:
    """Where a release stands in both orders, or why that is not known."""

    authority: Authority | Missing
    build: Build | Missing


@dataclass(frozen=True, slots=True)
class Drop:
    """Earlier releases had more.

    Attributes:
        now, before: Of one order; `before` is the most that an earlier one had.
        versions: Those that had more than `now`, the oldest first.
        in_line: Whether they are of the release's own line.
        holds: Whether it may hold a release up: of its line, at least two, and no mere change of
            how a trusted publisher works.
    """

    now: Authority | Build
    before: Authority | Build
    versions: tuple[str, ...]
    in_line: bool
    holds: bool


def level_of(claimed: Claimed | Missing, attestations: Attestations | Missing) -> Level:
    """Where a release stands, by what its document claims and what was verified of it."""
    return Level(_authority(claimed), _build(claimed, attestations))


def _authority(claimed: Claimed | Missing) -> Authority | Missing:
    if isinstance(claimed, Missing):
        return claimed
    if claimed.approver:
        return Authority.STAGED
    if claimed.trusted_publisher:
        return Authority.TRUSTED_PUBLISHER
    if claimed.publisher or claimed.carries.publishers:
        return Authority.ACCOUNT
    return Missing(Why.ABSENT, "the registry does not say who published")


def _build(claimed: Claimed | Missing, attestations: Attestations | Missing) -> Build | Missing:
    if isinstance(attestations, Attestations):
        if attestations.provenance is not None:
            return Build.VERIFIED
        if attestations.refused:
            return Missing(Why.FAILED, "its attestations are refused")
    if isinstance(claimed, Missing):
        return claimed
    if claimed.provenance:
        was_asked = isinstance(attestations, Missing) and attestations.why is Why.FAILED
        return attestations if was_asked and isinstance(attestations, Missing) else Build.CLAIMED
    if claimed.carries.attestations:
        return Build.NONE
    return Missing(Why.ABSENT, "the registry does not carry attestations")


def drops(version: str, level: Level, history: History) -> tuple[Drop, ...]:
    """Where earlier releases had more, in the line or, where not there, in others.

    A claim is not compared with what was verified: that is `unknown`.
    """
    past = comparable(version, history)
    return tuple(_of_authority(version, level, past)) + tuple(_of_build(version, level, past))


def _of_authority(version: str, level: Level, past: Sequence[Earlier]) -> Iterator[Drop]:
    if isinstance(level.authority, Missing):
        return
    had = [(each, each.authority) for each in past if not isinstance(each.authority, Missing)]
    yield from _drop(version, level.authority, had)


def _of_build(version: str, level: Level, past: Sequence[Earlier]) -> Iterator[Drop]:
    if level.build is Build.NONE:
        had = [(each, each.build) for each in past if not isinstance(each.build, Missing)]
        yield from _drop(version, Build.NONE, had)


def _drop(
    version: str,
    now: Authority | Build,
    had: Sequence[tuple[Earlier, Authority | Build]],
) -> Iterator[Drop]:
    more = [(each, level) for each, level in had if level > now]
    own = [(each, level) for each, level in more if line_kept(each.version) == line_kept(version)]
    chosen = own or more
    if chosen:
        before = max(level for _, level in chosen)
        is_mere = now is Authority.TRUSTED_PUBLISHER
        holds = len(own) >= ENOUGH and not is_mere
        yield Drop(now, before, tuple(each.version for each, _ in chosen), bool(own), holds)


def unknown(version: str, level: Level, history: History) -> Missing | None:
    """Why it cannot be told that nothing dropped; None where it can be told.

    A failure is told before an absence.
    """
    past = comparable(version, history)
    authorities = [each.authority for each in past]
    builds = [each.build for each in past]
    found = [
        *_open(level.authority, authorities, Authority.STAGED, Authority.ACCOUNT),
        *_open(level.build, builds, Build.VERIFIED, Build.NONE),
    ]
    if history.open and (level.authority, level.build) != (Authority.STAGED, Build.VERIFIED):
        found.append(history.open)
    if level.build is Build.CLAIMED and Build.VERIFIED in builds:
        found.append(Missing(Why.NOT_ASKED, "its provenance is claimed, and was not verified"))
    return min(found, key=lambda each: each.why is Why.ABSENT, default=None)


def _open(
    now: Authority | Build | Missing,
    before: Sequence[Authority | Build | Missing],
    top: Authority | Build,
    bottom: Authority | Build,
) -> Iterator[Missing]:
    """Nothing can drop from the top of an order, nor where all that came before was at its end."""
    if now == top and not isinstance(now, Missing):
        return
    missing = [each for each in before if isinstance(each, Missing)]
    if isinstance(now, Missing) and any(each != bottom for each in before):
        yield now
    yield from missing[:1] if not isinstance(now, Missing) else ()


# -- what is known to be benign --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Benign:
    """A release of which it is known that it has less than others, and why that is no attack.

    Attributes:
        why: One sentence.
        source: Where that stands.
    """

    why: str
    source: str


Known = Mapping[tuple[str, str], Benign]
"""(`name@version`, SHA-512 in hex) -> why it is benign: it is of these bytes and of no others."""


@cache
def shipped() -> Known:
    """What the program ships with."""
    return read_known(files("pratique.provenance").joinpath("shipped", _SHIPPED).read_bytes())


def read_known(source: bytes) -> Known:
    """The entries of a data file of the program's own."""
    return {
        (each["release"], each["sha512"]): Benign(each["why"], each["source"])
        for each in json.loads(source)["entries"]
    }
