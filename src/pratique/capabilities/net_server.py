"""net.server: waits for others to connect."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._spotting import member_uses, seen
from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "net.server"
TITLE = "waits for others to connect"
GLOBALS: frozenset[str] = frozenset()
MODULES = frozenset({"http", "https", "http2", "net", "tls"})
MEMBERS = frozenset({"createServer", "createSecureServer"})
TEXTS: tuple[str, ...] = ()


def tier(_detail: str) -> Tier:
    return Tier.C


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in member_uses(source, MODULES, MEMBERS):
        yield seen(ID, site)
