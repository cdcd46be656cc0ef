"""A front end before the firewall: what reaches clients through a real nginx."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.conftest import unavailable
from tests.e2e.lifecycle import Child, Got, until
from tests.registry import Registry

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
CONFIGURATION = """daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as made:
        made.publish("@corp/pad", "1.0.0", published=NOW - timedelta(days=900))
        made.publish("@corp/pad", "1.0.1", published=NOW - timedelta(hours=1))
        yield made


@pytest.fixture(scope="module")
def port(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """nginx's, before a firewall whose public address is nginx's."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        unavailable("nginx", "nginx is not installed")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    options = ("--public-url", f"http://127.0.0.1:{port}/")
    behind = Child(folder / "firewall", registry.url, options=options, port=free_port())
    with behind as firewall:
        text = CONFIGURATION.format(folder=folder, port=port, behind=firewall.port)
        (folder / "nginx.conf").write_text(text)
        # Its workers run as another user where it is root's.
        folder.chmod(0o755)
        command = [str(program), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
        front = subprocess.Popen(command, env={"PATH": os.environ["PATH"]})
        try:
            until(lambda: is_listening(port), "nginx does not listen")
            yield port
        finally:
            front.terminate()
            front.wait(20)


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def ask(port: int, path: str, method: str = "GET", **headers: str) -> Got:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, answer.reason, told, answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_reason_phrase_of_a_refusal_passes(port: int, method: str) -> None:
    found = ask(port, "/@corp/pad/-/pad-1.0.1.tgz", method)
    assert found.status == 403
    assert found.reason.startswith("blocked by policy: @corp/pad@1.0.1 release-age/too-new")
    assert "(decision " in found.reason
    assert found.headers["npm-notice"].endswith(found.reason.split()[-1].rstrip(")"))


@pytest.mark.parametrize("path", ["/@corp%2fpad", "/@corp%2Fpad", "/@corp/pad"])
def test_a_scope_passes_as_it_was_sent_and_artifacts_stand_under_the_front_ends_address(
    port: int, registry: Registry, path: str
) -> None:
    found = ask(port, path)
    assert found.versions == ["1.0.0"]
    address = found.json()["versions"]["1.0.0"]["dist"]["tarball"]
    assert address == f"http://127.0.0.1:{port}/@corp/pad/-/pad-1.0.0.tgz"
    given = ask(port, "/@corp%2fpad/-/pad-1.0.0.tgz")
    assert given.body == registry.release("@corp/pad", "1.0.0").tarball


def test_another_host_is_misdirected_whatever_else_is_forwarded(port: int) -> None:
    own = f"127.0.0.1:{port}"
    assert ask(port, "/@corp%2fpad", host="evil.example").status == 421
    for header in ("x_forwarded_host", "x_host", "forwarded", "x_original_url", "x_rewrite_url"):
        poisoned = ask(port, "/@corp%2fpad", **{header: f"host={own}"}, host="evil.example")
        assert poisoned.status == 421
        kept = ask(port, "/@corp%2fpad", **{header: "evil.example"})
        assert (kept.status, b"evil.example" in kept.body) == (200, False)


def test_a_validator_and_a_range_pass(port: int) -> None:
    path = "/@corp/pad/-/pad-1.0.0.tgz"
    first = ask(port, "/@corp%2fpad", accept_encoding="gzip")
    again = ask(port, "/@corp%2fpad", accept_encoding="gzip", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert ask(port, path, range="bytes=3-9").body == ask(port, path).body[3:10]
