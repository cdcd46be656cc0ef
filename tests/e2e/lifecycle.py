"""A firewall as a child process that a test kills and starts again on the same folder."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.trusting import trust

_BOUNDED = Path(__file__).resolve().parent / "serve_bounded.py"
PATIENCE = 90.0
"""Seconds after which what was to happen does not."""


@dataclass(frozen=True)
class Got:
    """An answer over a socket."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def versions(self) -> list[str]:
        assert self.status == 200, self.body
        return list(self.json()["versions"])


@dataclass
class Child:
    """`pratique serve` over `folder`, before the registry at `upstream`.

    Attributes:
        options: Further ones of the command.
        environment: Variables beside HOME and PATH.
        bounded: Whether it is `serve_bounded.py`.
    """

    folder: Path
    upstream: str
    policy: str = 'preset = "recommended"\n'
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    bounded: bool = False
    port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def lines(self) -> Path:
        """What it printed on standard error, over all its lives."""
        return self.folder / "stderr.txt"

    def start(self) -> Self:
        """Begin a life, and wait until it is ready."""
        self.folder.mkdir(exist_ok=True)
        file = self.folder / "firewall.toml"
        if not file.exists():
            file.write_text(self.policy)
        program = [str(_BOUNDED)] if self.bounded else ["-m", "pratique"]
        command = [
            sys.executable, *program, "serve", "--port", str(self.port), "--upstream",
            self.upstream, "--data", str(self.data), "--policy", str(file), *self.options,
        ]  # fmt: skip
        trusted = self.folder / "trust.json"
        if not trusted.exists():
            trust(trusted)
        given = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        given |= {"PRATIQUE_TRUST": str(trusted), **self.environment}
        with self.lines.open("ab") as err:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=err, text=True, env=given, cwd=self.folder
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("pratique serves http://"), self.lines.read_text()
        self.port = self.port or urlsplit(line.split()[-1]).port or 0
        return self

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        if self.process and self.process.stdout:
            self.process.stdout.close()

    def stop(self) -> None:
        """End it in order."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(60) == 0, self.lines.read_text()
        if self.process and self.process.stdout:
            self.process.stdout.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.stop()
        else:
            self.kill()

    def ask(
        self, path: str, method: str = "GET", *, body: bytes | None = None, **headers: str
    ) -> Got:
        """Ask for `path`, without the leading slash; `if_none_match` is a header's name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, f"/{path}", body, named)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, answer.reason, told, answer.read())
        finally:
            connection.close()

    def stored(self) -> set[str]:
        """Every file of the folder of blobs, those under temporary names too."""
        return {each.name for each in (self.data / "blobs").rglob("*") if each.is_file()}

    def workers(self) -> list[int]:
        """Ids of the processes that read artifacts for it."""
        rows = subprocess.run(
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.pid)],
            capture_output=True, text=True, check=False,
        ).stdout.splitlines()  # fmt: skip
        return [int(row.split()[0]) for row in rows if "spawn_main" in row]

    def metric(self, name: str) -> float:
        """A line of /-/metrics; 0 where there is none."""
        for line in self.ask("-/metrics").body.decode().splitlines():
            key, _, value = line.rpartition(" ")
            if key == name:
                return float(value)
        return 0.0

    def log(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`pratique log` over its folder."""
        command = [sys.executable, "-m", "pratique", "log", *words]
        trusted = self.folder / "trust.json"
        if not trusted.exists():
            trust(trusted)
        given = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        given |= {"PRATIQUE_TRUST": str(trusted), **self.environment}
        return subprocess.run(
            [*command, "--data", str(self.data)], capture_output=True, text=True, check=False,
            timeout=120, env=given,
        )  # fmt: skip

    def entries(self) -> list[dict[str, Any]]:
        """What is on record, oldest first."""
        done = self.log("--format", "jsonl")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def until(is_so: Callable[[], object], what: str) -> None:
    """Wait until it is so."""
    ends = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends, what
        time.sleep(0.05)
