"""Whether who built a release is who is known to (DECISIONS 34).

A valid signature says who signed, not that it is the right one: whoever has a token can publish
with valid provenance from a repository of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from pratique.model.evidence import Provenance
from pratique.model.signer import SignerPin
from pratique.provenance.past import ENOUGH


class SignerState(StrEnum):
    """How a signer is known."""

    PINNED = "pinned"
    KNOWN = "known"
    FIRST_SEEN = "first-seen"
    UNEXPECTED = "unexpected"
    UNKNOWN = "unknown"
    """A pin asks what the certificate does not carry."""


@dataclass(frozen=True, slots=True)
class Signer:
    """How a release's signer is known, and why: one clause for the user."""

    state: SignerState
    why: str


def signer_of(
    built: Provenance,
    pins: Sequence[SignerPin],
    before: Sequence[Provenance],
    accepted: Sequence[Provenance] = (),
) -> Signer:
    """How the signer of a release is known.

    Args:
        built: The release's own record.
        pins: What the policy says of the package; where it says anything, nothing else counts.
        before: Records of earlier releases that count (`past.records`).
        accepted: Records that the ledger accepts: one is enough.
    """
    if pins:
        return _pinned(built, pins)
    if any(is_same_source(built, each) for each in accepted):
        return Signer(SignerState.KNOWN, "the ledger accepts it")
    same = sum(is_same_source(built, each) for each in before)
    if same >= ENOUGH:
        return Signer(SignerState.KNOWN, f"{same} earlier releases are by it")
    others = [each for each in before if not is_same_source(built, each)]
    if len(others) >= ENOUGH or accepted:
        other = (others or list(accepted))[-1]
        return Signer(SignerState.UNEXPECTED, f"earlier releases are by {other.repository}")
    return Signer(SignerState.FIRST_SEEN, f"{same} earlier releases are by it")


def is_same_source(one: Provenance, two: Provenance) -> bool:
    """Whether two builds are of one repository: by its numbers where both certificates have them.

    A repository that was renamed keeps its number; one that was deleted and made again, or whose
    name somebody else took, does not.
    """
    if one.issuer != two.issuer:
        return False
    if one.repository_id and two.repository_id and one.owner_id and two.owner_id:
        return (one.repository_id, one.owner_id) == (two.repository_id, two.owner_id)
    return one.repository == two.repository


def _pinned(built: Provenance, pins: Sequence[SignerPin]) -> Signer:
    found = [list(_differences(built, pin)) for pin in pins]
    if any(not each for each in found):
        return Signer(SignerState.PINNED, "as the policy says")
    unknown = [each for each in found if all(value is None for _, _, value in each)]
    if unknown:
        what = unknown[0][0][0]
        return Signer(SignerState.UNKNOWN, f"its certificate does not carry the {what}")
    what, wanted, value = next(each for each in min(found, key=len) if each[2] is not None)
    return Signer(SignerState.UNEXPECTED, f"its {what} is {value}, the policy says {wanted}")


def _differences(built: Provenance, pin: SignerPin) -> Iterator[tuple[str, str, str | None]]:
    """(what, as pinned, as certified); None where the certificate does not carry it."""
    for what, wanted, value in (
        ("repository", pin.repository, built.repository),
        ("repository id", pin.repository_id, built.repository_id),
        ("owner id", pin.owner_id, built.owner_id),
        ("workflow", pin.workflow, built.workflow),
        ("issuer", pin.issuer, built.issuer),
        ("environment", pin.environment, built.environment or _no_environment(built)),
    ):
        if wanted is not None and wanted != value:
            yield what, wanted, value
    if pin.ref is not None and not (built.ref and fnmatchcase(built.ref, pin.ref)):
        yield "ref", pin.ref, built.ref
    if pin.builder is not None and pin.builder not in builders_of(built):
        yield "builder", pin.builder, built.runner or built.signer_uri


def _no_environment(built: Provenance) -> str | None:
    """What stands for "in none": a certificate that carries a repository's number would say one."""
    return "none" if built.repository_id else None


def builders_of(built: Provenance) -> tuple[str, ...]:
    """What a pin may call the builder: the runner, and the workflow that ran."""
    workflow = built.signer_uri.partition("@")[0] if built.signer_uri else None
    return tuple(each for each in (built.runner, workflow) if each)
