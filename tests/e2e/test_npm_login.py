"""`npm login` on a terminal: no browser, a token in the password's place."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest
from tests.clients import Client, Clients
from tests.e2e.private_registry import PrivateRegistry

pytestmark = pytest.mark.online

SECONDS = 60


def typed(client: Client, home: Path, registry: str, answers: dict[bytes, str]) -> tuple[int, str]:
    """Run `npm login` on a terminal and type each answer after its question."""
    environment = {"HOME": str(home), "PATH": os.pathsep.join(client.path),
                   **client.settings(registry)}  # fmt: skip
    ours, theirs = pty.openpty()
    npm = subprocess.Popen([*client.command, "login"], cwd=home, env=environment, stdin=theirs,
                           stdout=theirs, stderr=theirs)  # fmt: skip
    os.close(theirs)
    waiting, seen, end = list(answers.items()), b"", time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.2)[0]:
                if npm.poll() is not None:
                    break
                continue
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            seen += piece
            if waiting and waiting[0][0] in seen:
                os.write(ours, waiting.pop(0)[1].encode() + b"\n")
        return npm.wait(10), seen.decode("utf-8", "replace")
    finally:
        npm.kill()
        npm.wait()
        os.close(ours)


@pytest.mark.parametrize("name", ["npm10", "npm11", "npm12"])
def test_npm_login_keeps_the_token_that_is_typed(
    name: str, clients: Clients, tmp_path: Path
) -> None:
    with PrivateRegistry() as registry:
        token = registry.token("alice")
        answers = {b"Username:": "alice", b"Password:": token}
        code, said = typed(clients[name], tmp_path, registry.url, answers)
        asked = [(each.method, each.path) for each in registry.requests]
    assert code == 0, said
    assert asked == [("POST", "/-/v1/login"), ("PUT", "/-/user/org.couchdb.user:alice")]
    assert token not in said
    dart = registry.url.removeprefix("http:")
    assert f"{dart}:_authToken={token}" in (tmp_path / ".npmrc").read_text()


def test_npm_login_with_another_password_keeps_nothing(clients: Clients, tmp_path: Path) -> None:
    with PrivateRegistry() as registry:
        registry.token("alice")
        answers = {b"Username:": "alice", b"Password:": "hunter2"}
        code, _ = typed(clients.npm12, tmp_path, registry.url, answers)
    assert code != 0
    assert not (tmp_path / ".npmrc").exists()
