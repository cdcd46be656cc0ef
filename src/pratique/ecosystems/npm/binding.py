"""Lock binding: does a lockfile entry say what the registry says of that release?

Nothing here knows how a registry is asked. Only pnpm from 11 on makes this comparison itself; npm,
yarn and bun install whatever address and digest the entry names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit, urlunsplit

from pratique.model.fact import Hosts, Missing, VersionDocument
from pratique.model.package import strongest
from pratique.model.pin import Manager, Pin, Source
from pratique.model.project import Project

NEARLY_ALL = 0.9
"""Share of a lockfile's recorded addresses from which one unmapped host counts as shared."""

MOST = 0.5
"""More than this share of all entries must record it: pnpm, bun and yarn berry record few
addresses, where a single one that was put in would be nearly all of them."""

_NPM_REPLACES = "npmjs"
"""What npm's `replace-registry-host` says where nothing sets it."""


def host_of(url: str | None) -> str:
    """The host of an http(s) URL, lower case, with the port where one is given; "" for others."""
    if url is None:
        return ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or parts.hostname is None:
        return ""
    return parts.hostname if port is None else f"{parts.hostname}:{port}"


def assumed_hosts(projects: Iterable[Project], known: Iterable[str]) -> frozenset[str]:
    """Hosts, not among `known`, that nearly all recorded addresses of some project share.

    Only entries that lock a digest of the artifact count (DECISIONS 15): the others would take
    whatever bytes that host has.
    """
    known = frozenset(known) | {""}
    return frozenset(host for project in projects if (host := _shared_host(project)) not in known)


def _shared_host(project: Project) -> str:
    pins = project.lockfile.pins if project.lockfile else ()
    hosts = [host_of(pin.url) if pin.digests else "" for pin in pins if pin.is_release]
    counts = Counter(filter(None, hosts))
    host, number = next(iter(counts.most_common(1)), ("", 0))
    is_shared = number >= NEARLY_ALL * counts.total() and number > MOST * len(hosts)
    return host if is_shared else ""


def is_bindable(pin: Pin, hosts: Hosts) -> bool:
    """Whether a registry can be asked about this pin: it names a release, or a registry's file."""
    if not pin.version:
        return False
    if pin.source is Source.REGISTRY:
        return True
    return pin.source is Source.REMOTE and hosts.registry_at(host_of(pin.url)) is not None


def may_be_published(pins: Iterable[Pin], hosts: Hosts | Missing) -> bool:
    """Whether a registry can be asked about what `pins` lock; without hosts it has to be tried."""
    locked = tuple(pins)
    return isinstance(hosts, Missing) or any(is_bindable(pin, hosts) for pin in locked)


def address_differs(pin: Pin, document: VersionDocument, registry: str, hosts: Hosts) -> str:
    """How the recorded address differs from the registry's own; "" where it does not.

    Hosts are compared after mapping; then only the path counts, since mirrors keep paths.
    """
    host = host_of(pin.url)
    if not host or pin.url is None or pin.url == document.tarball:
        return ""
    at = hosts.registry_at(host)
    if at is None:
        return ""  # a foreign host is a finding of its own
    if at != registry:
        return f"is recorded at {host}, which is another registry than the one that serves its name"
    recorded, stated = path_below(pin.url, at), path_below(document.tarball, registry)
    return (
        "" if recorded == stated else f"is recorded at {recorded}, the registry has it at {stated}"
    )


def path_below(url: str, registry: str) -> str:
    """The decoded path (and query) of `url` below a registry's base path, without a slash."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    path = path.removeprefix(unquote(urlsplit(registry).path)).lstrip("/")
    return f"{path}?{parts.query}" if parts.query else path


def digest_differs(pin: Pin, document: VersionDocument) -> str:
    """How the locked digest differs from the registry's; "" where it does not or none compares."""
    stated = {digest.algorithm: digest for digest in document.digests}
    for digest in pin.digests:
        other = stated.get(digest.algorithm)
        if other is not None and other != digest:
            return f"locks {_short(digest.sri)}, the registry states {_short(other.sri)}"
    return ""


def shares_algorithm(pin: Pin, document: VersionDocument) -> bool:
    """Whether pin and document have a digest of one algorithm to compare."""
    return bool(
        {digest.algorithm for digest in pin.digests}
        & {digest.algorithm for digest in document.digests}
    )


def led_past(project: Project, hosts: Hosts) -> tuple[Pin, ...]:
    """The entries for which the manager asks a host that no configured registry has.

    The policy may call one an alias, or nearly all entries may share it: it is still another
    machine. A host that stands for no registry at all is a finding of its own.

    yarn, bun and pnpm ask where the entry says. npm does, too, but puts its own registry in the
    place of one host: that of the setting, or of every host.
    """
    own = {host_of(url) for url in (hosts.default, *hosts.scopes.values())} | {""}
    if project.manager is Manager.NPM:
        said = project.settings.replaced_host or _NPM_REPLACES
        if said == "always":
            return ()
        # The default is a word for the registry that npm has built in.
        own.add(f"registry.{said}.org" if said == _NPM_REPLACES else said)
    pins = project.lockfile.every_pin if project.lockfile else ()
    recorded = ((pin, host_of(pin.url)) for pin in pins if pin.is_release)
    return tuple(pin for pin, at in recorded if at not in own and hosts.registry_at(at))


def expected_url(pin: Pin, document: VersionDocument, registry: str, hosts: Hosts) -> str:
    """The address that the entry should record: the registry's path on the host it records now."""
    if pin.url is None or hosts.registry_at(host_of(pin.url)) != registry:
        return document.tarball
    recorded, stated = urlsplit(pin.url), urlsplit(document.tarball)
    base = urlsplit(registry).path
    keeps_base = recorded.path.startswith(base) or host_of(pin.url) == host_of(registry)
    path = stated.path if keeps_base else "/" + stated.path.removeprefix(base)
    return urlunsplit((recorded.scheme, recorded.netloc, path, stated.query, ""))


def expected_integrity(document: VersionDocument) -> str | None:
    """The strongest digest that the registry states, as SRI; None where it states none."""
    digest = strongest(document.digests)
    return digest.sri if digest else None


def _short(sri: str) -> str:
    return sri if len(sri) <= 24 else sri[:24] + "…"
