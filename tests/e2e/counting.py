"""A proxy on the loopback address that counts who asks for what, and refuses everything."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType
from typing import Self


class _Refusing(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        line = self.rfile.readline(4096).decode("latin-1").strip()
        owner = self.server
        assert isinstance(owner, _Server)
        owner.asked.append(line)
        self.wfile.write(
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refusing)
        self.asked: list[str] = []


class Counting:
    """The proxy while it runs; `asked` holds the first line of each request."""

    def __init__(self) -> None:
        self._server = _Server()
        self.asked = self._server.asked
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
