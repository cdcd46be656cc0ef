"""A registry on the loopback address that serves recorded documents, cheaply.

    python -m bench.loopback FOLDER [--record]

Prints its address and serves until its standard input ends. With --record, what FOLDER does not
have is fetched from the registry that this machine is configured for, and kept. `-/asked` gives
the paths that were asked since it was last asked for, one a line.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import sys
from pathlib import Path

from pratique.gather.http import Client, Failure, Request
from pratique.gather.npm import WORKERS
from pratique.gather.user import user_registries

_MOST = 128 * 1024 * 1024
_ABSENT = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"
_ASKED = "-/asked"


def recordings() -> Path:
    """Where what is recorded lies."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("PRATIQUE_BENCH") or cache / "pratique-bench")


class Recorded:
    """Answers as they are sent, by path. A document is one gzipped file; an empty one is a 404."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answers: dict[str, tuple[bytes, bytes, bytes]] = {}

    def answer(self, path: str, head: bytes) -> bytes | None:
        """What to send; None where it is not recorded."""
        known = self._answers.get(path) or self._load(path)
        if known is None:
            return None
        tag, whole, unchanged = known
        return unchanged if tag and tag in head else whole

    def keep(self, path: str, body: bytes) -> None:
        file = self._file(path)
        draft = file.with_suffix(".new")
        draft.write_bytes(gzip.compress(body, 6, mtime=0) if body else b"")
        draft.replace(file)

    def _file(self, path: str) -> Path:
        return self._folder / f"{hashlib.sha256(path.encode()).hexdigest()}.gz"

    def _load(self, path: str) -> tuple[bytes, bytes, bytes] | None:
        file = self._file(path)
        if not file.is_file():
            return None
        self._answers[path] = answers = _answers(file.read_bytes())
        return answers


def _answers(body: bytes) -> tuple[bytes, bytes, bytes]:
    """The validator, the whole answer, and the answer that nothing changed."""
    if not body:
        return b"", _ABSENT, b""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n"
    size = b"content-length: %d\r\netag: %b\r\n\r\n" % (len(body), tag)
    return tag, head + size + body, b"HTTP/1.1 304 Not Modified\r\netag: %b\r\n\r\n" % tag


class Upstream:
    """The registry that this machine is configured for."""

    def __init__(self) -> None:
        registries = user_registries(os.environ)
        self._base = registries.default or ""
        self._client = Client(registries, connections=WORKERS)

    def fetch(self, path: str) -> bytes | None:
        """The body; empty for a 404, None where it could not be had."""
        with self._client.get(Request(self._base + path, most=_MOST)) as answer:
            if isinstance(answer, Failure) or answer.status not in {200, 404}:
                return None
            return bytes(answer.body)


class Connection(asyncio.Protocol):
    """One client: keep-alive, one request at a time, as our client asks."""

    def __init__(self, recorded: Recorded, upstream: Upstream | None, asked: list[str]) -> None:
        self._recorded, self._upstream, self._log = recorded, upstream, asked
        self._unread = b""
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._unread.endswith(b"\r\n\r\n"):
            return
        head, self._unread = self._unread, b""
        path = head.split(b" ", 2)[1].decode().removeprefix("/")
        if path == _ASKED:
            self._tell()
            return
        self._log.append(path)
        answer = self._recorded.answer(path, head)
        if answer is not None:
            self._transport.write(answer)
        elif self._upstream is None:
            self._transport.write(_ABSENT)
        else:
            asyncio.get_running_loop().run_in_executor(None, self._record, path, self._upstream)

    def _tell(self) -> None:
        body = "\n".join(self._log).encode()
        self._log.clear()
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    def _record(self, path: str, upstream: Upstream) -> None:
        body = upstream.fetch(path)
        if body is not None:
            self._recorded.keep(path, body)
        answer = (
            self._recorded.answer(path, b"") or b"HTTP/1.1 500 Error\r\ncontent-length: 0\r\n\r\n"
        )
        self._transport.write(answer)


async def serve(folder: Path, upstream: Upstream | None) -> None:
    recorded, asked = Recorded(folder), list[str]()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(recorded, upstream, asked), "127.0.0.1", 0, backlog=512
    )
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}/", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Upstream() if "--record" in sys.argv else None))
