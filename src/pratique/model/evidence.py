"""Who made a release's bytes: keys, certificates, attestations, and what a registry claims of it.

Text that comes from a bundle is at most MAX_TEXT characters, all of them printable; what is not is
refused where it is read. Times are aware, in UTC, and whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any, Literal

from pratique.model.fact import Kind, Missing, Per
from pratique.model.provenance import MAX_TEXT, Provenance, is_plain

__all__ = [
    "ATTESTATIONS",
    "CLAIMED",
    "EARLIER",
    "EXPIRED",
    "MAX_TEXT",
    "PROVENANCE",
    "PUBLISH",
    "ROOT",
    "SIGNATURE",
    "SLSA_V02",
    "SLSA_V1",
    "STALE",
    "Attestations",
    "Authority",
    "Build",
    "Carries",
    "Certified",
    "Claimed",
    "Earlier",
    "History",
    "Key",
    "Keys",
    "Logged",
    "Provenance",
    "Refused",
    "RootFact",
    "Sealed",
    "SignatureFact",
    "SignatureState",
    "Usage",
    "is_plain",
]

PUBLISH = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
"""The predicate by which the registry says: these bytes were published here."""
SLSA_V02 = "https://slsa.dev/provenance/v0.2"
SLSA_V1 = "https://slsa.dev/provenance/v1"
PROVENANCE = frozenset({SLSA_V02, SLSA_V1})
"""The predicates by which a build says what it was made from."""
UNREAD = "manifest-unread"
"""Name of what cannot be judged since the bytes were not at hand."""

STALE, EXPIRED = timedelta(days=180), timedelta(days=400)
"""Ages at which pinned keys and roots warn, and are no longer believed (DECISIONS 35)."""


class Usage(StrEnum):
    """What a registry's key signs."""

    SIGNATURES = "npm:signatures"
    ATTESTATIONS = "npm:attestations"


@dataclass(frozen=True, slots=True)
class Key:
    """A registry's public key.

    Attributes:
        id: As the registry names it; it is not computed from `spki`, and only `spki` verifies.
        usage: What it signs: a key that may do both stands there twice.
        spki: DER of SubjectPublicKeyInfo.
        start, end: When it signs; `end` is exclusive, None for a key that still does.
    """

    id: str
    usage: Usage
    spki: bytes
    start: datetime
    end: datetime | None = None

    def is_valid_at(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that are pinned; nothing else is asked for a key."""

    keys: tuple[Key, ...] = ()

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, keyid: str, usage: Usage) -> Key | None:
        """The key of that id and usage, or None."""
        return next((key for key in self.keys if key.id == keyid and key.usage is usage), None)


class SignatureState(StrEnum):
    """What a release's registry signatures are worth."""

    VALID = "valid"
    UNCHECKED = "valid, window unchecked"
    """No publish time says whether the key was in use then."""
    ABSENT = "absent"
    UNCOVERED = "uncovered"
    """What is locked is not a SHA-512, so no signature speaks of it."""
    UNKNOWN_KEY = "unknown key"
    OUTSIDE_WINDOW = "outside the key's window"
    INVALID = "invalid"
    """A known key's signature is of something else: tampering."""
    MALFORMED = "malformed"
    WAIVED = "waived"
    """The policy says that the registry signs nothing."""

    @property
    def depends_on_age(self) -> bool:
        """Whether keys that are newer than the pinned ones could say otherwise.

        Of no signature, of another digest and of a bad signature by a known key they cannot.
        """
        return self in _OF_KEYS


_OF_KEYS = frozenset(
    {
        SignatureState.VALID,
        SignatureState.UNCHECKED,
        SignatureState.UNKNOWN_KEY,
        SignatureState.OUTSIDE_WINDOW,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """What a certificate of Fulcio says of the build; None where it does not carry it.

    Attributes:
        issuer: Who vouched for the identity (.8, .1).
        identity, identity_kind: The subject alternative name.
        repository: Address of the source (.12; of old ones the forge's and .5).
        repository_id, owner_id: Numbers that a renamed or re-created one does not share (.15, .17).
        owner: Address of the source's owner (.16).
        commit, ref: What was built (.13 or .3, .14 or .6).
        config_uri, config_digest: The workflow that was started (.18, .19).
        signer_uri, signer_digest: The workflow that ran, which may be another's (.9, .10).
        trigger: The event that started it (.20, .2).
        runner: `github-hosted`, `self-hosted` (.11).
        run: Address of the run, its attempt in it (.21).
        visibility: Of the source at the time (.22).
        environment: The deployment environment (.23).
        subject: The token's own subject (.24).
        not_before: When it was issued.
        is_old: It carries only .1 to .6.
    """

    issuer: str
    identity: str
    identity_kind: Literal["uri", "email", "other"]
    not_before: datetime
    repository: str | None = None
    repository_id: str | None = None
    owner_id: str | None = None
    owner: str | None = None
    commit: str | None = None
    ref: str | None = None
    config_uri: str | None = None
    config_digest: str | None = None
    signer_uri: str | None = None
    signer_digest: str | None = None
    trigger: str | None = None
    runner: str | None = None
    run: str | None = None
    visibility: str | None = None
    environment: str | None = None
    subject: str | None = None
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class Logged:
    """Where a transparency log has it.

    Attributes:
        kind: Kind and version of the entry: `dsse/0.0.1`, `intoto/0.0.2`.
        log_index: Its place in the log.
        integrated: When the log took it; the log signs that.
        has_proof: Whether an inclusion proof was there, and holds; a log's promise is always.
    """

    kind: str
    log_index: int
    integrated: datetime
    has_proof: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A bundle whose cryptography holds; says nothing of whom it ought to be signed by.

    Attributes:
        media_type: Of the bundle.
        payload_type: Of the envelope.
        payload: The signed bytes.
        signer: The certificate, or the registry's key.
        keyid: The envelope's own, which nobody signed; "" where it has none.
        hint: The bundle's `publicKey.hint`; "" for a certificate.
        logged: The log's entry.
        signatures, entries: How many the bundle has.
    """

    media_type: str
    payload_type: str
    payload: bytes
    signer: Certified | Key
    logged: Logged
    keyid: str = ""
    hint: str = ""
    signatures: int = 1
    entries: int = 1


@dataclass(frozen=True, slots=True)
class Refused:
    """Why evidence is not taken.

    Attributes:
        rule: `B1` to `B12`, `R1` to `R6`, or `crypto`.
        why: One sentence; foreign text may stand in it.
        name: The rule of the layer that says so, without the layer.
    """

    rule: str
    why: str
    name: str = "attestation-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestations:
    """What a release's attestations come to.

    Attributes:
        publish: When the registry attested that it took these bytes; None where that is not proven.
        provenance: Where it was built; None where that is not proven.
        refused: Why not, or what else is wrong: empty where all of it holds.
        open: What could not be judged for want of something else; no reason to refuse.
        present: Types of the predicates that were offered, as the envelopes state them.
    """

    publish: datetime | None = None
    provenance: Provenance | None = None
    refused: tuple[Refused, ...] = ()
    open: tuple[Refused, ...] = ()
    present: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carries:
    """What a registry's documents are known to carry for some release: only then is a lack one."""

    signatures: bool = False
    attestations: bool = False
    publishers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a registry's document says of a release; nobody has verified it.

    Attributes:
        signatures: (key id, signature in base64).
        integrity: `dist.integrity`.
        provenance: Type of the predicate that it says there is.
        attestations: Whether it says that there are any.
        publisher: Name of the account, or of the service, that published it.
        trusted_publisher: Id of the service that published it without a token of an account.
        approver: Whether somebody approved it before it was visible.
        maintainers: Names of the accounts that could publish, sorted.
        repository: Address of the source that the document states.
        carries: What the registry's documents carry for some release of it.
    """

    signatures: tuple[tuple[str, str], ...] = ()
    integrity: str | None = None
    provenance: str | None = None
    attestations: bool = False
    publisher: str | None = None
    trusted_publisher: str | None = None
    approver: bool = False
    maintainers: tuple[str, ...] = ()
    repository: str | None = None
    carries: Carries = Carries()


class Authority(IntEnum):
    """By whose leave a release was published."""

    ACCOUNT = 0
    TRUSTED_PUBLISHER = 1
    STAGED = 2


class Build(IntEnum):
    """What is known of how a release was built."""

    NONE = 0
    CLAIMED = 1
    VERIFIED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What is known of a release that was published before another.

    Attributes:
        version: As published.
        published: When.
        sha512: Hex digest of the artifact, where known.
        authority, build: Or why they are not known, which is outside both orders.
        provenance: Its record, where it is verified.
        publisher: Name of the account, or of the service, that published it.
    """

    version: str
    published: datetime
    sha512: str | None = None
    authority: Authority | Missing
    build: Build | Missing
    provenance: Provenance | None = None
    publisher: str | None = None


@dataclass(frozen=True)
class History:
    """What came before a release.

    Attributes:
        earlier: The package's releases that were published before it, of any line, the oldest
            first.
        accepted: Records of the release's line that the ledger accepts.
        compared: False where nobody asked what came before: nothing follows from its being empty.
        open: Why only the ledger's releases are in it: there may be others.
    """

    earlier: tuple[Earlier, ...] = ()
    accepted: tuple[Provenance, ...] = ()
    compared: bool = True
    open: Missing | None = None

    @cached_property
    def worked_out(self) -> dict[object, Any]:
        """What rules have worked out of it, by what it is: several ask the same of many releases.

        It goes when the history does, and is no part of what two are equal by.
        """
        return {}


@dataclass(frozen=True, slots=True)
class SignatureFact:
    """What a release's registry signatures are worth, and of which key that is said."""

    state: SignatureState
    keyid: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RootFact:
    """The roots that a run verifies under; `updated` is when they were last changed."""

    updated: datetime


CLAIMED = Kind("claimed", Per.RELEASE, Claimed)
SIGNATURE = Kind("signature", Per.RELEASE, SignatureFact)
ATTESTATIONS = Kind("attestations", Per.RELEASE, Attestations)
EARLIER = Kind("earlier", Per.RELEASE, History)
ROOT = Kind("root", Per.RUN, RootFact)
