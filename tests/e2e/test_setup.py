"""The lines that `pratique setup` writes, read by every real client."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from tests.clients import Client, Clients
from tests.registry import Registry

from pratique.cli import main

pytestmark = pytest.mark.online

NOWHERE = "http://127.0.0.1:9/"
INSTALL = {"npm": ["install"], "pnpm": ["install", "--no-frozen-lockfile"],
           "yarn": ["install", "--no-immutable"], "bun": ["install"]}  # fmt: skip
FILES = {
    "npm": {".npmrc": f"registry={NOWHERE}\nreplace-registry-host=never"},
    "pnpm": {".npmrc": f"registry={NOWHERE}"},
    "yarn1": {".yarnrc": f'registry "{NOWHERE}"\n', ".npmrc": f"registry={NOWHERE}\n"},
    "yarn4": {".yarnrc.yml": f"npmRegistryServer: {NOWHERE}\r\nnodeLinker: node-modules"},
    "bun": {"bunfig.toml": f'[install]\nregistry = "{NOWHERE}"', ".npmrc": f"registry={NOWHERE}"},
}


def without_registry(client: Client) -> Client:
    """The client with none of the variables that name a registry: only its files do."""

    def settings(registry: str) -> dict[str, str]:
        told = client.settings(registry)
        plain = registry.rstrip("/")
        return {
            name: value
            for name, value in told.items()
            if value.rstrip("/") != plain and name != "YARN_UNSAFE_HTTP_WHITELIST"
        }

    return replace(client, settings=settings)


def manager_of(name: str) -> str:
    return name.rstrip("0123456789")


def project(folder: Path, client: str) -> Path:
    folder.mkdir()
    manifest = {"name": "p", "version": "1.0.0", "dependencies": {"left-widget": "^1.0.0"}}
    if client.startswith("yarn"):
        manifest["packageManager"] = f"yarn@{'1.22.22' if client == 'yarn1' else '4.18.1'}"
    (folder / "package.json").write_text(json.dumps(manifest))
    if client == "yarn4":
        (folder / "yarn.lock").write_text("")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    names = (".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", "pnpm-workspace.yaml")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


@pytest.mark.parametrize("stated", [False, True], ids=["fresh", "another registry"])
@pytest.mark.parametrize("name", [each.name for each in fields(Clients)])
def test_a_client_installs_from_where_setup_points(
    name: str, stated: bool, clients: Clients, registry: Registry, tmp_path: Path
) -> None:
    registry.publish("left-widget", "1.0.0")
    folder = project(tmp_path / "project", name)
    kind = name if name in FILES else manager_of(name)
    for file, text in FILES[kind].items() if stated else ():
        (folder / file).write_bytes(text.encode())
    before = files(folder)
    client = without_registry(clients[name])
    install = INSTALL[manager_of(name)] if name != "yarn1" else ["install"]

    main(["setup", manager_of(name), "--registry", registry.url, "--directory", str(folder)])
    ran = client.run(install, cwd=folder, registry=NOWHERE)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert registry.asked("left-widget/-/*")

    main(["setup", manager_of(name), "--undo", "--directory", str(folder)])
    assert files(folder) == before


@pytest.mark.parametrize("name", ["pnpm10", "pnpm11", "pnpm12"])
@pytest.mark.parametrize(
    "workspace",
    [f"registry: {NOWHERE}\n", f"registries:\n  default: {NOWHERE}\n",
     f"registries:\n  default: {NOWHERE}\n  '@corp': {NOWHERE}\n"],
    ids=["registry", "default", "default and a scope"],
)  # fmt: skip
def test_pnpm_follows_npmrc_where_its_workspace_file_says_no_more(
    name: str, workspace: str, clients: Clients, registry: Registry, tmp_path: Path
) -> None:
    registry.publish("left-widget", "1.0.0")
    folder = project(tmp_path / "project", name)
    (folder / "pnpm-workspace.yaml").write_text(f"packages:\n- .\n{workspace}")
    main(["setup", "pnpm", "--registry", registry.url, "--directory", str(folder)])
    client = without_registry(clients[name])
    ran = client.run(INSTALL["pnpm"], cwd=folder, registry=NOWHERE)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_control_without_setup_the_client_finds_nothing(
    clients: Clients, registry: Registry, tmp_path: Path
) -> None:
    registry.publish("left-widget", "1.0.0")
    folder = project(tmp_path / "project", "npm12")
    ran = without_registry(clients.npm12).run(["install"], cwd=folder, registry=NOWHERE)
    assert ran.returncode != 0
    assert not registry.asked("left-widget*")
