"""What is different about how a release was built, by its record and those of earlier ones.

Provenance says where a build ran, not that it was a good one: releases were stolen by the very
workflow that makes them. What then differs is small: an attempt, a run, a time. Nothing here asks
anybody: the records are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TypeVar

from pratique.model.evidence import Build, Earlier, Provenance
from pratique.model.fact import Missing
from pratique.provenance.past import ENOUGH, in_line, line_kept, since, why_unrecorded
from pratique.provenance.signer import is_same_source

T = TypeVar("T")

DANGEROUS = frozenset(
    {"pull_request_target", "issue_comment", "workflow_run", "issues", "discussion_comment"}
)
"""Events by which somebody from outside starts a workflow that has the repository's rights."""
TOGETHER = timedelta(minutes=30)
"""Two releases of one line from two runs within it: in the wild 6 minutes, by hand hardly ever."""
CADENCE = 8
"""Earlier releases without which there is no habit of hours and days."""
_HOURS_APART = 6
_SLOW = timedelta(minutes=5)


class Strength(IntEnum):
    """How much a difference weighs."""

    NOTE = 0
    """Kept for who looks."""
    HOLD = 1
    """Held until the release has an age."""
    CHANGED = 2
    """Blocks until the release has an age, and warns then: people do change their workflows."""
    IDENTITY = 3
    """Blocks."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference.

    Attributes:
        check: `D1` to `D19`, as in docs/layers/trust.md.
        strength: How much it weighs.
        what: One clause: "the workflow is a, and was b".
    """

    check: str
    strength: Strength
    what: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a check looks at: its number, the words for it, and its value."""

    check: str
    name: str
    of: Callable[[Provenance], str | None]


def drift(now: Provenance, before: Sequence[Provenance]) -> tuple[Drift, ...]:
    """What differs from all of the records before; () where there is none.

    What a certificate does not carry is Unknown, and neither a difference nor a habit.
    """
    if not before:
        return ()
    return tuple(found for check in _CHECKS for found in check(now, before))


def _identity(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    if not any(is_same_source(now, each) for each in before):
        last = before[-1]
        what = f"it was built from {_source(now)}, and before from {_source(last)}"
        yield Drift("D1", Strength.IDENTITY, what)
    elif now.repository not in {each.repository for each in before}:
        what = f"its source is called {now.repository} now, and was {before[-1].repository}"
        yield Drift("D1", Strength.NOTE, what)


def _source(built: Provenance) -> str:
    number = f" (number {built.repository_id})" if built.repository_id else ""
    return f"{built.repository}{number}, vouched for by {built.issuer}"


def _workflow(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    seen = _Seen("D2", "the workflow", lambda each: each.workflow)
    yield from _changed(seen, now, before)


def _reusable(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    """The workflow of elsewhere that runs in the job's place, and which state of it."""
    found = list(_changed(_CALLED, now, before))
    yield from found
    if not found and _called(now) != _NOTHING:
        same = [each for each in before if _called(each) == _called(now)]
        yield from _changed(_STATE, now, same)


_NOTHING = "nothing of elsewhere"


def _called(built: Provenance) -> str | None:
    if built.signer_uri is None or built.workflow is None:
        return None
    address = built.signer_uri.partition("@")[0]
    own = {f"{built.repository}/{built.workflow}", f"{built.repository}//{built.workflow}"}
    return _NOTHING if address in own else address


_CALLED = _Seen("D3", "what the workflow calls", _called)
_STATE = _Seen("D3", "the state of what the workflow calls", lambda each: each.signer_digest)


def _ref(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    yield from _changed(_Seen("D4", "what was built", _kind_of_ref), now, before)


def _kind_of_ref(built: Provenance) -> str | None:
    """`a tag`, a branch by its name, or `a pull request`."""
    ref = built.ref
    if ref is None:
        return None
    if ref.startswith("refs/tags/"):
        return "a tag"
    if ref.startswith("refs/pull/"):
        return "a pull request"
    return f"the branch {ref.removeprefix('refs/heads/')}"


def _event(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    strength = Strength.IDENTITY if now.event in DANGEROUS else Strength.CHANGED
    seen = _Seen("D5", "the event", lambda each: each.event)
    yield from _changed(seen, now, before, strength)


def _runner(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    seen = _Seen("D6", "the runner", lambda each: each.runner)
    yield from _changed(seen, now, before)


def _attempt(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    known = [each.attempt for each in before if each.attempt is not None]
    if now.attempt is not None and now.attempt > 1 and len(known) >= ENOUGH and set(known) == {1}:
        what = f"it is attempt {now.attempt} at its run, and earlier releases took one"
        yield Drift("D7", Strength.HOLD, what)


def _environment(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    """Vanished, where every record had one: the certificates of its time carry it then."""
    known = {each.environment for each in before}
    if len(before) < ENOUGH or None in known or now.environment in known:
        return
    was = ", ".join(sorted(each for each in known if each))
    what = f"it ran in {now.environment or 'no environment'}, and earlier ones in {was}"
    yield Drift("D12", Strength.HOLD, what)


def _visibility(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    seen = _Seen("D13", "the source", lambda each: each.visibility)
    yield from _changed(seen, now, before, Strength.NOTE)


def _pace(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    """From certificate to signature, and from there to the publication."""
    spans: tuple[tuple[str, Callable[[Provenance], timedelta | None]], ...] = (
        ("from certificate to signature", lambda each: each.built - each.certified_at),
        ("from signature to publication", lambda each: each.at - each.built if each.at else None),
    )
    for what, span in spans:
        own = span(now)
        known = [took for each in before if (took := span(each)) is not None]
        if own is not None and known and own > max(_SLOW, 10 * max(known)):
            seconds = int(own.total_seconds())
            text = f"{what} it took {seconds} s, and before {int(max(known).total_seconds())} s"
            yield Drift("D11", Strength.NOTE, text)


def _tool(now: Provenance, before: Sequence[Provenance]) -> Iterator[Drift]:
    if now.shape not in {each.shape for each in before}:
        what = "the form of its attestations is not that of earlier ones: another tool made them"
        yield Drift("D19", Strength.NOTE, what)


_CHECKS: tuple[Callable[[Provenance, Sequence[Provenance]], Iterator[Drift]], ...] = (
    _identity,
    _workflow,
    _reusable,
    _ref,
    _event,
    _runner,
    _attempt,
    _environment,
    _visibility,
    _pace,
    _tool,
)


def _changed(
    seen: _Seen,
    now: Provenance,
    before: Sequence[Provenance],
    strength: Strength = Strength.CHANGED,
) -> Iterator[Drift]:
    value = seen.of(now)
    known = list(dict.fromkeys(each for one in before if (each := seen.of(one)) is not None))
    if value is not None and known and value not in known:
        what = f"{seen.name} is {value}, and was {known[-1]}"
        yield Drift(seen.check, strength, what)


# -- by the times of the package -------------------------------------------------------------------


def in_time(
    version: str, now: Provenance, at: datetime, earlier: Sequence[Earlier]
) -> tuple[Drift, ...]:
    """What is odd about when a release came out, and beside which other of its line.

    Args:
        version: Of the release.
        now: Its record.
        at: When it was published.
        earlier: All earlier releases of the package.
    """
    own = in_line(version, earlier)
    built = [each for each in own if each.build is not Build.NONE]
    return (*_twins(now, at, built), *_cadence(at, built))


def unrecorded_twin(version: str, at: datetime, earlier: Sequence[Earlier]) -> Missing | None:
    """Why it cannot be told which run a release came out of that was published just before."""
    line = line_kept(version)
    near = (each for each in earlier if line_kept(each.version) == line and _is_together(each, at))
    return next((why for each in near if (why := why_unrecorded(each))), None)


def _is_together(earlier: Earlier, at: datetime) -> bool:
    return timedelta(0) <= at - since(earlier) <= TOGETHER


def _twins(now: Provenance, at: datetime, own: Sequence[Earlier]) -> Iterator[Drift]:
    for each in own:
        run = each.provenance.run if each.provenance else None
        if run and now.run and run != now.run and _is_together(each, at):
            minutes = int((at - since(each)) / timedelta(minutes=1))
            what = f"{each.version} came out of another run {minutes} minutes before"
            yield Drift("D8", Strength.HOLD, what)


def _cadence(at: datetime, own: Sequence[Earlier]) -> Iterator[Drift]:
    """At an hour and on a weekday at which none of many earlier ones came out."""
    if len(own) < CADENCE or any(each.published.weekday() == at.weekday() for each in own):
        return
    apart = [(at.hour - each.published.hour) % 24 for each in own]
    if all(min(each, 24 - each) >= _HOURS_APART for each in apart):
        what = f"no earlier release came out on a {at:%A}, nor within hours of {at:%H:%M} UTC"
        yield Drift("D10", Strength.HOLD, what)
