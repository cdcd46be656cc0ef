"""Connections to registries: the user's authorities and proxies, and a deadline for every read."""

from __future__ import annotations

import io
import ssl
import threading
import time
from collections.abc import Iterable
from http.client import HTTPResponse
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pratique.errors import SettingsError
from pratique.model.registry import Transport

_deadline = threading.local()


def set_deadline(at: float) -> None:
    """No read of this thread lasts beyond `at` (of the monotonic clock)."""
    _deadline.at = at


def extend_deadline(seconds: float) -> None:
    """Time that this thread waited for us, and not for the server, does not count."""
    _deadline.at = getattr(_deadline, "at", float("inf")) + seconds


def time_left() -> float:
    """Seconds until this thread's deadline; may be negative."""
    left: float = getattr(_deadline, "at", float("inf")) - time.monotonic()
    return left


class _TimedReader(io.RawIOBase):
    """A socket's raw reader. A socket's own timeout starts anew with every byte that drips in."""

    def __init__(self, raw: Any, sock: Any) -> None:
        self._raw = raw
        self._sock = sock
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = time_left()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        if isinstance(self.fp, io.BufferedReader):
            self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


class _Http(HTTPConnection):
    response_class = _TimedResponse


class _Https(HTTPSConnection):
    response_class = _TimedResponse


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class Pools:
    """Keep-alive connections, direct and through the user's proxies."""

    def __init__(self, transport: Transport, connections: int) -> None:
        """Pools that keep up to `connections` per host.

        Raises:
            SettingsError: An authority file or a proxy address of the user cannot be used.
        """
        self._transport = transport
        self._connections = connections
        self._tls = _tls_context(transport)
        self._direct = self._timed(urllib3.PoolManager(**self._options()))
        self._proxies = {
            "http": self._through(transport.proxy),
            "https": self._through(transport.secure_proxy),
        }

    def manager_for(self, url: str) -> urllib3.PoolManager:
        parts = urlsplit(url)
        proxy = self._proxies.get(parts.scheme)
        if proxy is None or goes_direct(parts.hostname or "", self._transport.no_proxy):
            return self._direct
        return proxy

    def close(self) -> None:
        for manager in (self._direct, *self._proxies.values()):
            if manager is not None:
                manager.clear()

    def _options(self) -> dict[str, Any]:
        return {
            "num_pools": 16,
            "maxsize": self._connections,
            "ssl_context": self._tls,
            "retries": False,
        }

    def _through(self, proxy: str | None) -> urllib3.PoolManager | None:
        if not proxy:
            return None
        address = proxy if "://" in proxy else f"http://{proxy}"
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in {"http", "https"}:
            raise SettingsError(
                "The configured proxy is no http(s) address",
                hint="Write it as http://proxy.example:3128 in `https-proxy` or HTTPS_PROXY.",
            )
        shown = f"[{host}]" if ":" in host else host
        place = f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
        headers = _proxy_headers(parts.username, parts.password)
        return self._timed(
            urllib3.ProxyManager(
                place, proxy_headers=headers, proxy_ssl_context=self._tls, **self._options()
            )
        )

    @staticmethod
    def _timed(manager: urllib3.PoolManager) -> urllib3.PoolManager:
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager


def _proxy_headers(user: str | None, password: str | None) -> dict[str, str] | None:
    if user is None:
        return None
    secret = f"{unquote(user)}:{unquote(password or '')}"
    return dict(urllib3.make_headers(proxy_basic_auth=secret))


def _tls_context(transport: Transport) -> ssl.SSLContext:
    """Verification is always on, whatever the settings say; the user's authorities are added."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if transport.cafile:
            context.load_verify_locations(cafile=transport.cafile)
        for authority in transport.authorities:
            context.load_verify_locations(cadata=authority)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The certificate authorities of the settings cannot be read: {error}",
            hint="`cafile`, `ca` or NODE_EXTRA_CA_CERTS must name PEM certificates.",
        ) from error
    return context


def goes_direct(host: str, no_proxy: Iterable[str]) -> bool:
    """Whether `no_proxy` names the host: exactly, as a domain that it is below, or by "*"."""
    host = host.lower().strip("[]").rstrip(".")
    for entry in no_proxy:
        wanted = entry.strip().lower().strip("[]")
        if wanted == "*":
            return True
        wanted = wanted.removeprefix("*").lstrip(".")
        if wanted and (host == wanted or host.endswith(f".{wanted}")):
            return True
    return False
