"""Real package managers install from the test registry, and fail on its faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.clients import Clients
from tests.registry import Registry, faults

pytestmark = pytest.mark.online

NAMES = ("npm10", "npm11", "npm12", "pnpm10", "pnpm11", "pnpm12", "yarn1", "yarn4", "bun")


@pytest.fixture
def project(tmp_path: Path, registry: Registry) -> Path:
    registry.publish("test-leaf", "1.0.0")
    registry.publish("@test-corp/twig", "1.2.0", dependencies={"test-leaf": "^1.0.0"})
    manifest = {"name": "app", "version": "1.0.0", "dependencies": {"@test-corp/twig": "^1.0.0"}}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_every_client_installs_from_it(
    clients: Clients, registry: Registry, project: Path, name: str
) -> None:
    ran = clients[name].run(["install"], cwd=project, registry=registry.url)
    installed = project / "node_modules/@test-corp/twig/index.js"
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "@test-corp/twig@1.2.0" in installed.read_text()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "yarn4"])
def test_clients_refuse_bytes_that_the_metadata_does_not_state(
    clients: Clients, registry: Registry, project: Path, name: str
) -> None:
    registry.fault(faults.other_bytes(), package="test-leaf", kind="tarball")
    ran = clients[name].run(["install"], cwd=project, registry=registry.url)
    assert ran.returncode != 0


def test_yarn_4_never_compares_bytes_with_the_metadata(
    clients: Clients, registry: Registry, project: Path
) -> None:
    """Its checksums are of zip files that it makes itself, from whatever was served."""
    registry.fault(faults.other_bytes(), package="test-leaf", kind="tarball")
    ran = clients.yarn4.run(["install"], cwd=project, registry=registry.url)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    manifest = json.loads((project / "node_modules/test-leaf/package.json").read_text())
    assert manifest["name"] == "other"
