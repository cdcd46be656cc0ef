"""What is inside an artifact beside what its registry says of it: manifest confusion.

The judgement behind a rule of layer 1; `lockfile` has it among its rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from pratique.ecosystems.npm import binding
from pratique.ecosystems.npm.inside import Mismatch, mismatches
from pratique.layers._accepted import is_accepted, is_read_as_accepted
from pratique.model.behavior import ANALYSED, Inner
from pratique.model.fact import HOSTS, REGISTERED, Facts, VersionDocument
from pratique.model.finding import Evidence, Finding
from pratique.model.layer import ReleaseIn, Rule, Severity, Subject
from pratique.provenance.sources import source_of

_LONGEST = 120
"""Characters of a script or specifier in a line of evidence."""


def _confused(subject: ReleaseIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    document = facts.need(REGISTERED, subject.release).document
    analysis = facts.need(ANALYSED, subject.release)
    if document is None or analysis.inner is None or analysis.oddities:
        return  # an absent release, or an unanalysable artifact: findings of their own
    if is_read_as_accepted(subject, facts):
        return
    found = (*mismatches(analysis.inner, document), *_sources(analysis.inner, document))
    if found:
        yield Finding(
            CONFUSION.id,
            f"has another manifest inside than its registry states: {_kinds(found)}",
            project=subject.path,
            release=subject.release,
            where=subject.where,
            evidence=tuple(Evidence(_line(each), subject.where) for each in found),
            sha512=analysis.sha512,
        )


def _sources(inner: Inner, document: VersionDocument) -> Iterator[Mismatch]:
    """Another source inside than the one that attestations were held against (B11).

    Only of a release that has some: elsewhere the source is a link for readers.
    """
    inside, stated = inner.source, document.source
    if inside is not None and stated and source_of(inside) != source_of(stated):
        yield Mismatch("source", "", inside, stated)


def _kinds(found: tuple[Mismatch, ...]) -> str:
    return ", ".join(dict.fromkeys(each.what for each in found))


def _line(found: Mismatch) -> str:
    what = f"{found.what} {found.name}".strip()
    return f"{what}: inside {_shown(found.inside)}, stated {_shown(found.stated)}"


def _shown(text: str) -> str:
    return text[:_LONGEST] if text else "nothing"


def _asked(subject: ReleaseIn, facts: Facts, _settings: object) -> bool:
    """Whether a registry has it; what the ledger accepts was looked at when it was accepted."""
    if is_accepted(subject, facts):
        return False
    if not subject.pins:
        return True
    hosts = facts.get(HOSTS)
    return binding.may_be_published(subject.pins, hosts)


CONFUSION = Rule(
    id="lockfile/manifest-confusion",
    subject=Subject.RELEASE,
    needs=(REGISTERED, ANALYSED),
    summary="an artifact holds another manifest than its registry states",
    severity=Severity.HIGH,
    judge=_confused,
    applies=_asked,
    bound=True,
    why="Clients resolve by the registry's document and run what is inside: scripts, dependencies "
    "and commands that only one of the two shows are seen by nobody who looks at the other.",
    fix="Look into the artifact; stay on a release whose two manifests agree.",
    references=("https://blog.vlt.sh/blog/the-massive-hole-in-the-npm-ecosystem",),
)
