"""Real clients while the upstream is away: what one of them brought in, the others install."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.clients import Clients
from tests.e2e.lifecycle import Child
from tests.registry import Registry

pytestmark = [pytest.mark.online, pytest.mark.full]

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock


def project(folder: Path) -> Path:
    folder.mkdir()
    manifest = {"name": "p", "version": "1.0.0", "dependencies": {"left-pad": "^1.0.0"}}
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / ".yarnrc.yml").write_text(
        "nodeLinker: node-modules\nnpmMinimalAgeGate: 0\nunsafeHttpWhitelist: [127.0.0.1]\n"
    )
    (folder / "pnpm-workspace.yaml").write_text("minimumReleaseAge: 0\n")
    return folder


@pytest.mark.parametrize("name", ["npm11", "pnpm11", "yarn1", "yarn4", "bun"])
def test_what_npm_brought_in_every_client_installs_while_the_upstream_is_away(
    name: str, clients: Clients, registry: Registry, tmp_path: Path
) -> None:
    """npm asks for whole documents; most others for short ones, which nobody has asked for yet."""
    registry.publish("left-pad", "1.0.0", published=NOW - timedelta(days=900))
    options = ("--fresh", "0 seconds")
    with Child(tmp_path / "firewall", registry.url, options=options) as firewall:
        url = f"http://127.0.0.1:{firewall.port}/"
        for client, folder in (("npm11", tmp_path / "first"), (name, tmp_path / "second")):
            ran = clients[client].run(["install"], cwd=project(folder), registry=url)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            found = folder / "node_modules" / "left-pad" / "package.json"
            assert json.loads(found.read_text())["version"] == "1.0.0"
            registry.close()
