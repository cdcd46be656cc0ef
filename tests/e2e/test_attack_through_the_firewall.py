"""Hostile patches are published: what each client installs directly, it cannot get through here.

Nothing of the client's own holds them back. Three firewalls stand before one upstream: one with the
recommended cooldown, one whose clock is past it, and one whose policy has none. The first hides
what is young; the others show that it is the content which is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3
from tests.clients import Clients, Ran
from tests.clients.commands import (
    NOWHERE,
    by_its_files,
    each_client,
    install,
    manager_of,
)
from tests.e2e import installing
from tests.e2e.client_table import prints_the_phrase
from tests.e2e.forge import Forge
from tests.e2e.hostile import SHAPES, TWIN, Shape, mend, project, publish, shapes, versions
from tests.e2e.serving import Served, served
from tests.registry import Registry

from pratique.cli import main

pytestmark = pytest.mark.online

NOW = datetime.now(UTC)  # noqa: TID251 - the firewalls that are served have the machine's clock
RECOMMENDED = 'preset = "recommended"\n'
NO_COOLDOWN = f'{RECOMMENDED}[rules]\n"release-age/too-new" = "off"\n'
FIREWALLS = {
    "cooldown": (RECOMMENDED, timedelta()),
    "past": (RECOMMENDED, timedelta(days=10)),
    "off": (NO_COOLDOWN, timedelta()),
}
"""Name -> policy, and how far ahead its clock is."""
CONTENT = ("past", "off")

EACH_SHAPE = [SHAPES[0], *(pytest.param(each, marks=pytest.mark.full) for each in SHAPES[1:])]


@dataclass(frozen=True)
class Stage:
    """The upstream with its hijacked packages, the firewalls before it, and the clients."""

    clients: Clients
    registry: Registry
    every: Mapping[str, Shape]
    firewalls: Mapping[str, Served]

    @property
    def hijacked(self) -> list[str]:
        return [each.package for each in self.every.values()]

    def through(self, kind: str, name: str, folder: Path, *, frozen: bool = False) -> Ran:
        url = self.firewalls[kind].url
        main(["setup", manager_of(name), "--registry", url, "--directory", str(folder)])
        client = by_its_files(self.clients[name])
        return client.run(install(name, frozen=frozen), cwd=folder, registry=NOWHERE)


@pytest.fixture(scope="module")
def stage(clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as stack:
        forge = stack.enter_context(Forge(tmp_path_factory.mktemp("forge"), "left-step"))
        registry = stack.enter_context(Registry())
        every = shapes(forge.dependency)
        publish(registry, every, NOW)
        firewalls = {}
        for kind, (policy, ahead) in FIREWALLS.items():
            options = ("--fresh", "1 seconds", "--wait", "60 seconds")
            firewall = served(
                registry, tmp_path_factory.mktemp(kind), policy, *options, ahead=ahead
            )
            firewalls[kind] = stack.enter_context(firewall)
        yield Stage(clients, registry, every, firewalls)


@pytest.mark.parametrize("name", each_client())
def test_the_control_directly_each_client_installs_every_hostile_patch(
    name: str, stage: Stage, tmp_path: Path
) -> None:
    folder = project(tmp_path / "direct", name, *stage.hijacked)
    installing.install(stage.clients[name], folder, stage.registry)
    assert versions(folder) == dict.fromkeys([*stage.hijacked, TWIN], "1.0.1")


@pytest.mark.parametrize("kind", FIREWALLS)
@pytest.mark.parametrize("name", each_client())
def test_through_the_firewall_none_gets_any_and_each_gets_what_is_good(
    name: str, kind: str, stage: Stage, tmp_path: Path
) -> None:
    folder = project(tmp_path / "behind", name, *stage.hijacked)
    ran = stage.through(kind, name, folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    twin = "1.0.1" if kind in CONTENT else "1.0.0"
    assert versions(folder) == {**dict.fromkeys(stage.hijacked, "1.0.0"), TWIN: twin}


@pytest.mark.parametrize("kind", CONTENT)
@pytest.mark.parametrize("shape", EACH_SHAPE)
@pytest.mark.parametrize("name", each_client())
def test_a_lockfile_that_already_pins_it_does_not_get_it_either(
    name: str, shape: str, kind: str, stage: Stage, tmp_path: Path
) -> None:
    package = stage.every[shape].package
    folder = project(tmp_path / "locked", name, package)
    lockfile = installing.install(stage.clients[name], folder, stage.registry)
    assert versions(folder)[package] == "1.0.1"
    installing.forget_installed(folder)
    text = lockfile.read_text()
    lockfile.write_text(text.replace(stage.registry.url, stage.firewalls[kind].url))
    ran = stage.through(kind, name, folder, frozen=True)
    said = ran.stdout + ran.stderr
    assert ran.returncode != 0, said
    assert package not in versions(folder)
    if prints_the_phrase(name):
        assert "blocked by policy" in said or "not present in registry" in said, said


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", CONTENT)
def test_the_log_names_the_rule_about_content(kind: str, shape: str, stage: Stage) -> None:
    each = stage.every[shape]
    log = stage.firewalls[kind].log("--package", each.package)
    assert f"{each.package}@1.0.1  {each.rule}" in log
    assert "release-age/" not in log


@pytest.mark.parametrize("kind", FIREWALLS)
def test_no_hostile_artifact_left_the_firewall(kind: str, stage: Stage) -> None:
    rows = stage.firewalls[kind].requests()
    given = {row["name"] for row in rows if row["status"] == 200 and row["version"] == "1.0.1"}
    assert given <= {TWIN}


@pytest.mark.parametrize("name", each_client(always=("npm12",)))
def test_a_good_release_that_follows_is_installed(name: str, stage: Stage, tmp_path: Path) -> None:
    if "1.0.2" not in stage.registry.shelves[TWIN].versions:
        mend(stage.registry, stage.every, NOW)
    for package in (*stage.hijacked, TWIN):
        await_shown(stage.firewalls["off"], package, "1.0.2")
    folder = project(tmp_path / "behind", name, *stage.hijacked)
    ran = stage.through("off", name, folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert versions(folder) == dict.fromkeys([*stage.hijacked, TWIN], "1.0.2")


def await_shown(firewall: Served, name: str, version: str) -> None:
    for _attempt in range(500):
        answer = urllib3.request("GET", firewall.url + name, timeout=60, retries=False)
        if version in answer.json().get("versions", {}):
            return
    raise AssertionError(f"{name}@{version} is still hidden")
