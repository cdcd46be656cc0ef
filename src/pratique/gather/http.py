"""Asking a registry over HTTP. Failures are values, secrets stay where they belong.

A redirect is followed a few times, never from https to http; the credential goes along only while
the address stays on the same scheme, host and port and below the path that the secret is for
(DECISIONS 14). Nothing here logs, and no failure's text holds a header or a query.
"""

from __future__ import annotations

import random
import ssl
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Self
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3 import exceptions as wrong

from pratique.gather.body import BodyError, Bounds, Sink, read_body
from pratique.gather.room import Grow, Room
from pratique.gather.transport import Pools, set_deadline, time_left
from pratique.model.registry import Credential, Registries, normalised

USER_AGENT = f"pratique/{version('pratique')}"
_RETRIED = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OF_CONNECTING = (wrong.NewConnectionError, wrong.ConnectTimeoutError, wrong.ProxyError)
_SHORT = 16 * 1024
"""Bytes of an answer nobody needs that are read to keep its connection."""
_TOLD = 64 * 1024
"""Bytes of an answer that is no 200, where it is handed over."""
_GIVEN_UP_AFTER = 6
"""Requests in a row that failed with all their attempts, before a host is not asked any more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often. Times in seconds; `total` is for all attempts together."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0
    attempts: int = 4
    redirects: int = 5
    backoff: float = 0.4
    longest_wait: float = 20.0


@dataclass(frozen=True, slots=True)
class Request:
    """A GET, or another method with a body.

    Attributes:
        url: Address.
        accept: Media types.
        etag: Makes it conditional.
        most: Bounds the decoded body, in bytes.
        encoding: What the body may be packed with; "identity" for a file that is wanted as it is.
        into: Takes the body of a 200 instead of memory; it may be begun anew for another attempt.
        method: With `content`, what is sent: "POST".
        content: The body to send, with `headers` that describe it.
        told: Also hand over the body of an answer that is no 200, up to 64 KiB.
        same_host: Redirects are followed on the same host alone.
    """

    url: str
    accept: str = "application/json"
    etag: str | None = None
    most: int = 4 * 1024 * 1024
    encoding: str = "gzip"
    into: Sink | None = None
    method: str = "GET"
    content: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    told: bool = False
    same_host: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: any status but those that mean "try again". `body` is decoded."""

    status: int
    body: bytearray
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """No usable answer came.

    Attributes:
        why: A sentence without secrets; it names the host.
        again: Another attempt could have had another answer.
        wait: Seconds that the server asked for before another attempt.
        unreachable: There was no connection: it would be the same for any other address there.
    """

    why: str
    again: bool = False
    wait: float | None = None
    unreachable: bool = False


class Client:
    """Asks the user's registries. Safe to use from many threads at once."""

    def __init__(
        self,
        registries: Registries,
        *,
        limits: Limits | None = None,
        connections: int = 16,
        sleep: Callable[[float], None] = time.sleep,
        gives_up: bool = True,
    ) -> None:
        """A client with the user's credentials, authorities and proxies.

        With `gives_up`, a host that failed again and again is not asked any more: right for one
        run, wrong for a server, which sees it come back.

        Raises:
            SettingsError: An authority file or a proxy of the user's settings cannot be used.
        """
        self._registries = registries
        self._limits = limits or Limits()
        self._pools = Pools(registries.transport, connections)
        self._sleep = sleep
        self._gives_up = gives_up
        self._room = Room()
        self._failed: dict[str, int] = defaultdict(int)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pools.close()

    @contextmanager
    def get(self, request: Request) -> Iterator[Response | Failure]:
        """Ask. Use the body inside the `with` only: its room is given to the next one after it."""
        with self._room.lent() as grow:
            yield self._tried(request, grow)

    def _tried(self, request: Request, grow: Grow) -> Response | Failure:
        place = _place(request.url)
        failure = Failure(f"{place} failed again and again, and is not asked any more")
        set_deadline(time.monotonic() + self._limits.total)
        for attempt in range(self._limits.attempts):
            if self._gives_up and self._failed[place] >= _GIVEN_UP_AFTER:
                return failure
            answer = self._followed(request, grow)
            if isinstance(answer, Response):
                self._failed[place] = 0
                return answer
            failure = answer
            wait = self._wait(attempt, failure)
            last = attempt + 1 == self._limits.attempts or time_left() <= 0
            if not failure.again or wait is None or last:
                break
            self._sleep(wait)
        self._failed[place] = self._failed[place] + 1 if failure.again else 0
        return failure

    def _wait(self, attempt: int, failure: Failure) -> float | None:
        """Seconds before the next attempt; None where the server asks for more than we give."""
        if failure.wait is not None and failure.wait > self._limits.longest_wait:
            return None
        backoff: float = self._limits.backoff * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, guards nothing
        return max(min(backoff, self._limits.longest_wait), failure.wait or 0.0)

    def _followed(self, request: Request, grow: Grow) -> Response | Failure:
        credential = self._registries.credential_for(request.url)
        for _hop in range(self._limits.redirects + 1):
            answer = self._asked(request, credential, grow)
            if not isinstance(answer, str):
                return answer
            target = _joined(request.url, answer)
            if request.method != "GET":
                return Failure(f"{_place(request.url)} redirects what is no question")
            if request.same_host and _origin(target) != _origin(request.url):
                return Failure(f"{_place(request.url)} redirects to another host")
            if refusal := _why_not(request.url, target):
                return Failure(f"{_place(request.url)} redirects {refusal}")
            if not self._still_for(credential, request.url, target):
                credential = None
            request = replace(request, url=target)
        return Failure(f"{_place(request.url)} redirects more than {self._limits.redirects} times")

    def _still_for(self, credential: Credential | None, old: str, new: str) -> bool:
        """Whether the secret that was right for `old` is the one that is filed for `new`."""
        return _origin(old) == _origin(new) and self._registries.credential_for(new) is credential

    def _asked(
        self, request: Request, credential: Credential | None, grow: Grow
    ) -> Response | Failure | str:
        """One request: the answer, or the address that it redirects to."""
        try:
            response = self._sent(request, credential)
        except (wrong.HTTPError, OSError, ValueError) as error:
            return _failure(_place(request.url), error)
        try:
            answer = self._read(request, response, grow)
        except BodyError as error:
            answer = Failure(f"the answer of {_place(request.url)} {error}")
        except (wrong.HTTPError, OSError, ValueError) as error:
            answer = _failure(_place(request.url), error)
        # A connection with unread bytes must not serve the next request.
        if isinstance(answer, Failure) or not _is_over(response):
            response.close()
        response.release_conn()
        return answer

    def _sent(self, request: Request, credential: Credential | None) -> urllib3.BaseHTTPResponse:
        headers = {
            "accept": request.accept,
            "accept-encoding": request.encoding,
            "user-agent": USER_AGENT,
            **dict(request.headers),
        }
        if request.etag is not None:
            headers["if-none-match"] = request.etag
        if credential is not None:
            headers["authorization"] = credential.header
        return self._pools.manager_for(request.url).request(
            request.method,
            request.url,
            body=request.content,
            headers=headers,
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=self._limits.connect, read=self._limits.read),
        )

    def _read(
        self,
        request: Request,
        response: urllib3.BaseHTTPResponse,
        grow: Grow,
    ) -> Response | Failure | str:
        place, headers = _place(request.url), response.headers
        if response.status in _REDIRECTS and (target := headers.get("location")):
            return target
        if response.status in _RETRIED:
            wait = _seconds(headers.get("retry-after"), headers.get("date"))
            return Failure(f"{place} answered with status {response.status}", again=True, wait=wait)
        if response.status == 304 and request.etag is None:
            return Failure(f"{place} answered 304 to a question without a validator")
        if response.status != 200 and not request.told:
            return Response(response.status, bytearray())
        encoding = headers.get("content-encoding", "").strip().lower()
        is_right = response.status == 200
        bounds = Bounds(request.most if is_right else _TOLD, grow)
        into = request.into if is_right else None
        body = read_body(response, encoding, headers.get("content-length"), bounds, into)
        return Response(response.status, body, _validator(headers.get("etag")))


def _is_over(response: urllib3.BaseHTTPResponse) -> bool:
    """Whether the rest of an answer that nobody needs is short, and has been read."""
    with suppress(wrong.HTTPError, OSError, ValueError):
        return len(response.read(_SHORT + 1, decode_content=False)) <= _SHORT
    return False


def _failure(place: str, error: Exception) -> Failure:
    """What the user is told of an error: never its own text, which may quote addresses."""
    if isinstance(error, wrong.SSLError | ssl.SSLError):
        return Failure(f"the TLS connection to {place} failed: {_tls_words(error)}")
    if isinstance(error, wrong.ProxyError):
        return Failure(f"the proxy for {place} did not connect", again=True, unreachable=True)
    if isinstance(error, _OF_CONNECTING):
        return Failure(f"{place} could not be reached", again=True, unreachable=True)
    if isinstance(error, wrong.TimeoutError | TimeoutError):
        return Failure(f"{place} did not answer in time", again=True)
    if isinstance(error, wrong.ProtocolError | OSError):
        return Failure(f"{place} broke off its answer", again=True)
    return Failure(f"the address at {place} cannot be asked")


def _tls_words(error: Exception) -> str:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"certificate not accepted, {seen.verify_message}"
        seen = seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
    return "no agreement on how to encrypt"


def _why_not(old: str, new: str) -> str | None:
    """Why a redirect is not followed; None where it is."""
    if normalised(new) is None or "@" in urlsplit(new).netloc:
        return "to something that is no plain http(s) address"
    if urlsplit(old).scheme == "https" and urlsplit(new).scheme != "https":
        return "from https to http"
    return None


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _origin(url: str) -> str:
    """Scheme, host and port, as one text."""
    base = normalised(url) or ""
    return "/".join(base.split("/")[:3])


def _place(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _validator(etag: str | None) -> str | None:
    """An ETag that can be stored and sent back (RFC 9110, 8.8.3)."""
    usable = etag is not None and len(etag) <= 512 and etag.isascii() and etag.isprintable()
    return etag if usable else None


def _seconds(retry_after: str | None, date: str | None) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); a date counts from the answer's own Date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after.strip()[:9])
    try:
        until, now = parsedate_to_datetime(retry_after), parsedate_to_datetime(date or "")
        return max((until - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
