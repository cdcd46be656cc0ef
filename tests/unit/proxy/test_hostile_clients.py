"""Clients that send more than anybody needs to: what they send is not kept, and holds up nobody."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.registry import Registry
from tests.unit.proxy.stand import HOST, Clock, Stand, publish, standing
from tests.unit.proxy.test_protocol import _served, told

MEBIBYTE = 1024 * 1024
BULK = "-/npm/v1/security/advisories/bulk"
TARBALL = "left-pad/-/left-pad-1.1.0.tgz"


@pytest.fixture
def port(tmp_path: Path, registry: Registry, clock: Clock) -> Iterator[int]:
    publish(registry)
    with standing(tmp_path / "data", registry, clock) as made, _served(made) as port:
        yield port


GET = f"GET /-/ping HTTP/1.1\r\nhost: {HOST}\r\n".encode()
CHUNKED = (
    f"POST /-/npm/v1/security/audits HTTP/1.1\r\nhost: {HOST}\r\ntransfer-encoding: chunked\r\n\r\n"
).encode()
ENDLESS = {
    "a long address": (b"GET /", b"a" * 1000),
    "a long value": (GET + b"x: ", b"a" * 1000),
    "many fields": (GET, b"x: y\r\n" * 200),
    "a long field behind the body": (CHUNKED + b"2\r\n{}\r\n0\r\nx: ", b"a" * 1000),
    "many fields behind the body": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"x: y\r\n" * 200),
    "a long field behind no body": (
        GET + b"transfer-encoding: chunked\r\n\r\n0\r\nx: ", b"a" * 1000
    ),
    "an extension of a piece": (CHUNKED + b"2;", b"a" * 1000),
}  # fmt: skip


@pytest.mark.parametrize("how", ENDLESS)
def test_what_has_no_end_is_let_go_before_it_takes_room(port: int, how: str) -> None:
    begin, more = ENDLESS[how]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(begin)
        assert pushed(connection, more, 16 * MEBIBYTE) < 16 * MEBIBYTE
    assert told(port, "GET /-/ping").startswith(b"HTTP/1.1 200")


def pushed(connection: socket.socket, more: bytes, most: int) -> int:
    """Bytes that are sent until the other side ends it."""
    sent, block = 0, more * 16
    try:
        while sent < most:
            connection.sendall(block)
            sent += len(block)
    except OSError:
        pass
    return sent


def test_a_large_head_that_ends_is_read(port: int) -> None:
    field = (
        f"GET /-/ping HTTP/1.1\r\nhost: {HOST}\r\nx: {'a' * 20_000}\r\nconnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for start in range(0, len(field), 5000):
            connection.sendall(field[start : start + 5000].encode())
            time.sleep(0.01)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("text", ["[[],", '{"":{},"a":[[],', '["a",'])
def test_an_audit_of_millions_of_nothings_is_refused_at_once(
    stand: Stand, registry: Registry, text: str
) -> None:
    inner = text[-4:] if text.startswith("{") else text[1:]
    body = b'{"a":[' + inner.encode() * (15 * MEBIBYTE // len(inner)) + b"[]]}"
    packed = gzip.compress(body)
    began = time.monotonic()
    for path in (BULK, "-/npm/v1/security/audits"):
        found = stand.ask(path, "POST", body=packed, content_encoding="gzip")
        assert found.status == 400, found
    assert time.monotonic() - began < 1
    assert not registry.requests


@pytest.mark.parametrize("said", ["0-" + "9" * 5000, "9" * 5000 + "-", "-" + "9" * 5000])
def test_a_range_of_a_number_without_measure_is_answered(
    stand: Stand, registry: Registry, said: str
) -> None:
    publish(registry)
    assert stand.ask(TARBALL, range=f"bytes={said}").status in {200, 206, 416}


def test_a_part_of_another_file_than_the_client_has_is_not_given(
    stand: Stand, registry: Registry
) -> None:
    publish(registry)
    whole = stand.ask(TARBALL)
    same = stand.ask(TARBALL, range="bytes=5-", if_range=whole.headers["etag"])
    assert (same.status, same.body) == (206, whole.body[5:])
    for other in ('"other"', f"W/{whole.headers['etag']}", "Wed, 25 Nov 2026 12:00:00 GMT"):
        found = stand.ask(TARBALL, range="bytes=5-", if_range=other)
        assert (found.status, found.body) == (200, whole.body)


def test_a_search_for_a_token_is_told_nobody(stand: Stand, registry: Registry) -> None:
    token = stand.token()
    stand.ask(f"-/v1/search?text={token}")
    stand.ask(f"-/v1/search?text=a+{token}+b")
    assert not registry.requests
