"""What the evidence of one release comes to for who asks about it alone: `verify`. Pure.

The same facts and rules as layers 7 and 8, without a policy's actions: what is refused is refused,
and what could not be asked is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pratique.errors import Exit, highest
from pratique.model.evidence import (
    PROVENANCE,
    UNREAD,
    Attestations,
    History,
    SignatureFact,
    SignatureState,
)
from pratique.model.fact import Missing, Why
from pratique.model.package import Release
from pratique.model.signer import SignerPin, pins_for
from pratique.model.verification import Explained, Outcome, Verification, Verified
from pratique.provenance.past import records
from pratique.provenance.signer import Signer, SignerState, signer_of

ESTABLISHED = timedelta(days=7)
_GOOD = frozenset({SignatureState.VALID, SignatureState.UNCHECKED})
_OPEN = frozenset({SignatureState.UNCOVERED, SignatureState.WAIVED})
R_RULES: Mapping[str, str] = {
    "R1": "The registry signed the SHA-512 that is locked, or that the bytes have.",
    "R2": "The bytes have that digest.",
    "R3": "The key is one that is pinned, and was in use then.",
    "R4": "A pinned key's signature holds, and none of a pinned key is of something else.",
    "R5": "What is locked is a SHA-512, which signatures speak of.",
    "R6": "There is a signature where the registry signs.",
}
"""The rules on registry signatures, in the order in which they are told."""
_REFUSING = {
    SignatureState.INVALID: "R4",
    SignatureState.MALFORMED: "R4",
    SignatureState.UNKNOWN_KEY: "R3",
    SignatureState.OUTSIDE_WINDOW: "R3",
    SignatureState.ABSENT: "R6",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is known of a release.

    Attributes:
        release: Which.
        signature: None for a file, which no registry signed.
        attestations: What they come to.
        history: What came before it.
        bytes_read: Whether its bytes were read, and have the digest that all this is about.
        unread: Why they were not, where they were asked for.
        at: When it was published, as far as anybody says; else the time of the run.
    """

    release: Release
    signature: SignatureFact | Missing | None
    attestations: Attestations | Missing
    history: History | Missing
    bytes_read: bool
    at: datetime
    unread: Missing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What the policy says of signers: pins, and whether one that nobody knows is undecided."""

    pins: tuple[SignerPin, ...] = ()
    known_signers: bool = False


def verified(given: Given, demands: Demands, b_rules: Mapping[str, str] | None) -> Verified:
    """What a release's evidence comes to.

    Args:
        given: What is known of it.
        demands: What the policy says of signers.
        b_rules: The rules on attestations, by id; None where no rule is to be explained.
    """
    signer = _signer(given, demands)
    refused = [*_refused(given, demands), *_of_signer(signer, SignerState.UNEXPECTED)]
    unknown = [*_unknown(given), *_of_signer(signer, SignerState.UNKNOWN)]
    first = list(_of_signer(signer, SignerState.FIRST_SEEN))
    if demands.known_signers:
        unknown += first
    outcome = Outcome.VERIFIED
    if refused or unknown:
        outcome = Outcome.REFUSED if refused else Outcome.UNKNOWN
    return Verified(
        name=given.release.name,
        version=given.release.version,
        outcome=outcome,
        signature=given.signature,
        attestations=given.attestations,
        signer=signer.state.value if signer else "",
        signer_why=signer.why if signer else "",
        why=tuple(dict.fromkeys([*refused, *unknown])),
        warnings=() if demands.known_signers else tuple(first),
        explained=() if b_rules is None else (*_signatures(given), *_attestations(given, b_rules)),
    )


def verification(releases: Sequence[Verified], notes: Iterable[str] = ()) -> Verification:
    """All of them together. Nothing verified is no success: it is unknown."""
    codes = [Exit.ALLOWED]
    outcomes = {each.outcome for each in releases}
    if Outcome.REFUSED in outcomes:
        codes.append(Exit.BLOCKED)
    if Outcome.UNKNOWN in outcomes or not releases:
        codes.append(Exit.UNDECIDED)
    told = tuple(notes) if releases else (*notes, "there is nothing to verify")
    return Verification(releases=tuple(releases), exit=int(highest(*codes)), notes=told)


# -- one release -----------------------------------------------------------------------------------


def _signer(given: Given, demands: Demands) -> Signer | None:
    attested = given.attestations
    built = None if isinstance(attested, Missing) else attested.provenance
    if built is None:
        return None
    pins = pins_for(given.release.name, demands.pins)
    history = given.history
    if isinstance(history, Missing):
        if pins:
            return signer_of(built, pins, ())
        return Signer(SignerState.UNKNOWN, history.detail)
    before = records(given.release.version, history, given.at, ESTABLISHED)
    return signer_of(built, pins, before, history.accepted)


def _of_signer(signer: Signer | None, state: SignerState) -> Iterator[str]:
    if signer and signer.state is state:
        yield f"the signer is {state}: {signer.why}"


def _refused(given: Given, demands: Demands) -> Iterator[str]:
    signature, attested = given.signature, given.attestations
    if isinstance(signature, SignatureFact) and signature.state in _REFUSING:
        yield f"{_REFUSING[signature.state]}: signature {signature.state}: {signature.detail}"
    if isinstance(attested, Missing):
        return
    yield from (f"{each.rule}: {each.why}" for each in attested.refused)
    is_pinned = bool(pins_for(given.release.name, demands.pins))
    if is_pinned and not attested.refused and not PROVENANCE.intersection(attested.present):
        yield "B7: the policy says who builds it, and there is no provenance"


def _unknown(given: Given) -> Iterator[str]:
    signature, attested = given.signature, given.attestations
    if isinstance(signature, Missing):
        yield f"signature: {signature.detail}"
    elif signature and signature.state is SignatureState.UNCOVERED:
        yield f"R5: {signature.detail}"
    if isinstance(attested, Missing):
        yield f"attestations: {attested.detail}"
    else:
        if _proves_nothing(signature, attested):
            yield "nothing was verified of it: neither a signature nor an attestation"
        yield from (f"{each.rule}: {each.why}" for each in attested.open if each.name == UNREAD)
    if given.unread is not None:
        yield f"R2: {given.unread.detail}"


def _proves_nothing(signature: SignatureFact | Missing | None, attested: Attestations) -> bool:
    is_signed = isinstance(signature, SignatureFact) and signature.state in _GOOD
    return not is_signed and not attested.refused and attested.publish is None


# -- each rule -------------------------------------------------------------------------------------

_UNREAD = "its bytes are not read here; `pratique check` reads them"
_STATED = "so its registry says; its bytes, with the manifest in them, are not read here"


def _signatures(given: Given) -> Iterator[Explained]:
    found = given.signature
    for rule, says in R_RULES.items():
        if rule == "R2":
            verdict, why = _of_bytes(given)
        elif found is None:
            verdict, why = "not asked", "a file has no registry signature"
        elif isinstance(found, Missing):
            verdict, why = "open" if rule == "R6" else "not asked", found.detail
        else:
            verdict, why = _of_state(rule, found)
        yield Explained(rule, says, verdict, why)


def _of_bytes(given: Given) -> tuple[str, str]:
    if given.bytes_read:
        return "holds", ""
    return "open", given.unread.detail if given.unread else _UNREAD


def _of_state(rule: str, found: SignatureFact) -> tuple[str, str]:
    state = found.state
    if _REFUSING.get(state) == rule or (rule == "R1" and state is SignatureState.INVALID):
        return "refused", found.detail
    if state is SignatureState.UNCOVERED:
        return ("open", found.detail) if rule == "R5" else ("not asked", "")
    if state in _GOOD:
        is_open = rule == "R3" and state is SignatureState.UNCHECKED
        return ("open", found.detail) if is_open else ("holds", "")
    return ("holds", "") if rule in {"R5", "R6"} and state in _REFUSING else ("not asked", "")


def _attestations(given: Given, rules: Mapping[str, str]) -> Iterator[Explained]:
    found = given.attestations
    for rule, says in rules.items():
        if isinstance(found, Missing):
            why = "" if found.why is Why.ABSENT else found.detail
            yield Explained(rule, says, "open" if why else "not asked", why)
            continue
        refused = [each.why for each in found.refused if each.rule == rule]
        unsettled = [each.why for each in found.open if each.rule == rule]
        if refused:
            yield Explained(rule, says, "refused", "; ".join(dict.fromkeys(refused)))
        elif unsettled:
            yield Explained(rule, says, "open", unsettled[0])
        else:
            verdict = _held(rule, found, rules)
            is_word = rule == "B11" and verdict == "holds" and not given.bytes_read
            yield Explained(rule, says, *(("open", _STATED) if is_word else (verdict, "")))


def _held(rule: str, found: Attestations, rules: Collection[str]) -> str:
    """Of what is not there nothing holds; what follows a refusal may not have been looked at."""
    if not found.present or (found.refused and rule in rules):
        return "not asked"
    is_of_build = rule in {"B8", "B9", "B10", "B11", "B12"}
    return "not asked" if is_of_build and found.provenance is None else "holds"
