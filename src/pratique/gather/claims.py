"""What a registry's document claims of who made a release. Claims are bounded here, never trusted.

The members: https://docs.npmjs.com/about-registry-signatures and what documents hold (read
2026-11): `dist.signatures`, `dist.attestations`, `_npmUser`, `maintainers`, `repository`. A member
of another form than npm's says nothing, but for one: who says that there are attestations is held
to it, in whatever form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from pratique.ecosystems.npm.repositories import repository_of
from pratique.model.evidence import Authority, Build, Carries, Claimed, is_plain

UNREADABLE = "of a form that cannot be read"
"""The predicate's type where a document claims provenance in no form that is known."""
_MOST_SIGNATURES = 17
"""One more than are judged: then it shows that there are too many."""
_LONGEST_SIGNATURE = 1025
_MOST_MAINTAINERS = 256


class Dist(msgspec.Struct):
    """`dist`, as far as it is evidence; all of it is undecided JSON."""

    integrity: Any = None
    signatures: Any = None
    attestations: Any = None


class Told(msgspec.Struct):
    """A document of one release, as far as it is evidence."""

    dist: Dist = msgspec.field(default_factory=Dist)
    user: Any = msgspec.field(default=None, name="_npmUser")
    maintainers: Any = None
    repository: Any = None


def claimed_by(told: Any) -> Claimed:
    """What a document claims.

    Args:
        told: A `Told`, or another struct with its members and a `Dist`'s.
    """
    integrity = told.dist.integrity
    publisher, trusted, approver = _publisher(told.user)
    return Claimed(
        signatures=tuple(_signatures(told.dist.signatures)),
        integrity=integrity if isinstance(integrity, str) and is_plain(integrity) else None,
        provenance=_provenance(told.dist.attestations),
        attestations=bool(told.dist.attestations),
        publisher=publisher,
        trusted_publisher=trusted,
        approver=approver,
        maintainers=_maintainers(told.maintainers),
        repository=repository_of(told.repository),
    )


def carried(claims: Collection[Claimed], before: Carries) -> Carries:
    """What a registry is known to carry once its documents claimed that."""
    return Carries(
        before.signatures or any(each.signatures for each in claims),
        before.attestations or any(each.attestations for each in claims),
        before.publishers or any(each.publisher or each.trusted_publisher for each in claims),
    )


def authority_of(claimed: Claimed) -> Authority:
    """By whose leave a release was published, as a document that tells of publishers says."""
    if claimed.approver:
        return Authority.STAGED
    return Authority.TRUSTED_PUBLISHER if claimed.trusted_publisher else Authority.ACCOUNT


def build_of(claimed: Claimed) -> Build:
    """What a document that tells of attestations says of a build; nothing is verified here."""
    return Build.CLAIMED if claimed.provenance else Build.NONE


def _signatures(stated: object) -> Iterator[tuple[str, str]]:
    for each in stated[:_MOST_SIGNATURES] if isinstance(stated, list) else ():
        keyid, sig = _text(each, "keyid"), _member(each, "sig")
        if keyid is not None and isinstance(sig, str):
            yield keyid, sig[:_LONGEST_SIGNATURE]


def _provenance(stated: object) -> str | None:
    """The predicate's type. `dist.attestations` of another form than an object claims some, too."""
    provenance = _member(stated, "provenance") if isinstance(stated, dict) else stated
    if not provenance:
        return None
    return _text(provenance, "predicateType") or UNREADABLE


def _publisher(user: object) -> tuple[str | None, str | None, bool]:
    """(account or service, id of the trusted publisher, whether somebody approved it)."""
    trusted = _member(user, "trustedPublisher")
    return (
        _text(user, "name"),
        _text(trusted, "id") or (UNREADABLE if trusted else None),
        bool(_member(user, "approver")),
    )


def _maintainers(stated: object) -> tuple[str, ...]:
    listed = stated[:_MOST_MAINTAINERS] if isinstance(stated, list) else ()
    named = ((_text(each, "name") or each) if isinstance(each, dict) else each for each in listed)
    found = (each.partition(" <")[0] for each in named if isinstance(each, str))
    return tuple(sorted({each for each in found if is_plain(each)}))


def _member(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: object, name: str) -> str | None:
    text = _member(value, name)
    return text if isinstance(text, str) and is_plain(text) else None
