"""Fuzz target: package.json, its requirements and the settings in it."""

from __future__ import annotations

from contextlib import suppress

from pratique.ecosystems.npm.manifest import read_manifest
from pratique.ecosystems.npm.projects import read_repository
from pratique.errors import ManifestError
from pratique.model.tree import Tree

_LOCKS = {
    "package-lock.json": b'{"lockfileVersion": 3, "packages": {"": {}}}',
    "bun.lock": b'{"lockfileVersion": 1, "workspaces": {"": {"name": "x"}}, "packages": {}}',
    "yarn.lock": b"# yarn lockfile v1\n",
}


def one(data: bytes) -> None:
    """Nothing but ManifestError escapes, and from a repository not even that."""
    with suppress(ManifestError):
        read_manifest(data, "package.json")
    for name, lock in _LOCKS.items():
        files = {"package.json": data, "packages/a/package.json": data, name: lock}
        read_repository(Tree(files, frozenset(files)))
