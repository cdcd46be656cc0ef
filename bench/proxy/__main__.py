"""Print the firewall's tables: python -m bench.proxy [load | cold | soak] [--write] [...]

`load` compares `pratique serve` with Verdaccio 6 and nginx under wrk, and measures what token,
policy and record cost, the largest document's rebuilding, and memory; `cold` installs a project
of 300 and more packages with npm; `soak` is ten minutes at 70 % of the highest rate. `--write`
keeps the table in bench/proxy.md, proxy-cold.md or proxy-soak.md.

Needs wrk, nginx, node and npm. What the upstream serves is recorded once, from the registry that
this machine is configured for, in `pratique-bench/proxy` of the user's cache directory
(PRATIQUE_BENCH says elsewhere).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.loopback import recordings
from bench.proxy import cold, rebuild, rows, servers, soak
from bench.proxy.load import CONNECTIONS, Load
from bench.proxy.servers import Server
from bench.proxy.subjects import LARGEST, SUBJECTS
from bench.table import Row, machine, table

HERE = Path(__file__).resolve().parent
RUNS, SECONDS, MINUTES = 5, 6, 10.0
_WAITS = 900.0
"""Seconds that the first requests may take, until all artifacts are analysed."""
PATHS = tuple(dict.fromkeys(path for subject in SUBJECTS for path in subject.paths))


def primed(server: Server, paths: Iterable[str]) -> None:
    """Ask for everything until it is answered: it is then stored, analysed and judged."""
    ends = time.monotonic() + _WAITS

    def ask(path: str) -> None:
        status, body = 0, b""
        while time.monotonic() < ends:
            status, body = server.get(path)
            if status == 200:
                return
            if b"pending" not in body:
                break
            time.sleep(0.5)
        raise RuntimeError(f"{server.name} answers {path} with {status}: {body[:300]!r}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, paths))


def bodies(server: Server) -> dict[str, tuple[bytes, bytes]]:
    """Path -> what it serves, as it is, and packed."""
    return {
        path: (server.get(path, gzip=False)[1], b"" if "/-/" in path else server.get(path)[1])
        for path in PATHS
    }


def measured(scratch: Path, runs: int, seconds: float) -> Iterator[Row]:
    load, data = Load(scratch, seconds), scratch / "data"
    with ExitStack() as stack:
        registry = stack.enter_context(servers.upstream(recordings() / "proxy"))
        policy = scratch / "policy.toml"
        shutil.copy(servers.HERE / "policy.toml", policy)
        ours = stack.enter_context(servers.pratique(registry, data, policy=str(policy)))
        primed(ours, PATHS)
        theirs = stack.enter_context(servers.verdaccio(registry, scratch / "verdaccio"))
        primed(theirs, PATHS)
        files = stack.enter_context(servers.nginx(bodies(ours), scratch / "nginx"))
        primed(files, [path if "/-/" in path else f"documents/{path}" for path in PATHS])
        three = (ours, theirs, files)
        yield from rows.loads(load, runs, three, data)
        with servers.bare(ours, PATHS, scratch) as bare:
            yield from rows.checks(load, runs, ours, bare)
        primed(ours, [LARGEST])
        yield from rebuild.Rebuilding(ours, data, policy).rows(load, runs)
        yield from rows.memory(three)
        yield from rebuild.steps(registry)


def soaked(scratch: Path, minutes: float) -> Iterator[Row]:
    load, data = Load(scratch, SECONDS), scratch / "data"
    with (
        servers.upstream(recordings() / "proxy") as registry,
        servers.pratique(registry, data) as ours,
    ):
        primed(ours, PATHS)
        yield from soak.rows(load, ours, data, minutes)


def installed(scratch: Path, runs: int) -> Iterator[Row]:
    with servers.upstream(recordings() / "proxy") as registry:
        yield from cold.rows(registry, scratch, runs)


def programs() -> str:
    """What it was measured with."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "nginx"
    told = [_said([nginx, "-v"]), f"node {_said(['node', '--version'])}", _said(["wrk", "-v"])]
    wrk = told[2].partition(" Copyright")[0]
    return f"{told[0]}; {told[1]}; {wrk}, -t1 -c{CONNECTIONS}, {servers.TOKENS:,} tokens.\n"


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def show(title: str, stated: str, found: Iterable[Row], place: Path | None) -> None:
    kept = []
    for row in found:
        kept.append(row)
        print(" | ".join(row.cells()), file=sys.stderr, flush=True)
    text = f"{stated}\n{table(kept)}"
    print(text, end="")
    if place:
        day = datetime.now(UTC).date()  # noqa: TID251 - the day of the measurement
        place.write_text(f"# {title}\n\n{day}. {text}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.proxy", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("load", "cold", "soak"), default="load")
    parser.add_argument("--write", action="store_true", help="keep the table")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of each run of wrk")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of the soak")
    options = parser.parse_args()
    stated = machine(options.runs) + programs()
    with tempfile.TemporaryDirectory(prefix="pratique-bench-") as name:
        scratch = Path(name)
        if options.what == "soak":
            found = soaked(scratch, options.minutes)
            title, file = "Soak of `pratique serve`", "proxy-soak.md"
        elif options.what == "cold":
            found = installed(scratch, options.runs)
            title, file = "`npm ci` through `pratique serve`", "proxy-cold.md"
        else:
            found = measured(scratch, options.runs, options.seconds)
            title, file = "Load of `pratique serve`, beside Verdaccio 6 and nginx", "proxy.md"
        show(title, stated, found, HERE.parent / file if options.write else None)


if __name__ == "__main__":
    main()
