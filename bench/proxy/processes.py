"""What a running process has used so far, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def seconds(pid: int) -> float:
    """Processor time of the process, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def megabytes(pid: int, name: str = "VmHWM") -> float:
    """A line of its status: VmHWM is the most that it ever held, VmRSS what it holds."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def children(pid: int) -> list[int]:
    """The processes that it started and that run."""
    found = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            text = (thread / "children").read_text(encoding="utf-8")
        except OSError:
            continue
        found += [int(each) for each in text.split()]
    return found
