"""An S3-compatible service of the tests' own: moto, a child process on loopback."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

KEYS = {
    "AWS_ACCESS_KEY_ID": "tester",
    "AWS_SECRET_ACCESS_KEY": "open-sesame",
    "AWS_REGION": "us-east-1",
}
"""What the tests present; the service takes any."""


@dataclass(frozen=True)
class Service:
    """A running service."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def new_bucket(self) -> str:
        name = f"b{secrets.token_hex(8)}"
        assert self.ask("PUT", name) == 200
        return name

    def ask(self, method: str, path: str, body: bytes = b"") -> int:
        """The status of an answer to an unsigned request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"/{path}", body)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


@pytest.fixture(scope="session")
def s3() -> Iterator[Service]:
    """A service that has run since the first test that needed it."""
    with running() as service:
        yield service


@contextmanager
def running() -> Iterator[Service]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = {"PATH": os.environ["PATH"], **KEYS}
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        service = Service(port)
        _wait(service, server)
        yield service
    finally:
        server.terminate()
        server.wait(20)


def _wait(service: Service, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None
        try:
            service.ask("GET", "")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("it does not listen")
