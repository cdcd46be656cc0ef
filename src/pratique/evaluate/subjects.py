"""What rules are asked about in a project, and what is missing of it: worked out once for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pratique.model.fact import Facts, Key, Kind, Missing, Per, Why
from pratique.model.layer import PinIn, ReleaseIn, Subject
from pratique.model.package import Release
from pratique.model.pin import Location, Pin, Source
from pratique.model.project import Project

_RUN, _RELEASE = Per.RUN, Per.RELEASE


@dataclass(frozen=True, slots=True)
class Scope:
    """What a change is judged by: only what it adds or alters.

    Attributes:
        pins: (project path, pin key) of the entries that the change adds or alters.
        known: Fingerprints of project findings that the base has already.
    """

    pins: frozenset[tuple[str, str]]
    known: frozenset[str] = frozenset()


class About(NamedTuple):
    """A subject, and what a report says of it.

    Attributes:
        identity: Equal for what a report counts once: a pin, and the release that it locks.
        subject: A Project, a PinIn or a ReleaseIn.
        release: Its release, else None.
        where: Its place, else None.
        path: Of its project.
    """

    identity: object
    subject: Any
    release: Release | None
    where: Location | None
    path: str

    @classmethod
    def of(cls, subject: Project | PinIn | ReleaseIn) -> About:
        if isinstance(subject, PinIn):
            pin, path = subject.pin, subject.project.path
            return cls((path, pin.key), subject, pin.release, pin.where, path)
        if isinstance(subject, ReleaseIn):
            release, path = subject.release, subject.path
            own = subject.pins[0].key if subject.pins else release
            return cls((path, own), subject, release, subject.where, path)
        return cls(subject.path, subject, None, None, subject.path)


class Subjects:
    """The subjects that a project has, within `scope`: made once for all rules that are asked."""

    def __init__(self, project: Project, scope: Scope | None) -> None:
        self.project = project
        locked = project.lockfile.every_pin if project.lockfile else ()
        self._pins = [pin for pin in locked if _in_scope(project, pin, scope)]
        self._made: dict[Subject, Sequence[Any]] = {Subject.PROJECT: (project,)}

    def of(self, kind: Subject) -> Sequence[Any]:
        """The project itself, or a PinIn of each pin, or a ReleaseIn of each release."""
        if kind not in self._made:
            pins, project = self._pins, self.project
            is_pin = kind is Subject.PIN
            made = (PinIn(pin, project) for pin in pins) if is_pin else releases_in(project, pins)
            self._made[kind] = tuple(made)
        return self._made[kind]


class Table:
    """The subjects of a project beside what is missing of each: one for all layers of a run."""

    def __init__(self, project: Project, scope: Scope | None, facts: Facts) -> None:
        self.project, self.facts = project, facts
        self._subjects = Subjects(project, scope)
        self._about: dict[Subject, Sequence[About]] = {}
        self._columns: dict[tuple[Subject, Kind[Any]], list[Missing | None]] = {}
        self._missing: dict[object, list[Missing | None]] = {}

    def about(self, kind: Subject) -> Sequence[About]:
        """The subjects of a kind, in order."""
        if kind not in self._about:
            self._about[kind] = [About.of(each) for each in self._subjects.of(kind)]
        return self._about[kind]

    def missing(self, kind: Subject, needs: tuple[Kind[Any], ...]) -> Sequence[Missing | None]:
        """Of each subject the first of `needs` that is missing; a failure before an absence."""
        key = (kind, needs)
        if key not in self._missing:
            found: list[Missing | None] = [None] * len(self.about(kind))
            for need in needs:
                column = self._column(kind, need)
                found = [
                    before if now is None else first_of(before, now)
                    for before, now in zip(found, column, strict=True)
                ]
            self._missing[key] = found
        return self._missing[key]

    def _column(self, kind: Subject, need: Kind[Any]) -> list[Missing | None]:
        """Of each subject that very fact, where it is missing."""
        key = (kind, need)
        if key not in self._columns:
            get = self.facts.get
            values = [get(need, fact_key(need, each)) for each in self._subjects.of(kind)]
            self._columns[key] = [value if isinstance(value, Missing) else None for value in values]
        return self._columns[key]


def fact_key(kind: Kind[Any], subject: Project | PinIn | ReleaseIn) -> Key:
    """What a fact of `kind` is about, for a rule that is asked about `subject`."""
    per = kind.per
    if per is _RUN or isinstance(subject, Project):
        return None
    release = subject.release if isinstance(subject, ReleaseIn) else subject.pin.release
    return release if per is _RELEASE else release.package


def first_of(found: Missing | None, value: Missing) -> Missing:
    """Which of two a rule is told of: a failure before an absence."""
    return value if found is None or found.why is Why.ABSENT else found


def releases_in(project: Project, pins: Iterable[Pin]) -> Iterator[ReleaseIn]:
    """The releases that `pins` lock, each once, in order of first appearance.

    Also those at a URL: it may be a registry's own, of a form that only its document tells.
    """
    by_release: dict[Release, list[Pin]] = {}
    for pin in pins:
        if pin.version and pin.source in {Source.REGISTRY, Source.REMOTE}:
            by_release.setdefault(pin.release, []).append(pin)
    for release, locked in by_release.items():
        yield ReleaseIn(release, project, tuple(locked))


def _in_scope(project: Project, pin: Pin, scope: Scope | None) -> bool:
    return scope is None or (project.path, pin.key) in scope.pins
