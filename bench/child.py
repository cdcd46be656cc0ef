"""One command, run to its end and measured: seconds, and the most memory that it held at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# The child is started by an interpreter that has loaded next to nothing: what a process holds when
# it starts another one counts as the other one's on Linux until that has loaded its own program.
_STARTER = """
import os, sys, time
quiet = os.open(os.devnull, os.O_RDWR)
files = [(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)]
began = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=files)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - began
busy = used.ru_utime + used.ru_stime
print([wall, busy, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)])
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run: `wall` and `busy` (processor time) in seconds, `peak` memory in 2**20 bytes."""

    wall: float
    busy: float = 0.0
    peak: float = 0.0


def run(command: Sequence[str], environment: Mapping[str, str], *, expected: Sequence[int]) -> Cost:
    """Run it with its output dropped; an exit code that is not `expected` ends the benchmark."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _STARTER, *command],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=True,
    )
    wall, busy, peak, code = json.loads(done.stdout)
    if code not in expected:
        raise RuntimeError(f"{' '.join(command)} exited {code}")
    return Cost(wall, busy, peak)
