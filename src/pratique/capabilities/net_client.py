"""net.client: talks to other machines."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities import _flows as flows
from pratique.capabilities._spotting import imported, seen, used
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "net.client"
TITLE = "talks to other machines"
_MODULES = {
    "http": "http", "https": "http", "http2": "http", "net": "socket", "tls": "socket",
    "dgram": "socket",
}  # fmt: skip
_GLOBALS = {
    "fetch": "fetch", "XMLHttpRequest": "xhr", "WebSocket": "websocket",
    "EventSource": "websocket", "navigator.sendBeacon": "beacon",
    "RTCPeerConnection": "peer", "Deno.connect": "socket", "Bun.connect": "socket",
}  # fmt: skip
GLOBALS = frozenset(_GLOBALS)
MODULES = frozenset(_MODULES)
MEMBERS = frozenset({"sendBeacon"})
TEXTS: tuple[str, ...] = ()
_IDENTITY = frozenset({"hostname", "userInfo", "networkInterfaces"})


def tier(detail: str) -> Tier:
    return Tier.A if detail.startswith("sends-") else Tier.B


def is_hard(detail: str) -> bool:
    return detail.startswith("sends-")


def spot(source: Source) -> Iterator[Occurrence]:
    yield from imported(source, _MODULES, ID)
    yield from used(source, _GLOBALS, ID)
    for site, _ in flows.pairs(source.sites, flows.is_request, _is_environment):
        yield seen(f"{ID}:sends-environment", site)
    for site, _ in flows.pairs(source.sites, flows.is_request, _is_identity):
        yield seen(f"{ID}:sends-identity", site)


def _is_environment(site: Site) -> bool:
    """The environment as a whole is written out, or looped over."""
    handed = (site.value or "").rpartition(".")[2]
    whole = handed in {"stringify", "keys", "entries", "values", "for", "..."}
    return site.form is Form.READ and site.path == "process.env" and whole


def _is_identity(site: Site) -> bool:
    return (
        site.form in {Form.CALL, Form.READ}
        and site.path.startswith("os:")
        and (site.path[3:] in _IDENTITY)
    )
