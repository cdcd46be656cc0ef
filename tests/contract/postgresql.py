"""A PostgreSQL of the tests' own: made in a temporary folder, on loopback, gone afterwards.

It refuses to run as root, so there it runs as another user of the machine.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

USERS = ("postgres", "nobody")


class UnavailableError(Exception):
    """It cannot be had here."""


class Cluster:
    """A running server; `new_database` makes an empty database and returns its address."""

    def __init__(self, port: int, password: str) -> None:
        self._base = f"postgresql+psycopg://tester:{password}@127.0.0.1:{port}"

    def new_database(self) -> str:
        name = f"d{secrets.token_hex(8)}"
        self.run(f"CREATE DATABASE {name}")
        return f"{self._base}/{name}"

    def run(self, *statements: str) -> None:
        engine = create_engine(f"{self._base}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


@contextmanager
def running() -> Iterator[Cluster]:
    """A server; UnavailableError where PostgreSQL or its driver is not installed."""
    try:
        import psycopg  # noqa: F401 - whether it is there
    except ImportError as error:
        raise UnavailableError("psycopg is not installed") from error
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else None)
    if initdb is None:
        raise UnavailableError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pratique-postgresql-"))
    try:
        with _served(Path(initdb).parent, folder) as cluster:
            yield cluster
    finally:
        shutil.rmtree(folder)


@contextmanager
def _served(programs: Path, folder: Path) -> Iterator[Cluster]:
    password, port, user = secrets.token_hex(16), _free_port(), _user()
    (folder / "password").write_text(password)
    if user:
        for path in (folder, folder / "password"):
            os.chown(path, user.pw_uid, user.pw_gid)
    uid, gid = (user.pw_uid, user.pw_gid) if user else (None, None)
    groups: list[int] | None = [] if user else None
    made = subprocess.run(
        [programs / "initdb", "--pgdata", folder / "data", "--username", "tester", "--no-sync",
         "--auth", "scram-sha-256", "--pwfile", folder / "password", "--encoding", "UTF8",
         "--locale", "C"],
        cwd=folder, capture_output=True, text=True, check=False,
        user=uid, group=gid, extra_groups=groups,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    settings = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "",
        "fsync": "off", "shared_buffers": "16MB", "max_connections": 60,
    }  # fmt: skip
    words = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *words],
            cwd=folder, stdout=log, stderr=log, user=uid, group=gid, extra_groups=groups,
        )  # fmt: skip
    try:
        cluster = Cluster(port, password)
        _wait(cluster, server, folder / "log")
        yield cluster
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)


def _wait(cluster: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            cluster.run("SELECT 1")
        except OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def _user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise UnavailableError("there is no unprivileged user to run it as")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
