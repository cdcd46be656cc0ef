"""Over a real socket: the phrase that clients print, and nothing that foreign text could add."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from tests.registry import Registry
from tests.unit.proxy.stand import EVIL, HOST, Clock, Stand, days, publish, standing

from pratique.proxy import protocol
from pratique.proxy.protocol import Protocol
from pratique.proxy.running import listen


@pytest.fixture
def port(tmp_path: Path, registry: Registry, clock: Clock) -> Iterator[int]:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20), files=EVIL)
    with standing(tmp_path / "data", registry, clock) as made, _served(made) as port:
        yield port


@contextmanager
def _served(made: Stand) -> Iterator[int]:
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        made.running.app, http=Protocol, lifespan="off", log_config=None, server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def told(port: int, *requests: str) -> bytes:
    """All that comes for the requests, sent at once; the last one closes the connection."""
    *first, last = (f"{each} HTTP/1.1\r\nhost: {HOST}\r\n" for each in requests)
    sent = "".join(f"{each}\r\n" for each in first) + f"{last}connection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent.encode())
        pieces = iter(lambda: connection.recv(65536), b"")
        return b"".join(pieces)


def test_the_status_line_of_a_refusal_says_what_refuses_and_where_to_read_it(port: int) -> None:
    head = told(port, "GET /left-pad/-/left-pad-1.1.1.tgz").split(b"\r\n")[0].decode()
    assert head.startswith("HTTP/1.1 403 blocked by policy: left-pad@1.1.1 behavior/")
    assert "(decision " in head


def test_a_phrase_belongs_to_its_own_answer_on_a_connection_that_is_kept(port: int) -> None:
    found = told(port, "GET /-/ping", "GET /left-pad/-/left-pad-1.1.1.tgz", "GET /-/ping")
    lines = [each for each in found.split(b"\r\n") if b"HTTP/1.1 " in each]
    assert [each[each.index(b"HTTP/1.1 ") :][:16] for each in lines] == [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 403 blo",
        b"HTTP/1.1 200 OK",
    ]


def test_a_head_has_the_phrase_and_no_body(port: int) -> None:
    found = told(port, "HEAD /left-pad/-/left-pad-1.1.1.tgz")
    head, _, body = found.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 blocked by policy")
    assert body == b""


@pytest.mark.parametrize(
    "path",
    [
        "/left-pad%0d%0aset-cookie:%20a=b",
        "/left-pad/%0d%0a%0d%0a<script>",
        "/left-pad/-/x%0d%0aset-cookie:%20a.tgz",
        "/%c4%8d%c4%8aset-cookie:%20a=b",
    ],
)
def test_no_name_in_a_path_adds_a_line_to_an_answer(port: int, path: str) -> None:
    found = told(port, f"GET {path}")
    head, _, body = found.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))
    assert b"set-cookie" not in head.split(b"\r\n", 1)[1]
    assert b"<script>" not in head
    assert head.isascii()
    assert body.startswith(b"{")


def test_bytes_that_are_no_request_are_refused(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")


def test_answers_at_once_come_in_their_order_with_their_own_heads(port: int) -> None:
    tarball = "GET /left-pad/-/left-pad-1.1.0.tgz"
    once = told(port, tarball).partition(b"\r\n\r\n")
    refused = "GET /left-pad/-/left-pad-1.1.1.tgz"
    found = told(port, tarball, refused, "GET /left-pad", "GET /left-pad", tarball)
    heads = [each for each in found.split(b"\r\n") if b"HTTP/1.1 " in each]
    assert [each[each.index(b"HTTP/1.1 ") :][:12] for each in heads] == [
        b"HTTP/1.1 200", b"HTTP/1.1 403", b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 200",
    ]  # fmt: skip
    assert found.count(b"\r\ndate: ") == 5
    assert found.count(once[2]) == 2
    assert found.endswith(once[2])
    assert found.count(b"connection: close") == 1


# Who asks, and whom


def status_of(port: int, first: str, *lines: str) -> int:
    """What one request with these lines is answered with."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        sent = "".join(f"{each}\r\n" for each in (first, "connection: close", *lines, ""))
        connection.sendall(sent.encode())
        found = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(found.split(b" ", 2)[1])


OURS, OTHER = f"host: {HOST}", "host: evil.example"
ONE, TWO = "authorization: Bearer x", "Authorization: Bearer y"
WARM = ["GET /left-pad HTTP/1.1", "GET /left-pad/-/left-pad-1.1.0.tgz HTTP/1.1"]


@pytest.mark.parametrize("first", [*WARM, "HEAD /left-pad HTTP/1.1", "GET /-/ping HTTP/1.1"])
@pytest.mark.parametrize(
    "lines",
    [
        (OURS, OURS),
        (OURS, OTHER),
        (OTHER, OURS),
        (OURS, ONE, TWO),
        (OURS, ONE, "x: y", ONE),
        (),
    ],
)
def test_a_request_that_two_readers_may_read_apart_is_refused_though_its_answer_is_in_mind(
    port: int, first: str, lines: tuple[str, ...]
) -> None:
    for _ in range(2):
        assert status_of(port, first, OURS) == 200
    assert status_of(port, first, *lines) == 400
    assert status_of(port, first, OURS) == 200


def test_what_stands_behind_a_body_says_nothing_of_who_asks(port: int) -> None:
    lines = ("POST /-/npm/v1/security/audits HTTP/1.1", OURS, "transfer-encoding: chunked", "")
    once = status_of(port, *lines, "2", "{}", "0")
    assert status_of(port, *lines, "2", "{}", "0", OTHER, ONE, TWO) == once
    assert once != 400


def test_a_head_that_comes_too_slowly_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.proxy.protocol.HEAD_SECONDS", 0.3)
    line = f"GET /-/ping HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(line)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(line[:20])
        assert connection.recv(65536) == b""


# Clients that are slow


def taken(connection: socket.socket) -> int:
    """Bytes that come until the other side ends it; it has to, while the test is patient."""
    size = 0
    try:
        while piece := connection.recv(65536):
            size += len(piece)
    except ConnectionResetError:
        pass
    return size


@pytest.mark.parametrize("sent", ["", "GET", "GET /left-pad HTTP/1.1\r\nx-slow: a"])
def test_who_does_not_send_a_whole_head_is_let_go(
    port: int, monkeypatch: pytest.MonkeyPatch, sent: str
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent.encode())
        assert taken(connection) == 0


def test_who_sends_a_byte_now_and_then_is_let_go_all_the_same(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.5)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /left-pad HTTP/1.1\r\nx: ")
        assert dripped(connection) < 100


def dripped(connection: socket.socket) -> int:
    """Bytes that are sent, one now and then, until the other side ends it."""
    for number in range(100):
        try:
            connection.sendall(b"a")
        except OSError:
            return number
        time.sleep(0.05)
    return 100


def test_who_does_not_take_what_it_asked_for_is_let_go(
    tmp_path: Path, registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "STALL_SECONDS", 0.5)
    let_go = threading.Event()
    lost = Protocol.connection_lost

    def connection_lost(self: Protocol, exc: Exception | None) -> None:
        lost(self, exc)
        let_go.set()

    monkeypatch.setattr(Protocol, "connection_lost", connection_lost)
    large = random.Random(4).randbytes(24 * 1024 * 1024)  # noqa: S311 - no secret
    registry.publish("large", "1.0.0", published=days(900), files={"data.bin": large})
    request = f"GET /large/-/large-1.0.0.tgz HTTP/1.1\r\nhost: {HOST}\r\n\r\n"
    with standing(tmp_path / "data", registry, clock) as made, _served(made) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(request.encode())
            assert let_go.wait(60)
            assert taken(connection) < len(large)
        assert told(port, "GET /-/ping").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("more", [b"a", b"aaaaaaaaaaGET /"])
def test_who_does_not_end_a_body_that_nobody_needs_is_let_go(
    port: int, monkeypatch: pytest.MonkeyPatch, more: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.5)
    head = f"GET /-/ping HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: 10\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=8) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(more)
        assert taken(connection) == 0
