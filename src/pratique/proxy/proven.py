"""What is known of who made a release, as the door asks for it and judges it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import msgspec

from pratique.gather.claims import Told, claimed_by
from pratique.model.evidence import (
    ATTESTATIONS,
    CLAIMED,
    EARLIER,
    SIGNATURE,
    Attestations,
    Claimed,
    Earlier,
    History,
    SignatureFact,
)
from pratique.model.fact import Missing, Published, Why

KINDS = (SIGNATURE, ATTESTATIONS, EARLIER)
"""What is found out of a release when it is a candidate or asked for, and of no other."""
_TOLD = msgspec.json.Decoder(Told)
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
UNREADABLE = Missing(Why.FAILED, "what its document claims cannot be read")


@dataclass(frozen=True, slots=True)
class Wish:
    """Evidence of one release that is to be found out.

    Attributes:
        published: When it was published, as far as that is known without.
        whole: What came before it, too, and its registry's signature; else its attestations alone,
            which tell its time.
    """

    published: Published | Missing
    whole: bool = True

    def __or__(self, other: Wish) -> Wish:
        return other if other.whole else self


@dataclass(frozen=True)
class Proven:
    """What the evidence of a release comes to.

    Attributes:
        claimed: What its document says.
        attestations: What the endpoint's answer is worth.
        signature, earlier: None where that was not asked for.
        until: From then on the registry is asked again; None where the answer holds for good.
    """

    claimed: Claimed | Missing
    attestations: Attestations | Missing
    signature: SignatureFact | Missing | None = None
    earlier: History | Missing | None = None
    until: datetime | None = None

    @property
    def attested(self) -> datetime | None:
        """When its registry attested that it was published; None where that is not proven."""
        found = self.attestations
        return None if isinstance(found, Missing) else found.publish

    @property
    def is_whole(self) -> bool:
        return self.signature is not None and self.earlier is not None

    @property
    def facts(self) -> Mapping[str, object]:
        """Name of the kind -> value or Missing."""
        found = {
            CLAIMED.name: self.claimed,
            ATTESTATIONS.name: self.attestations,
            SIGNATURE.name: self.signature,
            EARLIER.name: self.earlier,
        }
        return {name: value for name, value in found.items() if value is not None}

    @cached_property
    def identity(self) -> str:
        """Hex digest of all of it, but for how long it holds."""
        own = (repr(self.claimed), repr(self.attestations), repr(self.signature))
        before = self.earlier
        past = map(_told, before.earlier) if isinstance(before, History) else [repr(before)]
        text = "\x1f".join((*own, *past))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _told(each: Earlier) -> str:
    level = (str(each.authority), str(each.build), repr(each.provenance), str(each.publisher))
    return " ".join((each.version, str(each.published), *level))


def claims_in(raw: bytes) -> Claimed | Missing:
    """What a version's object claims."""
    try:
        return claimed_by(_TOLD.decode(raw))
    except _BROKEN:
        return UNREADABLE


def says_attested(raw: bytes) -> bool:
    """Whether a version's object says that there are attestations."""
    found = claims_in(raw)
    return isinstance(found, Missing) or found.attestations


def soonest_of(proven: Iterable[Proven]) -> datetime | None:
    """When the first of them has to be asked for again."""
    return min((each.until for each in proven if each.until is not None), default=None)
