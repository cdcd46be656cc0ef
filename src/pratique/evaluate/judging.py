"""Each rule is asked about each of its subjects: findings, or Unknown. Every door calls this.

The one place that decides what a missing fact weighs. For each (rule, subject) whose needs are not
all there, the pair is Unknown: the rule is not asked. On a required layer an Unknown weighs at
least what the finding it could hide would weigh, unless the source is known not to carry the fact;
so taking facts away never lowers a verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pratique.evaluate.placing import placed
from pratique.evaluate.subjects import About, Scope, Subjects, Table, fact_key, first_of
from pratique.layers import LAYERS
from pratique.model.fact import CLOCK, Facts, Key, Kind, Missing, Per, Why
from pratique.model.finding import Finding
from pratique.model.layer import Layer, Rule, Subject
from pratique.model.pin import Location
from pratique.model.policy import Action, LayerPolicy, Policy
from pratique.model.project import Project, Repository
from pratique.model.report import Judged, Unknown

UNREADABLE = "lockfile/unreadable"
_RUN = Per.RUN


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
    tables: Iterable[Table],
    policy: Policy,
    scope: Scope | None,
    *,
    first: bool = True,
) -> Tally:
    """Ask every rule of a layer about every subject that it applies to, of every project.

    The `first` layer of a run also holds what could not be read, whichever layer that is.
    """
    tally = Tally(layer)
    for table in tables:
        project = table.project
        if project.unread is not None and first:
            tally.unknowns.append(_unread(project, policy.layers[layer.name]))
        if layer.partial and project.lockfile:
            number, why = layer.partial(project)
            tally.partial, tally.partial_why = tally.partial + number, why or tally.partial_why
        common = _Common(table, policy.layers[layer.name].settings)
        for rule in layer.rules:
            if policy.actions[rule.id] is not Action.OFF:
                _judge_rule(rule, common, policy, scope, tally)
    return tally


class _Common:
    """What rules of a layer have in common, worked out once: most ask the same of a subject."""

    def __init__(self, table: Table, settings: Any) -> None:
        self._table, self.facts, self._settings = table, table.facts, settings
        self._applied: dict[object, list[int]] = {}

    def identities(self, rule: Rule) -> frozenset[object]:
        """Of all that a rule applies to; nothing where a rule before it applied to the same."""
        if (rule.subject, rule.applies) in self._applied:
            return frozenset()
        every = self._table.about(rule.subject)
        return frozenset(every[each].identity for each in self._of(rule))

    def _of(self, rule: Rule) -> list[int]:
        key = (rule.subject, rule.applies)
        if key not in self._applied:
            facts, settings = self.facts, self._settings
            every = self._table.about(rule.subject)
            self._applied[key] = [
                index
                for index, each in enumerate(every)
                if rule.applies(each.subject, facts, settings)
            ]
        return self._applied[key]

    def of(self, rule: Rule) -> Iterator[tuple[About, Missing | None]]:
        """(subject, which of its needs is missing) of all that a rule applies to."""
        every = self._table.about(rule.subject)
        missing = self._table.missing(rule.subject, rule.needs)
        for index in self._of(rule):
            yield every[index], missing[index]


def _judge_rule(
    rule: Rule, common: _Common, policy: Policy, scope: Scope | None, tally: Tally
) -> None:
    of_layer, facts = policy.layers[tally.layer.name], common.facts
    weights = {why: unknown_action(policy.actions[rule.id], why, of_layer) for why in Why}
    tally.subjects |= common.identities(rule)
    for about, needed in common.of(rule):
        _, subject, release, where, path = about
        missing = _undecided(rule, subject, facts, of_layer.settings, needed)
        if missing is not None:
            tally.unknown_subjects.add(about.identity)
            tally.unknowns.append(
                Unknown(rule.id, missing, weights[missing.why], path, release, where)
            )
            continue
        for found in rule.judge(subject, facts, of_layer.settings):
            if scope is None or found.fingerprint not in scope.known:
                tally.findings.append(judged(found, policy, facts))


def answer_of(
    rule: Rule, subject: Any, facts: Facts, of_layer: LayerPolicy, policy: Policy
) -> Unknown | Iterable[Finding]:
    """What a rule that applies says of a subject. The same at every door."""
    needed = missing_need(rule.needs, subject, facts)
    missing = _undecided(rule, subject, facts, of_layer.settings, needed)
    if missing is None:
        return rule.judge(subject, facts, of_layer.settings)
    _, _, release, where, path = About.of(subject)
    action = unknown_action(policy.actions[rule.id], missing.why, of_layer)
    return Unknown(rule.id, missing, action, path, release, where)


def _undecided(
    rule: Rule, subject: Any, facts: Facts, settings: Any, needed: Missing | None
) -> Missing | None:
    """What is missing of a subject for a rule, of whose needs `needed` is."""
    if rule.also or needed is None:
        needed = _missing_beside(rule, subject, facts, needed)
    if needed is None and rule.undecided:
        return rule.undecided(subject, facts, settings)
    return needed


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
    asked: dict[Kind[Any], set[Key]] = defaultdict(set)
    for project in repository.projects:
        subjects = Subjects(project, scope)
        for layer in layers:
            settings = policy.layers[layer.name].settings
            asking = [each for each in layer.rules if policy.actions[each.id] is not Action.OFF]
            for rule in _once(asking):
                every = subjects.of(rule.subject)
                applied = [each for each in every if rule.applies(each, of_run, settings)]
                for kind in rule.needs:
                    asked[kind].update([fact_key(kind, each) for each in applied])
                for subject in applied if rule.also else ():
                    for kind, key in rule.also(subject) if rule.also else ():
                        asked[kind].add(key)
    return {(kind, key) for kind in asked if kind.per is not _RUN for key in asked[kind]}


def _once(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Those that ask for other facts, or about other subjects, than one before them."""
    seen: set[object] = set()
    for rule in rules:
        asks = (rule.subject, rule.applies, rule.needs)
        if rule.also or asks not in seen:
            yield rule
        seen.add(asks)


def first_missing(rule: Rule, subject: Any, facts: Facts) -> Missing | None:
    """The first need of a rule that is missing for a subject; a failure before an absence."""
    return _missing_beside(rule, subject, facts, missing_need(rule.needs, subject, facts))


def missing_need(needs: Iterable[Kind[Any]], subject: Any, facts: Facts) -> Missing | None:
    """The first of `needs` that is missing for a subject; a failure before an absence."""
    found: Missing | None = None
    for kind in needs:
        value = facts.get(kind, None if kind.per is _RUN else fact_key(kind, subject))
        if isinstance(value, Missing):
            found = first_of(found, value)
    return found


def _missing_beside(
    rule: Rule, subject: Any, facts: Facts, found: Missing | None
) -> Missing | None:
    """`found`, or what is missing that the rule does not need of every subject."""
    for kind, key in rule.also(subject) if rule.also else ():
        value = facts.get(kind, key)
        if isinstance(value, Missing):
            found = first_of(found, value)
    return rule.lacks(subject, facts) if found is None and rule.lacks else found


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
