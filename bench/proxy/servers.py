"""The servers that are compared, each as a process of its own on the loopback address."""

from __future__ import annotations

import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.clients.installed import installed

from bench.proxy.subjects import Subject
from pratique.model.private import Right
from pratique.proxy import tokens
from pratique.store.firewall import Where, open_firewall

HERE = Path(__file__).resolve().parent
PRATIQUE = Path(sys.executable).with_name("pratique")
TOKENS = 1000
_STARTS = 60.0
"""Seconds that a server may take to start."""
_VERDACCIO = """
storage: {scratch}/storage
auth: {{htpasswd: {{file: {scratch}/htpasswd}}}}
uplinks: {{upstream: {{url: "{upstream}", maxage: 60m}}}}
packages: {{"**": {{access: $all, proxy: upstream}}}}
log: {{type: stdout, format: pretty, level: error}}
"""
_NGINX = """
daemon off;
master_process off;
pid {scratch}/pid;
error_log {scratch}/error.log error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  default_type application/octet-stream;
  open_file_cache max=1000;
  client_body_temp_path {scratch}/body;
  proxy_temp_path {scratch}/proxy;
  fastcgi_temp_path {scratch}/fastcgi;
  uwsgi_temp_path {scratch}/uwsgi;
  scgi_temp_path {scratch}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {scratch}/root;
    location /documents/ {{ gzip_static on; default_type application/json; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """One that serves.

    Attributes:
        name: What the table calls it.
        url: Its address, ending in "/".
        pid: Of the process that serves.
        tokens: What its clients present, in turn; () where it asks for none.
    """

    name: str
    url: str
    pid: int
    tokens: tuple[str, ...] = ()

    def paths(self, subject: Subject) -> tuple[str, ...]:
        if self.name != "nginx":
            return subject.paths
        return tuple(each if "/-/" in each else f"documents/{each}" for each in subject.paths)

    def get(self, path: str, *, gzip: bool = True) -> tuple[int, bytes]:
        """(status, body as it is sent)."""
        headers = {"accept": "application/json", "accept-encoding": "gzip" if gzip else "identity"}
        if self.tokens:
            headers["authorization"] = f"Bearer {self.tokens[0]}"
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


Serving = AbstractContextManager[Server]


@contextmanager
def running(
    command: Sequence[str | Path], *, says: str = "", environment: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process, and its first line where it `says` one; it is ended in order afterwards."""
    words = [str(each) for each in command]
    out = subprocess.PIPE if says else subprocess.DEVNULL
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=out, text=True, cwd=HERE.parent.parent, env=environment
    ) as process:
        try:
            line = process.stdout.readline().strip() if process.stdout else ""
            if says and says not in line:
                raise RuntimeError(f"{words[0]} did not start: {line}")
            yield process, line
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> None:
    ends = time.monotonic() + _STARTS
    while time.monotonic() < ends:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


@contextmanager
def upstream(folder: Path) -> Iterator[str]:
    """The registry behind the others: its address."""
    command = [sys.executable, "-m", "bench.proxy.upstream", folder]
    with running(command, says="http://") as (_, line):
        yield line


@contextmanager
def verdaccio(registry: str, scratch: Path) -> Iterator[Server]:
    """Verdaccio as it comes, but for a log of errors alone and a cache that lasts an hour."""
    modules = installed(HERE / "verdaccio")
    program = modules / "verdaccio" / "bin" / "verdaccio"
    node = next((each for each in modules.glob("node-*/bin/node")), "node")
    scratch.mkdir()
    settings = scratch / "config.yaml"
    settings.write_text(_VERDACCIO.format(scratch=scratch, upstream=registry), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    with running([node, program, "--config", settings, "--listen", address]) as (process, _):
        _answers(f"http://{address}/-/ping")
        yield Server("Verdaccio", f"http://{address}/", process.pid)


@contextmanager
def nginx(bodies: Mapping[str, tuple[bytes, bytes]], scratch: Path) -> Iterator[Server]:
    """One worker over files.

    Args:
        bodies: Path -> the body, and the same as gzip packs it (b"" where that is not served).
        scratch: A folder for the files, which is made.
    """
    root, port = scratch / "root", free_port()
    for path, (plain, packed) in bodies.items():
        file = root / (path if "/-/" in path else f"documents/{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(plain)
        if packed:
            file.with_name(f"{file.name}.gz").write_bytes(packed)
    settings = scratch / "nginx.conf"
    settings.write_text(_NGINX.format(scratch=scratch, port=port), encoding="utf-8")
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "nginx"
    with running([program, "-c", settings, "-p", scratch, "-e", scratch / "e.log"]) as (process, _):
        _answers(f"http://127.0.0.1:{port}/")
        yield Server("nginx", f"http://127.0.0.1:{port}/", process.pid)


def new_tokens(data: Path, count: int) -> tuple[str, ...]:
    """That many tokens that may read, in the firewall's folder."""
    now = datetime.now(UTC)  # noqa: TID251 - a benchmark's own clock
    made = tuple(tokens.spelled(secrets.token_bytes(tokens.RANDOM_BYTES)) for _ in range(count))
    with open_firewall(Where(folder=data), now) as firewall:
        for number, text in enumerate(made):
            token = tokens.made(text, f"bench-{number}", rights=[Right.READ], now=now)
            firewall.private.add_token(token)
    return made


@contextmanager
def pratique(
    registry: str, data: Path, *, policy: str = "policy.toml", count: int = TOKENS
) -> Iterator[Server]:
    """The firewall with its record, its policy, and `count` tokens; nobody reads without one."""
    made = new_tokens(data, count)
    command = [
        PRATIQUE, "serve", "--port", "0", "--upstream", registry, "--data", data,
        "--policy", HERE / policy, "--no-anonymous",
    ]  # fmt: skip
    with running(command, says="pratique serves") as (process, line):
        yield Server("pratique", line.split()[-1], process.pid, made)


@contextmanager
def bare(server: Server, paths: Sequence[str], scratch: Path) -> Iterator[Server]:
    """The same answers by the same server, without token, policy and record."""
    wanted = scratch / "bare.paths"
    wanted.write_text("\n".join(paths), encoding="utf-8")
    command = [sys.executable, "-m", "bench.proxy.bare", server.url, server.tokens[0], wanted]
    with running(command, says="http://") as (process, line):
        yield Server("bare", line, process.pid, server.tokens)
