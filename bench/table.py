"""The table: rows of costs with their bars, and what they were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. `bar` says what is demanded ("" where nothing is), `met` whether it is."""

    what: str
    ours: str
    against: str
    ratio: str
    bar: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        verdict = "" if self.met is None else "pass" if self.met else "**FAIL**"
        return (self.what, self.ours, self.against, self.ratio, self.bar, verdict)


HEAD = ("what", "pratique", "against", "ratio", "bar", "")


def table(rows: Sequence[Row]) -> str:
    lines = [HEAD, tuple("---" for _ in HEAD), *(row.cells() for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def machine(runs: int) -> str:
    """What it was measured on, and with what."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    one, five, _ = os.getloadavg()
    return (
        f"Medians of {runs} runs, alternating order. {_processor()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GB; load average at the start {one:.1f} (1 minute), {five:.1f} (5 minutes); "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"PyYAML {version('pyyaml')} (libyaml {'.'.join(map(str, _libyaml()))}), "
        f"urllib3 {version('urllib3')}, SQLite {sqlite3.sqlite_version}, "
        f"pratique {version('pratique')}.\n"
    )


def _libyaml() -> tuple[int, ...]:
    return tuple(yaml._yaml.get_version())  # noqa: SLF001 - PyYAML offers it nowhere else


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "unknown processor")
