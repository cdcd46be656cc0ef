"""One release at the firewall's door: the rules of every other door, without a project around it.

What a rule says, what an exemption removes and what a missing fact weighs is `judging`'s; this only
chooses the rules that can be asked there, and puts their answers together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Any

from pratique import difference
from pratique.evaluate.judging import answer_of, judged
from pratique.layers import LAYERS, release_age, trust
from pratique.model.blocklist import BLOCKED
from pratique.model.fact import CLOCK, PUBLISHED, Facts, Kind, Missing, Per
from pratique.model.finding import Finding
from pratique.model.layer import Layer, ReleaseIn, Rule, Severity, Subject
from pratique.model.package import Release
from pratique.model.policy import Action, Exemption, LayerPolicy, Policy, Verdict
from pratique.model.report import Judged, Unknown

Rules = Sequence[tuple[Layer, Rule]]
"""The rules that are asked, with their layers."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is decided of one release, and why.

    Attributes:
        verdict: The worst of what follows.
        judged: Findings, those too that an exemption removes.
        unknowns: What could not be decided.
        rules: Ids of the rules that lead to `verdict`, the most severe first, findings before
            unknowns; () where that is ALLOW.
        text: The sentence of the first of them: a finding's, or why a fact is missing; "" for none.
    """

    verdict: Verdict
    judged: tuple[Judged, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    rules: tuple[str, ...] = ()
    text: str = ""


NOTHING = Ruling(Verdict.ALLOW)
_SEVEREST = list(reversed(Severity))


def rules_at_the_door(
    policy: Policy, layers: Sequence[Layer] = LAYERS, *, skip: Collection[Kind[Any]] = ()
) -> tuple[tuple[Layer, Rule], ...]:
    """The rules on releases that the policy does not switch off, in the order of their layers.

    Args:
        policy: What judges.
        layers: Of the program.
        skip: Kinds of facts that are not gathered here: rules that need one are left out. Whoever
            leaves rules out asks them elsewhere, before anything is let in.
    """
    return tuple(
        (layer, rule)
        for layer in layers
        for rule in layer.rules
        if rule.subject is Subject.RELEASE
        and policy.actions[rule.id] is not Action.OFF
        and not any(kind in skip for kind in rule.needs)
    )


class Asking:
    """Some rules, asked of many releases by the same facts of the run.

    Args:
        facts: What is known.
        policy: What judges.
        asked: From `rules_at_the_door`.
    """

    def __init__(self, facts: Facts, policy: Policy, asked: Rules) -> None:
        self._facts, self._policy, self._asked = facts, policy, asked
        self._rows = [self._row(rule, policy.layers[layer.name]) for layer, rule in asked]

    def _row(self, rule: Rule, of_layer: LayerPolicy) -> _Row:
        """With the needs that are yet to be looked for; None where it takes more than that."""
        of_run = [kind for kind in rule.needs if kind.per is Per.RUN]
        needs = tuple((kind, kind.per is Per.RELEASE) for kind in rule.needs if kind not in of_run)
        asks_more = rule.also or rule.lacks or rule.undecided
        is_missing = any(isinstance(self._facts.get(kind), Missing) for kind in of_run)
        return rule, of_layer, None if asks_more or is_missing else needs

    def of(self, release: Release) -> Ruling:
        """What they come to."""
        subject, facts, policy = ReleaseIn(release), self._facts, self._policy
        findings: list[Judged] = []
        unknowns: list[Unknown] = []
        for rule, of_layer, needs in self._rows:
            if not rule.applies(subject, facts, of_layer.settings):
                continue
            if needs is not None and self._are_there(needs, release):
                answer: Unknown | Iterable[Finding] = rule.judge(subject, facts, of_layer.settings)
            else:
                answer = answer_of(rule, subject, facts, of_layer, policy)
            if isinstance(answer, Unknown):
                unknowns.append(answer)
                continue
            for found in answer:
                findings.append(judged(found, policy, facts))  # noqa: PERF401 - mostly none
        return _ruling(findings, unknowns, self._asked) if findings or unknowns else NOTHING

    def _are_there(self, needs: _Needs, release: Release) -> bool:
        get = self._facts.get
        for kind, is_of_release in needs:
            if isinstance(get(kind, release if is_of_release else release.package), Missing):
                return False
        return True


_Needs = tuple[tuple[Kind[Any], bool], ...]
"""Kinds of facts, and whether they are about a release; the others are about its package."""
_Row = tuple[Rule, LayerPolicy, _Needs | None]


def judge_release(release: Release, facts: Facts, policy: Policy, asked: Rules) -> Ruling:
    """What `asked`, from `rules_at_the_door`, come to for one release."""
    return Asking(facts, policy, asked).of(release)


def _ruling(findings: Sequence[Judged], unknowns: Sequence[Unknown], asked: Rules) -> Ruling:
    every: list[Judged | Unknown] = [*findings, *unknowns]
    verdict = max(each.verdict for each in every)
    told = _told(verdict, findings, unknowns, asked) if verdict > Verdict.ALLOW else []
    return Ruling(
        verdict,
        tuple(findings),
        tuple(unknowns),
        tuple(dict.fromkeys(rule for rule, _ in told)),
        told[0][1] if told else "",
    )


def _told(
    verdict: Verdict, findings: Iterable[Judged], unknowns: Iterable[Unknown], asked: Rules
) -> list[tuple[str, str]]:
    """(rule, sentence) of what leads to `verdict`, the first first."""
    rank = {rule.id: _SEVEREST.index(rule.severity) for _, rule in asked}
    found = [(each.finding.rule, each.finding.message) for each in findings if _is(each, verdict)]
    missing = [(each.rule, each.missing.detail) for each in unknowns if _is(each, verdict)]
    return [
        *sorted(found, key=lambda each: rank[each[0]]),
        *sorted(missing, key=lambda each: rank[each[0]]),
    ]


def _is(each: Judged | Unknown, verdict: Verdict) -> bool:
    return each.verdict is verdict


def instants(release: Release, facts: Facts, policy: Policy) -> tuple[datetime, ...]:
    """When what is decided of a release could change by itself, after the run's clock; sorted.

    The end of its cooldown, the end of its youth (`behavior.toml`), those from which on another way
    of making it weighs less, the day on which an exemption or an entry of a blocklist ends, and the
    instant from which a blocklist is stale.
    """
    clock = facts.get(CLOCK)
    if isinstance(clock, Missing):
        return ()
    coming = _instants(release, facts, policy, clock.at, _waits(policy))
    return tuple(sorted({each for each in coming if each > clock.at}))


class Turning:
    """When what is decided of releases could change by itself: the first of a release's `instants`.

    Args:
        facts: With the run's clock.
        policy: What judges.
    """

    def __init__(self, facts: Facts, policy: Policy) -> None:
        self._facts, self._policy = facts, policy
        self._waits = _waits(policy)
        clock, blocked = facts.get(CLOCK), facts.get(BLOCKED)
        self._now = None if isinstance(clock, Missing) else clock.at
        has_lists = not isinstance(blocked, Missing) and bool(blocked.expires or blocked.entries)
        self._old = None if self._now is None else self._now - self._waits[-1]
        self._by_age_alone = not (policy.exemptions or has_lists)

    def of(self, release: Release) -> datetime | None:
        """None where there is none."""
        now = self._now
        if now is None or self._old is None:
            return None
        if self._by_age_alone:  # nearly all are old: nothing more is called for them
            published = self._facts.get(PUBLISHED, release)
            if isinstance(published, Missing) or published.at <= self._old:
                return None
        coming = _instants(release, self._facts, self._policy, now, self._waits)
        return min((each for each in coming if each > now), default=None)


def _instants(
    release: Release, facts: Facts, policy: Policy, now: datetime, waits: Sequence[timedelta]
) -> Iterator[datetime]:
    """All that are after `now`, and perhaps others."""
    published = facts.get(PUBLISHED, release)
    if not isinstance(published, Missing) and published.at + waits[-1] > now:
        yield from (published.at + wait for wait in waits)
    if policy.exemptions:
        yield from _of_exemptions(release, policy)
    yield from _of_blocklists(release, facts)


def _waits(policy: Policy) -> list[timedelta]:
    """Ages at which something changes, ascending."""
    age: release_age.ReleaseAgeSettings = policy.layers[release_age.LAYER.name].settings
    made: trust.TrustSettings = policy.layers[trust.LAYER.name].settings
    return sorted((age.cooldown, difference.table().young, made.hold, made.settle))


def _of_exemptions(release: Release, policy: Policy) -> Iterator[datetime]:
    for exemption in policy.exemptions:
        if _may_cover(exemption, release):
            yield _midnight(exemption.until)


def _of_blocklists(release: Release, facts: Facts) -> Iterator[datetime]:
    blocked = facts.get(BLOCKED)
    if isinstance(blocked, Missing) or not (blocked.expires or blocked.entries):
        return
    yield from (instant for _, instant in blocked.expires)
    for entry in blocked.entries.get(release.name, ()):
        if entry.until:
            yield _midnight(entry.until)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _may_cover(exemption: Exemption, release: Release) -> bool:
    if exemption.sha512 is None:
        return fnmatchcase(release.purl, exemption.purl)
    return release.purl == exemption.purl
