"""Report: what was judged, what it led to, and what could not be decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pratique.errors import Exit
from pratique.model.fact import Missing
from pratique.model.finding import Finding
from pratique.model.package import Package, Release
from pratique.model.pin import Location
from pratique.model.policy import Action, Exemption, Policy, Verdict
from pratique.model.project import Repository


class State(StrEnum):
    """The state of a layer: a closed set (DECISIONS 3)."""

    PASS = "pass"  # noqa: S105 - a state's name, no password
    WARN = "warn"
    QUARANTINE = "quarantine"
    BLOCK = "block"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    NOT_ENFORCED = "not-enforced"
    NOT_VISIBLE = "not-visible"
    NOT_IN_THIS_VERSION = "not-in-this-version"


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding and what policy made of it; `exemption` is the one that removed it, if any."""

    finding: Finding
    action: Action
    exemption: Exemption | None = None

    @property
    def verdict(self) -> Verdict:
        return Verdict.ALLOW if self.exemption else Verdict.of(self.action)


class Unknown(NamedTuple):
    """A (rule, subject) pair that could not be decided.

    Behind a mirror that strips evidence there are twenty of them for each release: a tuple is made
    in a third of a dataclass's time.

    Attributes:
        rule: The rule's id.
        release: Its subject where that is a release or a pin, else None.
        project: Its subject's project.
        missing: The fact that is missing, first of several.
        action: What policy makes of it.
        where: The place of the subject.
    """

    rule: str
    missing: Missing
    action: Action
    project: str = ""
    release: Release | None = None
    where: Location | None = None

    @property
    def verdict(self) -> Verdict:
        return Verdict.of(self.action)


@dataclass(frozen=True, slots=True)
class LayerOutcome:
    """One row of the report.

    Attributes:
        subjects: How many subjects its rules were asked about (each counted once).
        unknown: Of those, how many have a rule that could not be decided.
        found: Of those, how many have a finding at warn or above.
        partial: Of those, how many could be examined only in part.
        summary: "527 entries bound to the registry": what to print beside the state.
        required: By policy.
        ran: False where `--layer` left it out.
    """

    name: str
    number: int
    title: str
    state: State
    summary: str
    subjects: int = 0
    unknown: int = 0
    found: int = 0
    partial: int = 0
    required: bool = False
    ran: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What a change adds, alters and removes, against its base.

    Attributes:
        base: The base as it was named, and the commit compared with (hex).
        added, removed: Releases that only one side locks.
        altered: Releases locked on both sides whose entries differ (URL, digest, source).
        updated: (package, from version, to version), where one version replaces another.
        head_policy: The head's own policy judged this run (`--accept-head-policy`).
    """

    base: str
    commit: str
    added: tuple[Release, ...]
    removed: tuple[Release, ...]
    altered: tuple[Release, ...]
    updated: tuple[tuple[Package, str, str], ...]
    head_policy: bool = False


@dataclass(frozen=True, slots=True)
class Examined:
    """A lockfile whose bytes were judged.

    Attributes:
        path: Relative to the directory that was checked.
        sha256, sha512: Hex digests of exactly the bytes that were read.
    """

    path: str
    sha256: str
    sha512: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report format prints.

    Attributes:
        name: Name of what was checked: the root manifest's, else the directory's.
        repository: What was read.
        policy: The policy that judged.
        layers: Eleven rows, in order.
        judged: Findings with a verdict above ALLOW first, worst first; then observed and exempted.
        unknowns: Sorted by rule and subject.
        via: Release -> how the project comes by it ("dev · via vite > widget-kit").
        expired: Exemptions whose day has come.
        releases: Number of releases locked.
        change: The comparison with a base; None without one.
        notes: Sentences on what was not examined, and on partial runs.
        offline: No registry was asked.
        examined: The lockfiles whose bytes were judged.
    """

    name: str
    repository: Repository
    policy: Policy
    layers: tuple[LayerOutcome, ...]
    judged: tuple[Judged, ...]
    unknowns: tuple[Unknown, ...]
    via: dict[Release, str]
    expired: tuple[Exemption, ...]
    releases: int
    verdict: Verdict
    exit: Exit
    change: Change | None = None
    notes: tuple[str, ...] = ()
    offline: bool = False
    examined: tuple[Examined, ...] = ()
