"""Capability, Fingerprint, Analysis, Baseline: what code can do, and what it could do before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pratique.model.action import Action
from pratique.model.fact import Kind, Per
from pratique.model.package import Release

ANALYSER = 1
"""Version of the analyser: raised whenever the same bytes can get another fingerprint."""


class Tier(StrEnum):
    """How much a capability weighs where it is new: A most."""

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """One place that shows a capability.

    Attributes:
        capability: Its id: `family.name` or `family.name:detail` (`exec.process`, `net.host:a.b`).
        file: Path inside the artifact, without the leading `package/`; "" for the whole artifact.
        line: 1-based; 0 where it is about the whole file.
        snippet: The code, verbatim, at most 160 characters: foreign text.
        reach: What leads to the file, where known: "install", "bin", "cjs", "esm" or "". Evidence
            only: no verdict depends on it.
    """

    capability: str
    file: str
    line: int
    snippet: str
    reach: str = ""


@dataclass(frozen=True, slots=True)
class Inner:
    """The package.json inside an artifact: what a client acts on, whatever the registry says.

    Attributes:
        name, version: "" where absent.
        scripts: (event, command) of every script, sorted.
        dependencies: (group, name, specifier), sorted; group is the manifest's field.
        bins: (name, path), sorted.
        source: What its `repository` names, verbatim; "" for nothing that can be read, None where
            the analysis is of before that was looked at.
    """

    name: str = ""
    version: str = ""
    scripts: tuple[tuple[str, str], ...] = ()
    dependencies: tuple[tuple[str, str, str], ...] = ()
    bins: tuple[tuple[str, str], ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the analyser says of one artifact. Equal bytes and equal analyser give an equal value.

    Attributes:
        sha512: Hex digest of the artifact's bytes.
        analyser: Version of the analyser.
        capabilities: The fingerprint: every capability id, sorted.
        evidence: Places that show them, at most 5 for each capability, sorted.
        inner: The manifest inside; None where there is none that can be read.
        installs: (event, command) that a client runs at install, the implicit node-gyp too.
        binaries: (path, format) of native code: "elf", "pe", "mach-o", "wasm", ...
        files: Number of files.
        size: Bytes of all files together.
        code: Bytes of the files that hold code.
        oddities: Why clients may read the archive differently, or cannot read it: unanalysable.
        unread: (path, why) of files that were not examined whole.
    """

    sha512: str
    analyser: int
    capabilities: tuple[str, ...] = ()
    evidence: tuple[Seen, ...] = ()
    inner: Inner | None = None
    installs: tuple[tuple[str, str], ...] = ()
    binaries: tuple[tuple[str, str], ...] = ()
    files: int = 0
    size: int = 0
    code: int = 0
    oddities: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()


class Origin(StrEnum):
    """Where a baseline comes from (DECISIONS 12)."""

    LEDGER = "ledger"
    BASE = "base"
    REGISTRY = "registry"
    NAMED = "named"
    """It was named together with the release."""
    NONE = "none"
    """There is nothing to compare with: a first install."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a release is compared with.

    Attributes:
        origin: Where it comes from.
        versions: The versions that it is made of, ascending; several where a line has several.
        capabilities: The union of theirs.
        installs: Theirs, (event, command).
        dependencies: Theirs, (group, name, specifier).
        bins: Theirs, (name, path).
        binaries: Paths of theirs.
        size, code, files: The largest of theirs; 0 where unknown.
        since: Capability -> the day it was first accepted (ledger only).
    """

    origin: Origin
    versions: tuple[str, ...] = ()
    capabilities: frozenset[str] = frozenset()
    installs: tuple[tuple[str, str], ...] = ()
    dependencies: tuple[tuple[str, str, str], ...] = ()
    bins: tuple[tuple[str, str], ...] = ()
    binaries: frozenset[str] = frozenset()
    size: int = 0
    code: int = 0
    files: int = 0
    since: Mapping[str, date] = field(default_factory=dict)


class Step(StrEnum):
    """How far a release is from what it is compared with."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    """Another release line: below 1.0.0 also another minor version."""
    SAME = "same"
    """The same version with other bytes."""
    DOWNGRADE = "downgrade"
    FIRST = "first"
    """There is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A capability that the baseline does not have.

    Attributes:
        capability: Its id. Two are made by comparing: `dep.new:NAME` (`dep.new:young/NAME` for a
            package or release that is young, `dep.new:installs/NAME` for one that runs code when
            it is installed) and `install.script:altered-EVENT`.
        tier, hard: As the family says.
        evidence: Places that show it.
        since: Where the ledger accepted it too short a time ago to be called known: that day.
    """

    capability: str
    tier: Tier
    hard: bool
    evidence: tuple[Seen, ...] = ()
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing of the manifest, or one binary, that differs.

    Attributes:
        what: `install`, `script`, `bin`, `binary`, or the group of a dependency (`dependencies`).
        name: Of the event, script, command, file or package.
        before, after: Text; "" where it was not, or is no longer, there.
    """

    what: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """Figures of an artifact: bytes of all files, bytes of code, number of files."""

    size: int
    code: int
    files: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What a release can do that its baseline cannot, and the other way round.

    Attributes:
        name, version: Of the release.
        baseline: What it is compared with.
        step: How far it is from that.
        gained: Sorted by tier, then id.
        absolute: Without a baseline, what of tier A it can do: no gain, since nobody knows.
        lost: Ids that the baseline has and the release has not, sorted.
        changes: Of manifests and binaries, sorted.
        before, after: Figures; `before` is all 0 without a baseline.
        oddities: Why the artifact cannot be analysed; () where it can.
        unread: (path, why) of files that were not examined whole.
    """

    name: str
    version: str
    baseline: Baseline
    step: Step
    gained: tuple[Gain, ...] = ()
    absolute: tuple[Gain, ...] = ()
    lost: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    before: Sizes = Sizes(0, 0, 0)
    after: Sizes = Sizes(0, 0, 0)
    oddities: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One row of the table that a difference meets.

    Attributes:
        action: What it leads to.
        row: Name of the row, as in the data file.
        text: One sentence.
        capabilities: The gains that it is about.
    """

    action: Action
    row: str
    text: str
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a difference leads to: the strongest of its reasons.

    Attributes:
        action: OFF where there is no reason.
        reasons: Strongest first.
    """

    action: Action
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the ledger accepts.

    Attributes:
        releases: Those that are locked with a SHA-512 which it accepts.
        artifacts: (release, SHA-512 in hex) of all bytes that it accepts: tells of a release that
            is locked without one, once its bytes were read.
        installs: Those of `releases` in whose line something runs at install: they are not read
            again, and to accept bytes is not to let them run.
    """

    releases: frozenset[Release] = frozenset()
    artifacts: frozenset[tuple[Release, str]] = frozenset()
    installs: frozenset[Release] = frozenset()


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What is known of what a release newly depends on, where no lockfile says what is installed.

    A name that is in neither was not looked at: nothing could be told of it.

    Attributes:
        told: Name -> "installs" (it runs code when it is installed), "young" (the package, or
            every release that could be meant, is), or "" where neither holds.
        untold: Name -> why that could not be told.
    """

    told: Mapping[str, str] = field(default_factory=dict)
    untold: Mapping[str, str] = field(default_factory=dict)


ACCEPTED = Kind("accepted", Per.RUN, Accepted)
ANALYSED = Kind("analysed", Per.RELEASE, Analysis)
BASELINE = Kind("baseline", Per.RELEASE, Baseline)
DEPENDENCIES = Kind("dependencies", Per.RELEASE, Dependencies)
