"""Capability, Fingerprint, Analysis, Baseline: what code can do, and what it could do before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pratique.model.fact import Kind, Per

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
    """

    name: str = ""
    version: str = ""
    scripts: tuple[tuple[str, str], ...] = ()
    dependencies: tuple[tuple[str, str, str], ...] = ()
    bins: tuple[tuple[str, str], ...] = ()


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


ANALYSED = Kind("analysed", Per.RELEASE, Analysis)
BASELINE = Kind("baseline", Per.RELEASE, Baseline)
