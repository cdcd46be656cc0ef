"""Servers and proxies that speak nonsense, byte for byte."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.registry import Registry

from pratique.gather.http import Client, Failure, Limits, Request, Response
from pratique.model.registry import Registries, Transport

QUICK = Limits(connect=2.0, read=1.0, total=3.0, attempts=1, backoff=0.0)
OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def serving(handle: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on the loopback address that hands each connection to `handle`, then closes it."""

    def serve() -> None:
        while True:
            try:
                connection, _address = server.accept()
            except OSError:
                return
            with closing(connection), suppress(OSError):
                connection.settimeout(5)
                handle(connection)

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)


def saying(raw: bytes) -> Callable[[socket.socket], None]:
    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(raw)

    return handle


def ask(url: str, transport: Transport | None = None, most: int = 10_000) -> Response | Failure:
    user = Registries(transport=transport or Transport())
    with Client(user, limits=QUICK) as client, client.get(Request(url, most=most)) as answer:
        return answer


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 500,
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        OK + b"content-length: -5\r\n\r\nx",
        OK + b"content-length: 5, 6\r\n\r\nx",
        OK + b"content-length: \xb2\r\n\r\nx",
        OK + b"content-length: 99999999999999999999\r\n\r\nx",
        OK + b"content-length: 10\r\n\r\nx",
        OK + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\n5\r\nabc",
        OK + b"x: y\r\n" * 200 + b"\r\n",
        OK + b"x: " + b"y" * 100_000 + b"\r\n\r\n",
        OK + b"content-encoding: gzip, gzip\r\n\r\nx",
        OK + b"content-encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 20_000, mtime=0),
        b"HTTP/1.1 302 Found\r\nlocation: http://[::\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: \xff\xfe\r\n\r\n",
        b"HTTP/1.1 429 No\r\nretry-after: \xb2\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    ],
)
def test_nonsense_is_a_failure_that_names_the_host(raw: bytes) -> None:
    with serving(saying(raw)) as url:
        answer = ask(url)
    assert isinstance(answer, Failure), answer
    assert "127.0.0.1" in answer.why


@settings(max_examples=40, deadline=None)
@given(head=st.binary(max_size=60), body=st.binary(max_size=60))
def test_no_bytes_of_a_server_raise_an_error(head: bytes, body: bytes) -> None:
    with serving(saying(OK + head + b"\r\n\r\n" + body)) as url:
        assert isinstance(ask(url), Response | Failure)


def test_chunked_and_gzipped_bodies_are_read(tmp_path: Path) -> None:
    packed = gzip.compress(b"hello")
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    head = OK + b"transfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n"
    with serving(saying(head + chunks)) as url:
        answer = ask(url)
    assert isinstance(answer, Response)
    assert answer.body == b"hello"


def test_an_https_registry_is_reached_through_a_proxy_that_sees_only_its_name(
    tmp_path: Path,
) -> None:
    seen: list[bytes] = []

    def tunnel(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with closing(socket.create_connection(("127.0.0.1", registry.port))) as far:
            threading.Thread(target=_pump, args=(far, connection), daemon=True).start()
            _pump(connection, far)

    with Registry(tls=tmp_path) as registry, serving(tunnel) as proxy:
        registry.publish("is-odd", "1.0.0")
        with_password = proxy.replace("http://", "http://me:w%20rd@")
        transport = Transport(cafile=str(registry.ca), secure_proxy=with_password)
        answer = ask(registry.url + "is-odd/1.0.0", transport)
    assert isinstance(answer, Response), answer
    assert answer.status == 200
    [asked] = seen
    assert asked.startswith(f"CONNECT 127.0.0.1:{registry.port} HTTP/1.".encode())
    assert b"is-odd" not in asked
    assert b"basic bwu6dybyza==" in asked.lower()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)


@pytest.mark.parametrize("raw", [b"HTTP/1.1 407 No\r\n\r\n", b"nonsense\r\n\r\n", b""])
def test_a_proxy_that_refuses_is_a_failure(raw: bytes) -> None:
    with serving(saying(raw)) as proxy:
        answer = ask("https://registry.example/is-odd", Transport(secure_proxy=proxy))
    assert isinstance(answer, Failure)
    assert "registry.example" in answer.why
