"""Layer 9, behavior: it does something that it had not done before.

A release is compared with what was known of it: the ledger, the base's locked versions, or the
version before it. What a gain leads to stands in one table. docs/layers/behavior.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from shlex import quote

from pratique import difference
from pratique.ecosystems.npm import binding
from pratique.layers._accepted import is_accepted, is_read_as_accepted
from pratique.model.action import Action
from pratique.model.behavior import (
    ANALYSED,
    BASELINE,
    DEPENDENCIES,
    Analysis,
    Difference,
    Gain,
    Origin,
    Outcome,
    Seen,
)
from pratique.model.fact import CLOCK, FIRST_PUBLISHED, HOSTS, PUBLISHED, Facts, Missing, Why
from pratique.model.finding import Evidence, Finding, Remedy
from pratique.model.layer import Layer, ReleaseIn, Rule, Severity, Subject
from pratique.model.package import Release

MOST_SHOWN = 12
"""Places of evidence in one finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorSettings:
    """How gains are judged.

    Attributes:
        stricter: Every action of the table from "warn" on is raised by one.
        young: Age below which a new dependency's first version is young.
    """

    stricter: bool = field(default=False, metadata={"looser": False})
    young: timedelta = timedelta(days=30)


def _unanalysable(subject: ReleaseIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    analysis = facts.need(ANALYSED, subject.release)
    if analysis.oddities:
        evidence = tuple(Evidence(f"the archive {each}") for each in analysis.oddities)
        message = f"cannot be analysed: the archive {analysis.oddities[0]}"
        yield _finding(UNANALYSABLE, subject, analysis, message, evidence)


def _gained(subject: ReleaseIn, facts: Facts, settings: BehaviorSettings) -> Iterator[Finding]:
    if is_read_as_accepted(subject, facts) or not _is_comparable(subject, facts):
        return
    if facts.need(BASELINE, subject.release).origin is Origin.NONE:
        return
    found = _compared(subject, facts, settings)
    outcome = _judged(found, subject, facts, settings)
    if outcome.action is not Action.OFF:
        yield _of_outcome(NEW_CAPABILITY, subject, facts, outcome, found.gained)


def _unknown_past(
    subject: ReleaseIn, facts: Facts, settings: BehaviorSettings
) -> Iterator[Finding]:
    if is_read_as_accepted(subject, facts) or not _is_comparable(subject, facts):
        return
    if facts.need(BASELINE, subject.release).origin is not Origin.NONE:
        return
    found = _compared(subject, facts, settings)
    outcome = _judged(found, subject, facts, settings)
    if outcome.action is not Action.OFF:
        yield _of_outcome(NO_BASELINE, subject, facts, outcome, found.absolute)


def _of_outcome(
    rule: Rule, subject: ReleaseIn, facts: Facts, outcome: Outcome, gains: tuple[Gain, ...]
) -> Finding:
    analysis = facts.need(ANALYSED, subject.release)
    baseline = facts.need(BASELINE, subject.release)
    versions = ", ".join(baseline.versions[-3:])
    compared = f" (compared with {versions})" if versions else ""
    reason = outcome.reasons[0]
    text = f"{reason.text}{compared}"
    evidence = tuple(_evidence(gains))[:MOST_SHOWN]
    found = _finding(rule, subject, analysis, text, evidence)
    return replace(found, weight=outcome.action, remedy=_remedy(subject.release, baseline.versions))


def _remedy(release: Release, versions: Sequence[str]) -> Remedy:
    """The command that shows the code, and the one that accepts it into the ledger."""
    named = quote(str(release))
    before = f"{quote(f'{release.name}@{versions[-1]}')} " if versions else ""
    look = f"pratique diff {before}{named}" if before else f"pratique inspect {named}"
    return Remedy(command=f'pratique accept {named} --why "…"', look=look)


def _evidence(gains: tuple[Gain, ...]) -> Iterator[Evidence]:
    for gain in gains:
        for seen in gain.evidence[:2] or (Seen(gain.capability, "", 0, ""),):
            line = f":{seen.line}" if seen.line else ""
            place = f" {seen.file}{line}" if seen.file else ""
            code = f"  {seen.snippet}" if seen.snippet else ""
            yield Evidence(f"{gain.tier} {gain.capability}{place}{code}")


def _partly_read(subject: ReleaseIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    analysis = facts.need(ANALYSED, subject.release)
    if analysis.unread and not is_read_as_accepted(subject, facts):
        evidence = tuple(Evidence(f"{path}: {why}") for path, why in analysis.unread[:MOST_SHOWN])
        message = f"{len(analysis.unread)} of its files were not examined whole"
        yield _finding(PARTLY_READ, subject, analysis, message, evidence)


def _is_comparable(subject: ReleaseIn, facts: Facts) -> bool:
    """An archive that cannot be analysed shows nothing: a rule of its own says so."""
    return not facts.need(ANALYSED, subject.release).oddities


def _compared(subject: ReleaseIn, facts: Facts, settings: BehaviorSettings) -> Difference:
    release = subject.release
    analysis, baseline = facts.need(ANALYSED, release), facts.need(BASELINE, release)
    now = facts.need(CLOCK).at
    added = difference.new_dependencies(analysis, baseline)
    known = dict(_dependencies(subject, added, facts, settings, now)) if added else {}
    return difference.compare(release.name, release.version, analysis, baseline, known, now.date())


def _dependencies(
    subject: ReleaseIn,
    added: Collection[str],
    facts: Facts,
    settings: BehaviorSettings,
    now: datetime,
) -> Iterator[tuple[str, str]]:
    """What is known of its new dependencies: of the releases that are locked under their names.

    Where there is no project, nothing is locked, and DEPENDENCIES says what could be meant.
    """
    if subject.project is None:
        told = facts.get(DEPENDENCIES, subject.release)
        known = {} if isinstance(told, Missing) else told.told
        yield from ((name, known[name]) for name in added if known.get(name))
        return
    lockfile = subject.project.lockfile
    for pin in lockfile.pins if lockfile else ():
        if pin.name not in added:
            continue
        inside = facts.get(ANALYSED, pin.release)
        if not isinstance(inside, Missing) and inside.installs:
            yield pin.name, "installs"
        elif _is_young(pin.release, facts, settings, now):
            yield pin.name, "young"


def _untold(subject: ReleaseIn, facts: Facts) -> Missing | None:
    """Why nothing can be told of a new dependency, where no lockfile says what is installed.

    One that runs code when it is installed, or was made yesterday, is what an attack brings in: a
    release that gained one of which nobody knows is not clean.
    """
    release = subject.release
    if subject.project is not None or is_read_as_accepted(subject, facts):
        return None
    analysis, baseline = facts.need(ANALYSED, release), facts.need(BASELINE, release)
    added = difference.new_dependencies(analysis, baseline)
    if not added or analysis.oddities:
        return None
    told = facts.get(DEPENDENCIES, release)
    if isinstance(told, Missing):
        return Missing(Why.FAILED, f"of its new dependencies: {told.detail}")
    unknown = [name for name in added if name in told.untold or name not in told.told]
    if not unknown:
        return None
    why = told.untold.get(unknown[0], "it was not looked at")
    return Missing(Why.FAILED, f"of its new dependency {unknown[0]}: {why}")


def _is_young(release: Release, facts: Facts, settings: BehaviorSettings, now: datetime) -> bool:
    """Whether its package is, or itself: a first release that was clean shelters no later one."""
    first = facts.get(FIRST_PUBLISHED, release.package)
    published = facts.get(PUBLISHED, release)
    package_is = not isinstance(first, Missing) and now - first.at < settings.young
    own = difference.table().young
    return package_is or (not isinstance(published, Missing) and now - published.at < own)


def _judged(
    found: Difference, subject: ReleaseIn, facts: Facts, settings: BehaviorSettings
) -> Outcome:
    published = facts.get(PUBLISHED, subject.release)
    age = None if isinstance(published, Missing) else facts.need(CLOCK).at - published.at
    return difference.judge(found, age, difference.table(), stricter=settings.stricter)


def _finding(
    rule: Rule, subject: ReleaseIn, analysis: Analysis, message: str, evidence: tuple[Evidence, ...]
) -> Finding:
    return Finding(
        rule.id,
        message,
        project=subject.path,
        release=subject.release,
        where=subject.where,
        evidence=evidence,
        sha512=analysis.sha512,
    )


def _asked(subject: ReleaseIn, facts: Facts, _settings: object) -> bool:
    """Whether a registry has it, and the ledger does not accept these very bytes already."""
    if is_accepted(subject, facts):
        return False
    if not subject.pins:
        return True
    hosts = facts.get(HOSTS)
    return binding.may_be_published(subject.pins, hosts)


UNANALYSABLE = Rule(
    id="behavior/unanalysable",
    subject=Subject.RELEASE,
    needs=(ANALYSED,),
    summary="an artifact cannot be read, or clients could read it differently",
    severity=Severity.CRITICAL,
    judge=_unanalysable,
    applies=_asked,
    why="What a reader and an installer understand differently is how code is smuggled past one.",
    fix="Do not install it. Ask its publisher for an archive that is made by a usual tool.",
    bound=True,
)
NEW_CAPABILITY = Rule(
    id="behavior/new-capability",
    subject=Subject.RELEASE,
    needs=(CLOCK, ANALYSED, BASELINE),
    summary="a release can do what it could not do before",
    severity=Severity.HIGH,
    judge=_gained,
    applies=_asked,
    lacks=_untold,
    why="A hijacked release has the right name, and often valid provenance; what is new is what "
    "it does.",
    fix="Look at the code with `pratique diff`; where the change is right, accept it into the "
    "ledger.",
    bound=True,
)
NO_BASELINE = Rule(
    id="behavior/no-baseline",
    subject=Subject.RELEASE,
    needs=(CLOCK, ANALYSED, BASELINE),
    summary="nothing is known to compare a release with",
    severity=Severity.LOW,
    judge=_unknown_past,
    applies=_asked,
    why="Without a past nothing is new: what a release can do at all is told, and its age has to "
    "protect.",
    fix="Look at it once with `pratique inspect`, and accept it into the ledger.",
)
PARTLY_READ = Rule(
    id="behavior/partly-read",
    subject=Subject.RELEASE,
    needs=(ANALYSED,),
    summary="files of an artifact were not examined whole",
    severity=Severity.LOW,
    judge=_partly_read,
    applies=_asked,
    why="A file beyond the bounds of what is parsed can hold anything.",
    fix="Look at what was left out.",
)

LAYER = Layer(
    "behavior",
    9,
    "behavior",
    (UNANALYSABLE, NEW_CAPABILITY, NO_BASELINE, PARTLY_READ),
    BehaviorSettings,
    passed="{} releases analysed, nothing new",
)
