"""What happens together in one small function: the beginnings of chains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pratique.capabilities._spotting import seen
from pratique.capabilities.net_host import hosts
from pratique.capabilities.source import Form, Occurrence, Site

_LARGEST = 12_000
"""Bytes of a function beyond which two things inside of it have nothing to do with each other."""
_LINES = 6
"""Lines at the top level that belong together."""

REQUESTS = frozenset({
    "fetch", "WebSocket", "XMLHttpRequest", "EventSource", "navigator.sendBeacon", "http:request",
    "http:get", "https:request", "https:get", "http2:connect", "net:connect",
    "net:createConnection", "net:Socket", "tls:connect", "dgram:createSocket", "dns:lookup",
    "dns:resolve",
    "dns:resolve4", "dns:resolveTxt", "dns/promises:resolve", "dns/promises:resolve4",
    "dns:promises.resolve", "dns:promises.resolve4", "http:ClientRequest",
})  # fmt: skip


def is_request(site: Site) -> bool:
    """A call that sends something to another machine."""
    return site.form in {Form.CALL, Form.NEW} and (
        site.path in REQUESTS or site.path.endswith(".sendBeacon")
    )


def together(one: Site, other: Site) -> bool:
    """Whether two sites stand in the same small function, or near each other outside of any."""
    if one.within == (0, 0) and other.within == (0, 0):
        return abs(one.line - other.line) <= _LINES
    (start, end), (first, last) = sorted(
        (one.within, other.within), key=lambda span: span[1] - span[0]
    )
    nested = first <= start and end <= last and (first, last) != (0, 0)
    return nested and last - first <= _LARGEST


def pairs(
    sites: Iterable[Site], one: Callable[[Site], bool], other: Callable[[Site], bool]
) -> Iterator[tuple[Site, Site]]:
    """Each site that is `one`, with the first `other` that it stands together with."""
    known = list(sites)
    ones = [site for site in known if one(site)]
    others = [site for site in known if other(site)] if ones else []
    for site in ones if others else ():
        found = next((each for each in others if each is not site and together(site, each)), None)
        if found is not None:
            yield site, found


def meeting(
    family: str, sites: Iterable[Site], is_power: Callable[[Site], bool]
) -> Iterator[Occurrence]:
    """`family:meets/HOST` for each power that stands together with the name of another machine.

    A package that does all of it already gains nothing by doing more of it; that it now does it
    where a machine is named that was not named there before is new all the same.
    """
    for site, place in pairs(sites, is_power, _names_host):
        for host in hosts(place.value or ""):
            yield seen(f"{family}:meets/{host}", site)


def _names_host(site: Site) -> bool:
    return site.form is Form.TEXT and bool(hosts(site.value or ""))
