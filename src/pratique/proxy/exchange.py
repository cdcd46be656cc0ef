"""One exchange over ASGI: the request, what of it goes on record, and how an answer is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from pratique.model.private import Token
from pratique.proxy.answers import Answer
from pratique.proxy.paths import Asked
from pratique.proxy.protocol import REASON, write_whole
from pratique.store.firewall.rows import Line

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SHORT_FORM = b"application/vnd.npm.install-v1+json"
_ONCE = (b"host", b"authorization")
_PIECE = 256 * 1024
_LONGEST_RANGE = 64
"""Characters of a range that is read: of longer numbers Python makes none."""
_BODY_SECONDS = 120.0
"""Time that a request's body may take to come."""
TARBALL = (
    (b"content-type", b"application/octet-stream"),
    (b"accept-ranges", b"bytes"),
    (b"cache-control", b"private, no-cache"),
    (b"x-content-type-options", b"nosniff"),
)


class Call:
    """One request, and what of it goes into the record."""

    __slots__ = (
        "asked",
        "decision",
        "headers",
        "hidden",
        "method",
        "now",
        "scope",
        "token",
        "version",
    )

    def __init__(self, scope: Scope, asked: Asked, now: datetime) -> None:
        self.scope, self.asked, self.now = scope, asked, now
        self.method: str = scope["method"]
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self.token: Token | None = None
        self.decision: str | None = None
        self.hidden = 0
        self.version = asked.version

    @property
    def writes(self) -> bool:
        return self.method not in {"GET", "HEAD"}

    def why_ambiguous(self) -> str:
        """Why it cannot be told whom it addresses, or who asks; "" where it can (RFC 9112, 3.2).

        Another reader on the way, a front end, may have taken the other one of two.
        """
        names = [name for name, _ in self.scope["headers"]]
        for name in _ONCE:
            if names.count(name) > 1:
                return f"there are several {name.decode()} headers"
        if b"host" not in names and self.scope.get("http_version") == "1.1":
            return "there is no host header"
        return ""


class FileAnswer:
    """A verified file that is to be sent."""

    __slots__ = ("etag", "file", "size")

    def __init__(self, file: BinaryIO, size: int, sha512: str) -> None:
        self.file, self.size = file, size
        self.etag = f'"{sha512[:32]}"'.encode()


async def body_of(call: Call, receive: Receive, most: int = 8 * 1024 * 1024) -> bytes | None:
    """The request's body; None where it is larger than `most` bytes, or comes too slowly."""
    stated = call.headers.get(b"content-length", b"0")
    if stated.isdigit() and int(stated) > most:
        return None
    pieces, size = [], 0
    ends = asyncio.get_running_loop().time() + _BODY_SECONDS
    while True:
        left = ends - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(receive(), max(left, 0.0))
        except TimeoutError:
            return None
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            return None
        pieces.append(piece)
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return b"".join(pieces)


async def send_answer(call: Call, answer: Answer | FileAnswer, send: Send) -> tuple[int, int]:
    """Send it; returns the status and the bytes of the body."""
    if isinstance(answer, FileAnswer):
        with answer.file:
            return await _send_file(call, answer, send)
    if answer.reason and (say := call.scope.get(REASON)):
        say(answer.reason)
    length = (b"content-length", str(len(answer.body)).encode())
    headers = [*answer.headers] if answer.status in {204, 304} else [*answer.headers, length]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if call.method == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})
    return answer.status, len(body)


@dataclass(slots=True)
class Ready:
    """A whole answer with status 200, and its line for the record. One is made for each request.

    Attributes:
        headers: With the length.
        head: The status line and the headers as they are written, without the end.
    """

    headers: tuple[tuple[bytes, bytes], ...]
    head: bytes
    body: bytes
    line: Line


def head_of(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The head of a `Ready` answer."""
    lines = b"".join(b"%b: %b\r\n" % each for each in headers)
    return b"HTTP/1.1 200 OK\r\n" + lines


async def send_ready(answer: Ready, send: Send) -> None:
    """Send it: at once where the connection can, else as any other answer."""
    if not write_whole(send, answer.head, answer.body):
        start = {"type": "http.response.start", "status": 200, "headers": answer.headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer.body})


async def _send_file(call: Call, answer: FileAnswer, send: Send) -> tuple[int, int]:
    # A part is put beside others of the same file, or is none (RFC 9110, 13.1.5).
    is_same = call.headers.get(b"if-range", answer.etag) == answer.etag
    span = _range(call.headers.get(b"range") if is_same else None, answer.size)
    headers = [*TARBALL, (b"etag", answer.etag)]
    if span is None:
        headers += [(b"content-length", b"0"), (b"content-range", b"bytes */%d" % answer.size)]
        await send({"type": "http.response.start", "status": 416, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return 416, 0
    start, stop = span
    status = 200 if (start, stop) == (0, answer.size) else 206
    if status == 206:
        told = b"bytes %d-%d/%d" % (start, stop - 1, answer.size)
        headers.append((b"content-range", told))
    headers.append((b"content-length", b"%d" % (stop - start)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    left = 0 if call.method == "HEAD" else stop - start
    answer.file.seek(start)
    while left > 0 and (piece := answer.file.read(min(_PIECE, left))):
        left -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return status, 0 if call.method == "HEAD" else stop - start


def _range(header: bytes | None, size: int) -> tuple[int, int] | None:
    """(start, stop) of one range (RFC 9110, 14.2); all of it without one; None: cannot be met."""
    if header is None or not header.startswith(b"bytes=") or b"," in header:
        return 0, size
    first, dash, last = header[6:].strip().partition(b"-")
    if not dash or not (first + last).isdigit() or len(header) > _LONGEST_RANGE:
        return 0, size
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    return (start, stop) if start < stop else None


def takes_gzip(accepted: bytes) -> bool:
    """Whether an Accept-Encoding names gzip, and not in order to refuse it (RFC 9110, 12.5.3)."""
    for each in accepted.lower().split(b","):
        coding, _, weight = each.replace(b" ", b"").partition(b";q=")
        if coding in {b"gzip", b"x-gzip"}:
            return bool(weight.strip(b"0.")) or not weight
    return False


async def lifespan(receive: Receive, send: Send) -> None:
    """Answer the server's start and end."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
