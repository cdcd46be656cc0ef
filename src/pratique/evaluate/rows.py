"""The eleven rows of a report: what each layer came to, in one state and one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from pratique.evaluate.judging import Tally
from pratique.layers import TITLES
from pratique.model.finding import Finding
from pratique.model.policy import Policy, Verdict
from pratique.model.report import LayerOutcome, State, Unknown

_STATES = {
    Verdict.WARN: State.WARN,
    Verdict.QUARANTINE: State.QUARANTINE,
    Verdict.BLOCK: State.BLOCK,
}


def rows(
    tallies: Collection[Tally], policy: Policy, only: Collection[str]
) -> tuple[LayerOutcome, ...]:
    """One row per layer, in order; `only` names the layers that ran, empty for all."""
    by_name = {tally.layer.name: tally for tally in tallies}
    return tuple(
        _row(number, name, by_name.get(name), policy, only)
        for number, name in enumerate(TITLES, start=1)
    )


def _row(
    number: int, name: str, tally: Tally | None, policy: Policy, only: Collection[str]
) -> LayerOutcome:
    title = TITLES[name]
    if name not in policy.layers:
        state = State.NOT_IN_THIS_VERSION
        return LayerOutcome(name, number, title, state, "not in this version", ran=False)
    required = policy.layers[name].required
    if tally is None or (only and name not in only):
        summary = "did not run: left out by --layer"
        state = State.NOT_ENFORCED
        return LayerOutcome(name, number, title, state, summary, required=required, ran=False)
    return _ran(number, title, tally, required=required)


def _ran(number: int, title: str, tally: Tally, *, required: bool) -> LayerOutcome:
    entries = [each for each in tally.subjects if isinstance(each, tuple)]
    unknown = len([each for each in tally.unknown_subjects if isinstance(each, tuple)])
    state = state_of(tally)
    return LayerOutcome(
        tally.layer.name,
        number,
        title,
        state,
        summary_of(tally, state, len(entries), unknown),
        subjects=len(entries),
        unknown=unknown or len({(u.project, u.where) for u in tally.unknowns}),
        found=len(
            {_about(each.finding) for each in tally.findings if each.verdict > Verdict.ALLOW}
        ),
        partial=tally.partial,
        required=required,
    )


def state_of(tally: Tally) -> State:
    """The state of a layer that ran: the worst finding where it holds up the verdict, else Unknown.

    A warning does not hide an Unknown: the row then says unknown, and the finding is listed.
    """
    worst = max((each.verdict for each in tally.findings), default=Verdict.ALLOW)
    if worst >= Verdict.QUARANTINE:
        return _STATES[worst]
    if tally.unknowns:
        return State.UNKNOWN
    if worst is Verdict.WARN:
        return State.WARN
    if tally.partial:
        return State.PARTIAL
    return State.PASS if tally.subjects else State.NOT_APPLICABLE


def summary_of(tally: Tally, state: State, entries: int, unknown: int) -> str:
    """The sentence beside the state."""
    if state is State.NOT_APPLICABLE:
        return "nothing to judge"
    if state is State.PASS:
        return tally.layer.passed.format(entries) if entries else "nothing to object to"
    if state is State.PARTIAL:
        return f"{tally.partial} of {entries} {tally.partial_why}"
    if state is State.UNKNOWN:
        return _unknown_summary(tally.unknowns, entries, unknown)
    return _found_summary(tally)


def _unknown_summary(unknowns: list[Unknown], entries: int, unknown: int) -> str:
    reasons = Counter(each.missing.detail for each in unknowns)
    reason, _ = reasons.most_common(1)[0]
    more = "" if len(reasons) == 1 else f" (and {len(reasons) - 1} other reasons)"
    count = f"{unknown} of {entries}: " if unknown and entries else ""
    return f"{count}{reason}{more}"


def _found_summary(tally: Tally) -> str:
    standing = [each for each in tally.findings if each.verdict > Verdict.ALLOW]
    rules = {rule.id: rule.summary for rule in tally.layer.rules}
    counts = Counter(each.finding.rule for each in standing)
    if len(counts) == 1:
        rule, number = next(iter(counts.items()))
        return rules[rule] if number == 1 else f"{number} times: {rules[rule]}"
    return ", ".join(f"{number} {rule.partition('/')[2]}" for rule, number in counts.most_common())


def _about(finding: Finding) -> object:
    return finding.release or (finding.project, finding.key)
