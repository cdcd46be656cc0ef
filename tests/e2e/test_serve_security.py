"""Over real sockets: secrets that are written nowhere, heads that poison nothing."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.lifecycle import Child
from tests.registry import Registry, faults
from tests.unit.proxy.bodies import publish_body

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
POLICY = """preset = "recommended"
[layers.registry]
own = ["@corp"]
blocklists = ["blocked.json"]
"""
EVIL = "steals\r\nset-cookie: a=b\r\n\r\n<script>\u2028\x1b[2J\u202e"
OF_UPSTREAM, PASSWORD = "npm_ofTheUpstream0123456789abcdefghij", "correct horse battery"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as made:
        for name in ("left-pad", "@shut/pad"):
            made.publish(name, "1.0.0", published=NOW - timedelta(days=900))
            made.publish(name, "1.0.1", published=NOW - timedelta(days=800))
            made.publish(name, "1.0.2", published=NOW - timedelta(hours=1))
        made.protect("@shut/*", OF_UPSTREAM)
        yield made


@pytest.fixture(scope="module")
def firewall(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with child(tmp_path_factory.mktemp("served") / "firewall", registry) as made:
        yield made


def child(folder: Path, registry: Registry) -> Child:
    """With a blocked release, and a credential for its upstream."""
    made = Child(folder, registry.url, POLICY)
    made.folder.mkdir()
    entry = {"package": "left-pad", "versions": ["1.0.0"], "reason": EVIL}
    listing = {"pratique-blocklist": 1, "entries": [entry]}
    (made.folder / "blocked.json").write_text(json.dumps(listing))
    place = registry.url.removeprefix("http:")
    (made.folder / ".npmrc").write_text(
        f"registry={registry.url}\n{place}:_authToken={OF_UPSTREAM}\n"
    )
    return made


def raw(firewall: Child, request: str | bytes) -> tuple[bytes, bytes]:
    """Head and body of what comes for these bytes, until the connection is closed."""
    sent = request.encode() if isinstance(request, str) else request
    with socket.create_connection(("127.0.0.1", firewall.port), timeout=30) as connection:
        connection.sendall(sent)
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    return head, body


# Secrets


def token(child: Child, *words: str) -> str:
    command = [sys.executable, "-m", "pratique", "token", *words, "--data", str(child.data)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_no_secret_is_in_a_file_a_log_a_page_or_an_error(
    tmp_path: Path, registry: Registry
) -> None:
    firewall = child(tmp_path / "firewall", registry)
    try:
        _nothing_of_a_secret_is_told(firewall.start(), registry)
    finally:
        firewall.kill()


def _nothing_of_a_secret_is_told(firewall: Child, registry: Registry) -> None:
    text = token(firewall, "create", "--name", "alice", "--publish")
    wrong = text[:-6] + "aaaaaa"
    revoked = token(firewall, "create", "--name", "bob", "--read")
    token(firewall, "revoke", revoked)
    answers = []
    for secret in (text, wrong, revoked):
        basic = base64.b64encode(f"alice:{secret}".encode()).decode()
        for header in (f"Bearer {secret}", f"bearer  {secret}", f"Basic {basic}", secret):
            answers += [
                firewall.ask(path, authorization=header)
                for path in ("left-pad", "-/whoami", "-/npm/v1/user", "@corp%2ftool")
            ]
            body = publish_body()
            answers.append(firewall.ask("@corp%2ftool", "PUT", body=body, authorization=header))
        user = json.dumps({"name": "alice", "password": secret, "x": PASSWORD}).encode()
        answers += [
            firewall.ask("-/user/org.couchdb.user:alice", "PUT", body=user),
            firewall.ask(
                f"-/npm/v1/tokens/token/{secret}", "DELETE", authorization=f"Bearer {wrong}"
            ),
            firewall.ask(f"-/user/token/{secret}", "DELETE"),
            firewall.ask(f"{secret}", user_agent=f"npm {secret}", referer=f"http://x/{secret}"),
            firewall.ask(f"{secret}/-/{secret}-1.0.0.tgz"),
            firewall.ask(f"left-pad?token={secret}", cookie=f"a={secret}", x_token=secret),
        ]
    assert firewall.ask("@shut%2fpad").versions == ["1.0.0", "1.0.1"]
    registry.fault(faults.status(500, body={"error": OF_UPSTREAM}), package="@shut/other")
    answers.append(firewall.ask("@shut%2fother"))
    answers.append(firewall.ask("-/metrics"))
    registry.heal()
    made = [each for each in answers if text.encode() in each.body]
    assert all(each.status == 201 for each in made), "a token is told to who did not present it"
    firewall.stop()
    said = firewall.log("--format", "jsonl").stdout + firewall.log().stdout
    assert "alice" in said
    written = {str(each): each.read_bytes() for each in firewall.data.rglob("*") if each.is_file()}
    written |= {"stderr": firewall.lines.read_bytes(), "log": said.encode()}
    secrets = (text, wrong, revoked, OF_UPSTREAM, PASSWORD)
    spelled = [
        each for secret in secrets for each in (secret, base64.b64encode(secret.encode()).decode())
    ]
    found = {
        (name, each) for name, body in written.items() for each in spelled if each.encode() in body
    }
    assert not found
    for answer in answers:
        assert not any(each.encode() in answer.body for each in spelled if answer not in made)
        assert not any(each in str(answer.headers) + answer.reason for each in spelled)


# Heads


def test_no_reason_of_a_list_adds_a_line_to_an_answer(firewall: Child) -> None:
    own = f"host: 127.0.0.1:{firewall.port}\r\n"
    for method in ("GET", "HEAD"):
        head, body = raw(
            firewall,
            f"{method} /left-pad/-/left-pad-1.0.0.tgz HTTP/1.1\r\n{own}connection: close\r\n\r\n",
        )
        assert head.startswith(b"HTTP/1.1 403 blocked by policy: left-pad@1.0.0 registry/blocked")
        lines = head.split(b"\r\n")
        assert not any(line.lower().startswith(b"set-cookie") for line in lines)
        assert head.replace(b"\r\n", b"").isascii()
        assert all(32 <= byte < 127 for line in lines for byte in line)
        assert b"<script>" not in head.split(b"npm-notice")[0]
    assert body == b""


POISONED = {
    "another host": "GET /left-pad HTTP/1.1\r\nhost: evil.example\r\n",
    "two hosts": "GET /left-pad HTTP/1.1\r\nhost: {own}\r\nhost: evil.example\r\n",
    "a host with a user": "GET /left-pad HTTP/1.1\r\nhost: x@{own}\r\n",
    "a host with a path": "GET /left-pad HTTP/1.1\r\nhost: {own}/evil\r\n",
    "no host": "GET /left-pad HTTP/1.0\r\n",
    "an address of another host": "GET http://evil.example/left-pad HTTP/1.1\r\nhost: {own}\r\n",
    "a tunnel": "CONNECT evil.example:443 HTTP/1.1\r\nhost: {own}\r\n",
    "two lengths": "POST /-/ping HTTP/1.1\r\nhost: {own}\r\ncontent-length: 1\r\n"
    "content-length: 2\r\n",
    "length and chunks": "POST /-/ping HTTP/1.1\r\nhost: {own}\r\ncontent-length: 5\r\n"
    "transfer-encoding: chunked\r\n",
    "a folded line": "GET /left-pad HTTP/1.1\r\nhost: {own}\r\nx: a\r\n b: c\r\n",
    "a bare line feed in a value": "GET /left-pad HTTP/1.1\r\nhost: {own}\r\nx: a\nhost: evil\r\n",
    "a NUL": "GET /left-pad HTTP/1.1\r\nhost: {own}\r\nx: \0\r\n",
    "an upgrade": "GET /left-pad HTTP/1.1\r\nhost: evil\r\nupgrade: h2c\r\n"
    "connection: upgrade, http2-settings\r\nhttp2-settings: x\r\n",
}


@pytest.mark.parametrize("kind", POISONED)
def test_a_head_that_can_be_read_in_two_ways_gets_nothing_of_a_package(
    firewall: Child, registry: Registry, kind: str
) -> None:
    registry.forget()
    request = POISONED[kind].format(own=f"127.0.0.1:{firewall.port}")
    head, body = raw(firewall, f"{request}connection: close\r\n\r\n")
    if head:
        assert head.split()[1] in {b"400", b"404", b"405", b"421"}, head
        assert head.count(b"HTTP/1.1 ") == 1
    assert b"versions" not in body
    assert not registry.requests
    assert firewall.ask("-/ping").status == 200


def test_what_is_said_to_be_forwarded_changes_no_address_in_a_document(firewall: Child) -> None:
    plain = firewall.ask("left-pad")
    for name in ("host", "proto", "port", "prefix", "server", "for"):
        sent = {f"x_forwarded_{name}": "https://evil.example:99/x"}
        assert firewall.ask("left-pad", **sent).body == plain.body  # type: ignore[arg-type]  # headers
    told = firewall.ask("left-pad", forwarded="host=evil.example;proto=https", x_real_ip="6.6.6.6")
    assert told.body == plain.body
    assert b"evil.example" not in told.body
