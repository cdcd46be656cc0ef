"""Layer 2, release age: nothing younger than the cooldown, nothing brand new unseen.

Most malicious releases are withdrawn within hours to days; a release that waited has been looked
at by others. The time is a fact with a source: docs/layers/release-age.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote

from pratique.ecosystems.npm import binding
from pratique.layers._digests import sha512_of
from pratique.model.fact import (
    CLOCK,
    FIRST_PUBLISHED,
    HOSTS,
    NEWCOMERS,
    PUBLISHED,
    Facts,
    Missing,
    Published,
    PublishSource,
)
from pratique.model.finding import Evidence, Finding, Remedy
from pratique.model.layer import Layer, ReleaseIn, Rule, Severity, Subject
from pratique.model.pin import Manager
from pratique.model.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAgeSettings:
    """How long a release waits.

    Attributes:
        cooldown: Age that a release must have.
        first_version: Age that the first version of a newly added dependency must have.
    """

    cooldown: timedelta = timedelta(days=3)
    first_version: timedelta = timedelta(days=30)


def cutoff(now: datetime, wait: timedelta) -> datetime:
    """The latest publish time that is old enough; a release published exactly then is."""
    return now - wait


def _too_new(subject: ReleaseIn, facts: Facts, settings: ReleaseAgeSettings) -> Iterator[Finding]:
    now, published = facts.need(CLOCK).at, facts.need(PUBLISHED, subject.release)
    if published.at <= cutoff(now, settings.cooldown):
        return
    mature = published.at + settings.cooldown
    message = f"published {_ago(now - published.at)}, mature {_instant(mature)}"
    if not published.exact:
        message = f"may have been published {_ago(now - published.at)}"
    evidence = (Evidence(f"publish time {_instant(published.at)}, {_SAYS[published.source]}"),)
    sha512 = sha512_of(subject, facts)
    yield _finding(TOO_NEW, subject, message, sha512, evidence, _older(subject, published))


_SAYS = {
    PublishSource.ATTESTED: "attested",
    PublishSource.REGISTRY: "stated by the registry",
    PublishSource.FIRST_SEEN: "when it was first seen",
}


def _finding(
    rule: Rule,
    subject: ReleaseIn,
    message: str,
    sha512: str | None,
    evidence: tuple[Evidence, ...] = (),
    remedy: Remedy | None = None,
) -> Finding:
    return Finding(
        rule.id,
        message,
        project=subject.path,
        release=subject.release,
        where=subject.where,
        evidence=evidence,
        remedy=remedy,
        sha512=sha512,
    )


def _older(subject: ReleaseIn, published: Published) -> Remedy | None:
    """The line that installs the newest mature release of the same line, for a direct one."""
    direct = any(pin.direct and pin.alias is None for pin in subject.pins)
    manager = subject.project.manager if subject.project else None
    if not direct or manager is None or not published.alternatives:
        return None
    version, _ = published.alternatives[0]
    return Remedy(command=_INSTALL[manager].format(quote(f"{subject.release.name}@{version}")))


_INSTALL = {
    Manager.NPM: "npm install {} --save-exact",
    Manager.PNPM: "pnpm add {} --save-exact",
    Manager.YARN_CLASSIC: "yarn add {} --exact",
    Manager.YARN_BERRY: "yarn add {} --exact",
    Manager.BUN: "bun add {} --exact",
}


def _ago(age: timedelta) -> str:
    if age < timedelta(0):
        return "in the future"
    hours = int(age.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour ago"
    number, unit = (hours, "hour") if hours < 48 else (hours // 24, "day")
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _new_package(
    subject: ReleaseIn, facts: Facts, settings: ReleaseAgeSettings
) -> Iterator[Finding]:
    now = facts.need(CLOCK).at
    first = facts.need(FIRST_PUBLISHED, subject.release.package)
    if first.at > cutoff(now, settings.first_version):
        message = f"is a new dependency, first published {_ago(now - first.at)}"
        yield _finding(NEW_PACKAGE, subject, message, sha512_of(subject, facts))


def _is_newcomer(subject: ReleaseIn, facts: Facts, settings: object) -> bool:
    if not _from_registry(subject, facts, settings):
        return False
    newcomers = facts.get(NEWCOMERS)
    return isinstance(newcomers, Missing) or subject.release.package in newcomers.packages


def _exclusions(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    for excluded in project.settings.exclusions:
        message = f"{excluded.manager} lets {excluded.selector} through at any age"
        yield Finding(
            MANAGER_EXCLUSION.id,
            message,
            project=project.path,
            where=excluded.where,
            key=excluded.selector,
        )


def _shorter(project: Project, _facts: Facts, settings: ReleaseAgeSettings) -> Iterator[Finding]:
    if project.settings.cooldown is None:
        return
    wait, where = project.settings.cooldown
    if wait < settings.cooldown:
        ours = _span(settings.cooldown)
        message = f"{project.manager}'s own cooldown is {_span(wait)}, the policy's {ours}"
        yield Finding(
            MANAGER_COOLDOWN.id, message, project=project.path, where=where, key=_span(wait)
        )


def _span(wait: timedelta) -> str:
    """A duration in the largest unit that divides it."""
    seconds = int(wait.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % size == 0 and seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "nothing"


def _from_registry(subject: ReleaseIn, facts: Facts, _settings: object) -> bool:
    if not subject.pins:
        return True
    hosts = facts.get(HOSTS)
    return binding.may_be_published(subject.pins, hosts)


TOO_NEW = Rule(
    id="release-age/too-new",
    subject=Subject.RELEASE,
    needs=(CLOCK, PUBLISHED),
    summary="a release is younger than the cooldown",
    severity=Severity.HIGH,
    judge=_too_new,
    applies=_from_registry,
    why="Malicious releases are mostly found and withdrawn within hours to days of publication.",
    fix="Stay on the older release until the cooldown is over, or exempt a fix you have looked at.",
)
NEW_PACKAGE = Rule(
    id="release-age/new-package",
    subject=Subject.RELEASE,
    needs=(CLOCK, NEWCOMERS, FIRST_PUBLISHED),
    summary="a new dependency's first version is young",
    severity=Severity.MEDIUM,
    judge=_new_package,
    applies=_is_newcomer,
    why="Look-alike names are published shortly before somebody is led to install them.",
    fix="Look at who publishes it and why you need it; then exempt it.",
)
MANAGER_EXCLUSION = Rule(
    id="release-age/manager-exclusion",
    subject=Subject.PROJECT,
    needs=(),
    summary="the manager's own cooldown lets a package through",
    severity=Severity.LOW,
    judge=_exclusions,
    why="Such entries carry no date, owner or reason, and stay when they are no longer needed.",
    fix="Remove entries whose releases are mature; exemptions of this policy end by themselves.",
)
MANAGER_COOLDOWN = Rule(
    id="release-age/manager-cooldown",
    subject=Subject.PROJECT,
    needs=(),
    summary="the manager's own cooldown is shorter than the policy's",
    severity=Severity.LOW,
    judge=_shorter,
    why="The manager then resolves releases that this policy refuses, and updates fail in review.",
    fix="Set the manager's cooldown to the policy's.",
)

LAYER = Layer(
    "release-age",
    2,
    "release age",
    (TOO_NEW, NEW_PACKAGE, MANAGER_EXCLUSION, MANAGER_COOLDOWN),
    ReleaseAgeSettings,
    passed="{} releases past their cooldown",
)
