"""What the upstreams say and serve: documents, kept and revalidated, and verified artifacts.

All of it blocks, and is called from threads.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from pratique.gather.asking import SHORT_FORM, address_of
from pratique.gather.http import Client, Failure, Request, Response
from pratique.model.package import Digest
from pratique.model.registry import Registries, Registry
from pratique.proxy.settings import Freshness, Now
from pratique.proxy.turns import ThreadTurns
from pratique.store.blobs import Blobs, Spool
from pratique.store.firewall import Firewall
from pratique.store.firewall.port import Artifact, Document

FULL, SHORT = "full", "short"
MOST_DOCUMENT = 64 * 1024 * 1024
MOST_ARTIFACT = 512 * 1024 * 1024
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_AWAY = timedelta(seconds=10)
"""So long after a registry could not be reached, what is stored stands in for it at once. What it
answers to one name, a client may have brought about, and says nothing of another one."""
SKEW = timedelta(minutes=5)
"""Clocks of nodes with one database differ by less, and one that was ahead is set back by more."""
_ACCEPT = {FULL: "application/json", SHORT: SHORT_FORM}


@dataclass(frozen=True, slots=True)
class Got:
    """A document's body, decoded, and its hex SHA-256.

    Attributes:
        confirmed: When the upstream last said so.
        until: From then on it may not serve without being asked for again.
        why_old: Why there is no newer one; "" where it is as fresh as it has to be.
    """

    body: bytes | bytearray
    digest: str
    confirmed: datetime
    until: datetime
    why_old: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """There is none: the status to answer with, and why."""

    status: int
    why: str


WhyNot = Callable[[Got], str]
"""Why a document that came cannot be used; "" where it can. Such a one takes no other's place."""


class Upstream:
    """The registries behind the firewall, with the user's credentials for them."""

    def __init__(
        self,
        client: Client,
        registries: Registries,
        kept: tuple[Firewall, Blobs],
        now: Now,
        freshness: Freshness,
    ) -> None:
        self._client = client
        self._registries = registries
        self._firewall, self._blobs = kept
        self._now = now
        self._freshness = freshness
        self._turns = ThreadTurns()
        self._away: dict[str, datetime] = {}

    def registry_for(self, name: str) -> Registry | None:
        """The registry that serves a name; None where none is configured for it."""
        return self._registries.registry_for(name)

    def is_away(self, registry: Registry) -> bool:
        """Whether it could not be reached just now, and need not be tried again yet."""
        left = self._away.get(registry.id, _NEVER) - self._now()
        return timedelta() < left <= _AWAY

    # Documents

    def document(
        self, name: str, form: str = FULL, why_not: WhyNot = lambda _got: "", has: str = ""
    ) -> Got | Refused:
        """The upstream's document, not older than it may be.

        Where there is no answer, or one that `why_not` refuses, the stored one stands in for it
        until it was last confirmed for longer than `Freshness.stale`. The body of the one with the
        digest `has` is left out: whoever asks has read it.
        """
        registry = self.registry_for(name)
        if registry is None:
            return Refused(404, "no registry is configured for this name")
        with self._turns.at((registry.id, form, name)):
            known = self._firewall.documents.document(registry.id, name, form)
            old = self._stored(known, has) if known else None
            if old and self._now() < old.until and not self._is_ahead(old):
                return old
            if old and self.is_away(registry):
                return self._old(
                    f"{urlsplit(registry.id).netloc} could not be reached just now", old
                )
            etag = known.etag if known and old else None
            url, accept = address_of(registry.id, name), _ACCEPT[form]
            request = Request(url, accept, etag, MOST_DOCUMENT, same_host=True)
            with self._client.get(request) as answer:
                return self._answered((registry, name, form), answer, old, why_not)

    def _is_ahead(self, old: Got) -> bool:
        """Whether it was confirmed by a clock that was ahead: nobody knows when, then."""
        return old.confirmed > self._now() + SKEW

    def _got(self, body: bytes | bytearray, digest: str, confirmed: datetime) -> Got:
        return Got(body, digest, confirmed, confirmed + self._freshness.fresh)

    def _stored(self, known: Document, has: str) -> Got | None:
        if known.digest == has:
            return self._got(b"", has, known.checked_at)
        packed = self._blobs.read(known.blob)
        if packed is None:
            return None
        try:
            body = zlib.decompress(packed)
        except zlib.error:
            return None
        if hashlib.sha256(body).hexdigest() != known.digest:
            return None
        return self._got(body, known.digest, known.checked_at)

    def _answered(
        self,
        asked: tuple[Registry, str, str],
        answer: Response | Failure,
        old: Got | None,
        why_not: WhyNot,
    ) -> Got | Refused:
        registry, name, form = asked
        now = self._now()
        if isinstance(answer, Failure):
            if answer.unreachable:
                self._away[registry.id] = now + _AWAY
            return self._old(answer.why, old)
        if answer.status == 304 and old is not None:
            self._firewall.documents.checked(registry.id, name, form, now)
            return self._got(old.body, old.digest, now)
        if answer.status in {401, 403, 404, 410}:
            return Refused(404, "the registry has no package of that name")
        if answer.status != 200:
            place = urlsplit(registry.id).netloc
            return self._old(f"{place} answered with status {answer.status}", old)
        body = answer.body  # as it is: a large one need not be there twice while it is read
        new = self._got(body, hashlib.sha256(body).hexdigest(), now)
        if why := why_not(new):
            return self._old(f"the registry's document of {name} is refused: {why}", old)
        self._keep(asked, new, answer.etag)
        return new

    def _old(self, why: str, old: Got | None) -> Got | Refused:
        """The stored one, where it is not too old for that."""
        if old is None:
            return Refused(502, why)
        now, ends = self._now(), old.confirmed + self._freshness.stale
        if now >= ends or self._is_ahead(old):
            return Refused(502, f"{why}, and what is stored is too old")
        return replace(old, until=min(ends, now + self._freshness.fresh), why_old=why)

    def _keep(self, asked: tuple[Registry, str, str], got: Got, etag: str | None) -> None:
        registry, name, form = asked
        now = got.confirmed
        blob = self._blobs.keep(zlib.compress(got.body, 1))
        document = Document(
            registry.id, name, form, got.digest, blob, len(got.body), now, now, etag, None
        )
        unused = self._firewall.documents.keep(document)
        if unused:
            self._blobs.delete(unused)

    # Artifacts

    def artifact(self, name: str, url: str, digests: Sequence[Digest]) -> str | Refused:
        """Hex SHA-512 of the artifact, which lies verified in the blobs."""
        registry = self.registry_for(name)
        if registry is None:
            return Refused(404, "no registry is configured for this name")
        with self._turns.at((registry.id, url)):
            stated = next((each.hex for each in digests if each.algorithm == "sha512"), None)
            is_known = stated and self._firewall.documents.artifact(stated)
            if stated and is_known and self._blobs.at_hand(stated):
                return stated
            return self._fetched(url, digests)

    def _fetched(self, url: str, digests: Sequence[Digest]) -> str | Refused:
        with self._blobs.spool() as spool:
            into = _Hashed(spool, {each.algorithm for each in digests})
            request = Request(url, "*/*", None, MOST_ARTIFACT, "identity", into, same_host=True)
            with self._client.get(request) as answer:
                if isinstance(answer, Failure):
                    return Refused(502, answer.why)
                if answer.status != 200:
                    status = 404 if answer.status in {401, 403, 404, 410} else 502
                    return Refused(status, f"the registry answered with status {answer.status}")
            wrong = [each for each in digests if into.hexes()[each.algorithm] != each.hex]
            if wrong or not into.spool.size:
                return Refused(502, "the registry served other bytes than its document names")
            sha512 = into.keep()
        now = self._now()
        size = self._blobs.size(sha512) or 0
        self._firewall.documents.add(Artifact(sha512, size, now, now))
        return sha512


class _Hashed:
    """A file that is written and hashed; begun anew for another attempt."""

    def __init__(self, spool: Spool, algorithms: Collection[str]) -> None:
        self.spool = spool
        self._algorithms = algorithms
        self._hashes = self._fresh()

    def _fresh(self) -> dict[str, hashlib._Hash]:
        return {each: hashlib.new(each, usedforsecurity=False) for each in self._algorithms}

    def begin(self) -> None:
        self._hashes = self._fresh()
        self.spool.restart()

    def write(self, piece: bytes) -> None:
        self.spool.write(piece)
        for each in self._hashes.values():
            each.update(piece)

    def hexes(self) -> dict[str, str]:
        return {name: each.hexdigest() for name, each in self._hashes.items()}

    def keep(self) -> str:
        return self.spool.keep()
