"""`pratique serve` as a child process, before the test registry."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.registry import Registry


@dataclass(frozen=True)
class Served:
    """A firewall that serves.

    Attributes:
        url: Its address, ending in "/".
        data: Its folder.
        process: Its process.
    """

    url: str
    data: Path
    process: subprocess.Popen[str]

    def log(self, *arguments: str) -> str:
        """What `pratique log` prints."""
        command = [sys.executable, "-m", "pratique", "log", "--data", str(self.data), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout


@contextmanager
def served(upstream: Registry, folder: Path, policy: str) -> Iterator[Served]:
    """A firewall on a free port; it has ended in order when the block has."""
    file, data = folder / "firewall.toml", folder / "data"
    file.write_text(policy)
    command = [
        sys.executable, "-m", "pratique", "serve", "--port", "0", "--upstream", upstream.url,
        "--data", str(data), "--policy", str(file),
    ]  # fmt: skip
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("pratique serves http://"), line
        yield Served(line.split()[-1], data, process)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        process.stdout.close()
