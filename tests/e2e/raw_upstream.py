"""An upstream that answers some paths byte by byte as a test says, and the rest as a registry does.

What `tests.registry` cannot do: bodies without a length or an end, heads that never end.
"""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.registry import Registry

Act = Callable[[socket.socket], None]
"""Answers a request whose head was read; the connection is closed after it."""


class Raw:
    """A listening upstream before `registry`, whose addresses become its own.

    Attributes:
        acts: Path, without the leading slash -> what is done instead.
    """

    def __init__(self, registry: Registry) -> None:
        self.acts: dict[str, Act] = {}
        self._registry = registry
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._open: set[socket.socket] = set()
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            head = b""
            while b"\r\n\r\n" not in head and (piece := connection.recv(65536)):
                head += piece
            path = head.split(b" ", 2)[1].decode()[1:]
            if (act := self.acts.get(path)) is not None:
                act(connection)
            else:
                self._pass_on(path, head, connection)

    def _pass_on(self, path: str, head: bytes, connection: socket.socket) -> None:
        lines = head.decode().split("\r\n")[1:]
        told = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
        request = urllib.request.Request(f"{self._registry.url}{path}")
        request.add_header("accept", told.get("accept", "*/*"))
        with urllib.request.urlopen(request, timeout=30) as answer:
            body, kind = answer.read(), answer.headers["content-type"]
        body = body.replace(self._registry.url.encode(), self.url.encode())
        connection.sendall(
            f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n".encode()
            + body
        )

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def raw_upstream(registry: Registry) -> Iterator[Raw]:
    made = Raw(registry)
    try:
        yield made
    finally:
        made.close()


def zeros(head: bytes, sent: list[int], *, chunked: bool) -> Act:
    """For ever; `sent[0]` counts the bytes that somebody took."""
    piece = bytes(1024 * 1024)
    framed = b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece

    def act(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(framed)
            sent[0] += len(piece)

    return act


def drip(head: bytes, stop: threading.Event, pause: float = 0.2) -> Act:
    """A byte now and then, for ever."""

    def act(connection: socket.socket) -> None:
        connection.sendall(head)
        while not stop.wait(pause):
            connection.sendall(b"\0")

    return act
