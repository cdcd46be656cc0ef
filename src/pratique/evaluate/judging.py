"""Each rule is asked about each of its subjects: findings, or Unknown. Every door calls this.

The one place that decides what a missing fact weighs. For each (rule, subject) whose needs are not
all there, the pair is Unknown: the rule is not asked. On a required layer an Unknown weighs at
least what the finding it could hide would weigh, unless the source is known not to carry the fact;
so taking facts away never lowers a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pratique.evaluate.placing import placed
from pratique.layers import LAYERS
from pratique.model.fact import CLOCK, Facts, Key, Kind, Missing, Per, Why
from pratique.model.finding import Finding
from pratique.model.layer import Layer, PinIn, ReleaseIn, Rule, Subject
from pratique.model.package import Release
from pratique.model.pin import Location, Pin, Source
from pratique.model.policy import Action, LayerPolicy, Policy
from pratique.model.project import Project, Repository
from pratique.model.report import Judged, Unknown

UNREADABLE = "lockfile/unreadable"
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


@dataclass(slots=True)
class Tally:
    """What one layer came to: the material of its row."""

    layer: Layer
    findings: list[Judged] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)
    subjects: set[object] = field(default_factory=set)
    unknown_subjects: set[object] = field(default_factory=set)
    partial: int = 0
    partial_why: str = ""


def judge_layer(
    layer: Layer,
    repository: Repository,
    facts: Facts,
    policy: Policy,
    scope: Scope | None,
    *,
    first: bool = True,
) -> Tally:
    """Ask every rule of a layer about every subject that it applies to.

    The `first` layer of a run also holds what could not be read, whichever layer that is.
    """
    tally = Tally(layer)
    for project in repository.projects:
        if project.unread is not None and first:
            tally.unknowns.append(_unread(project, policy.layers[layer.name]))
        if layer.partial and project.lockfile:
            number, why = layer.partial(project)
            tally.partial, tally.partial_why = tally.partial + number, why or tally.partial_why
        common = _Common(Subjects(project, scope), facts, policy.layers[layer.name].settings)
        for rule in layer.rules:
            if policy.actions[rule.id] is not Action.OFF:
                _judge_rule(rule, common, policy, scope, tally)
    return tally


class _Common:
    """What rules of a layer have in common, worked out once: most ask the same of a subject."""

    def __init__(self, subjects: Subjects, facts: Facts, settings: Any) -> None:
        self._subjects, self.facts, self._settings = subjects, facts, settings
        self._applied: dict[object, list[tuple[object, Any]]] = {}
        self._missing: dict[object, list[Missing | None]] = {}

    def identities(self, rule: Rule) -> frozenset[object]:
        """Of all that a rule applies to; nothing where a rule before it applied to the same."""
        key = (rule.subject, rule.applies)
        is_new = key not in self._applied
        return frozenset(each for each, _ in self._of(rule)) if is_new else frozenset()

    def _of(self, rule: Rule) -> list[tuple[object, Any]]:
        key = (rule.subject, rule.applies)
        if key not in self._applied:
            every = self._subjects.of(rule.subject)
            applied = (each for each in every if rule.applies(each, self.facts, self._settings))
            self._applied[key] = [(_identity(each), each) for each in applied]
        return self._applied[key]

    def of(self, rule: Rule) -> Iterator[tuple[object, Any, Missing | None]]:
        """(identity, subject, which of its needs is missing) of all that a rule applies to."""
        key = (rule.subject, rule.applies)
        applied = self._of(rule)
        of_needs = (*key, rule.needs)
        if of_needs not in self._missing:
            self._missing[of_needs] = [
                missing_need(rule.needs, subject, self.facts) for _, subject in applied
            ]
        for (identity, subject), missing in zip(applied, self._missing[of_needs], strict=True):
            yield identity, subject, missing


def _judge_rule(
    rule: Rule, common: _Common, policy: Policy, scope: Scope | None, tally: Tally
) -> None:
    of_layer, facts = policy.layers[tally.layer.name], common.facts
    tally.subjects |= common.identities(rule)
    for identity, subject, missing in common.of(rule):
        answer = _answer(rule, subject, facts, (of_layer, policy), missing)
        if isinstance(answer, Unknown):
            tally.unknown_subjects.add(identity)
            tally.unknowns.append(answer)
            continue
        for found in answer:
            if scope is None or found.fingerprint not in scope.known:
                tally.findings.append(judged(found, policy, facts))


def answer_of(
    rule: Rule, subject: Any, facts: Facts, of_layer: LayerPolicy, policy: Policy
) -> Unknown | Iterable[Finding]:
    """What a rule that applies says of a subject. The same at every door."""
    needed = missing_need(rule.needs, subject, facts)
    return _answer(rule, subject, facts, (of_layer, policy), needed)


def _answer(
    rule: Rule,
    subject: Any,
    facts: Facts,
    policies: tuple[LayerPolicy, Policy],
    needed: Missing | None,
) -> Unknown | Iterable[Finding]:
    of_layer, policy = policies
    missing = _missing_beside(rule, subject, facts, needed)
    if missing is None and rule.undecided:
        missing = rule.undecided(subject, facts, of_layer.settings)
    if missing is not None:
        return _unknown(rule, subject, missing, of_layer, policy)
    return rule.judge(subject, facts, of_layer.settings)


class Subjects:
    """The subjects that a project has, within `scope`: made once for all rules that are asked."""

    def __init__(self, project: Project, scope: Scope | None) -> None:
        self._project = project
        locked = project.lockfile.every_pin if project.lockfile else ()
        self._pins = [pin for pin in locked if _in_scope(project, pin, scope)]
        self._made: dict[Subject, Sequence[Any]] = {Subject.PROJECT: (project,)}

    def of(self, kind: Subject) -> Sequence[Any]:
        """The project itself, or a PinIn of each pin, or a ReleaseIn of each release."""
        if kind not in self._made:
            pins, project = self._pins, self._project
            is_pin = kind is Subject.PIN
            made = (PinIn(pin, project) for pin in pins) if is_pin else releases_in(project, pins)
            self._made[kind] = tuple(made)
        return self._made[kind]


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


def wanted(
    repository: Repository,
    of_run: Facts,
    policy: Policy,
    scope: Scope | None,
    layers: Sequence[Layer] = LAYERS,
) -> set[tuple[Kind[Any], Key]]:
    """The facts that `layers` need about `repository`: what there is to gather.

    `of_run` are the facts about the run itself, which are there before anything is asked.
    """
    asked: set[tuple[Kind[Any], Key]] = set()
    for project in repository.projects:
        subjects = Subjects(project, scope)
        for layer in layers:
            settings = policy.layers[layer.name].settings
            asking = [each for each in layer.rules if policy.actions[each.id] is not Action.OFF]
            for rule in _once(asking):
                for subject in subjects.of(rule.subject):
                    if rule.applies(subject, of_run, settings):
                        asked.update(_needs(rule, subject))
    return {(kind, key) for kind, key in asked if kind.per is not Per.RUN}


def _once(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Those that ask for other facts, or about other subjects, than one before them."""
    seen: set[object] = set()
    for rule in rules:
        asks = (rule.subject, rule.applies, rule.needs)
        if rule.also or asks not in seen:
            yield rule
        seen.add(asks)


def _needs(rule: Rule, subject: Any) -> list[tuple[Kind[Any], Key]]:
    needs = [(kind, fact_key(kind, subject)) for kind in rule.needs]
    return [*needs, *rule.also(subject)] if rule.also else needs


def fact_key(kind: Kind[Any], subject: Project | PinIn | ReleaseIn) -> Key:
    """What a fact of `kind` is about, for a rule that is asked about `subject`."""
    per = kind.per
    if per is _RUN or isinstance(subject, Project):
        return None
    release = subject.release if isinstance(subject, ReleaseIn) else subject.pin.release
    return release if per is _RELEASE else release.package


def first_missing(rule: Rule, subject: Any, facts: Facts) -> Missing | None:
    """The first need of a rule that is missing for a subject; a failure before an absence."""
    return _missing_beside(rule, subject, facts, missing_need(rule.needs, subject, facts))


def missing_need(needs: Iterable[Kind[Any]], subject: Any, facts: Facts) -> Missing | None:
    """The first of `needs` that is missing for a subject; a failure before an absence."""
    found: Missing | None = None
    for kind in needs:
        value = facts.get(kind, None if kind.per is _RUN else fact_key(kind, subject))
        if isinstance(value, Missing):
            found = _first(found, value)
    return found


def _missing_beside(
    rule: Rule, subject: Any, facts: Facts, found: Missing | None
) -> Missing | None:
    """`found`, or what is missing that the rule does not need of every subject."""
    for kind, key in rule.also(subject) if rule.also else ():
        value = facts.get(kind, key)
        if isinstance(value, Missing):
            found = _first(found, value)
    return rule.lacks(subject, facts) if found is None and rule.lacks else found


def _first(found: Missing | None, value: Missing) -> Missing:
    return value if found is None or found.why is Why.ABSENT else found


def _unknown(
    rule: Rule, subject: Any, missing: Missing, of_layer: LayerPolicy, policy: Policy
) -> Unknown:
    action = unknown_action(policy.actions[rule.id], missing.why, of_layer)
    release, where, path = _place(subject)
    return Unknown(rule.id, missing, action, path, release, where)


def unknown_action(of_rule: Action, why: Why, of_layer: LayerPolicy) -> Action:
    """What an Unknown weighs. Never below WARN on a required layer."""
    action = of_layer.on_unknown.action(why)
    if not of_layer.required:
        return action
    floor = Action.WARN if why is Why.ABSENT else of_rule
    return max(action, floor, Action.WARN)


def _unread(project: Project, of_layer: LayerPolicy) -> Unknown:
    """A lockfile that could not be examined is undecided under every policy (DECISIONS 21)."""
    unread = project.unread
    detail = unread.why if unread else ""
    where = Location(unread.path, unread.line) if unread else None
    action = max(of_layer.on_unknown.failed, Action.QUARANTINE)
    missing = Missing(Why.FAILED, f"{where}: {detail}")
    return Unknown(UNREADABLE, missing, action, project.path, None, where)


def _place(subject: Any) -> tuple[Release | None, Location | None, str]:
    if isinstance(subject, PinIn):
        return subject.pin.release, subject.pin.where, subject.project.path
    if isinstance(subject, ReleaseIn):
        return subject.release, subject.where, subject.path
    return None, None, subject.path


def _identity(subject: Any) -> object:
    if isinstance(subject, PinIn):
        return (subject.project.path, subject.pin.key)
    if isinstance(subject, ReleaseIn):
        return (subject.path, subject.pins[0].key if subject.pins else subject.release)
    return subject.path


def judged(found: Finding, policy: Policy, facts: Facts) -> Judged:
    """What policy makes of a finding: its action, or the exemption that removes it.

    Without a clock no exemption counts: whether it has ended cannot be told.
    """
    found = placed(found, policy)
    clock = facts.get(CLOCK)
    action = min(policy.actions[found.rule], found.weight)
    if not isinstance(clock, Missing):
        for exemption in policy.exemptions:
            if exemption.covers(found) and not exemption.is_expired(clock.at):
                return Judged(found, action, exemption)
    return Judged(found, action)


def project_findings(
    repository: Repository, facts: Facts, policy: Policy, layers: Sequence[Layer] = LAYERS
) -> Iterator[Finding]:
    """What the rules on projects find whose needs are all there: what a base has already."""
    for project in repository.projects:
        for layer in layers:
            settings = policy.layers[layer.name].settings
            for rule in layer.rules:
                if rule.subject is Subject.PROJECT and not first_missing(rule, project, facts):
                    yield from rule.judge(project, facts, settings)
