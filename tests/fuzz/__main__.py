"""Fuzz every parser, two at a time, and print a table.

    python -m tests.fuzz [--seconds 600] [TARGET ...]

Each target gets its seeds from tests/fuzz/corpus (or from its own `seeds()`), at most 2 s and
512 MB for an input; whatever escapes but the parser's own errors is a crash, and its input is
kept under build/fuzz/crashes.
"""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parent.parent / "build" / "fuzz"
SECONDS_PER_INPUT = 2
MEGABYTES = 512
LARGEST_INPUT = 65_536
SEEDS = {"manifest": "settings", "npmrc": "settings", "yaml": "pnpm"}
"""Targets whose seeds lie in another one's folder."""


def targets() -> list[str]:
    return sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.py"))


def seeds(target: str) -> Path:
    """Its folder of recorded seeds, or a new one with those that the target draws itself."""
    drawn = getattr(importlib.import_module(f"tests.fuzz.fuzz_{target}"), "seeds", None)
    if drawn is not None:
        place = OUT / "seeds" / target
        place.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(drawn()):
            (place / str(number)).write_bytes(content)
        return place
    own = HERE / "corpus" / target.replace("_", "-")
    return own if own.is_dir() else HERE / "corpus" / SEEDS.get(target, target)


def run(target: str, seconds: int) -> tuple[str, int, str]:
    """(target, exit code, what libFuzzer said last)."""
    module = importlib.import_module(f"tests.fuzz.fuzz_{target}")
    largest = getattr(module, "LARGEST", LARGEST_INPUT)
    grown, crashes = OUT / "corpus" / target, OUT / "crashes"
    grown.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "tests.fuzz.driver", target, str(grown), str(seeds(target)),
        f"-max_total_time={seconds}", f"-timeout={SECONDS_PER_INPUT}",
        f"-rss_limit_mb={MEGABYTES}", f"-max_len={largest}", "-print_final_stats=1",
        f"-artifact_prefix={crashes}/{target}-", "-verbosity=1",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    (OUT / f"{target}.log").write_text(done.stderr + done.stdout)
    return target, done.returncode, _said(done.stderr)


def _said(log: str) -> str:
    units = re.findall(r"stat::number_of_executed_units:\s*(\d+)", log)
    peak = re.findall(r"stat::peak_rss_mb:\s*(\d+)", log)
    slowest = re.findall(r"stat::slowest_unit_time_sec:\s*(\d+)", log)
    first = [(found or ["?"])[0] for found in (units, slowest, peak)]
    return f"{first[0]:>9} inputs, slowest {first[1]} s, peak {first[2]} MB"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("targets", nargs="*", default=targets())
    chosen = parser.parse_args()
    for target in chosen.targets:  # once, here: threads that import at the same time may deadlock
        importlib.import_module(f"tests.fuzz.fuzz_{target}")
    worst = 0
    with ThreadPoolExecutor(chosen.jobs) as pool:
        for target, code, said in pool.map(lambda each: run(each, chosen.seconds), chosen.targets):
            print(f"{target:14} {'ok' if code == 0 else f'CRASH ({code})':10} {said}", flush=True)
            worst = max(worst, code)
    return 1 if worst else 0


if __name__ == "__main__":
    raise SystemExit(main())
