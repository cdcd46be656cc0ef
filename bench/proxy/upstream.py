"""The registry behind the firewall and behind Verdaccio: recorded bodies, on the loopback address.

    python -m bench.proxy.upstream FOLDER

Prints its address and serves until its standard input ends. What FOLDER does not have is fetched
from the registry that this machine is configured for, and kept. One package is made here: SMALL,
whose 200 releases are the recorded 28 kB tarball under other names.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import io
import json
import os
import re
import sys
import tarfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.proxy.subjects import RELEASES, SMALL, SOURCE, tarball_of
from pratique.gather.asking import SHORT_FORM
from pratique.gather.http import Client, Failure, Request
from pratique.gather.user import user_registries

_MOST = 128 * 1024 * 1024
_ABSENT = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"
_FAILED = b"HTTP/1.1 500 Error\r\ncontent-length: 0\r\n\r\n"
_SCOPED = re.compile(r"%2f", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """As it is sent: whole, and where nothing changed."""

    tag: bytes
    whole: bytes
    unchanged: bytes

    def to(self, head: bytes) -> bytes:
        return self.unchanged if self.tag and self.tag in head else self.whole


class Recorded:
    """The bodies, by what is asked for."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        registries = user_registries(os.environ)
        self._configured = registries.default or ""
        self._client = Client(registries)
        self.own = ""
        self._answers: dict[tuple[str, bool], Answer] = {}

    def known(self, path: str, *, short: bool) -> Answer | None:
        return self._answers.get((path, short))

    def found(self, path: str, *, short: bool) -> Answer | None:
        """From the folder, else from the configured registry; None where it could not be had."""
        body = self._body(path, short=short)
        if body is None:
            return None
        made = self._answer(path, body)
        self._answers[path, short] = made
        return made

    def _body(self, path: str, *, short: bool) -> bytes | None:
        name = path.partition("/-/")[0]
        if name == SMALL:
            return self._of_small(path)
        key = hashlib.sha256(f"{'short' if short else 'full'} {path}".encode()).hexdigest()
        file = self._folder / key
        if not file.is_file():
            body = self._fetched(path, short=short)
            if body is None:
                return None
            draft = file.with_suffix(".new")
            draft.write_bytes(body)
            draft.replace(file)
        return file.read_bytes()

    def _fetched(self, path: str, *, short: bool) -> bytes | None:
        accept = SHORT_FORM if short else "application/json"
        accept, encoding = ("*/*", "identity") if "/-/" in path else (accept, "gzip")
        request = Request(self._configured + path, accept, None, _MOST, encoding)
        with self._client.get(request) as answer:
            if isinstance(answer, Failure) or answer.status not in {200, 404}:
                return None
            return bytes(answer.body) if answer.status == 200 else b""

    def _answer(self, path: str, body: bytes) -> Answer:
        if not body:
            return Answer(b"", _ABSENT, b"")
        kind, coding = b"application/octet-stream", b""
        if "/-/" not in path:
            name = re.escape(_SCOPED.sub("/", path)).encode()
            own = rb"\1" + self.own.encode()
            body = re.sub(rb'("tarball": ?")[^"]*?/(?=%s/-/)' % name, own, body)
            body = gzip.compress(body, 6, mtime=0)
            kind, coding = b"application/json", b"content-encoding: gzip\r\n"
        tag = b'"%b"' % hashlib.sha256(body).hexdigest()[:32].encode()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\n%bcontent-length: %d\r\netag: %b\r\n\r\n"
        whole = head % (kind, coding, len(body), tag) + body
        return Answer(tag, whole, b"HTTP/1.1 304 Not Modified\r\netag: %b\r\n\r\n" % tag)

    # The package that is made here

    def _of_small(self, path: str) -> bytes | None:
        source = self._body(tarball_of(*SOURCE), short=False)
        if source is None:
            return None
        if "/-/" in path:
            return renamed(source, path.rpartition(f"{SMALL}-")[2].removesuffix(".tgz"))
        return json.dumps(small(source, self.own), separators=(",", ":")).encode()


def small(source: bytes, own: str) -> dict[str, object]:
    """SMALL's document."""
    versions, times = {}, {"created": "2024-01-01T00:00:00.000Z"}
    for number, version in enumerate(RELEASES):
        tarball = renamed(source, version)
        digest = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
        versions[version] = {
            **_manifest(source),
            "name": SMALL,
            "version": version,
            "dist": {
                "tarball": f"{own}{tarball_of(SMALL, version)}",
                "integrity": f"sha512-{digest}",
                "shasum": hashlib.sha1(tarball, usedforsecurity=False).hexdigest(),
            },
        }
        times[version] = f"2024-01-01T{number // 60:02}:{number % 60:02}:00.000Z"
    tags = {"latest": RELEASES[-1]}
    return {"name": SMALL, "dist-tags": tags, "versions": versions, "time": times}


def _manifest(tarball: bytes) -> dict[str, object]:
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        file = archive.extractfile("package/package.json")
        assert file is not None
        found: dict[str, object] = json.load(file)
    return found


def renamed(tarball: bytes, version: str) -> bytes:
    """The same files as a release of SMALL."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(tarball)) as archive,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as made,
    ):
        for member in archive:
            file = archive.extractfile(member)
            body = b"" if file is None else file.read()
            if member.name == "package/package.json":
                body = json.dumps({**json.loads(body), "name": SMALL, "version": version}).encode()
                member.size = len(body)
            made.addfile(member, io.BytesIO(body))
    return gzip.compress(packed.getvalue(), 9, mtime=0)


class Connection(asyncio.Protocol):
    """One client: keep-alive, one request at a time."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self._unread = b""
        self._transport: asyncio.WriteTransport
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._unread.endswith(b"\r\n\r\n"):
            return
        head, self._unread = self._unread, b""
        path = head.split(b" ", 2)[1].decode().removeprefix("/").partition("?")[0]
        short = SHORT_FORM.encode() in head
        answer = self._recorded.known(path, short=short)
        if answer is not None:
            self._transport.write(answer.to(head))
        elif path.startswith("-/"):
            self._transport.write(_ABSENT)
        else:
            self._loop.run_in_executor(None, partial(self._find, path, head, short=short))

    def _find(self, path: str, head: bytes, *, short: bool) -> None:
        answer = self._recorded.found(path, short=short)
        told = _FAILED if answer is None else answer.to(head)
        self._loop.call_soon_threadsafe(self._transport.write, told)


async def serve(folder: Path) -> None:
    recorded = Recorded(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(recorded), "127.0.0.1", 0, backlog=512)
    recorded.own = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    print(recorded.own, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
