"""Verdaccio and the firewall, each as its tests want it, on a port of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
_SECONDS = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], folder: Path, path: str, url: str) -> Iterator[None]:
    environment = {"HOME": str(folder), "PATH": path, "PRATIQUE_DATA": str(folder / "data")}
    with (folder / "server.log").open("w") as log:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"{url}/-/ping", child)
            yield
        finally:
            child.terminate()
            child.wait(_SECONDS)


def _wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + _SECONDS
    while time.monotonic() < ends and child.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


@contextmanager
def verdaccio(
    program: list[str], config: str, folder: Path, path: str
) -> Iterator[tuple[str, str]]:
    """Its address and a token; `program` runs it."""
    url = f"http://localhost:{free_port()}"
    (folder / "config.yaml").write_text(config)
    command = [*program, "--config", "config.yaml", "--listen", url.removeprefix("http://")]
    with _running(command, folder, path, url):
        user = {"name": "alice", "password": "correct-horse-battery"}
        request = urllib.request.Request(
            f"{url}/-/user/org.couchdb.user:alice",
            json.dumps(user).encode(),
            {"content-type": "application/json"},
            method="PUT",
        )
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            token = json.load(answer)["token"]
        yield url, token


@contextmanager
def pratique(upstream: int, folder: Path, path: str) -> Iterator[tuple[str, str]]:
    """Its address and a token; `upstream` is the port of the tests' own one."""
    own = [sys.executable, "-m", "pratique"]
    made = subprocess.run(
        [*own, "token", "create", "--name", "alice", "--publish"],
        env={**os.environ, "PRATIQUE_DATA": str(folder / "data")},
        capture_output=True, text=True, check=True, timeout=_SECONDS,
    )  # fmt: skip
    port = free_port()
    url = f"http://localhost:{port}"
    command = [
        *own, "serve", "--port", str(port), "--public-url", f"{url}/",
        "--upstream", f"http://localhost:{upstream}/", "--upstream-timeout", "2 seconds",
        "--policy", str(HERE / "policy.toml"),
    ]  # fmt: skip
    with _running(command, folder, path, url):
        yield url, made.stdout.strip()
