"""Analyses archives, each in a fresh copy of this process, and says what became of them.

Not a test: `test_hostile_archives.py` starts it once, so that a hundred archives do not import a
hundred times. One line of JSON in, {"archive": file, "seconds": of processor time}; one line out:
`analysis.oddities`, MiB of memory at most, and what was written, or "died" and why.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from pathlib import Path
from typing import Any

from pratique.capabilities.analysis import analyse_artifact

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGING = frozenset({
    "os.chmod", "os.link", "os.mkdir", "os.mkfifo", "os.mknod", "os.remove", "os.rename",
    "os.rmdir", "os.symlink", "os.truncate", "socket.connect", "subprocess.Popen", "os.system",
    "os.exec", "os.fork", "os.posix_spawn", "tempfile.mkstemp", "tempfile.mkdtemp",
})  # fmt: skip


def analysed(archive: str, seconds: int) -> dict[str, Any]:
    source = Path(archive).read_bytes()
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    touched: list[str] = []
    sys.addaudithook(lambda event, told: _hear(event, told, touched))
    analysis = analyse_artifact(source)
    return {"oddities": analysis.oddities, "touched": touched, "peak": _peak()}


def _hear(event: str, told: tuple[object, ...], touched: list[str]) -> None:
    is_writing = event == "open" and isinstance(told[2], int) and told[2] & WRITING
    if event in CHANGING or is_writing:
        touched.append(f"{event} {told[:1]}")


def _peak() -> int:
    """MiB of memory at most, of this process alone (a parent's would count in getrusage)."""
    status = Path("/proc/self/status")
    if status.is_file():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(found[1]) // 1024 if found else 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 // 1024


def in_a_copy(**asked: Any) -> dict[str, Any]:
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, json.dumps(analysed(**asked)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    found: dict[str, Any] = json.loads(said) if said else {"died": code}
    return found


def serve() -> None:
    for line in sys.stdin:
        print(json.dumps(in_a_copy(**json.loads(line))), flush=True)


if __name__ == "__main__":
    serve()
