"""Layer 8, trust: how a release was made can be followed as far as before, and has not changed.

By whose leave it was published, what is known of its build, and how that build ran: compared with
the releases before it. docs/layers/trust.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pratique.layers import _forge
from pratique.layers._accepted import is_accepted
from pratique.layers._digests import any_sha512_of
from pratique.layers._evidence import ESTABLISHED, before, built_of, finding, is_published, too_few
from pratique.model.action import Action
from pratique.model.evidence import (
    ATTESTATIONS,
    CLAIMED,
    EARLIER,
    Attestations,
    Authority,
    Build,
    Earlier,
)
from pratique.model.fact import CLOCK, PUBLISHED, Facts, Missing, Why
from pratique.model.finding import Finding
from pratique.model.forge import Forge
from pratique.model.layer import Layer, ReleaseIn, Rule, Severity, Subject
from pratique.provenance.drift import Drift, Strength, drift, in_time, unrecorded_twin
from pratique.provenance.past import comparable, once
from pratique.provenance.trust import Drop, Level, drops, level_of, shipped, unknown

_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSettings:
    """How long what changed is held against a release.

    Attributes:
        settle: Age from which on less evidence than before warns, and no longer blocks.
        hold: Age from which on another way of building warns, and an odd run is let through.
        benign: Whether the list that the program ships counts: releases of which it is known why
            they have less evidence, each bound to its bytes.
        forges: Whom to ask how runs ended; nobody where none is named (docs/forges.md).
    """

    settle: timedelta = timedelta(days=60)
    hold: timedelta = timedelta(days=7)
    benign: bool = field(default=True, metadata={"looser": True})
    forges: tuple[Forge, ...] = field(default=(), metadata={"looser": "removed"})


# -- less than before ------------------------------------------------------------------------------


def _downgraded(subject: ReleaseIn, facts: Facts, settings: TrustSettings) -> Iterator[Finding]:
    young = _age(subject, facts) < settings.settle
    for drop in _drops(subject, facts, settings):
        if drop.in_line:
            weight = Action.BLOCK if young and drop.holds else Action.WARN
            yield _of_drop(DOWNGRADE.id, subject, facts, drop, weight)


def _across(subject: ReleaseIn, facts: Facts, settings: TrustSettings) -> Iterator[Finding]:
    for drop in _drops(subject, facts, settings):
        if not drop.in_line:
            yield _of_drop(ACROSS_LINES.id, subject, facts, drop, Action.WARN)


def _drops(subject: ReleaseIn, facts: Facts, settings: TrustSettings) -> Sequence[Drop]:
    release = subject.release
    known = (str(release), any_sha512_of(subject, facts) or "")
    if settings.benign and known in shipped():
        return ()
    level, history = _level(subject, facts), facts.need(EARLIER, release)
    version = release.version
    return once(history, ("drops", version, level), lambda: drops(version, level, history))


def _level(subject: ReleaseIn, facts: Facts) -> Level:
    release = subject.release
    attested: Attestations | Missing = facts.get(ATTESTATIONS, release)
    return level_of(facts.need(CLAIMED, release), attested)


def _hides_a_drop(subject: ReleaseIn, facts: Facts, settings: TrustSettings) -> Missing | None:
    """What is missing, unless what is known weighs as much as what that could show.

    Who takes away what is known of a build must not take a drop of the other order with it.
    """
    attested = facts.get(ATTESTATIONS, subject.release)
    missing = attested if isinstance(attested, Missing) else _cannot_tell(subject, facts)
    own = [each for each in _drops(subject, facts, settings) if each.in_line] if missing else []
    young = _age(subject, facts) < settings.settle
    is_proven = young and any(each.holds for each in own)
    is_all = own and missing and missing.why is Why.ABSENT
    return None if is_proven or is_all else missing


def _of_drop(rule: str, subject: ReleaseIn, facts: Facts, drop: Drop, weight: Action) -> Finding:
    where = "" if drop.in_line else "of another line "
    message = f"{_words(drop.now)}; of earlier releases {where}{_words(drop.before)}"
    named = ", ".join(drop.versions[-_MOST_SHOWN:])
    told = [f"{len(drop.versions)} earlier, the last of them {named}"]
    made = finding(rule, subject, facts, message, told)
    return replace(made, weight=weight, key=type(drop.now).__name__.lower())


_SAYS: dict[tuple[str, int], str] = {
    ("Authority", Authority.ACCOUNT): "an account published it",
    ("Authority", Authority.TRUSTED_PUBLISHER): "a trusted publisher published it",
    ("Authority", Authority.STAGED): "somebody approved it before it was seen",
    ("Build", Build.NONE): "nothing says how it was built",
    ("Build", Build.CLAIMED): "provenance is claimed",
    ("Build", Build.VERIFIED): "provenance is verified",
}


def _words(level: Authority | Build) -> str:
    return _SAYS[type(level).__name__, level.value]


def _cannot_tell(subject: ReleaseIn, facts: Facts) -> Missing | None:
    level, history = _level(subject, facts), facts.need(EARLIER, subject.release)
    version = subject.release.version
    return once(history, ("unknown", version, level), lambda: unknown(version, level, history))


# -- who published ---------------------------------------------------------------------------------


def _publisher(subject: ReleaseIn, facts: Facts, settings: TrustSettings) -> Iterator[Finding]:
    claimed = facts.need(CLAIMED, subject.release)
    if not claimed.publisher or claimed.trusted_publisher or claimed.approver:
        return
    known = _publishers(subject, facts)
    if known and claimed.publisher not in {each.publisher for each in known}:
        weight = Action.BLOCK if _age(subject, facts) < settings.hold else Action.WARN
        last = known[-1]
        message = f"was published by {claimed.publisher}, who published no earlier release"
        told = [f"{last.version} was published by {last.publisher}"]
        if claimed.maintainers:
            told.append(f"maintainers: {', '.join(claimed.maintainers[:_MOST_SHOWN])}")
        yield replace(finding(PUBLISHER_CHANGED.id, subject, facts, message, told), weight=weight)


def _publishers(subject: ReleaseIn, facts: Facts) -> list[Earlier]:
    """Those of `_by_account` of which it is known which account."""
    return [each for each in _by_account(subject, facts) if each.publisher]


def _by_account(subject: ReleaseIn, facts: Facts) -> list[Earlier]:
    """The earlier releases that count and that an account published, as far as anybody says.

    That a service published before, and an account does now, is a finding of its own.
    """
    version, at = subject.release.version, facts.need(PUBLISHED, subject.release).at
    past = comparable(version, facts.need(EARLIER, subject.release))
    old = (each for each in past if each.published <= at - ESTABLISHED)
    return [each for each in old if each.authority not in _SERVICES]


_SERVICES = (Authority.TRUSTED_PUBLISHER, Authority.STAGED)


def _says_nobody(subject: ReleaseIn, facts: Facts) -> Missing | None:
    """Why publishers cannot be compared: of a registry that names them, no name is no answer."""
    claimed = facts.need(CLAIMED, subject.release)
    if claimed.trusted_publisher or claimed.approver:
        return None
    if not (claimed.publisher or claimed.carries.publishers):
        return Missing(Why.ABSENT, "the registry does not say who published")
    past, known = _by_account(subject, facts), _publishers(subject, facts)
    if known:
        return None if claimed.publisher else _UNNAMED
    told = (each.authority for each in past)
    missing = facts.need(EARLIER, subject.release).open or (_NO_NAMES if past else None)
    return next((each for each in told if isinstance(each, Missing)), missing)


_UNNAMED = Missing(Why.FAILED, "its document names no publisher, and those of others do")
_NO_NAMES = Missing(Why.ABSENT, "the registry does not say who published the releases before it")


# -- how it was built ------------------------------------------------------------------------------


Judge = Callable[..., Iterator[Finding]]


def _drifted(rule: str, strength: Strength, early: Action, late: Action) -> Judge:
    """All differences of one strength in one finding, which weighs `late` after the hold."""

    def judge(subject: ReleaseIn, facts: Facts, settings: TrustSettings) -> Iterator[Finding]:
        found = [each for each in _differences(subject, facts) if each.strength is strength]
        if found:
            weight = early if _age(subject, facts) < settings.hold else late
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            told = [f"{each.check}: {each.what}" for each in found]
            key = ",".join(dict.fromkeys(each.check for each in found))
            message = f"was built otherwise than before: {found[0].what}{more}"
            made = finding(rule, subject, facts, message, told)
            yield replace(made, weight=weight, key=key)

    return judge


def _age(subject: ReleaseIn, facts: Facts) -> timedelta:
    return facts.need(CLOCK).at - facts.need(PUBLISHED, subject.release).at


def _differences(subject: ReleaseIn, facts: Facts) -> Sequence[Drift]:
    built = built_of(subject, facts)
    if built is None:
        return ()
    version, at = subject.release.version, facts.need(PUBLISHED, subject.release).at
    history = facts.need(EARLIER, subject.release)

    def compared() -> Sequence[Drift]:
        odd = in_time(version, built, at, comparable(version, history))
        return (*drift(built, before(subject, facts)), *odd)

    return once(history, ("drift", version, at, built), compared)


def _no_records(subject: ReleaseIn, facts: Facts) -> Missing | None:
    version, at = subject.release.version, facts.need(PUBLISHED, subject.release).at
    if built_of(subject, facts) is None:
        return None
    history = facts.need(EARLIER, subject.release)
    if history.open and history.open.why is not Why.ABSENT:
        return history.open
    past = comparable(version, history)
    twin = once(history, ("twin", version, at), lambda: unrecorded_twin(version, at, past))
    return twin or too_few(subject, facts)


def _is_looked_at(subject: ReleaseIn, facts: Facts, settings: object) -> bool:
    """What the ledger accepts was looked at when it was accepted.

    Where nothing was asked of what came before, nothing can be said to be as before.
    """
    if not is_published(subject, facts, settings) or is_accepted(subject, facts):
        return False
    history = facts.get(EARLIER, subject.release)
    attested = facts.get(ATTESTATIONS, subject.release)
    # What its registry does not carry is unknown, and no matter of comparing.
    return isinstance(attested, Missing) or isinstance(history, Missing) or history.compared


_COMPARED = (CLOCK, PUBLISHED, CLAIMED, ATTESTATIONS, EARLIER)
_BUILT = (CLOCK, PUBLISHED, ATTESTATIONS, EARLIER)

DOWNGRADE = Rule(
    id="trust/downgrade",
    subject=Subject.RELEASE,
    needs=(CLOCK, PUBLISHED, CLAIMED, EARLIER),
    summary="earlier releases of its line have more evidence",
    severity=Severity.CRITICAL,
    judge=_downgraded,
    applies=_is_looked_at,
    undecided=_hides_a_drop,
    why="Whoever steals a token publishes by hand what was always published by a workflow.",
    fix="Ask its maintainers whether they published it. Stay on the release before it until then.",
    bound=True,
)
ACROSS_LINES = Rule(
    id="trust/downgrade-across-lines",
    subject=Subject.RELEASE,
    needs=_COMPARED,
    summary="releases of other lines have more evidence",
    severity=Severity.LOW,
    judge=_across,
    applies=_is_looked_at,
    lacks=_cannot_tell,
    why="Old lines are often published by hand; so is what an intruder publishes.",
    fix="Look at what changed with `pratique diff`.",
)
PUBLISHER_CHANGED = Rule(
    id="trust/publisher-changed",
    subject=Subject.RELEASE,
    needs=_COMPARED,
    summary="an account published it that published no earlier release",
    severity=Severity.MEDIUM,
    judge=_publisher,
    applies=_is_looked_at,
    lacks=_says_nobody,
    why="Packages are handed over, and accounts are added by who took one over.",
    fix="Look who that is, and since when they maintain the package.",
)
DRIFT_IDENTITY = Rule(
    id="trust/drift-identity",
    subject=Subject.RELEASE,
    needs=_BUILT,
    summary="it was built from another source, or by an event from outside",
    severity=Severity.CRITICAL,
    judge=_drifted("trust/drift-identity", Strength.IDENTITY, Action.BLOCK, Action.BLOCK),
    applies=_is_looked_at,
    lacks=_no_records,
    why="Provenance of another repository is true, and says that another made it.",
    fix="Ask its maintainers whether the package has moved; then accept the release.",
    bound=True,
)
DRIFT_WORKFLOW = Rule(
    id="trust/drift-workflow",
    subject=Subject.RELEASE,
    needs=_BUILT,
    summary="its workflow, ref, event or runner is another than before",
    severity=Severity.HIGH,
    judge=_drifted("trust/drift-workflow", Strength.CHANGED, Action.BLOCK, Action.WARN),
    applies=_is_looked_at,
    lacks=_no_records,
    why="People change how they release; intruders add a workflow of their own, or start one from "
    "a branch.",
    fix="Look at the workflow at that commit; then accept the release.",
    bound=True,
)
DRIFT_RUN = Rule(
    id="trust/drift-run",
    subject=Subject.RELEASE,
    needs=_BUILT,
    summary="its run, its time or its environment is not as always",
    severity=Severity.MEDIUM,
    judge=_drifted("trust/drift-run", Strength.HOLD, Action.QUARANTINE, Action.OBSERVE),
    applies=_is_looked_at,
    lacks=_no_records,
    why="A stolen workflow has the right repository, commit and branch; only its run is odd.",
    fix="Wait until it has its age: others have looked at it by then.",
)
DRIFT_DETAIL = Rule(
    id="trust/drift-detail",
    subject=Subject.RELEASE,
    needs=_BUILT,
    summary="details of its provenance are not as before",
    severity=Severity.LOW,
    judge=_drifted("trust/drift-detail", Strength.NOTE, Action.WARN, Action.WARN),
    applies=_is_looked_at,
    lacks=_no_records,
    why="Alone they say little: a new version of a tool, a repository's new name.",
    fix="Nothing has to be done; look at it beside what else is found.",
)

LAYER = Layer(
    "trust",
    8,
    "trust",
    (
        DOWNGRADE,
        ACROSS_LINES,
        PUBLISHER_CHANGED,
        DRIFT_IDENTITY,
        DRIFT_WORKFLOW,
        DRIFT_RUN,
        DRIFT_DETAIL,
        *_forge.RULES,
    ),
    TrustSettings,
    passed="{} releases made as those before them",
)
