"""What each client is told in order to install, and which clients a run of the tests drives."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from tests.clients import Client, Clients

EVERY = tuple(each.name for each in fields(Clients))
FAMILIES = ("npm12", "pnpm11", "yarn1", "yarn4", "bun")
"""One client of each family: what a test that is always run drives."""
FOLLOWS = frozenset({"yarn1", "bun"})
"""Kinds that fetch from the address in their lockfile, whatever registry they are configured for.
npm 10 and 11 do so without `replace-registry-host=always`, which `pratique setup` writes."""
NOWHERE = "http://127.0.0.1:9/"
"""A registry that nobody listens at."""

_INSTALL = {
    "npm": ["install"],
    "pnpm": ["install", "--no-frozen-lockfile"],
    "yarn1": ["install"],
    "yarn4": ["install", "--no-immutable"],
    "bun": ["install"],
}
_FROZEN = {
    "npm": ["ci"],
    "pnpm": ["install", "--frozen-lockfile"],
    "yarn1": ["install", "--frozen-lockfile"],
    "yarn4": ["install", "--immutable"],
    "bun": ["install", "--frozen-lockfile"],
}
_WITHOUT_SCRIPTS = {"yarn4": "--mode=skip-build"}
_OPEN = {
    "npm": {".npmrc": "allow-git=all\n"},
    "pnpm": {
        "pnpm-workspace.yaml": (
            "minimumReleaseAge: 0\nblockExoticSubdeps: false\nstrictDepBuilds: false\n"
        )
    },
    "yarn4": {
        ".yarnrc.yml": (
            "nodeLinker: node-modules\nnpmMinimalAgeGate: 0\napprovedGitRepositories: ['**']\n"
        )
    },
}
_LOCKFILES = {
    "npm": "package-lock.json",
    "pnpm": "pnpm-lock.yaml",
    "yarn1": "yarn.lock",
    "yarn4": "yarn.lock",
    "bun": "bun.lock",
}


def each_client(always: Collection[str] = FAMILIES) -> list[Any]:
    """Every client, for `parametrize`; those that are not in `always` only in `make e2e-full`."""
    return [
        name if name in always else pytest.param(name, marks=pytest.mark.full) for name in EVERY
    ]


def kind_of(name: str) -> str:
    """`npm`, `pnpm`, `yarn1`, `yarn4` or `bun`: clients of one kind take the same arguments."""
    return name if name.startswith("yarn") else name.rstrip("0123456789")


def manager_of(name: str) -> str:
    """As `pratique setup` is told."""
    return name.rstrip("0123456789")


def lockfile_of(name: str) -> str:
    return _LOCKFILES[kind_of(name)]


def open_settings(name: str, project: Path) -> None:
    """Write the settings with which the client itself holds nothing back: no age, no source."""
    for file, text in _OPEN.get(kind_of(name), {}).items():
        (project / file).write_text(text)
    if name == "yarn4":
        (project / "yarn.lock").touch()


def install(name: str, *, frozen: bool = False, scripts: bool = True) -> list[str]:
    """The arguments that install a project: as its lockfile says, where that is `frozen`."""
    kind = kind_of(name)
    without = [] if scripts else [_WITHOUT_SCRIPTS.get(kind, "--ignore-scripts")]
    return [*(_FROZEN if frozen else _INSTALL)[kind], *without]


def by_its_files(client: Client) -> Client:
    """The client with no variable that names a registry: only its settings files do."""

    def settings(registry: str) -> dict[str, str]:
        told, plain = client.settings(registry), registry.rstrip("/")
        return {
            name: value
            for name, value in told.items()
            if value.rstrip("/") != plain and name != "YARN_UNSAFE_HTTP_WHITELIST"
        }

    return replace(client, settings=settings)
