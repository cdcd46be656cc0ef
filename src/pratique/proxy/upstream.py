"""What the upstreams say and serve: documents, kept and revalidated, and verified artifacts.

All of it blocks, and is called from threads.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from pratique.gather.asking import SHORT_FORM, address_of
from pratique.gather.http import Client, Failure, Request
from pratique.model.package import Digest
from pratique.model.registry import Registries, Registry
from pratique.proxy.settings import Freshness, Now
from pratique.store.blobs import Blobs, Spool
from pratique.store.firewall import Firewall
from pratique.store.firewall.port import Artifact, Document

FULL, SHORT = "full", "short"
MOST_DOCUMENT = 64 * 1024 * 1024
MOST_ARTIFACT = 512 * 1024 * 1024
_ACCEPT = {FULL: "application/json", SHORT: SHORT_FORM}


@dataclass(frozen=True, slots=True)
class Got:
    """A document's body, decoded, and its hex SHA-256.

    Attributes:
        why_old: Why it is not asked for now; "" where it is as fresh as it has to be.
    """

    body: bytes
    digest: str
    why_old: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """There is none: the status to answer with, and why."""

    status: int
    why: str


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
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._guard = threading.Lock()

    def registry_for(self, name: str) -> Registry | None:
        """The registry that serves a name; None where none is configured for it."""
        return self._registries.registry_for(name)

    # Documents

    def document(self, name: str, form: str = FULL) -> Got | Refused:
        """The upstream's document, not older than it may be."""
        registry = self.registry_for(name)
        if registry is None:
            return Refused(404, "no registry is configured for this name")
        with self._lock(registry.id, f"{form} {name}"):
            known = self._firewall.documents.document(registry.id, name, form)
            body = self._stored(known)
            if known and body is not None and self._age(known) < self._freshness.fresh:
                return Got(body, known.digest)
            return self._asked(registry, name, form, known if body is not None else None, body)

    def _age(self, known: Document) -> timedelta:
        return self._now() - known.checked_at

    def _stored(self, known: Document | None) -> bytes | None:
        packed = self._blobs.read(known.blob) if known else None
        if packed is None or known is None:
            return None
        try:
            body = zlib.decompress(packed)
        except zlib.error:
            return None
        return body if hashlib.sha256(body).hexdigest() == known.digest else None

    def _asked(
        self,
        registry: Registry,
        name: str,
        form: str,
        known: Document | None,
        body: bytes | None,
    ) -> Got | Refused:
        etag = known.etag if known else None
        request = Request(address_of(registry.id, name), _ACCEPT[form], etag, MOST_DOCUMENT)
        with self._client.get(request) as answer:
            if isinstance(answer, Failure):
                return self._old(answer.why, known, body)
            if answer.status == 304 and known and body is not None:
                self._firewall.documents.checked(registry.id, name, form, self._now())
                return Got(body, known.digest)
            if answer.status in {401, 403, 404, 410}:
                return Refused(404, "the registry has no package of that name")
            if answer.status != 200:
                place = urlsplit(registry.id).netloc
                return self._old(f"{place} answered with status {answer.status}", known, body)
            return self._kept(registry, name, form, bytes(answer.body), answer.etag)

    def _old(self, why: str, known: Document | None, body: bytes | None) -> Got | Refused:
        """The stored one, where the upstream does not answer and it is not too old for that."""
        if known is None or body is None:
            return Refused(502, why)
        if self._now() - known.checked_at > self._freshness.stale:
            return Refused(502, f"{why}, and what is stored is too old")
        return Got(body, known.digest, why)

    def _kept(self, registry: Registry, name: str, form: str, body: bytes, etag: str | None) -> Got:
        now, digest = self._now(), hashlib.sha256(body).hexdigest()
        blob = self._blobs.keep(zlib.compress(body, 1))
        document = Document(registry.id, name, form, digest, blob, len(body), now, now, etag, None)
        unused = self._firewall.documents.keep(document)
        if unused:
            self._blobs.delete(unused)
        return Got(body, digest)

    def _lock(self, registry: str, subject: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault((registry, subject), threading.Lock())

    # Artifacts

    def artifact(self, name: str, url: str, digests: Sequence[Digest]) -> str | Refused:
        """Hex SHA-512 of the artifact, which lies verified in the blobs."""
        registry = self.registry_for(name)
        if registry is None:
            return Refused(404, "no registry is configured for this name")
        with self._lock(registry.id, url):
            stated = next((each.hex for each in digests if each.algorithm == "sha512"), None)
            if stated and self._firewall.documents.artifact(stated) and self._has(stated):
                return stated
            return self._fetched(url, digests)

    def _has(self, sha512: str) -> bool:
        return self._blobs.size(sha512) is not None

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
