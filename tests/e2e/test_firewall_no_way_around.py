"""A lockfile that was recorded directly against the upstream: who is asked, behind the firewall?

The upstream counts what anybody but the firewall asks it. A client that follows the addresses of
its lockfile goes past every registry that it is configured for; `check` says so (layer 10).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.clients import Clients, Ran
from tests.clients.commands import (
    FOLLOWS,
    NOWHERE,
    by_its_files,
    each_client,
    install,
    kind_of,
    lockfile_of,
    manager_of,
    open_settings,
)
from tests.e2e import installing
from tests.e2e.client_table import BY_VARIABLES, ODD_ADDRESS
from tests.e2e.serving import Served, served
from tests.registry import Answer, Exchange, Registry

from pratique.cli import main

pytestmark = pytest.mark.online

PACKAGES = ("left-widget", "right-widget", "@corp/thing")
LED_PAST = "registry/led-past"
POLICY = 'preset = "lenient"\n[hosts]\n"{host}" = "default"\n[rules]\n"{rule}" = "block"\n'


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as made:
        for name in PACKAGES:
            made.publish(name, "1.0.0")
        yield made


@pytest.fixture(scope="module")
def firewall(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(registry, tmp_path_factory.mktemp("firewall"), 'preset = "recommended"\n') as made:
        yield made


def locked(name: str, clients: Clients, registry: Registry, folder: Path) -> Path:
    """A clone of a project whose lockfile was recorded against the upstream."""
    folder.mkdir()
    wanted = dict.fromkeys(PACKAGES, "^1.0.0")
    manifest = {"name": "p", "version": "1.0.0", "private": True, "dependencies": wanted}
    (folder / "package.json").write_text(json.dumps(manifest))
    open_settings(name, folder)
    installing.install(clients[name], folder, registry)
    installing.forget_installed(folder)
    return folder


def through(
    name: str, clients: Clients, folder: Path, firewall: Served, *, frozen: bool = True
) -> Ran:
    where = ["--registry", firewall.url, "--directory", str(folder)]
    main(["setup", manager_of(name), *where])
    return by_its_files(clients[name]).run(
        install(name, frozen=frozen), cwd=folder, registry=NOWHERE
    )


def past(registry: Registry) -> list[str]:
    """What somebody else than the firewall asked of the upstream."""
    return [
        each.path
        for each in registry.requests
        if not each.headers.get("user-agent", "").startswith("pratique/")
    ]


@pytest.mark.parametrize("name", each_client())
def test_what_a_client_asks_of_the_upstream_is_nothing_or_is_reported_by_check(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    folder = locked(name, clients, registry, tmp_path / "p")
    registry.forget()
    ran = through(name, clients, folder, firewall)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    if kind_of(name) in FOLLOWS:
        assert len(past(registry)) == len(PACKAGES)
        manager, host = name.replace("yarn1", "yarn-classic"), urlsplit(registry.url).netloc
        message = f"{manager} asks {host} for {len(PACKAGES)} entries, not {firewall.url}"
        assert reported(folder, registry.url, firewall, tmp_path) == [message]
    else:
        assert past(registry) == []
        assert reported(folder, registry.url, firewall, tmp_path) == []


def reported(folder: Path, registry: str, firewall: Served, place: Path) -> list[str]:
    """What layer 10 says of it to a user of the firewall whose policy maps the registry's host."""
    policy = POLICY.format(host=urlsplit(registry).netloc, rule=LED_PAST)
    (folder / "pratique.toml").write_text(policy)
    home = place / "home"
    home.mkdir()
    ran = installing.check(folder, firewall.url, home)
    return [each["message"] for each in installing.findings(ran) if each["rule"] == LED_PAST]


@pytest.mark.parametrize("name", each_client())
def test_without_a_lockfile_no_client_asks_the_upstream_anything(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    folder = locked(name, clients, registry, tmp_path / "p")
    (folder / lockfile_of(name)).unlink()
    open_settings(name, folder)
    registry.forget()
    ran = through(name, clients, folder, firewall, frozen=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert past(registry) == []


@pytest.mark.parametrize("name", BY_VARIABLES)
def test_npm_goes_past_a_firewall_that_only_a_variable_names(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    folder = locked(name, clients, registry, tmp_path / "p")
    registry.forget()
    ran = clients[name].run(install(name, frozen=True), cwd=folder, registry=firewall.url)
    assert (ran.returncode == 0) == BY_VARIABLES[name]
    assert len(past(registry)) == (len(PACKAGES) if BY_VARIABLES[name] else 0)
    assert reported(folder, registry.url, firewall, tmp_path)
    (folder / ".npmrc").write_text("replace-registry-host=always\n")
    registry.forget()
    ran = clients[name].run(install(name, frozen=True), cwd=folder, registry=firewall.url)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert past(registry) == []


@pytest.mark.parametrize("name", ODD_ADDRESS)
def test_an_address_that_is_recorded_since_it_is_not_the_usual_one_is_asked(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    registry.fault(elsewhere, kind="packument")
    try:
        folder = locked(name, clients, registry, tmp_path / "p")
    finally:
        registry.heal()
    registry.forget()
    where = ["--registry", firewall.url, "--directory", str(folder)]
    main(["setup", manager_of(name), *where])
    plain = {"YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1,localhost"}
    arguments, client = install(name, frozen=True), by_its_files(clients[name])
    ran = client.run(arguments, cwd=folder, registry=NOWHERE, env=plain)
    assert (ran.returncode == 0) == ODD_ADDRESS[name], ran.stdout + ran.stderr
    asked = len(past(registry))
    # A manager that refuses may do so before it asked for all of them.
    assert asked == len(PACKAGES) or (ran.returncode != 0 and asked < len(PACKAGES))
    assert reported(folder, registry.other_url, firewall, tmp_path)


def elsewhere(_exchange: Exchange, answer: Answer) -> Answer:
    """The document, whose artifacts are at another name of the same host."""
    return replace(answer, body=answer.body.replace(b"//127.0.0.1", b"//localhost"))


@pytest.mark.parametrize("name", each_client(always=("yarn1", "bun")))
def test_addresses_that_begin_with_the_firewalls_lead_every_client_there(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    folder = locked(name, clients, registry, tmp_path / "p")
    lockfile = folder / lockfile_of(name)
    lockfile.write_text(lockfile.read_text().replace(registry.url, firewall.url))
    registry.forget()
    ran = through(name, clients, folder, firewall)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert past(registry) == []
