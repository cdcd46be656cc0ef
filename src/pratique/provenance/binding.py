"""What a release's attestations are worth: the rules B1 to B12, all of them offline.

A bundle whose cryptography holds says only that somebody signed something. These rules bind it to
the package, the bytes, the registry and the build. What counts of a build is what its certificate
says; the predicate must say the same, and is not asked for anything else.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import unquote

from pratique.errors import RefusedError
from pratique.model.evidence import (
    PROVENANCE,
    PUBLISH,
    UNREAD,
    Attestations,
    Certified,
    Key,
    Keys,
    Provenance,
    Refused,
    Sealed,
    Usage,
    is_plain,
)
from pratique.model.fact import Missing
from pratique.provenance.bundle import read_bundle
from pratique.provenance.certified import claims_of, run_of, workflow_of
from pratique.provenance.root import Root
from pratique.provenance.sources import source_of
from pratique.provenance.statement import (
    Stated,
    Statement,
    read_provenance,
    read_publication,
    read_statement,
)
from pratique.provenance.strict import items, members, refuse
from pratique.provenance.verifying import verify

RULES: Mapping[str, str] = {
    "crypto": "Each bundle's signatures, certificate and log entry hold.",
    "B1": "The type that an answer gives an attestation is the one that was signed.",
    "B2": "An envelope has the one payload type, signature, log entry and subject that npm gives "
    "it, and names no other key than the one that signed.",
    "B3": "The subject is this package at this version.",
    "B4": "The subject's SHA-512 is that of the bytes.",
    "B5": "The registry attests that it published them, by a pinned key that was in use then.",
    "B6": "What the registry says it published is this package at this version.",
    "B7": "There is provenance where the registry's document, or the policy, says so.",
    "B8": "The build's certificate is for an address, and its issuer is one that is known.",
    "B9": "What the predicate says of the build is what its certificate says.",
    "B10": "The build was signed before the registry published it, and not long before.",
    "B11": "The source that the artifact's own manifest names is the one of the certificate.",
    "B12": "What is shown and judged are the certificate's values, and no others.",
}
"""Each rule in one sentence, in the order in which they are told."""
ISSUERS = frozenset({"https://token.actions.githubusercontent.com", "https://gitlab.com"})
"""Who may vouch for a build: what npm takes provenance from. A policy may name more."""
BETWEEN = timedelta(hours=1)
"""Longest time from a build's signature to its publication.

A client signs, and then uploads: 2 to 64 seconds in what was looked at. A large artifact on a slow
line, tried again, takes minutes; a certificate is for ten, and cannot be used to sign later. What
took longer was signed by one and published by another, or held back: both want looking at. A staged
release waits for a person, as long as that takes.
"""
PAYLOAD = "application/vnd.in-toto+json"
MOST = 16
"""Attestations of one release at most; npm gives two."""
_INVALID, _MISMATCH = "attestation-invalid", "attestation-mismatch"
_MISSING, _UNPUBLISHED = "attestation-missing", "publish-attestation-missing"
_UNEXPECTED = "signer-unexpected"
_NAMES = {
    "B1": _MISMATCH, "B3": _MISMATCH, "B4": _MISMATCH, "B6": _MISMATCH, "B7": _MISSING,
    "B8": _UNEXPECTED, "B9": _MISMATCH, "B10": _MISMATCH, "B11": _MISMATCH,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What attestations are asked about, and what is known of it from elsewhere.

    Attributes:
        name, version: The release.
        sha512: Hex digest of its bytes.
        repository: What the manifest among the bytes states as its source: None where it states
            nothing, Missing where the bytes were not at hand.
        claims_provenance: Whether the registry's document, or the policy, says there is provenance.
        is_staged: Whether somebody approved it after it was uploaded.
        issuers: Who may vouch for a build.
    """

    name: str
    version: str
    sha512: str
    repository: str | Missing | None
    claims_provenance: bool = False
    is_staged: bool = False
    issuers: frozenset[str] = ISSUERS


def bind(answer: object, expected: Expected, seal: Callable[[object], Sealed]) -> Attestations:
    """What the attestation endpoint's answer about a release comes to.

    Args:
        answer: The answer as JSON values, read strictly.
        expected: What it is asked about.
        seal: Verifies one bundle; raises RefusedError.
    """
    try:
        entries = list(_entries(answer))
    except RefusedError as error:
        return Attestations(refused=(_refused(error),))
    present = tuple(kind for kind, _ in entries)
    examined = [_examined(kind, bundle, expected, seal) for kind, bundle in entries]
    refused = [each for one in examined for each in one.refused]
    refused += _gaps(present, expected)
    publish = next((each for each in examined if each.kind == PUBLISH), None)
    build = next((each for each in examined if each.kind in PROVENANCE), None)
    refused += _apart(publish, build, expected)
    unsettled, mismatch = _manifest(build, expected)
    refused += mismatch
    if refused:
        return Attestations(refused=tuple(refused), open=unsettled, present=present)
    at = publish.sealed.logged.integrated if publish and publish.sealed else None
    record = build.record if build else None
    return Attestations(
        publish=at,
        provenance=replace(record, at=at) if record else None,
        open=unsettled,
        present=present,
    )


def bound(answer: object, expected: Expected, root: Root, keys: Keys) -> Attestations:
    """`bind` under pinned roots and keys."""
    return bind(answer, expected, lambda bundle: verify(read_bundle(bundle), root, keys))


# -- the answer ------------------------------------------------------------------------------------


def _entries(answer: object) -> Iterator[tuple[str, object]]:
    """(type as stated outside, bundle) of each attestation."""
    node = members(answer, "the answer")
    for each in items(node.get("attestations"), "attestations", MOST):
        entry = members(each, "an attestation")
        kind = entry.get("predicateType")
        if not isinstance(kind, str) or not is_plain(kind):
            refuse("an attestation without a type", "B1")
        yield kind, entry.get("bundle")


def _gaps(present: Sequence[str], expected: Expected) -> Iterator[Refused]:
    """What is not there, and what is there twice."""
    if not present:
        yield Refused("B7", "the answer holds no attestation at all", _MISSING)
        return
    counts = Counter("provenance" if each in PROVENANCE else each for each in present)
    for kind, number in counts.items():
        if number > 1:
            yield Refused("B2", f"{number} attestations of one type: {kind}", _INVALID)
    if PUBLISH not in counts:
        yield Refused("B5", "there is no attestation of the publication", _UNPUBLISHED)
    if expected.claims_provenance and "provenance" not in counts:
        yield Refused("B7", "there is no provenance, and there is said to be one", _MISSING)


# -- one attestation -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Examined:
    """One attestation: what is refused of it, and its record where it is provenance."""

    kind: str
    sealed: Sealed | None = None
    refused: list[Refused] = field(default_factory=list)
    record: Provenance | None = None


def _examined(
    kind: str, bundle: object, expected: Expected, seal: Callable[[object], Sealed]
) -> _Examined:
    found = _Examined(kind)
    try:
        found.sealed = seal(bundle)
        statement = read_statement(found.sealed.payload)
    except RefusedError as error:
        found.refused.append(_refused(error))
        return found
    found.refused += _of_envelope(found.sealed)
    found.refused += _of_statement(kind, statement, expected)
    found.refused += _of_signer(kind, found.sealed, expected)
    try:
        if kind == PUBLISH:
            found.refused += _of_publication(statement, expected)
        elif kind in PROVENANCE:
            stated = read_provenance(statement)
            found.refused += _unlike(found.sealed, stated)
            found.record = _record(found.sealed, statement, stated, expected.version)
    except RefusedError as error:
        found.refused.append(_refused(error))
    return found


def _of_envelope(sealed: Sealed) -> Iterator[Refused]:
    if sealed.payload_type != PAYLOAD:
        yield Refused("B2", f"the payload is of the type {sealed.payload_type}")
    if (sealed.signatures, sealed.entries) != (1, 1):
        yield Refused("B2", "an envelope has one signature, and one entry in the log")
    if sealed.keyid and (isinstance(sealed.signer, Certified) or sealed.keyid != sealed.hint):
        yield Refused("B2", "the envelope names a key, and another one signed it")


def _of_statement(kind: str, statement: Statement, expected: Expected) -> Iterator[Refused]:
    if kind != statement.predicate_type:
        why = f"it is called {kind}, and what was signed is {statement.predicate_type}"
        yield Refused("B1", why, _MISMATCH)
    if len(statement.subjects) != 1:
        yield Refused("B2", f"it has {len(statement.subjects)} subjects, not one")
        return
    (subject,) = statement.subjects
    if unquote(subject.name) != f"pkg:npm/{expected.name}@{expected.version}":
        yield Refused("B3", f"it is about {subject.name}", _MISMATCH)
    if subject.sha512 != expected.sha512:
        yield Refused("B4", "it is about other bytes", _MISMATCH)


def _of_signer(kind: str, sealed: Sealed, expected: Expected) -> Iterator[Refused]:
    signer = sealed.signer
    if kind == PUBLISH and isinstance(signer, Certified):
        yield Refused("B5", f"{signer.identity} signed it, and not the registry")
    elif kind == PUBLISH and isinstance(signer, Key):
        if signer.usage is not Usage.ATTESTATIONS or not _was_in_use(signer, sealed):
            yield Refused("B5", "the registry's key was not in use for it then")
    elif kind in PROVENANCE and isinstance(signer, Key):
        yield Refused("B8", "a key of the registry signed it, and no build", _UNEXPECTED)
    elif kind in PROVENANCE and isinstance(signer, Certified):
        if signer.issuer not in expected.issuers:
            yield Refused("B8", f"{signer.issuer} vouches for its signer", _UNEXPECTED)
        if signer.identity_kind != "uri":
            yield Refused("B8", f"{signer.identity} signed it, and no build", _UNEXPECTED)


def _was_in_use(key: Key, sealed: Sealed) -> bool:
    return key.is_valid_at(sealed.logged.integrated)


def _of_publication(statement: Statement, expected: Expected) -> Iterator[Refused]:
    named = read_publication(statement)
    if named != (expected.name, expected.version):
        yield Refused("B6", f"the registry published {'@'.join(named)}", _MISMATCH)


def _unlike(sealed: Sealed, stated: Stated) -> Iterator[Refused]:
    """Where the predicate says other than the certificate; what that does not carry is Unknown."""
    if not isinstance(sealed.signer, Certified):
        return
    certified = claims_of(sealed.signer)
    if "repository" not in certified:
        yield Refused("B9", "the certificate names no source", _MISMATCH)
    if stated.unvouched:
        named = ", ".join(stated.unvouched)
        yield Refused("B9", f"it states what no certificate vouches for: {named}", _MISMATCH)
    for what, value in dict.fromkeys(stated.claims):
        if what in certified and certified[what] != value:
            why = f"its {what} is {value}, and the certificate says {certified[what]}"
            yield Refused("B9", why, _MISMATCH)


def _record(
    sealed: Sealed, statement: Statement, stated: Stated, version: str
) -> Provenance | None:
    signer = sealed.signer
    if not isinstance(signer, Certified) or signer.repository is None:
        return None
    workflow, _ = workflow_of(signer)
    run, attempt = run_of(signer)
    return Provenance(
        version=version,
        built=sealed.logged.integrated,
        issuer=signer.issuer,
        repository=signer.repository,
        repository_id=signer.repository_id,
        owner_id=signer.owner_id,
        commit=signer.commit,
        ref=signer.ref,
        workflow=workflow,
        signer_uri=signer.signer_uri or signer.identity,
        signer_digest=signer.signer_digest,
        event=signer.trigger,
        runner=signer.runner,
        run=run,
        attempt=int(attempt) if attempt else None,
        environment=signer.environment,
        visibility=signer.visibility,
        builder=stated.builder,
        predicate=statement.predicate_type,
        shape=_shape(sealed, statement, stated),
        certified_at=signer.not_before,
    )


def _shape(sealed: Sealed, statement: Statement, stated: Stated) -> str:
    """12 hex digits of what tool made it: its forms and types, and none of what they hold.

    Of signed parts only: the bundle's own media type is nobody's word, and whoever serves it could
    make one release look like another's, or unlike.
    """
    kinds = [sealed.logged.kind, statement.type, statement.predicate_type]
    text = "\x1f".join([*kinds, stated.build_type])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# -- several together ------------------------------------------------------------------------------


def _apart(
    publish: _Examined | None, build: _Examined | None, expected: Expected
) -> Iterator[Refused]:
    if not publish or not build or not publish.sealed or not build.sealed:
        return
    between = publish.sealed.logged.integrated - build.sealed.logged.integrated
    if between < timedelta(0):
        yield Refused("B10", "the build was signed after it was published", _MISMATCH)
    elif between > BETWEEN and not expected.is_staged:
        hours = int(between / timedelta(hours=1))
        why = f"the build was signed more than {hours} h before it was published"
        yield Refused("B10", why, _MISMATCH)


def _manifest(
    build: _Examined | None, expected: Expected
) -> tuple[tuple[Refused, ...], list[Refused]]:
    """(what cannot be judged, what is refused) of the source that the manifest names."""
    if build is None or build.record is None:
        return (), []
    stated, certified = expected.repository, build.record.repository
    if isinstance(stated, Missing):
        return (Refused("B11", stated.detail, UNREAD),), []
    if stated is not None and source_of(stated) == certified:
        return (), []
    says = f"the manifest names {stated}" if stated else "the manifest names no source"
    found = Refused("B11", f"{says}, and the certificate {certified}", _MISMATCH)
    signer = build.sealed.signer if build.sealed else None
    # Until 2023 the certificates named no source address, and npm compared nothing with it.
    is_old = isinstance(signer, Certified) and signer.is_old
    return ((found,), []) if is_old else ((), [found])


def _refused(error: RefusedError) -> Refused:
    return Refused(error.rule, error.message, _NAMES.get(error.rule, _INVALID))
