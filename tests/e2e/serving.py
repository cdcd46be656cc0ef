"""`pratique serve` as a child process, before the test registry or any other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.registry import Registry
from tests.trusting import trust

_AHEAD = Path(__file__).resolve().parent / "serve_ahead.py"


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

    def requests(self, kind: str = "tarball") -> list[dict[str, Any]]:
        """The requests of one kind that are on record, oldest first."""
        rows = [json.loads(line) for line in self.log("--format", "jsonl").splitlines()]
        return [row for row in rows if row["type"] == "request" and row["kind"] == kind]


@contextmanager
def served(
    upstream: Registry | str,
    folder: Path,
    policy: str,
    *options: str,
    ahead: timedelta = timedelta(),
    environment: Mapping[str, str] | None = None,
    trusting: Path | None = None,
) -> Iterator[Served]:
    """A firewall on a free port; it has ended in order when the block has.

    Args:
        upstream: What stands behind it, or its address.
        folder: Gets its policy file and its data; its HOME.
        policy: What the policy file says.
        options: Further ones of the command.
        ahead: So far its clock is ahead of the machine's.
        environment: Variables beside HOME and PATH.
        trusting: The file of keys and roots; without one, the test registry's keys are pinned.
    """
    file, data = folder / "firewall.toml", folder / "data"
    file.write_text(policy)
    url = upstream if isinstance(upstream, str) else upstream.url
    seconds = str(int(ahead.total_seconds()))
    program = [str(_AHEAD), seconds] if ahead else ["-m", "pratique"]
    command = [
        sys.executable, *program, "serve", "--port", "0", "--upstream", url,
        "--data", str(data), "--policy", str(file), *options,
    ]  # fmt: skip
    trusted = str(trusting or trust(folder / "trust.json"))
    given = {"HOME": str(folder), "PATH": os.environ["PATH"], "PRATIQUE_TRUST": trusted}
    given |= environment or {}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=given)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("pratique serves http://"), line
        yield Served(line.split()[-1], data, process)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        process.stdout.close()
