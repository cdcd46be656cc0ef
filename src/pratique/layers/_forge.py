"""Rules of layer 8 about what a forge says of a release's run and commit; docs/layers/trust.md.

They apply where the policy names forges, to a release that is younger than the hold: whoever looks
for something like it has looked by then, and a forge forgets its runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from pratique.layers._accepted import is_accepted
from pratique.layers._evidence import finding, is_published
from pratique.model.action import Action
from pratique.model.evidence import ATTESTATIONS
from pratique.model.fact import CLOCK, PUBLISHED, Facts, Missing
from pratique.model.finding import Finding
from pratique.model.forge import FORGED, Forge, Forged
from pratique.model.layer import ReleaseIn, Rule, Severity, Subject
from pratique.provenance import forged
from pratique.provenance.drift import Drift, Strength

_WEIGHTS = {
    Strength.NOTE: Action.WARN,
    Strength.HOLD: Action.QUARANTINE,
    Strength.CHANGED: Action.BLOCK,
    Strength.IDENTITY: Action.BLOCK,
}


class Settings(Protocol):
    """What these rules read of the layer's settings."""

    @property
    def forges(self) -> tuple[Forge, ...]: ...

    @property
    def hold(self) -> timedelta: ...


def _applies(subject: ReleaseIn, facts: Facts, settings: Settings) -> bool:
    """What is missing does not excuse: only a release that is known to be old, or built nowhere."""
    if not settings.forges or is_accepted(subject, facts):
        return False
    built = facts.get(ATTESTATIONS, subject.release)
    if not isinstance(built, Missing) and built.provenance is None:
        return False
    return is_published(subject, facts, settings) and not _is_old(subject, facts, settings)


def _is_old(subject: ReleaseIn, facts: Facts, settings: Settings) -> bool:
    published, clock = facts.get(PUBLISHED, subject.release), facts.get(CLOCK)
    if isinstance(published, Missing) or isinstance(clock, Missing):
        return False
    return clock.at - published.at >= settings.hold


def _judge(rule: str, odd: Callable[[Forged], Iterator[Drift]]) -> Callable[..., Iterator[Finding]]:
    def judge(subject: ReleaseIn, facts: Facts, _settings: object) -> Iterator[Finding]:
        found = tuple(odd(facts.need(FORGED, subject.release)))
        if found:
            told = [f"{each.check}: {each.what}" for each in found]
            message = f"its forge says that {found[0].what}"
            weight = max(_WEIGHTS[each.strength] for each in found)
            made = finding(rule, subject, facts, message, told)
            yield replace(made, weight=weight, key=found[0].check)

    return judge


def _lacks(
    unknown: Callable[[Forged], Missing | None],
) -> Callable[[Any, Facts], Missing | None]:
    return lambda subject, facts: unknown(facts.need(FORGED, subject.release))


RUN_NOT_SUCCESSFUL = Rule(
    id="trust/run-not-successful",
    subject=Subject.RELEASE,
    needs=(CLOCK, ATTESTATIONS, FORGED),
    summary="the run that its provenance names did not succeed",
    severity=Severity.CRITICAL,
    judge=_judge("trust/run-not-successful", forged.of_run),
    applies=_applies,
    lacks=_lacks(forged.run_unknown),
    why="Whoever takes over a job publishes from it before it fails: the provenance is valid, and "
    "the step that publishes never ran.",
    fix="Look at the run, and stay on the release before it until its maintainers have explained "
    "it.",
    bound=True,
)
COMMIT_OUT_OF_LINE = Rule(
    id="trust/commit-out-of-line",
    subject=Subject.RELEASE,
    needs=(CLOCK, ATTESTATIONS, FORGED),
    summary="its commit is not on the default branch, or is older than the last release's",
    severity=Severity.HIGH,
    judge=_judge("trust/commit-out-of-line", forged.of_commit),
    applies=_applies,
    lacks=_lacks(forged.commit_unknown),
    why="A run of an old commit that is started again, or one of a branch that nobody reviewed, "
    "has the rights of the workflow.",
    fix="Look at what changed with `pratique diff`, and at the commit.",
)
ACTOR_NEW = Rule(
    id="trust/actor-new",
    subject=Subject.RELEASE,
    needs=(CLOCK, ATTESTATIONS, FORGED),
    summary="who started its run started none of those of earlier releases",
    severity=Severity.LOW,
    judge=_judge("trust/actor-new", forged.of_actor),
    applies=_applies,
    lacks=_lacks(forged.actor_unknown),
    why="Neither the certificate nor the provenance says who started a run.",
    fix="Look who that is, and since when they maintain the package.",
)

RULES = (RUN_NOT_SUCCESSFUL, COMMIT_OUT_OF_LINE, ACTOR_NEW)
