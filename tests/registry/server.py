"""The HTTP side: threads, keep-alive, both loopback addresses, faults of the transport."""

from __future__ import annotations

import gzip
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.registry.exchange import Answer, Request

Responder = Callable[[Request], Answer]

# RST instead of FIN: close with a linger time of zero.
_LINGER_OFF = struct.pack("ii", 1, 0)
_NO_BODY = frozenset({204, 304})


class Server(ThreadingHTTPServer):
    """One listening socket; every connection has a thread."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(
        self, host: str, port: int, respond: Responder, tls: ssl.SSLContext | None = None
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.respond = respond
        self.closing = threading.Event()
        self.open: set[socket.socket] = set()
        self._tls = tls
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # HTTPServer would look its own name up, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        plain, address = super().get_request()
        self.open.add(plain)
        return plain, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self._tls is None:
            Handler(request, client_address, self)
            return
        with suppress(OSError):
            secured = self._tls.wrap_socket(request, server_side=True)
            self.open.add(secured)
            Handler(secured, client_address, self)
            self.shutdown_request(secured)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are not worth a traceback."""

    def close(self) -> None:
        """Stop listening and end every open connection."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """Reads requests and writes answers; what the answer is, the registry decides."""

    protocol_version = "HTTP/1.1"
    server_version = "registry"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 0
    server: Server

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, TimeoutError, ssl.SSLError):
            super().handle_one_request()
            return
        self.close_connection = True

    def answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self._body())
        self._send(finished(request, self.server.respond(request)))

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        pieces = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 (http.server's names)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's name)
        """The registry keeps its own record."""

    def _send(self, answer: Answer) -> None:
        how = answer.delivery
        if how.wait and self.server.closing.wait(how.wait):
            self.close_connection = True
            return
        if how.cut is not None and how.cut < 0:
            self._end(reset=how.reset)
            return
        head = self._head(answer)
        if self.command == "HEAD" or answer.status in _NO_BODY:
            self.wfile.write(head)
        elif how.chunk or how.cut is not None or how.stream:
            self.wfile.write(head)
            self._send_body(answer)
        else:
            self.wfile.write(head + answer.body)

    def _head(self, answer: Answer) -> bytes:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in _NO_BODY:
            stream = answer.delivery.stream
            self.send_header("content-length", str(stream[0] if stream else len(answer.body)))
        buffer: list[bytes] = self._headers_buffer  # type: ignore[attr-defined]  # not in typeshed
        head = b"".join([*buffer, b"\r\n"])
        buffer.clear()
        return head

    def _send_body(self, answer: Answer) -> None:
        how = answer.delivery
        left = how.cut
        for piece in _pieces(answer):
            if left is not None and len(piece) >= left:
                self.wfile.write(piece[:left])
                self._end(reset=how.reset)
                return
            self.wfile.write(piece)
            left = None if left is None else left - len(piece)
            if how.pause and self.server.closing.wait(how.pause):
                self.close_connection = True
                return

    def _end(self, *, reset: bool) -> None:
        """Close the connection: in order, or with a reset."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
            # Close the descriptor itself: an orderly shutdown would follow otherwise.
            self.server.open.discard(self.connection)
            socket.close(self.connection.detach())


def finished(request: Request, answer: Answer) -> Answer:
    """The answer with its validator, or 304; gzipped where the client asked and it is JSON."""
    if answer.status != 200:
        return answer
    if answer.etag and not answer.delivery.stream:
        tag = f'"{hashlib.sha1(answer.body, usedforsecurity=False).hexdigest()}"'
        answer = answer.with_headers(etag=tag)
        if tag in request.headers.get("if-none-match", ""):
            return replace(answer, status=304, body=b"")
    return _compressed(request, answer)


def _compressed(request: Request, answer: Answer) -> Answer:
    encoding = answer.headers.get("content-encoding")
    if encoding == "identity":
        kept = {name: text for name, text in answer.headers.items() if name != "content-encoding"}
        return replace(answer, headers=kept)
    asked = "gzip" in request.headers.get("accept-encoding", "")
    is_json = "json" in answer.headers.get("content-type", "")
    if encoding or not asked or not is_json or len(answer.body) < 512:
        return answer
    packed = gzip.compress(answer.body, compresslevel=1, mtime=0)
    return replace(answer, body=packed).with_headers(content_encoding="gzip")


def _pieces(answer: Answer) -> Iterable[bytes]:
    how = answer.delivery
    if how.stream:
        yield from how.stream[1]()
        return
    size = how.chunk or max(len(answer.body), 1)
    for start in range(0, len(answer.body), size):
        yield answer.body[start : start + size]
