"""Verification: what `verify` says of releases, before it is told in some form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pratique.model.evidence import Attestations, SignatureFact
from pratique.model.fact import Missing


class Outcome(StrEnum):
    """What the evidence of a release comes to."""

    VERIFIED = "verified"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule's word.

    Attributes:
        rule: `R1` to `R6`, `crypto`, `B1` to `B12`.
        says: The rule in one sentence.
        verdict: `holds`, `refused`, `open` (it could not be asked) or `not asked`.
        why: Of what is refused or open.
    """

    rule: str
    says: str
    verdict: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One release.

    Attributes:
        name, version: As asked.
        outcome: What it comes to.
        signature: What its registry's signature is worth; None for a file, which has none.
        attestations: What its attestations come to.
        signer: How its builder is known: `pinned`, `known`, `first-seen`, `unexpected`, `unknown`;
            "" without verified provenance.
        signer_why: One clause.
        why: What is refused, or missing; foreign text may stand in it.
        warnings: What else is to be said.
        explained: Each rule's verdict, in order.
    """

    name: str
    version: str
    outcome: Outcome
    signature: SignatureFact | Missing | None
    attestations: Attestations | Missing
    signer: str = ""
    signer_why: str = ""
    why: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    explained: tuple[Explained, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A run of `verify`; `notes` are about all of it, `exit` is the command's."""

    releases: tuple[Verified, ...]
    exit: int
    notes: tuple[str, ...] = ()

    def of(self, outcome: Outcome) -> Sequence[Verified]:
        return [each for each in self.releases if each.outcome is outcome]
