"""Fuzz target: pnpm-workspace.yaml, .yarnrc.yml and bunfig.toml, a project's and the user's."""

from __future__ import annotations

from contextlib import suppress

from pratique.ecosystems.npm.settings import bun, pnpm, yarn_berry
from pratique.ecosystems.npm.settings.named import Named
from pratique.ecosystems.npm.settings.user import UserFile, read_registries
from pratique.errors import ManifestError, SettingsError
from pratique.model.pin import Manager


def one(data: bytes) -> None:
    """Nothing but ManifestError and SettingsError escapes."""
    for version in ((9, 0, 0), (12, 12, 0)):
        with suppress(ManifestError):
            pnpm.read_workspace(data, pnpm.FILE, Named(Manager.PNPM, version))
    with suppress(ManifestError):
        pnpm.read_packages(data, pnpm.FILE)
    with suppress(ManifestError):
        pnpm.read_catalogs(data, pnpm.FILE)
    with suppress(ManifestError):
        yarn_berry.read_yarnrc(data, yarn_berry.FILE, Named(Manager.YARN_BERRY))
    with suppress(ManifestError):
        bun.read_bunfig(data, bun.FILE)
    for manager in (Manager.YARN_BERRY, Manager.BUN):
        with suppress(SettingsError):
            read_registries([UserFile(manager, "settings", data)], {})
