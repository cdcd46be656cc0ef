"""Layer and Rule: a layer judges, a rule fires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from pratique.model.fact import Facts, Key, Kind, Missing
from pratique.model.finding import Finding
from pratique.model.package import Release
from pratique.model.pin import Location, Pin
from pratique.model.project import Project


class Subject(Enum):
    """What a rule is asked about."""

    PROJECT = "project"
    PIN = "pin"
    RELEASE = "release"


class Severity(StrEnum):
    """How bad it is when the rule is right; policy's actions are another axis."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class PinIn:
    """The subject of a PIN rule: a pin in its project."""

    pin: Pin
    project: Project


@dataclass(frozen=True, slots=True)
class ReleaseIn:
    """The subject of a RELEASE rule: a release, and where a project locks it.

    Attributes:
        project: None where no project is at hand (a registry's request).
        pins: The project's pins that lock it, in file order.
    """

    release: Release
    project: Project | None = None
    pins: tuple[Pin, ...] = ()

    @property
    def where(self) -> Location | None:
        return self.pins[0].where if self.pins else None

    @property
    def path(self) -> str:
        return self.project.path if self.project else ""


Judge = Callable[[Any, Facts, Any], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One question with the facts that it needs.

    Attributes:
        id: `layer/name`, kebab-case: public API, never reused.
        subject: What it is asked about.
        needs: Facts without which (rule, subject) is Unknown.
        summary: "release is younger than the cooldown".
        severity: How bad it is when it fires rightly.
        judge: (subject, facts, the layer's settings) -> findings. Called only when nothing that
            it needs is missing. Subjects: Project, PinIn, ReleaseIn.
        also: Further facts that this subject needs, as (kind, subject of the fact).
        applies: Whether the rule has anything to say about a subject; where not, the pair is
            neither clear nor Unknown.
        lacks: What it misses about a subject, beyond its needs, that only the facts themselves
            tell; called only when nothing that it needs is missing. The pair is then Unknown.
        undecided: As `lacks`, where the layer's settings have a say; called after it.
        why: A paragraph: what goes wrong where the rule is ignored.
        fix: A paragraph: what to do.
        references: Links.
        bound: An exemption from it must name a digest: hand-written patterns are refused.
    """

    id: str
    subject: Subject
    needs: tuple[Kind[Any], ...]
    summary: str
    severity: Severity
    judge: Judge
    applies: Callable[[Any, Facts, Any], bool] = lambda _subject, _facts, _settings: True
    also: Callable[[Any], Iterable[tuple[Kind[Any], Key]]] | None = None
    lacks: Callable[[Any, Facts], Missing | None] | None = None
    undecided: Callable[[Any, Facts, Any], Missing | None] | None = None
    why: str = ""
    fix: str = ""
    references: tuple[str, ...] = ()
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """One of the eleven: its rules, and the type of its settings (a frozen dataclass)."""

    name: str
    number: int
    title: str
    rules: tuple[Rule, ...]
    settings: type
    passed: str = "{} subjects"
    """What a report says where all is well; `{}` is the number of subjects."""
    partial: Callable[[Project], tuple[int, str]] | None = None
    """Project -> (number of pins it can only partly examine, why)."""
