"""The package managers that end-to-end tests drive: exact versions, installed once.

    def test_...(clients: Clients, registry: Registry, tmp_path: Path) -> None:
        ran = clients.npm12.run(["ci"], cwd=tmp_path, registry=registry.url)

The fixture `clients` (mark the test `online`) installs them from the machine's registry into
PRATIQUE_CLIENTS or the user's cache folder at the first use.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from tests.clients.client import (
    Client,
    Ran,
    bun_settings,
    npm_settings,
    pnpm_settings,
    yarn1_settings,
    yarn4_settings,
)

__all__ = ["Client", "Clients", "Ran", "clients_in"]

# (Python's names, lower case) -> the names that Node's and bun's packages use.
_MACHINES = {"x86_64": ("x64", "x64"), "amd64": ("x64", "x64"), "aarch64": ("arm64", "aarch64"),
             "arm64": ("arm64", "aarch64")}  # fmt: skip
_SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin")


@dataclass(frozen=True)
class Clients:
    """Each client by its name."""

    npm10: Client
    npm11: Client
    npm12: Client
    pnpm10: Client
    pnpm11: Client
    pnpm12: Client
    yarn1: Client
    yarn4: Client
    bun: Client

    def __iter__(self) -> Iterator[Client]:
        return (getattr(self, one.name) for one in fields(self))

    def __getitem__(self, name: str) -> Client:
        found: Client = getattr(self, name)
        return found


def clients_in(modules: Path) -> Clients:
    """The clients below an installed `node_modules`."""
    system = platform.system().lower()
    node_machine, bun_machine = _MACHINES[platform.machine().lower()]
    own = modules / f"node-{system}-{node_machine}" / "bin" / "node"
    node = str(own if own.is_file() else shutil.which("node"))
    path = (str(Path(node).parent), *_SYSTEM)

    def script(folder: str, file: str) -> tuple[str, str]:
        return node, str(modules / folder / file)

    pnpm = modules / "@pnpm" / f"exe.{system}-{node_machine}"
    bun = modules / "@oven" / f"bun-{system}-{bun_machine}"

    def client(name: str, folder: Path, command: tuple[str, ...]) -> Client:
        version = str(json.loads((folder / "package.json").read_bytes())["version"])
        return Client(name, version, command, _SETTINGS[name], path)

    def of(name: str, file: str) -> Client:
        return client(name, modules / name, script(name, file))

    return Clients(
        npm10=of("npm10", "bin/npm-cli.js"),
        npm11=of("npm11", "bin/npm-cli.js"),
        npm12=of("npm12", "bin/npm-cli.js"),
        pnpm10=of("pnpm10", "bin/pnpm.cjs"),
        pnpm11=of("pnpm11", "bin/pnpm.mjs"),
        pnpm12=client("pnpm12", pnpm, (str(pnpm / "pnpm"),)),
        yarn1=of("yarn1", "bin/yarn.js"),
        yarn4=of("yarn4", "bin/yarn.js"),
        bun=client("bun", bun, (str(bun / "bin" / "bun"),)),
    )


_SETTINGS = {
    "npm10": npm_settings,
    "npm11": npm_settings,
    "npm12": npm_settings,
    "pnpm10": pnpm_settings,
    "pnpm11": pnpm_settings,
    "pnpm12": pnpm_settings,
    "yarn1": yarn1_settings,
    "yarn4": yarn4_settings,
    "bun": bun_settings,
}
