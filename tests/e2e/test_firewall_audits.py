"""An audit through a firewall whose upstream cannot answer it fails: it never finds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients import Clients, Ran
from tests.clients.commands import EVERY, each_client, install, kind_of, open_settings
from tests.e2e import installing
from tests.e2e.client_table import AUDITS, of_client
from tests.e2e.serving import Served, served
from tests.registry import Registry, faults

pytestmark = pytest.mark.online

AUDIT = {
    "npm": ["audit"],
    "pnpm": ["audit"],
    "yarn4": ["npm", "audit", "--all"],
    "bun": ["audit"],
}
FAMILIES = ("npm12", "pnpm10", "pnpm11", "yarn4", "bun")
ENDPOINTS = "-/npm/v1/security*"
NOTHING_FOUND = re.compile(r"\b(0|no)( known)? (vulnerabilities|audit suggestions)", re.IGNORECASE)


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as made:
        made.publish("left-widget", "1.0.0")
        yield made


@pytest.fixture(scope="module")
def firewall(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(registry, tmp_path_factory.mktemp("firewall"), 'preset = "recommended"\n') as made:
        yield made


def run(clients: Clients, name: str, arguments: list[str], folder: Path, at: Served) -> Ran:
    # What the tests' clients have off by default.
    on = {"npm_config_audit": "true"}
    return clients[name].run(arguments, cwd=folder, registry=at.url, env=on)


def project(clients: Clients, name: str, folder: Path, at: Served) -> Path:
    folder.mkdir()
    manifest = {"name": "p", "version": "1.0.0", "dependencies": {"left-widget": "^1.0.0"}}
    installing.write_json(folder / "package.json", manifest)
    open_settings(name, folder)
    ran = run(clients, name, install(name), folder, at)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


@pytest.mark.parametrize(
    "name", [each for each in each_client(always=FAMILIES) if "yarn1" not in str(each)]
)
def test_an_upstream_without_audits_is_never_zero_vulnerabilities(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    registry.fault(faults.not_found(), path=ENDPOINTS)
    try:
        folder = project(clients, name, tmp_path / "p", firewall)
        registry.forget()
        ran = run(clients, name, AUDIT[kind_of(name)], folder, firewall)
    finally:
        registry.heal()
    said = ran.stdout + ran.stderr
    assert registry.asked(ENDPOINTS, "POST")
    assert ran.returncode == 1, said
    assert of_client(AUDITS, name) in said
    assert not NOTHING_FOUND.search(said)


@pytest.mark.parametrize("name", [each for each in EVERY if kind_of(each) == "npm"])
def test_nor_is_it_said_after_an_install(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    registry.fault(faults.not_found(), path=ENDPOINTS)
    try:
        folder = project(clients, name, tmp_path / "p", firewall)
        installing.forget_installed(folder)
        ran = run(clients, name, install(name, frozen=True), folder, firewall)
    finally:
        registry.heal()
    assert ran.returncode == 0, ran.stderr
    assert registry.asked(ENDPOINTS, "POST")
    assert not NOTHING_FOUND.search(ran.stdout + ran.stderr)


@pytest.mark.parametrize("name", ["npm12", "pnpm11", "yarn4", "bun"])
def test_the_control_what_the_upstream_finds_is_told(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    folder = project(clients, name, tmp_path / "p", firewall)
    ran = run(clients, name, AUDIT[kind_of(name)], folder, firewall)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert NOTHING_FOUND.search(ran.stdout + ran.stderr)
    registry.advise("left-widget", ["1.0.0"])
    try:
        ran = run(clients, name, AUDIT[kind_of(name)], folder, firewall)
    finally:
        registry.answers.advisories.clear()
    assert ran.returncode != 0
    assert "left-widget is vulnerable" in ran.stdout + ran.stderr
