"""Releases as they were published, judged by layer 8 a day and ninety days after: the table.

python -m tests.trust_cases prints it; docs/layers/trust.md holds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.evidence_builders import AT, Level, facts_of, preset, record, ruling

from pratique.layers import trust
from pratique.model.action import Verdict
from pratique.model.evidence import Earlier
from pratique.model.package import Package, Release
from pratique.provenance.trust import shipped

HAND, CLAIM, PROVENANCE = Level.HAND, Level.CLAIM, Level.PROVENANCE
TRUSTED, STAGED = Level.TRUSTED, Level.STAGED
LATER = (timedelta(days=1), timedelta(days=90))


@dataclass(frozen=True)
class Case:
    """A release, and those before it.

    Attributes:
        release: `name@version`.
        now: How it was made.
        past: (version, days before it, how it was made), the oldest first.
        says: What happened.
        verdicts: After a day and after ninety, without the shipped list; then the same with it.
        attack: Whether it was one.
    """

    release: str
    now: Level
    past: tuple[tuple[str, int, Level], ...]
    says: str
    verdicts: str
    attack: bool = False

    @property
    def subject(self) -> Release:
        name, _, version = self.release.rpartition("@")
        return Release(Package(name), version)


CASES = (
    Case(
        "semver@5.7.2",
        HAND,
        (("5.7.1", 1400, HAND), ("6.3.0", 1300, HAND), ("7.5.3", 30, PROVENANCE)),
        "a back-port to a line that never had provenance",
        "warn warn allow allow",
    ),
    Case(
        "semver@6.3.1",
        HAND,
        (("6.2.0", 1400, HAND), ("6.3.0", 1300, HAND), ("7.5.3", 30, PROVENANCE)),
        "a back-port to a line that never had provenance",
        "warn warn allow allow",
    ),
    Case(
        "undici-types@6.21.0",
        HAND,
        (("6.18.0", 90, PROVENANCE), ("6.19.0", 60, PROVENANCE), ("7.0.0", 9, PROVENANCE)),
        "a back-port whose line had provenance before",
        "block warn allow allow",
    ),
    Case(
        "@octokit/endpoint@9.0.6",
        HAND,
        (("9.0.4", 400, HAND), ("9.0.5", 300, HAND), ("10.1.3", 1, PROVENANCE)),
        "a security fix for an old line",
        "warn warn allow allow",
    ),
    Case(
        "@langchain/core@0.3.80",
        HAND,
        (("0.3.78", 90, HAND), ("0.3.79", 60, HAND), ("1.1.8", 1, TRUSTED)),
        "a back-port by a maintainer",
        "warn warn allow allow",
    ),
    Case(
        "chokidar@4.0.2",
        HAND,
        (("4.0.0", 90, PROVENANCE), ("4.0.1", 70, PROVENANCE)),
        "published by hand, once",
        "block warn allow allow",
    ),
    Case(
        "chokidar@4.0.3",
        HAND,
        (("4.0.0", 90, PROVENANCE), ("4.0.1", 70, PROVENANCE), ("4.0.2", 1, HAND)),
        "published by hand, again",
        "block warn allow allow",
    ),
    Case(
        "vite@6.4.1",
        PROVENANCE,
        (("6.3.6", 60, TRUSTED), ("6.4.0", 30, TRUSTED), ("7.1.0", 9, TRUSTED)),
        "with provenance, and not by the trusted publisher",
        "block warn allow allow",
    ),
    Case(
        "tinyexec@1.2.2",
        PROVENANCE,
        (("1.1.0", 60, TRUSTED), ("1.2.0", 30, TRUSTED)),
        "staged, before the registry said so",
        "block warn allow allow",
    ),
    Case(
        "left-widget@4.0.1",
        HAND,
        (("4.0.0", 90, PROVENANCE),),
        "one release alone had provenance",
        "warn warn warn warn",
    ),
    Case(
        "left-widget@2.4.1",
        TRUSTED,
        (("2.3.0", 90, STAGED), ("2.4.0", 30, STAGED)),
        "no longer staged",
        "warn warn warn warn",
    ),
    Case(
        "left-widget@2.0.0",
        HAND,
        (("1.8.0", 90, TRUSTED), ("1.9.0", 30, TRUSTED)),
        "a new line by hand",
        "warn warn warn warn",
    ),
    Case(
        "left-widget@2.4.1",
        HAND,
        (("2.5.0-canary.1", 90, TRUSTED), ("2.5.0-canary.2", 30, TRUSTED), ("2.4.0", 20, HAND)),
        "prereleases are made by machine, the others by hand",
        "allow allow allow allow",
    ),
    Case(
        "left-widget@2.4.1",
        TRUSTED,
        (("2.3.0", 90, HAND), ("2.4.0", 30, PROVENANCE)),
        "more than before",
        "allow allow allow allow",
    ),
    Case(
        "axios@1.14.1",
        HAND,
        (("1.13.5", 60, TRUSTED), ("1.13.6", 40, TRUSTED), ("1.14.0", 4, TRUSTED)),
        "a stolen token",
        "block warn block warn",
        attack=True,
    ),
    Case(
        "axios@0.30.4",
        HAND,
        (("0.30.2", 200, HAND), ("0.30.3", 40, HAND), ("1.14.0", 4, TRUSTED)),
        "the same token, on a line that never had provenance",
        "warn warn warn warn",
        attack=True,
    ),
)


def verdict(case: Case, later: timedelta, *, benign: bool) -> Verdict:
    """What layer 8 alone comes to, `later` than the publication."""
    policy = preset(trust={"benign": benign})
    subject = case.subject
    known = [sha512 for release, sha512 in shipped() if release == case.release]
    facts = facts_of(
        subject,
        case.now,
        now=AT + later,
        past=tuple(_earlier(case)),
        sha512=known[0] if known else "ab" * 64,
    )
    return ruling(facts, subject, policy, (trust.LAYER,)).verdict


def _earlier(case: Case) -> Iterator[Earlier]:
    for version, days, level in case.past:
        at: datetime = AT - timedelta(days=days)
        built = replace(record(version), at=at, built=at) if level.has_record else None
        yield level.earlier(version, at, built)


def verdicts(case: Case) -> str:
    """As `Case.verdicts`."""
    found = [verdict(case, later, benign=benign) for benign in (False, True) for later in LATER]
    return " ".join(each.name.lower() for each in found)


def table() -> str:
    """In Markdown."""
    lines = [
        "| release | what happened | + 1 day | + 90 days | with the list | + 90 days |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for case in CASES:
        says = f"**{case.says}**" if case.attack else case.says
        lines.append(f"| {case.release} | {says} | {' | '.join(verdicts(case).split())} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
