"""A project that a real package manager has just installed gives no finding of layer 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.builders import fired
from tests.clients import Clients
from tests.e2e import installing
from tests.registry import Registry

pytestmark = pytest.mark.online

NAMES = ("npm10", "npm11", "npm12", "pnpm10", "pnpm11", "pnpm12", "yarn1", "yarn4", "bun")

# pnpm 11 and later end with an error where an install script is undecided, unless told not to.
PNPM_SETTINGS = 'packages: ["packages/*"]\nstrictDepBuilds: false\n'


def publish_everything(registry: Registry) -> None:
    registry.publish("@pratique-test/leaf", "1.0.0")
    registry.publish("@pratique-test/leaf", "1.1.0")
    registry.publish("pratique-test-host", "2.0.0", dependencies={"@pratique-test/leaf": "1.0.0"})
    registry.publish("pratique-test-plugin", "1.0.0",
                     peer_dependencies={"pratique-test-host": "^2.0.0"})  # fmt: skip
    inner = registry.publish("pratique-test-inner", "1.0.0")
    registry.publish("pratique-test-bundler", "1.0.0", bundled=[inner],
                     dependencies={"pratique-test-inner": "^1.0.0"})  # fmt: skip
    registry.publish("pratique-test-native", "1.0.0", scripts={"postinstall": "node setup.js"},
                     files={"setup.js": "", "index.js": ""})  # fmt: skip
    registry.publish("pratique-test-other-system", "1.0.0", manifest={"os": ["aix"]})
    registry.publish("pratique-test-tool", "3.0.0", bin="cli.js",
                     files={"cli.js": "#!/usr/bin/env node\n"})  # fmt: skip


def root_manifest(name: str) -> dict[str, Any]:
    return {
        "name": "fresh",
        "version": "1.0.0",
        "private": True,
        **({} if name.startswith("pnpm") else {"workspaces": ["packages/*"]}),
        "dependencies": {
            "@pratique-test/leaf": "^1.0.0",
            "leaf-one": "npm:@pratique-test/leaf@1.0.0",
            "pratique-test-bundler": "^1.0.0",
            "pratique-test-host": "^2.0.0",
            "pratique-test-native": "^1.0.0",
            "pratique-test-plugin": "^1.0.0",
        },
        "devDependencies": {"pratique-test-tool": "^3.0.0"},
        "optionalDependencies": {"pratique-test-other-system": "^1.0.0"},
    }


@pytest.fixture(params=NAMES)
def project(
    request: pytest.FixtureRequest, clients: Clients, secured: Registry, tmp_path: Path
) -> Path:
    """A project with one of everything, installed by the client."""
    name: str = request.param
    publish_everything(secured)
    folder = tmp_path / "project"
    installing.write_json(folder / "package.json", root_manifest(name))
    member: dict[str, Any] = {"name": "@fresh/member", "version": "1.0.0", "private": True}
    member["dependencies"] = {"@pratique-test/leaf": "^1.1.0"}
    installing.write_json(folder / "packages/member/package.json", member)
    if name.startswith("pnpm"):
        (folder / "pnpm-workspace.yaml").write_text(PNPM_SETTINGS)
    installing.install(clients[name], folder, secured)
    return folder


def test_the_project_has_what_it_is_to_show(project: Path) -> None:
    modules = project / "node_modules"
    (lockfile,) = [project / name for name in installing.LOCKFILES if (project / name).is_file()]
    for name in ("leaf-one", "pratique-test-bundler", "pratique-test-native"):
        assert (modules / name / "package.json").is_file()
    # yarn 4 takes what is bundled from the registry all the same, and puts it at the top.
    inner = Path("node_modules/pratique-test-inner/package.json")
    assert (project / inner).is_file() or (modules / "pratique-test-bundler" / inner).is_file()
    assert "pratique-test-other-system" in lockfile.read_text()


def test_layer_1_has_nothing_to_say_about_it(project: Path, secured: Registry) -> None:
    found = installing.judged(project, secured)
    assert found.releases >= 6
    assert fired(found) == set()
    assert [one for one in found.unknowns if one.rule.startswith("lockfile/")] == []


def test_check_has_nothing_to_say_about_it_either(
    project: Path, secured: Registry, tmp_path: Path
) -> None:
    ran = installing.check(project, secured, tmp_path / "home")
    loud = [one for one in installing.findings(ran) if one["rule"].startswith("lockfile/")]
    assert loud == []
