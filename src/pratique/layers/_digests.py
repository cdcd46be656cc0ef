"""Which bytes a finding on a release is about: what an exemption or an approval is bound to."""

from __future__ import annotations

from pratique.model.behavior import ANALYSED
from pratique.model.fact import REGISTERED, Facts, Missing
from pratique.model.layer import ReleaseIn
from pratique.model.package import strongest


def sha512_of(subject: ReleaseIn, facts: Facts) -> str | None:
    """Hex digest of the bytes that are locked; where nothing is, that a registry states.

    Where the registry states none, of the bytes that were read. None where none is known.
    """
    return _locked(subject) if subject.pins else _served(subject, facts)


def any_sha512_of(subject: ReleaseIn, facts: Facts) -> str | None:
    """As `sha512_of`; where what is locked has no digest, that of the bytes that are served."""
    return _locked(subject) or _served(subject, facts)


def _locked(subject: ReleaseIn) -> str | None:
    digests = [digest for pin in subject.pins if (digest := strongest(pin.digests))]
    return next((digest.hex for digest in digests if digest.algorithm == "sha512"), None)


def _served(subject: ReleaseIn, facts: Facts) -> str | None:
    answer = facts.get(REGISTERED, subject.release)
    document = None if isinstance(answer, Missing) else answer.document
    for digest in document.digests if document else ():
        if digest.algorithm == "sha512":
            return digest.hex
    analysis = facts.get(ANALYSED, subject.release)
    return None if isinstance(analysis, Missing) else analysis.sha512
