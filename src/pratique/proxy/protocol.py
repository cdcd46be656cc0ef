"""HTTP/1.1 with a reason phrase of our own.

Most clients print the reason phrase of a refusal and nothing else of it; ASGI has no word for it,
so the application says it beside the response. HTTP/2 has none: a front end that speaks it to
clients drops it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REASON = "pratique.reason"
"""Key of the scope: a function that is told the phrase before the response starts."""
HEAD_SECONDS = 20.0
"""Time that a request's head may take to come: who sends a byte a minute holds no connection."""
_STATUS = b"HTTP/1.1 "


class ReasonTransport:
    """A connection's transport that puts a phrase into the next status line."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._write = transport.write
        self._reason: bytes | None = None

    def say(self, reason: str) -> None:
        """Use this phrase (printable ASCII) in the response that starts next."""
        self._reason = reason.encode("ascii")

    def write(self, data: bytes) -> None:
        if self._reason is not None and data.startswith(_STATUS):
            data, self._reason = _with_reason(data, self._reason), None
        self._write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def _with_reason(data: bytes, reason: bytes) -> bytes:
    end = data.index(b"\r\n")
    return data[: len(_STATUS) + 3] + b" " + reason + data[end:]


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol over a `ReasonTransport`, with an end to how slowly a head may come."""

    _say: Callable[[str], None]
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a transport is all that uvicorn gives
        ours = ReasonTransport(transport)
        self._say = ours.say
        super().connection_made(cast("asyncio.Transport", ours))
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._end()
        self._late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def on_headers_complete(self) -> None:
        self._end()
        super().on_headers_complete()

    def on_message_begin(self) -> None:
        self._begin()
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)[REASON] = self._say
