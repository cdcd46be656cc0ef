"""The bytes of releases whose document states no SHA-512: what came first is kept to."""

from __future__ import annotations

from pratique.proxy.settings import Now
from pratique.proxy.shelf import Place
from pratique.proxy.upstream import Refused, Upstream
from pratique.store.firewall import Firewall
from pratique.store.firewall.port import Bound


class Sights:
    """First sights of artifacts. Used from threads."""

    def __init__(self, upstream: Upstream, firewall: Firewall, now: Now) -> None:
        self._upstream, self._firewall, self._now = upstream, firewall, now

    def of(self, name: str, registry: str, place: Place) -> str | None:
        """Hex SHA-512 of what came first; None where nothing comes, or something else."""
        bound = self._firewall.documents.bound(registry, name).get(place.version)
        if bound is not None:
            return bound.sha512
        found = self._upstream.artifact(name, place.url, place.digests)
        if isinstance(found, Refused) or not self.bind(name, registry, place, found):
            return None
        return found

    def bind(self, name: str, registry: str, place: Place, sha512: str) -> bool:
        """Keep to these bytes from now on; False where others came before."""
        row = Bound(registry, name, place.version, sha512, self._now())
        return self._firewall.documents.bind(row).sha512 == sha512
