"""Run them: all clients, or those that are named; what was found is kept in build/verdaccio.

    python -m tests.e2e.verdaccio [CLIENT ...] [--contracts] [--write]

`--contracts` turns on the checks that Verdaccio's authors keep for later; `--write` makes
docs/registry-tests.md from all that is kept, and alone runs nothing. Exit 1 where Verdaccio passes
what the firewall does not.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.clients import Client, clients_in
from tests.clients.installed import installed
from tests.e2e.verdaccio import registries
from tests.e2e.verdaccio.outcomes import Outcomes, Run, parts, read_summary, table

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KEPT = ROOT / "build" / "verdaccio"
PAGE = ROOT / "docs" / "registry-tests.md"
_MANAGERS = {"npm11": "npm", "npm12": "npm", "pnpm11": "pnpm", "pnpm12": "pnpm",
             "yarn4": "yarn-modern", "bun": "bun"}  # fmt: skip
_CONTRACTS = {"npm12"}
_SECONDS = 900
_HEAD = """# Verdaccio's tests of a registry

`make e2e-verdaccio` runs `@verdaccio/e2e-cli` with the same flags against Verdaccio and against
`pratique serve`, one after the other, and fails where Verdaccio passes what the firewall does not.
Below: {date}, {versions}.
A cell says Verdaccio / pratique; an empty one is no test of that client.
"""
_NOTES = """
What both fail needs plugins of yarn that the registry did not have which the tests were installed
from. One of these tests, `login`, would fail here with its plugin, too: it registers users, and
nobody can register at a firewall ([private-packages.md](private-packages.md)). The flag `--token`
stands for the user that the tests register otherwise.

The names that the tests publish are own names here ([policy](../tests/e2e/verdaccio/policy.toml)),
as they have no upstream in Verdaccio's configuration. That is why a search for them is not passed
on, which two of the stricter checks expect ("merged local+uplink"): neither registry passes those.

## Stricter checks
The same tests have checks of npm's contract that are off by default, since Verdaccio does not hold
them yet (`E2E_PENDING_CONTRACT_CHECKS=true`). Where the two differ, with npm 12:

| | Verdaccio | pratique |
|---|---|---|"""


def main(words: list[str]) -> int:
    """Run what is named."""
    contracts, write = "--contracts" in words, "--write" in words
    named = [each for each in words if not each.startswith("--")]
    every = [] if words == ["--write"] else [*(_CONTRACTS if contracts else _MANAGERS)]
    clients = named or every
    worse = [line for each in clients for line in _run(each, contracts=contracts)]
    if write:
        PAGE.write_text(_page(), encoding="utf-8")
    for line in worse:
        print(line)
    return 1 if worse else 0


def _run(name: str, *, contracts: bool) -> Iterator[str]:
    """Run one client's tests against both, and keep what they say."""
    client = clients_in(installed())[name]
    run = Run("")
    for registry in ("verdaccio", "pratique"):
        with tempfile.TemporaryDirectory(prefix="registry-", ignore_cleanup_errors=True) as place:
            run.client, found = _tested(client, registry, Path(place), contracts=contracts)
        setattr(run, registry, found)
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"{name}{'-contracts' if contracts else ''}.json"
    file.write_text(json.dumps(asdict(run), indent=1))
    if not run.verdaccio:
        yield f"{name}: nothing was tested"
    elif not contracts:
        yield from (f"{name}: {each}" for each in run.worse)


def _tested(
    client: Client, registry: str, folder: Path, *, contracts: bool
) -> tuple[str, Outcomes]:
    upstream, path = registries.free_port(), os.pathsep.join(client.path)
    tests = ["node", str(installed(HERE) / "@verdaccio" / "e2e-cli" / "bin" / "e2e-cli.js")]
    wrapper, summary = folder / "client", folder / "summary.md"
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(client.command)} "$@"\n')
    wrapper.chmod(0o755)
    home, temporary = folder / "home", folder / "tmp"
    for each in (home, temporary):
        each.mkdir()
    (home / ".npmrc").write_text(f"registry={_configured()}\n")
    environment = {
        "HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "TMPDIR": str(temporary),
        "GITHUB_STEP_SUMMARY": str(summary),
        **({"E2E_PENDING_CONTRACT_CHECKS": "true"} if contracts else {}),
    }  # fmt: skip
    with _served(registry, tests, upstream, folder, path) as (url, token):
        command = [
            *tests, "--registry", url, "--token", token, "--uplink-port", str(upstream),
            "--timeout", "120000",
            "--pm", f"{_MANAGERS[client.name]}={wrapper}",
        ]  # fmt: skip
        done = subprocess.run(
            command, env=environment, cwd=folder, timeout=_SECONDS, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{client.name}-{registry}.log").write_text(done.stdout + done.stderr)
    return read_summary(summary.read_text("utf-8")) if summary.exists() else (client.name, {})


def _served(
    registry: str, tests: list[str], upstream: int, folder: Path, path: str
) -> AbstractContextManager[tuple[str, str]]:
    place = folder / "server"
    place.mkdir()
    if registry == "pratique":
        return registries.pratique(upstream, place, path)
    config = subprocess.run(
        [*tests, "--print-config", "--uplink-port", str(upstream)],
        env={"PATH": path}, capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    modules = installed(ROOT / "bench" / "proxy" / "verdaccio")
    program = ["node", str(modules / "verdaccio" / "bin" / "verdaccio")]
    return registries.verdaccio(program, config, place, path)


def _configured() -> str:
    """The registry of the machine, which yarn's plugins come from."""
    asked = ["npm", "config", "get", "registry"]
    return subprocess.run(
        asked, capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


def _page() -> str:
    runs = {name: _kept(KEPT / f"{name}.json") for name in _MANAGERS}
    stricter = {name: _kept(KEPT / f"{name}-contracts.json") for name in _CONTRACTS}
    locks = (HERE / "package.json", ROOT / "bench" / "proxy" / "verdaccio" / "package.json")
    tests, server = (json.loads(each.read_text())["dependencies"] for each in locks)
    today = datetime.now(UTC)  # noqa: TID251 - the page says when
    versions = f"tests {tests['@verdaccio/e2e-cli']}, Verdaccio {server['verdaccio']}"
    differing = (row for run in stricter.values() for row in parts(run))
    lines = [
        _HEAD.format(date=f"{today:%Y-%m-%d}", versions=versions),
        *table(runs),
        _NOTES,
        *differing,
    ]
    return "\n".join(lines) + "\n"


def _kept(file: Path) -> Run:
    return Run(**json.loads(file.read_text()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
