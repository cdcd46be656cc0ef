"""What layers 7 and 8 both ask of a release's evidence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from pratique.ecosystems.npm import binding
from pratique.layers._digests import any_sha512_of
from pratique.model.evidence import ATTESTATIONS, EARLIER, EXPIRED, ROOT, Provenance
from pratique.model.fact import CLOCK, HOSTS, PUBLISHED, Facts, Missing, Why
from pratique.model.finding import Evidence, Finding
from pratique.model.layer import ReleaseIn
from pratique.provenance.past import records, unrecorded

ESTABLISHED = timedelta(days=7)
"""Age at which an earlier release begins to vouch for later ones."""


def is_published(subject: ReleaseIn, facts: Facts, _settings: object) -> bool:
    """Whether a registry has it."""
    if not subject.pins:
        return True
    hosts = facts.get(HOSTS)
    return binding.may_be_published(subject.pins, hosts)


def expired(_subject: object, facts: Facts) -> Missing | None:
    """Whether pinned keys and roots are too old to be believed. CLOCK and ROOT have to be there."""
    age = facts.need(CLOCK).at - facts.need(ROOT).updated
    if age <= EXPIRED:
        return None
    return Missing(Why.FAILED, f"the pinned roots are {age.days} days old: import newer ones")


def built_of(subject: ReleaseIn, facts: Facts) -> Provenance | None:
    """The record of its verified provenance. ATTESTATIONS has to be there."""
    return facts.need(ATTESTATIONS, subject.release).provenance


def before(subject: ReleaseIn, facts: Facts) -> tuple[Provenance, ...]:
    """The records that it is compared with. EARLIER and PUBLISHED have to be there."""
    history = facts.need(EARLIER, subject.release)
    at = facts.need(PUBLISHED, subject.release).at
    return records(subject.release.version, history, at, ESTABLISHED)


def too_few(subject: ReleaseIn, facts: Facts) -> Missing | None:
    """Why there are too few records to compare its provenance with, where it has some."""
    if built_of(subject, facts) is None:
        return None
    history = facts.need(EARLIER, subject.release)
    at = facts.need(PUBLISHED, subject.release).at
    return unrecorded(subject.release.version, history, at, ESTABLISHED)


def finding(
    rule: str, subject: ReleaseIn, facts: Facts, message: str, evidence: Iterable[str] = ()
) -> Finding:
    """A finding on a release, about the bytes that are locked or served."""
    return Finding(
        rule,
        message,
        project=subject.path,
        release=subject.release,
        where=subject.where,
        evidence=tuple(Evidence(each) for each in evidence),
        sha512=any_sha512_of(subject, facts),
    )
