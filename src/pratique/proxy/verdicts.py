"""A package at the firewall's door: what is known -> what may be seen, what is examined. Pure.

The rules are those of every other door. What this adds is the order of things: metadata is judged
first, since it costs nothing; content is judged for the releases that a resolver would pick and for
those that somebody asks for, each against the nearest earlier release that was itself admitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property

from pratique import difference
from pratique.ecosystems.npm.versions import ascending
from pratique.evaluate.door import (
    NOTHING,
    Asking,
    Rules,
    Ruling,
    Turning,
    judge_release,
    rules_at_the_door,
)
from pratique.lineage import earlier_of
from pratique.model.behavior import (
    ACCEPTED,
    ANALYSED,
    BASELINE,
    DEPENDENCIES,
    Accepted,
    Analysis,
    Baseline,
    Dependencies,
    Origin,
)
from pratique.model.evidence import EXPIRED, ROOT
from pratique.model.fact import (
    CLOCK,
    FIRST_PUBLISHED,
    NEWCOMERS,
    PUBLISHED,
    REGISTERED,
    Clock,
    Missing,
    Newcomers,
    Published,
    Registered,
    Why,
)
from pratique.model.forge import FORGED
from pratique.model.package import Package, Release
from pratique.model.policy import Action, Verdict
from pratique.model.report import Unknown
from pratique.proxy.candidates import candidates, in_order
from pratique.proxy.carried import Carried, Grounds, Judged
from pratique.proxy.deciding import facts_digest_of
from pratique.proxy.known import UNTRUSTED, Known
from pratique.proxy.needs import Needs, Seen
from pratique.proxy.package_facts import PackageFacts
from pratique.proxy.proven import KINDS, Wish, says_attested

Told = Mapping[str, object] | Needs
"""Name of the kind -> what is known of a release, or what it still needs."""
CONTENT = (ANALYSED, BASELINE)
UNASKED = (FORGED,)
"""Kinds of facts that this door does not gather."""
LEVELS, MOST_LEVELS = 1, 8
"""Earlier releases that are themselves judged before one serves as what a release is compared with:
old ones, and those that are not `SETTLED`. Who hijacks a package may publish twice."""
SETTLED = timedelta(days=30)
"""After so long, a release may serve for comparing without being judged itself."""
LONG_SETTLED = timedelta(days=180)
"""After so long, a release is no longer compared with an earlier one: it is judged by what it can
do at all, as one that was locked before there was a ledger (DECISIONS 12). It may be seen before it
is examined; its artifact may not be had. The longest-lived hijack on record took 70 days to be
found (event-stream, 2018)."""
PENDING = Missing(Why.FAILED, "its analysis is pending")


def is_refused(ruling: Ruling) -> bool:
    """Whether a release that this was decided of is kept out."""
    return ruling.verdict >= Verdict.QUARANTINE


class Judging:
    """One package judged at one moment.

    Args:
        known: What is known of it.
        before: What it came to at an earlier moment.
    """

    def __init__(self, known: Known, before: Carried | None = None) -> None:
        self._known, self._before_now = known, before
        self._package = Package(known.packument.name)
        policy = known.policy
        self._by_metadata = rules_at_the_door(policy, skip=(*CONTENT, *KINDS, *UNASKED))
        self._by_content = rules_at_the_door(policy, skip=(*KINDS, *UNASKED))
        self._by_evidence = rules_at_the_door(policy, skip=(*CONTENT, *UNASKED))
        self._by_all = rules_at_the_door(policy, skip=UNASKED)
        self._reads = len(self._by_content) > len(self._by_metadata)
        self._verifies = len(self._by_all) > len(self._by_content)
        self._every = tuple(known.packument.versions)
        self._releases: dict[str, Release] = {}
        self._memo: dict[tuple[str, int], Ruling | Needs] = {}
        self._held: set[str] = set()
        self._looked: set[str] = set()
        self._own: dict[str, dict[str, object]] = {}

    # Facts

    @cached_property
    def _facts(self) -> PackageFacts:
        """Those of a release are among them once it is `_told_of`."""
        known, package = self._known, self._package
        of_all: dict[tuple[str, object], object] = {
            (CLOCK.name, None): Clock(known.now),
            (NEWCOMERS.name, None): Newcomers(frozenset(), compared=False),
            (ACCEPTED.name, None): Accepted(),
            (FIRST_PUBLISHED.name, package): known.began(),
        }
        return PackageFacts(package, self._own, known.extra.with_facts(of_all))

    def _told_of(self, version: str, published: Published | Missing) -> PackageFacts:
        """The facts, with those of this release."""
        if version not in self._own:
            stated = self._known.packument.versions.get(version)
            document = "" if stated is None else stated.document
            if not isinstance(document, str):
                registered = Registered(self._known.registry, document)
                self._own[version] = {REGISTERED.name: registered, PUBLISHED.name: published}
        return self._facts

    def published(self, version: str) -> Published | Missing:
        return self._known.published(version)

    def release(self, version: str) -> Release:
        """One object for each: a fact that is looked up by the same one is found at once."""
        found = self._releases.get(version)
        if found is None:
            found = self._releases[version] = Release(self._package, version)
        return found

    # Verdicts

    @cached_property
    def carried(self) -> Carried:
        """What metadata alone leads to: asked for anew where what was decided may not hold."""
        known, now = self._known, self._known.now
        grounds = Grounds(known.policy, known.extra, known.registry, known.began())
        last, every = self._before_now, self._by_metadata
        before = last.held(grounds, now) if last else {}
        altered = grounds.altered(last.grounds, every) if last else every
        is_same = last is not None and last.grounds.policy is known.policy
        asking_all, asking = (Asking(self._facts, known.policy, x) for x in (every, altered))
        turning = Turning(self._facts, known.policy)
        found: dict[str, Judged] = {}
        for version, stated in known.packument.versions.items():
            published, one = known.published(version), before.get(version)
            holds = one if one is not None and one.holds(stated, published, now) else None
            if holds is not None and is_same:
                found[version] = holds
                continue
            release, _ = self.release(version), self._told_of(version, published)
            asked = asking if holds is not None and holds.is_clear else asking_all
            found[version] = Judged(stated, published, asked.of(release), turning.of(release))
        return Carried(grounds, now, found)

    @cached_property
    def by_metadata(self) -> dict[str, Ruling]:
        """Version -> what its metadata alone leads to."""
        return {version: each.ruling for version, each in self.carried.releases.items()}

    @cached_property
    def _refused(self) -> frozenset[str]:
        """What metadata alone refuses."""
        every = self.by_metadata.items()
        return frozenset(each for each, of in every if of is not NOTHING and is_refused(of))

    @cached_property
    def _admitted(self) -> frozenset[str]:
        return frozenset(self._every) - self._refused

    def seen(self) -> Seen:
        """What may be seen of it.

        What was examined only because another one is compared with it is hidden where it is held,
        and not where something is still missing to judge it: it is when it is asked for.
        """
        known = self._known
        rulings = dict(self.by_metadata)
        pending: dict[str, Needs] = {}
        if self._reads or self._verifies:
            told = known.analyses.keys() | known.evidence.keys()
            for version in ascending(each for each in told if each in self._admitted):
                self._look(version, rulings, {})
            self._look_at_candidates(rulings, pending)
        hidden = pending.keys() | self._refused | self._refused_in(rulings)
        visible = tuple(each for each in self._every if each not in hidden)
        return Seen(rulings, visible, pending, self._until())

    def _refused_in(self, rulings: Mapping[str, Ruling]) -> set[str]:
        """Of those that were looked at, the ones that are refused."""
        return {each for each in self._looked if is_refused(rulings[each])}

    def _look_at_candidates(self, rulings: dict[str, Ruling], pending: dict[str, Needs]) -> None:
        """Each that turns out to be held makes the next lower one a candidate."""
        tags, every = self._known.packument.tags, self._every
        looked: set[str] = set()
        while True:
            visible = self._admitted - self._refused_in(rulings)
            left = [each for each in candidates(tags, visible, every) if each not in looked]
            if not left:
                return
            for version in left:
                looked.add(version)
                if not self.is_long_settled(version):
                    self._look(version, rulings, pending)
                elif self._verifies:
                    self._look_at_time(version, rulings, pending)
            if not any(is_refused(rulings[each]) for each in left):
                return  # the same ones are visible, and so the same ones are candidates

    def _look_at_time(
        self, version: str, rulings: dict[str, Ruling], pending: dict[str, Needs]
    ) -> None:
        """What is old by its document may be younger by what its registry attested."""
        if not says_attested(self._known.packument.versions[version].raw):
            return
        proven = self._known.evidence.get(version)
        if proven is None:
            pending[version] = Needs(evidence={version: Wish(self.published(version), whole=False)})
        elif proven.attested is None:
            self._look(version, rulings, pending)

    def _look(self, version: str, rulings: dict[str, Ruling], pending: dict[str, Needs]) -> None:
        found = self.by_all(version)
        if isinstance(found, Needs):
            pending[version] = found
            return
        rulings[version] = found
        self._looked.add(version)
        if is_refused(found):
            self._held.add(version)

    def by_all(self, version: str) -> Ruling | Needs:
        """What all rules lead to, or what they still need."""
        key = (version, 0)
        if key not in self._memo:
            self._memo[key] = self._of_both(version)
        return self._memo[key]

    def _of_both(self, version: str) -> Ruling | Needs:
        """By what it holds and who made it.

        What is held for one of them is held, whatever the other is; else all that is needed for
        either is asked for at once.
        """
        read = self._content(version, 0) if self._reads else {}
        made = self._evidence(version) if self._verifies else {}
        if not (isinstance(read, Needs) or isinstance(made, Needs)):
            return self._ruled(version, {**read, **made}, self._by_all)
        needs = Needs()
        for told, asked in ((read, self._by_content), (made, self._by_evidence)):
            found = self._ruled(version, told, asked)
            if isinstance(found, Needs):
                needs |= found
            elif is_refused(found):
                return found
        return needs

    def by_content(self, version: str, level: int) -> Ruling | Needs:
        """What all rules but those on evidence lead to; `level` counts the ones it is for."""
        key = (version, level)
        if key not in self._memo:
            self._memo[key] = self._ruled(version, self._content(version, level), self._by_content)
        return self._memo[key]

    def _ruled(self, version: str, more: Told, asked: Rules) -> Ruling | Needs:
        if isinstance(more, Needs):
            return more
        told = self._told_of(version, self.published(version)).of_release(version, more)
        return judge_release(self.release(version), told, self._known.policy, asked)

    def _evidence(self, version: str) -> Told:
        """The facts on who made it. Its time may be attested by them, and is judged anew then."""
        proven = self._known.evidence.get(version)
        if proven is not None and proven.is_whole:
            return proven.facts
        return Needs(evidence={version: Wish(self.published(version))})

    def _content(self, version: str, level: int) -> Told:
        """The facts on what it holds, beside what it is compared with."""
        before = self._before(version, level)
        analysis = self._known.analyses.get(version)
        if analysis is None:
            needs = Needs((version,))
            return before | needs if isinstance(before, Needs) else needs
        if isinstance(before, Needs):
            if not isinstance(analysis, Missing):
                return before
            before = analysis  # what could not be read is undecided without a comparison, too
        if (asked := self._of_dependencies(version, analysis, before)) is not None:
            return asked
        told = self._known.dependencies.get(version)
        more = {} if told is None else {DEPENDENCIES.name: told}
        return {ANALYSED.name: analysis, BASELINE.name: before, **more}

    def waiting(self, version: str) -> Ruling:
        """What a release comes to while its artifact is not read: it is held, whatever else is."""
        release = self.release(version)
        rules = tuple(each[1].id for each in self._by_all if each not in self._by_metadata)
        unknowns = tuple(Unknown(each, PENDING, Action.QUARANTINE, "", release) for each in rules)
        return Ruling(Verdict.QUARANTINE, (), unknowns, rules, PENDING.detail)

    def _of_dependencies(
        self, version: str, analysis: Analysis | Missing, before: Baseline | Missing
    ) -> Needs | None:
        """The dependencies that are still to be looked up, with what is asked for."""
        if isinstance(analysis, Missing) or isinstance(before, Missing):
            return None
        told = self._known.dependencies.get(version, Dependencies())
        if isinstance(told, Missing):
            return None
        added = difference.new_dependencies(analysis, before)
        if added.keys() <= told.told.keys() | told.untold.keys():
            return None
        return Needs(dependencies={analysis.sha512: added})

    def _is_settled(self, version: str) -> bool:
        published = self.published(version)
        return isinstance(published, Missing) or self._known.now - published.at > SETTLED

    def is_long_settled(self, version: str) -> bool:
        """Whether it is old; or was there before we were, and nobody tells how old it is."""
        published = self.published(version)
        if isinstance(published, Missing):
            return published is UNTRUSTED
        return self._known.now - published.at > LONG_SETTLED

    def _before(self, version: str, level: int) -> Baseline | Missing | Needs:
        """The nearest earlier release that is itself admitted, as what it is compared with.

        One that could not be examined is passed over; where no other one is left, it is not known
        whether there was anything to compare with.
        """
        if self.is_long_settled(version):
            return Baseline(Origin.NONE)
        known = self._known.analyses
        passed: Missing | None = None
        for chosen in self._earlier(version):
            analysis = known.get(chosen)
            unread = _unread(chosen, analysis) if isinstance(analysis, Missing) else None
            if level < (LEVELS if self._is_settled(chosen) else MOST_LEVELS):
                found = self.by_content(chosen, level + 1)
                if isinstance(found, Needs):
                    return found
                if is_refused(found) and chosen in known:
                    passed = passed or unread
                    continue
            if analysis is None:
                return Needs((chosen,))
            if isinstance(analysis, Missing):
                return _unread(chosen, analysis)
            return difference.baseline_of([(chosen, analysis)], Origin.REGISTRY)
        return passed or Baseline(Origin.NONE)

    def _earlier(self, version: str) -> Iterable[str]:
        """What it could be compared with, the best first."""
        below = earlier_of(version, in_order(self._every))
        return (each for each in below if each in self._admitted and not self._is_held(each))

    def _is_held(self, version: str) -> bool:
        """Whether it is held for what it was found to do."""
        unread = isinstance(self._known.analyses.get(version), Missing)
        return version in self._held and not unread

    # Instants, and what a decision rests on

    def _until(self) -> datetime | None:
        ends = [each.until for each in self.carried.releases.values()]
        ends += [each.until for each in self._known.evidence.values()]
        root = self._facts.get(ROOT)
        if not isinstance(root, Missing):
            ends.append(root.updated + EXPIRED)
        now = self._known.now
        return min((each for each in ends if each is not None and each > now), default=None)

    def facts_digest(self, version: str) -> str:
        """Hex digest of what its ruling rests on, beside the clock."""
        known, published = self._known, self.published(version)
        stated = self._told_of(version, published).get(REGISTERED, self.release(version))
        analysis, proven = known.analyses.get(version), known.evidence.get(version)
        return facts_digest_of(stated, published, analysis, proven)


def _unread(version: str, why: Missing) -> Missing:
    return Missing(Why.FAILED, f"{version}, which it is compared with: {why.detail}")
