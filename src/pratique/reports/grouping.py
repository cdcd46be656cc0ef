"""How findings and Unknowns are put together for people: by release, folded, counted."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pratique.errors import Exit
from pratique.model.fact import Why
from pratique.model.finding import Finding, Remedy
from pratique.model.package import Release
from pratique.model.pin import Location
from pratique.model.policy import Action, Verdict
from pratique.model.report import Judged, Report, State, Unknown
from pratique.reports import escape

SIMILAR = 10
"""Findings of one rule and verdict up to which all are listed."""
LISTED = 3
"""How many of them are listed where there are more."""


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one release in one project, or of a project itself; worst first."""

    project: str
    release: Release | None
    judged: tuple[Judged, ...]

    @property
    def verdict(self) -> Verdict:
        return max(each.verdict for each in self.judged)


@dataclass(frozen=True, slots=True)
class Folded:
    """Findings of one rule and verdict that are counted and not listed."""

    rule: str
    verdict: Verdict
    count: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Unknowns of one layer that have one cause.

    Attributes:
        action: The most serious that policy makes of one of them.
        subjects: How many subjects they are about, each counted once.
    """

    layer: str
    why: Why
    detail: str
    action: Action
    subjects: int


def found(report: Report) -> tuple[Judged, ...]:
    """The findings above ALLOW, in the report's order."""
    return tuple(each for each in report.judged if each.verdict > Verdict.ALLOW)


def exempted(report: Report) -> tuple[Judged, ...]:
    """The findings that an exemption removed."""
    return tuple(each for each in report.judged if each.exemption)


def observed(report: Report) -> Counter[str]:
    """Rule -> findings that policy only observes."""
    quiet = (e for e in report.judged if e.verdict is Verdict.ALLOW and not e.exemption)
    return Counter(each.finding.rule for each in quiet)


def fold(judged: Iterable[Judged]) -> tuple[list[Judged], list[Folded]]:
    """What is listed, and what is only counted: `LISTED` of more than `SIMILAR` of one kind."""
    listed, kinds = [], Counter[tuple[str, Verdict]]()
    every = list(judged)
    total = Counter((each.finding.rule, each.verdict) for each in every)
    for each in every:
        kind = (each.finding.rule, each.verdict)
        kinds[kind] += 1
        if total[kind] <= SIMILAR or kinds[kind] <= LISTED:
            listed.append(each)
    folded = [Folded(*kind, count - LISTED) for kind, count in total.items() if count > SIMILAR]
    return listed, folded


def groups(judged: Iterable[Judged]) -> list[Group]:
    """By release and project: what a change loosens first, then worst first, in order."""
    members: dict[tuple[str, Release | None, bool], list[Judged]] = {}
    for each in judged:
        finding = each.finding
        key = (finding.project, finding.release, is_loosening(finding))
        members.setdefault(key, []).append(each)
    made = [
        Group(project, release, tuple(sorted(them, key=lambda each: -each.verdict)))
        for (project, release, _), them in members.items()
    ]
    return sorted(made, key=lambda g: (not is_loosening(g.judged[0].finding), -g.verdict))


def is_loosening(finding: Finding) -> bool:
    """It is about the policy or the ledger itself (DECISIONS 9)."""
    return finding.rule.startswith(("policy/", "ledger/"))


def layer_of(rule: str) -> str:
    """The layer's name in a rule's id."""
    return rule.partition("/")[0]


def reasons(unknowns: Iterable[Unknown]) -> list[Reason]:
    """Unknowns by layer and cause, what policy takes most seriously first, then most subjects."""
    apart: dict[tuple[str, Why, str], dict[tuple[object, ...], Unknown]] = {}
    actions: dict[tuple[str, Why, str], Action] = {}
    for each in unknowns:
        key = (layer_of(each.rule), each.missing.why, each.missing.detail)
        # The rules of a layer share their subjects: most are told apart without a look at them.
        subject = (id(each.release), id(each.where), each.project)
        apart.setdefault(key, {})[subject] = each
        if each.action > actions.get(key, Action.OFF) or key not in actions:
            actions[key] = each.action
    made = [
        Reason(*key, actions[key], len({(e.project, e.release, e.where) for e in them.values()}))
        for key, them in apart.items()
    ]
    return sorted(made, key=lambda r: (-r.action, -r.subjects, r.layer, r.detail))


def updates(report: Report) -> dict[Release, str]:
    """Release -> the version that it replaces, where the change has just one."""
    if report.change is None:
        return {}
    return {Release(package, to): old for package, old, to in report.change.updated}


def fix_lines(remedy: Remedy | None, rule: str) -> list[str]:
    """What to type or edit, one line each; where there is nothing, where to read on."""
    return [line for _, lines in fixes(remedy, rule) for line in lines]


def fixes(remedy: Remedy | None, rule: str) -> list[tuple[str, tuple[str, ...]]]:
    """The lines of `fix_lines`, each part with what it is for: `fix`, or `look` and `accept`."""
    if remedy is None:
        return [("fix", (f"pratique explain {rule}",))]
    if remedy.look and remedy.command:
        return [("look", (remedy.look,)), ("accept", (remedy.command,))]
    if remedy.command:
        return [("fix", (remedy.command,))]
    edits = (line for edit in remedy.edits for line in _edit(edit.where, edit.old, edit.new))
    return [("fix", tuple(edits))]


def _edit(where: Location, old: str, new: str) -> Iterator[str]:
    if not old:
        yield f"add {'below' if where.line else 'to'} {where}:"
        yield from (f"  {line}" for line in new.splitlines())
    elif new:
        yield f"in {where} replace {old}"
        yield f"  by {new}"
    else:
        yield f"in {where} remove {old}"


def exempt_line(finding: Finding, report: Report, *, bound: bool) -> str | None:
    """The line that exempts it, or None where no exemption can name it exactly."""
    if finding.release is None or is_loosening(finding) or (bound and finding.sha512 is None):
        return None
    name = str(finding.release)
    if escape.terminal(f"{name}{report.policy.path}") != f"{name}{report.policy.path}":
        return None
    words = ["pratique", "exempt", shlex.quote(name), "--rule", finding.rule]
    if finding.sha512 is None:
        words.append("--pattern")
    if report.policy.path not in {None, "pratique.toml"}:
        words += ["--policy", shlex.quote(str(report.policy.path))]
    return " ".join([*words, BLANKS])


BLANKS = '--reason "\u2026" --owner "\u2026" --until YYYY-MM-DD'
"""What a person fills in; `pratique exempt` refuses it as it stands."""


def top_fixes(report: Report, limit: int = 3) -> list[Judged]:
    """The first findings whose remedies differ: what to do first, worst first."""
    chosen: dict[tuple[str, ...], Judged] = {}
    in_order = [each for group in groups(found(report)) for each in group.judged]

    def rank(each: Judged) -> tuple[bool, int, bool]:
        finding = each.finding
        return (not is_loosening(finding), -each.verdict, finding.remedy is None)

    for each in sorted(in_order, key=rank):
        lines = tuple(fix_lines(each.finding.remedy, each.finding.rule))
        chosen.setdefault(lines, each)
    return list(chosen.values())[:limit]


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 release`, `2,723 releases`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def closing(report: Report) -> str:
    """The closing line: verdict, counts, exit."""
    parts = [*_blocked(report), *_undecided(report)]
    if not parts:
        parts = [f"nothing found in {counted(report.releases, 'release')}"]
    return (
        f"verdict {report.verdict.name} \u00b7 {', '.join(parts)} \u00b7 exit {report.exit.value}"
    )


_PARTICIPLE = {
    Verdict.BLOCK: "blocked",
    Verdict.QUARANTINE: "quarantined",
    Verdict.WARN: "to look at",
}


def _blocked(report: Report) -> Iterator[str]:
    """`2 releases and 1 project blocked`, `3 quarantined`: the noun once, while it is the same."""
    made = groups(found(report))
    said = ""
    for verdict, participle in _PARTICIPLE.items():
        here = [group for group in made if group.verdict is verdict]
        releases = len({group.release for group in here if group.release})
        projects = len({group.project for group in here if not group.release})
        if releases and not projects and said == "releases":
            yield f"{releases:,} {participle}"
        elif releases or projects:
            said = "" if projects else "releases"
            what = [counted(releases, "release")] * bool(releases)
            what += [counted(projects, "project")] * bool(projects)
            yield f"{' and '.join(what)} {participle}"


def _undecided(report: Report) -> Iterator[str]:
    unknown = sum(row.state is State.UNKNOWN for row in report.layers)
    if unknown:
        yield f"{counted(unknown, 'layer')} unknown"
    serious = [each for each in report.unknowns if each.verdict > Verdict.ALLOW]
    # The rules of a layer share their subjects: most are told apart without a look at them.
    apart = {(id(each.release), id(each.where), each.project): each for each in serious}
    subjects = {(each.project, each.release, each.where) for each in apart.values()}
    if subjects:
        worst = max(each.verdict for each in serious).name.lower()
        yield f"{counted(len(subjects), 'subject')} undecided ({worst})"
    if report.exit is Exit.UNDECIDED and any(row.required and not row.ran for row in report.layers):
        yield "required layers did not run"


def tally(judged: Sequence[Judged]) -> str:
    """`31 findings: 12 block, 10 quarantine, 9 warn`."""
    number = Counter(each.verdict for each in judged)
    parts = [f"{number[v]:,} {v.name.lower()}" for v in sorted(number, reverse=True)]
    return f"{counted(len(judged), 'finding')}: {', '.join(parts)}"
