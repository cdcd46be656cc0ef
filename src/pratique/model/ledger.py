"""Ledger: what a repository has accepted of each package, line by line (DECISIONS 10-13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pratique.model.package import Package

LEDGER_FILE = "pratique.lock"
BOOTSTRAP = "bootstrap"
"""Why a line was accepted that nobody has looked at."""

More = tuple[tuple[str, str], ...]
"""Members that this version does not know, as (name, canonical JSON of the value), sorted."""


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """What a line is about: a package of one registry, in one release line.

    Attributes:
        package: The package.
        registry: Normalised base URL of the registry that serves it.
        line: The release line: the major, or 0.minor; an odd version is a line of its own.
    """

    package: Package
    registry: str
    line: str


@dataclass(frozen=True, slots=True, order=True)
class AcceptedArtifact:
    """The bytes of one release; `sha512` is hex."""

    version: str
    sha512: str
    more: More = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What is accepted of a package in one release line.

    Attributes:
        key: What it is about.
        first: The day on which the package was first accepted, in this line or one below.
        last: The day of the latest one.
        by, why: Whose, and for what reason; BOOTSTRAP for what nobody has looked at.
        analyser: The oldest analyser that the capabilities come from.
        accepted: The artifacts, sorted.
        capabilities: Id -> the day it was first accepted; the union of the artifacts'.
        scripts: (event, SHA-256 in hex of the command) of what a client runs at install, sorted.
        dependencies: Names of what a client installs with it, sorted.
        bins: Names of its commands, sorted.
        binaries: Paths of its native code, sorted.
        size, code, files: As in Analysis, the largest of the artifacts'.
        evidence, signer: Of build and publication; "" where nothing is on record.
        provenance: At most the last 5 records, each as canonical JSON, the oldest first.
        more: Members of the line that this version does not know.
        row: 1-based line of the file; None where it was not read from one.
    """

    key: LineKey
    first: date
    last: date
    by: str = ""
    why: str = ""
    analyser: int = 1
    accepted: tuple[AcceptedArtifact, ...] = ()
    capabilities: Mapping[str, date] = field(default_factory=dict)
    scripts: tuple[tuple[str, str], ...] = ()
    dependencies: tuple[str, ...] = ()
    bins: tuple[str, ...] = ()
    binaries: tuple[str, ...] = ()
    size: int = 0
    code: int = 0
    files: int = 0
    evidence: str = ""
    signer: str = ""
    provenance: tuple[str, ...] = ()
    more: More = ()
    row: int | None = field(default=None, compare=False)

    @property
    def is_reviewed(self) -> bool:
        """Whether a person answers for it."""
        return self.why != BOOTSTRAP


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every line; `more` are the members of the header that this version does not know."""

    lines: Mapping[LineKey, Line] = field(default_factory=dict)
    more: More = ()
