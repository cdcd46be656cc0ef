"""The README's three lines: a firewall before the configured registry, and an install through it.

    python examples/firewall.py PRATIQUE

Starts the firewall with examples/firewall.toml, points an empty project at it, installs one small
package, and prints what the firewall has on record. Exits 0 where the package was installed, both
its document and its artifact went through the firewall, and the record is what was written.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "once@1"
POLICY = Path(__file__).resolve().parent / "firewall.toml"


def main(program: str) -> int:
    """Serve, set up, install; 0 where all of it went as expected, else 1."""
    program = str(Path(program).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, project = folder / "data", folder / "project"
        project.mkdir()
        (project / "package.json").write_text('{"name": "example", "private": true}\n')
        command = [program, "serve", "--port", "0", "--policy", str(POLICY), "--data", str(data)]
        with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as firewall:
            ready = firewall.stdout.readline() if firewall.stdout else ""
            installed = bool(ready) and _install(program, ready.split()[-1], project, folder)
            firewall.terminate()
        ended = firewall.returncode == 0
        seen = _kinds(program, data)
        subprocess.run([program, "log", "--data", str(data)], check=False)
        verified = subprocess.run([program, "log", "verify", "--data", str(data)], check=False)
    if installed and ended and {"packument", "tarball"} <= seen and verified.returncode == 0:
        return 0
    print(
        f"firewall: installed {installed}, ended in order {ended}, served {seen}", file=sys.stderr
    )
    return 1


def _install(program: str, address: str, project: Path, folder: Path) -> bool:
    """Point the project at the firewall and install, with a cache that has nothing."""
    done = []
    for command in (
        [program, "setup", "npm", "--registry", address, "--directory", str(project)],
        ["npm", "install", "--no-fund", "--cache", str(folder / "cache"), PACKAGE],
    ):
        ran = subprocess.run(command, cwd=project, check=False)
        done.append(ran.returncode == 0)
    return all(done) and (project / "node_modules" / PACKAGE.partition("@")[0]).is_dir()


def _kinds(program: str, data: Path) -> set[str]:
    """What was asked of the firewall and answered with 200."""
    command = [program, "log", "--data", str(data), "--format", "jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["kind"] for row in rows if row["type"] == "request" and row["status"] == 200}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
