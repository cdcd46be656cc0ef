"""Write requirements/*.txt: our own dependencies with the digests of their files, a week old.

    python tools/lock.py

The files name no index: whoever installs uses the one that is configured.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COOLDOWN = timedelta(days=7)
LOCKS = {
    "core.txt": ["pyproject.toml"],
    "test.txt": ["pyproject.toml", "--group", "test"],
    # What was tested is what is installed.
    "proxy.txt": ["pyproject.toml", "--extra", "proxy", "--constraint", "requirements/test.txt"],
    "build.txt": ["--group", "build"],
    "fuzz.txt": ["--group", "fuzz"],
}


def main() -> int:
    """Resolve each lock with uv; the exit code of the first failure, else 0."""
    before = f"{datetime.now(UTC) - COOLDOWN:%Y-%m-%dT00:00:00Z}"  # noqa: TID251 - a tool
    for name, sources in LOCKS.items():
        command = [
            sys.executable, "-m", "uv", "pip", "compile", *sources, "--universal",
            "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet",
            "--exclude-newer", before, "--python-version", "3.11",
            "--output-file", f"requirements/{name}",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
