"""Whether the ledger accepts the bytes of a release: what several layers do not look at again."""

from __future__ import annotations

from pratique.model.behavior import ACCEPTED, ANALYSED
from pratique.model.fact import Facts, Missing
from pratique.model.layer import ReleaseIn


def is_accepted(subject: ReleaseIn, facts: Facts) -> bool:
    """Whether it accepts the bytes that are locked with a SHA-512: nothing has to be fetched."""
    accepted = facts.get(ACCEPTED)
    return not isinstance(accepted, Missing) and subject.release in accepted.releases


def is_read_as_accepted(subject: ReleaseIn, facts: Facts) -> bool:
    """Whether no entry locks a SHA-512, and it accepts the bytes that were read.

    Where entries do, `is_accepted` has told.

    Raises:
        LookupError: The release was not analysed: the rule does not name that in its needs.
    """
    locked = any(each.algorithm == "sha512" for pin in subject.pins for each in pin.digests)
    accepted = facts.get(ACCEPTED)
    if locked or isinstance(accepted, Missing):
        return False
    return (subject.release, facts.need(ANALYSED, subject.release).sha512) in accepted.artifacts
