"""HTTP/1.1 with a reason phrase of our own.

Most clients print the reason phrase of a refusal and nothing else of it; ASGI has no word for it,
so the application says it beside the response. HTTP/2 has none: a front end that speaks it to
clients drops it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

REASON = "pratique.reason"
"""Key of the scope: a function that is told the phrase before the response starts."""
HEAD_SECONDS = 20.0
"""Time that a request's head may take to come: who sends a byte a minute holds no connection."""
MOST_UNREAD = 64 * 1024
"""Bytes after which a head, or what stands around a body, has to have come to something: the parser
itself keeps an address or a field of any size, and fields without end."""
STALL_SECONDS = 60.0
"""Time in which a client has to take a quarter of a megabyte of what it asked for."""
_STATUS = b"HTTP/1.1 "


def write_whole(send: object, head: bytes, body: bytes) -> bool:
    """Write a whole response, past the checks that uvicorn makes of each header.

    Args:
        send: What the application was given to send with.
        head: The status line and all headers, the length among them, without the end.
        body: The body.

    Returns:
        False where that cannot be done now, and nothing was written: the connection takes nothing
        at the moment, will be closed, or is none of uvicorn's.
    """
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle or cycle.response_started:
        return False
    if cycle.disconnected or not cycle.keep_alive or cycle.flow.write_paused:
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    more = [b"%b: %b\r\n" % each for each in cycle.default_headers]
    # One call of the system for both.
    cycle.transport.writelines((b"".join((head, *more, b"\r\n")), body))
    cycle.message_event.set()
    cycle.on_response()
    return True


class ReasonTransport:
    """A connection's transport that puts a phrase into the next status line."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._write = transport.write
        self.writelines = transport.writelines
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
    """uvicorn's protocol over a `ReasonTransport`, with an end to how slowly a client may be."""

    _say: Callable[[str], None]
    _late: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _is_in_head = False
    _unread = 0
    """Bytes that came since the last head, or piece of a body, was whole."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a transport is all that uvicorn gives
        ours = ReasonTransport(transport)
        self._say = ours.say
        super().connection_made(cast("asyncio.Transport", ours))
        self._begin()

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MOST_UNREAD and not self.transport.is_closing():
            self.send_400_response("Too much of a request came without an end.")
            return
        # A head that came in one piece needs no timer of its own. The rest of a body that nobody
        # reads has ended uvicorn's, which began with the answer.
        if self._late is None and (self._is_in_head or self._is_idle()):
            self._begin()

    def _is_idle(self) -> bool:
        """Whether all is answered, and no timer of uvicorn's runs."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        is_over = cycle is not None and cycle.response_complete
        return is_over and self.timeout_keep_alive_task is None

    def pause_writing(self) -> None:
        # Closing in order would wait for the client, too.
        self._stalled = self.loop.call_later(STALL_SECONDS, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        self._goes_on()
        super().resume_writing()

    def _goes_on(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        self._goes_on()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def on_url(self, url: bytes) -> None:
        # An address of its own would stand beside the Host header (RFC 9112, 3.2.2): one is enough.
        if not self.url and not url.startswith(b"/"):
            raise ValueError("the target is no path")
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Behind a body, fields come too late to say anything of the request (RFC 9110, 6.5.1).
        if self._is_in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        self._is_in_head, self._unread = False, 0
        self._end()
        super().on_headers_complete()

    def on_message_begin(self) -> None:
        self._is_in_head = True
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)[REASON] = self._say
