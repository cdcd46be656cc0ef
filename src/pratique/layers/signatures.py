"""Layer 7, signatures: the registry and the build answer for these very bytes.

A registry's signature is over the digest that is locked; attestations are bound to package, bytes
and build; who signed is somebody who is known to. docs/layers/signatures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from pratique.layers._accepted import is_accepted
from pratique.layers._evidence import before, built_of, expired, finding, is_published, too_few
from pratique.model.evidence import (
    ATTESTATIONS,
    EARLIER,
    PROVENANCE,
    ROOT,
    SIGNATURE,
    STALE,
    UNREAD,
    Provenance,
    SignatureState,
)
from pratique.model.fact import CLOCK, PUBLISHED, Facts, Missing, Why
from pratique.model.finding import Finding
from pratique.model.layer import Layer, ReleaseIn, Rule, Severity, Subject
from pratique.model.project import Project
from pratique.model.signer import SignerPin, pins_for
from pratique.provenance.signer import Signer, SignerState, signer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturesSettings:
    """Who may sign.

    Attributes:
        pins: Who may build and publish packages; a pinned one has to have provenance.
        issuers: Who may vouch for a build, beside those that npm takes provenance from.
        known_signers: Whether a signer that is seen for the first time is undecided, instead of a
            warning.
    """

    pins: tuple[SignerPin, ...] = field(default=(), metadata={"looser": "removed"})
    issuers: tuple[str, ...] = field(default=(), metadata={"looser": "added"})
    known_signers: bool = field(default=False, metadata={"looser": False})


# -- the registry's signature ----------------------------------------------------------------------


Judge = Callable[..., Iterator[Finding]]


def _in_state(rule: str, *states: SignatureState) -> Judge:
    def judge(subject: ReleaseIn, facts: Facts, _settings: object) -> Iterator[Finding]:
        found = facts.need(SIGNATURE, subject.release)
        if found.state in states:
            key = f"key {found.keyid}" if found.keyid else ""
            told = [each for each in (found.detail, key) if each]
            yield finding(rule, subject, facts, _SAYS[found.state], told)

    return judge


_SAYS = {
    SignatureState.ABSENT: "has no signature, and its registry signs its releases",
    SignatureState.INVALID: "has a signature by a known key that is of something else",
    SignatureState.MALFORMED: "has what is no signature",
    SignatureState.UNKNOWN_KEY: "has signatures by keys only that are not pinned",
    SignatureState.OUTSIDE_WINDOW: "is signed by a key that was not in use when it was published",
    SignatureState.UNCOVERED: "is locked by a digest that no signature speaks of",
}


def _is_signed_for(subject: ReleaseIn, facts: Facts, settings: object) -> bool:
    """Whether a registry has it, and the policy does not say that it signs nothing."""
    found = facts.get(SIGNATURE, subject.release)
    is_waived = not isinstance(found, Missing) and found.state is SignatureState.WAIVED
    return not is_waived and is_published(subject, facts, settings)


def _outdated(subject: ReleaseIn, facts: Facts) -> Missing | None:
    """Keys that are too old vouch for nothing; what none of them could mend stays a finding."""
    state = facts.need(SIGNATURE, subject.release).state
    return expired(subject, facts) if state.depends_on_age else None


# -- attestations ----------------------------------------------------------------------------------


def _refused(name: str) -> Judge:
    """What of the attestations is refused under the rule's own name."""

    def judge(subject: ReleaseIn, facts: Facts, _settings: object) -> Iterator[Finding]:
        found = facts.need(ATTESTATIONS, subject.release)
        refused = [each for each in found.refused if each.name == name]
        if refused:
            told = [f"{each.rule}: {each.why}" for each in refused]
            rule = f"signatures/{name}"
            made = finding(rule, subject, facts, _REFUSED[name], told)
            yield replace(made, key=refused[0].rule)

    return judge


_REFUSED = {
    "attestation-missing": "has no provenance where there should be some",
    "publish-attestation-missing": "has no attestation of its publication beside its provenance",
    "attestation-invalid": "has an attestation that does not hold",
    "attestation-mismatch": "has an attestation of something else",
    "signer-unexpected": "has an attestation that nobody signed who may",
}


def _missing(subject: ReleaseIn, facts: Facts, settings: SignaturesSettings) -> Iterator[Finding]:
    yield from _refused("attestation-missing")(subject, facts, settings)
    found = facts.need(ATTESTATIONS, subject.release)
    is_pinned = pins_for(subject.release.name, settings.pins)
    if is_pinned and not found.refused and not PROVENANCE.intersection(found.present):
        message = "has no provenance, and the policy says who builds it"
        yield finding(ATTESTATION_MISSING.id, subject, facts, message)


def _unread(subject: ReleaseIn, facts: Facts) -> Missing | None:
    """The roots, and the manifest that the source is compared with (B11)."""
    found = facts.need(ATTESTATIONS, subject.release)
    unread = (Missing(Why.NOT_ASKED, each.why) for each in found.open if each.name == UNREAD)
    return expired(subject, facts) or next(unread, None)


# -- the signer ------------------------------------------------------------------------------------


def _unexpected(
    subject: ReleaseIn, facts: Facts, settings: SignaturesSettings
) -> Iterator[Finding]:
    yield from _refused("signer-unexpected")(subject, facts, settings)
    built, signer = _signer(subject, facts, settings)
    if built and signer.state is SignerState.UNEXPECTED:
        message = f"was built by {_named(built)}: {signer.why}"
        yield finding(SIGNER_UNEXPECTED.id, subject, facts, message, _lines(built))


def _first_seen(
    subject: ReleaseIn, facts: Facts, settings: SignaturesSettings
) -> Iterator[Finding]:
    built, signer = _signer(subject, facts, settings)
    if built and signer.state is SignerState.FIRST_SEEN:
        message = f"was built by {_named(built)}, of whom little is known: {signer.why}"
        yield finding(SIGNER_FIRST_SEEN.id, subject, facts, message, _lines(built))


def _is_undecided(subject: ReleaseIn, facts: Facts, settings: SignaturesSettings) -> Missing | None:
    found = _cannot_tell(subject, facts, settings)
    built, signer = _signer(subject, facts, settings)
    if built and settings.known_signers and signer.state is SignerState.FIRST_SEEN:
        why = f"{_named(built)} is neither pinned nor known: {signer.why}"
        return found or Missing(Why.ABSENT, why)
    return found


def _cannot_tell(subject: ReleaseIn, facts: Facts, settings: SignaturesSettings) -> Missing | None:
    """What a pin asks and the certificate does not carry; or too little known of the past."""
    _, signer = _signer(subject, facts, settings)
    if signer.state is SignerState.UNKNOWN:
        return Missing(Why.ABSENT, signer.why)
    is_pinned = pins_for(subject.release.name, settings.pins)
    return None if is_pinned else too_few(subject, facts)


def _signer(
    subject: ReleaseIn, facts: Facts, settings: SignaturesSettings
) -> tuple[Provenance | None, Signer]:
    built = built_of(subject, facts)
    if built is None:
        return None, Signer(SignerState.KNOWN, "")
    pins = pins_for(subject.release.name, settings.pins)
    accepted = facts.need(EARLIER, subject.release).accepted
    return built, signer_of(built, pins, before(subject, facts), accepted)


def _named(built: Provenance) -> str:
    """The certificate's source and workflow: what a reader knows it by."""
    return f"{built.repository} ({built.workflow})" if built.workflow else built.repository


def _lines(built: Provenance) -> Iterator[str]:
    yield f"source {built.repository} at {built.commit or 'an unknown commit'}"
    ids = (built.repository_id or "unknown", built.owner_id or "unknown")
    yield f"its number is {ids[0]}, its owner's {ids[1]}"
    yield f"signed as {built.signer_uri}, vouched for by {built.issuer}"


def _is_looked_at(subject: ReleaseIn, facts: Facts, settings: object) -> bool:
    """Whose signer the ledger accepts for these very bytes is not asked about again."""
    return is_published(subject, facts, settings) and not is_accepted(subject, facts)


# -- the roots -------------------------------------------------------------------------------------


def _stale(project: Project, facts: Facts, _settings: object) -> Iterator[Finding]:
    updated = facts.need(ROOT).updated
    age = facts.need(CLOCK).at - updated
    if age > STALE:
        message = f"the pinned keys and roots are of {updated:%Y-%m-%d}, {age.days} days old"
        yield Finding(STALE_ROOT.id, message, project=project.path)


_OF_KEYS = (CLOCK, ROOT, SIGNATURE)
_OF_BUILD = (CLOCK, ROOT, ATTESTATIONS)
_OF_SIGNER = (CLOCK, ROOT, PUBLISHED, EARLIER, ATTESTATIONS)

MISSING = Rule(
    id="signatures/missing",
    subject=Subject.RELEASE,
    needs=_OF_KEYS,
    summary="a release has no signature, and its registry signs",
    severity=Severity.HIGH,
    judge=_in_state("signatures/missing", SignatureState.ABSENT),
    applies=_is_signed_for,
    lacks=_outdated,
    why="Who can take the signature away can put other bytes in their place.",
    fix="Find out what lies between you and the registry. Where it does not sign, say so with "
    '`signatures = "none"` in its table of the policy.',
    bound=True,
)
INVALID = Rule(
    id="signatures/invalid",
    subject=Subject.RELEASE,
    needs=_OF_KEYS,
    summary="a known key's signature is not of what is locked",
    severity=Severity.CRITICAL,
    judge=_in_state("signatures/invalid", SignatureState.INVALID, SignatureState.MALFORMED),
    applies=_is_signed_for,
    lacks=_outdated,
    why="The registry signed other bytes than those that are locked: one of the two was changed.",
    fix="Do not install it. Compare the lockfile's digest with what others have.",
    bound=True,
)
UNKNOWN_KEY = Rule(
    id="signatures/unknown-key",
    subject=Subject.RELEASE,
    needs=_OF_KEYS,
    summary="a release is signed by keys only that are not pinned",
    severity=Severity.HIGH,
    judge=_in_state("signatures/unknown-key", SignatureState.UNKNOWN_KEY),
    applies=_is_signed_for,
    lacks=_outdated,
    why="Anybody can sign with a key of their own, and offer the key beside it.",
    fix="Import the registry's new keys with `pratique keys update`, after a look at what changes.",
    bound=True,
)
OUTSIDE_WINDOW = Rule(
    id="signatures/outside-window",
    subject=Subject.RELEASE,
    needs=_OF_KEYS,
    summary="a release is signed by a key that was not in use then",
    severity=Severity.HIGH,
    judge=_in_state("signatures/outside-window", SignatureState.OUTSIDE_WINDOW),
    applies=_is_signed_for,
    lacks=_outdated,
    why="A key that was retired may be in other hands.",
    fix="Stay on a release that a current key signs.",
    bound=True,
)
UNCOVERED = Rule(
    id="signatures/uncovered",
    subject=Subject.RELEASE,
    needs=_OF_KEYS,
    summary="what is locked is a digest that no signature covers",
    severity=Severity.MEDIUM,
    judge=_in_state("signatures/uncovered", SignatureState.UNCOVERED),
    applies=_is_signed_for,
    lacks=_outdated,
    why="Signatures are over SHA-512. A SHA-1 can be met by other bytes.",
    fix="Lock the release again, so that the lockfile has its SHA-512.",
    bound=True,
)
ATTESTATION_MISSING = Rule(
    id="signatures/attestation-missing",
    subject=Subject.RELEASE,
    needs=_OF_BUILD,
    summary="there is no provenance where there should be some",
    severity=Severity.HIGH,
    judge=_missing,
    applies=is_published,
    lacks=expired,
    why="An attestation that is announced and not there was taken away.",
    fix="Ask the registry itself; stay on a release whose attestations are there.",
    bound=True,
)
PUBLISH_ATTESTATION_MISSING = Rule(
    id="signatures/publish-attestation-missing",
    subject=Subject.RELEASE,
    needs=_OF_BUILD,
    summary="provenance stands alone: no registry says that it published that",
    severity=Severity.HIGH,
    judge=_refused("publish-attestation-missing"),
    applies=is_published,
    lacks=expired,
    why="Without it, a build that was never published can be served as if it had been.",
    fix="Ask the registry itself; stay on a release whose attestations are there.",
    bound=True,
)
ATTESTATION_INVALID = Rule(
    id="signatures/attestation-invalid",
    subject=Subject.RELEASE,
    needs=_OF_BUILD,
    summary="an attestation does not hold",
    severity=Severity.CRITICAL,
    judge=_refused("attestation-invalid"),
    applies=is_published,
    lacks=expired,
    why="Somebody edited it, or made it up.",
    fix="Do not install it. Ask the registry itself for its attestations.",
    bound=True,
)
ATTESTATION_MISMATCH = Rule(
    id="signatures/attestation-mismatch",
    subject=Subject.RELEASE,
    needs=_OF_BUILD,
    summary="an attestation is of something else than it is shown for",
    severity=Severity.CRITICAL,
    judge=_refused("attestation-mismatch"),
    applies=is_published,
    lacks=_unread,
    why="A true attestation of one release proves nothing of another, and a job may claim of "
    "itself what its certificate does not say.",
    fix="Do not install it. The evidence names the rule that refuses it.",
    bound=True,
)
SIGNER_UNEXPECTED = Rule(
    id="signatures/signer-unexpected",
    subject=Subject.RELEASE,
    needs=_OF_SIGNER,
    summary="somebody else built it than the policy or its history says",
    severity=Severity.CRITICAL,
    judge=_unexpected,
    applies=_is_looked_at,
    lacks=expired,
    undecided=_cannot_tell,
    why="Whoever has a token can publish with valid provenance: from a repository of their own.",
    fix="Ask its maintainers whether the package has moved. Then pin the new source, or accept the "
    "release into the ledger.",
    bound=True,
)
SIGNER_FIRST_SEEN = Rule(
    id="signatures/signer-first-seen",
    subject=Subject.RELEASE,
    needs=_OF_SIGNER,
    summary="its signer is neither pinned nor known from earlier releases",
    severity=Severity.LOW,
    judge=_first_seen,
    applies=_is_looked_at,
    lacks=expired,
    undecided=_is_undecided,
    why="A signature says who signed, and not that it is the right one.",
    fix="Look whether that is the package's own repository; then pin it, or accept the release.",
)
STALE_ROOT = Rule(
    id="signatures/stale-root",
    subject=Subject.PROJECT,
    needs=(CLOCK, ROOT),
    summary="the pinned keys and roots are old",
    severity=Severity.LOW,
    judge=_stale,
    why="Keys are replaced when they are lost; who does not hear of it goes on believing them.",
    fix="Update the program, or import newer ones with `pratique keys update`.",
)

LAYER = Layer(
    "signatures",
    7,
    "signatures",
    (
        MISSING,
        INVALID,
        UNKNOWN_KEY,
        OUTSIDE_WINDOW,
        UNCOVERED,
        ATTESTATION_MISSING,
        PUBLISH_ATTESTATION_MISSING,
        ATTESTATION_INVALID,
        ATTESTATION_MISMATCH,
        SIGNER_UNEXPECTED,
        SIGNER_FIRST_SEEN,
        STALE_ROOT,
    ),
    SignaturesSettings,
    passed="{} releases signed by who may",
)
