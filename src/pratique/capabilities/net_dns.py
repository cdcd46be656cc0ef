"""net.dns: asks the domain name system."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._spotting import imported, seen
from pratique.capabilities.source import Form, Occurrence, Source
from pratique.model.behavior import Tier

ID = "net.dns"
TITLE = "asks the domain name system"
_MODULES = {"dns": "", "dns/promises": "", "dns-packet": "", "native-dns": ""}
GLOBALS: frozenset[str] = frozenset()
MODULES = frozenset(_MODULES)
MEMBERS: frozenset[str] = frozenset()
TEXTS = (r"^https?://[^/]+/dns-query", r"^application/dns-(?:message|json)$")


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    yield from imported(source, _MODULES, ID)
    for site in source.sites:
        text = site.value or ""
        if site.form is Form.TEXT and ("/dns-query" in text or text.startswith("application/dns-")):
            yield seen(f"{ID}:https", site)
