"""Registry, Credential, Registries: where packages come from, and who may present which secret."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import NewType
from urllib.parse import SplitResult, unquote, urlsplit

OwnName = NewType("OwnName", str)
"""Name of a package (`corp-lib`, `@corp/lib`) or a scope (`@corp`) in a policy."""
RegistryUrl = NewType("RegistryUrl", str)
"""A registry's id, its normalised base URL, in a policy; "" for none."""
NO_REGISTRY = RegistryUrl("")

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret for one host and path. Neither `repr` nor `str` shows it."""

    scheme: str
    """`Bearer` or `Basic`."""
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.scheme} (not shown)"

    @property
    def header(self) -> str:
        """The value of the Authorization header: the only place where the secret shows."""
        return f"{self.scheme} {self.secret}"

    @classmethod
    def of(cls, scheme: str, secret: str) -> Credential | None:
        """A credential, or None where the secret is empty or could break a header's line."""
        usable = secret.isascii() and secret.isprintable() and secret.strip() == secret
        return cls(scheme, secret) if secret and usable else None

    @classmethod
    def basic(cls, username: str, password: str) -> Credential | None:
        """A credential for basic authentication (RFC 7617)."""
        return cls.of("Basic", base64.b64encode(f"{username}:{password}".encode()).decode("ascii"))


@dataclass(frozen=True, slots=True)
class Transport:
    """How to reach registries: the user's own authorities and proxies.

    Attributes:
        cafile: Path of a file with certificate authorities, in addition to the system's.
        authorities: PEM certificates that stand in the settings themselves.
        proxy: Proxy URL for http:// addresses; `secure_proxy` for https:// ones. A URL may hold
            a password, so neither shows in `repr`.
        no_proxy: Hosts and host suffixes that are reached directly.
        verify: False where the user switched certificate verification off.
    """

    cafile: str | None = None
    authorities: tuple[str, ...] = ()
    proxy: str | None = field(default=None, repr=False)
    secure_proxy: str | None = field(default=None, repr=False)
    no_proxy: tuple[str, ...] = ()
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry as configured. `id` is its normalised base URL, ending in "/"."""

    id: str
    credential: Credential | None = None
    transport: Transport = field(default_factory=Transport)


@dataclass(frozen=True, slots=True)
class Registries:
    """The registries of one user.

    Attributes:
        default: Normalised base URL of the default registry; None where nothing is configured.
        scopes: Scope (`@corp`) -> normalised base URL.
        credentials: `//host[:port]/path/` -> credential.
        transport: How all of them are reached.
        not_the_users: Base URLs that only a repository's policy states.
    """

    default: str | None = None
    scopes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    credentials: Mapping[str, Credential] = field(default_factory=dict, repr=False)
    transport: Transport = field(default_factory=Transport)
    not_the_users: frozenset[str] = frozenset()

    def registry_for(self, name: str) -> Registry | None:
        """The registry that serves the package `name`; None where none is configured for it."""
        scope = name.partition("/")[0] if name.startswith("@") else ""
        url = self.scopes.get(scope, self.default)
        return None if url is None else self.registry(url)

    def registry(self, url: str) -> Registry:
        """The registry at a normalised base URL, with the user's credential for it."""
        return Registry(url, self.credential_for(url), self.transport)

    def credential_for(self, url: str) -> Credential | None:
        """The credential whose host and path prefix cover `url`, the longest prefix first.

        Over plain http a secret goes only to the loopback host and to a registry that the user
        configured with http.
        """
        parts = _split(url)
        if parts is None or not self._may_carry_secrets(parts):
            return None
        return next(
            (found for dart in _darts(parts) if (found := self.credentials.get(dart))), None
        )

    def _may_carry_secrets(self, parts: SplitResult) -> bool:
        if parts.scheme == "https" or parts.hostname in _LOOPBACK:
            return True
        configured = {self.default, *self.scopes.values()} - self.not_the_users
        return any(base is not None and parts.geturl().startswith(base) for base in configured)


def normalised(url: str) -> str | None:
    """`url` as a registry's base: lower-case host, no default port, ending in "/".

    None where it is no http(s) address of a host, or one whose path could mean another one
    (dot segments, backslashes). A user name, a query and a fragment are left out.
    """
    parts = _split(url)
    if parts is None:
        return None
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def dart_of(url: str) -> str | None:
    """The key under which npm files a registry's secrets: `//host[:port]/path/`."""
    base = normalised(url if "://" in url else f"https:{url}")
    return base and base.partition(":")[2]


@lru_cache(maxsize=1024)
def _split(url: str) -> SplitResult | None:
    """The parts of a plain http(s) address: netloc without user and default port."""
    if len(url) > 4096 or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>'):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return None
    segments = unquote(parts.path).replace("\\", "/").split("/")
    if "." in segments or ".." in segments:
        return None
    host = f"[{host}]" if ":" in host else host
    shown = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return SplitResult(parts.scheme, host + shown, parts.path, "", "")


def _darts(parts: SplitResult) -> Iterator[str]:
    """Every prefix of the address that a secret could be filed under, the longest first."""
    segments = parts.path[1:].rstrip("/").split("/") if parts.path.strip("/") else []
    for count in range(len(segments), -1, -1):
        yield "//" + "/".join((parts.netloc, *segments[:count])) + "/"
