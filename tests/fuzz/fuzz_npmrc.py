"""Fuzz target: .npmrc and .yarnrc, as a project's and as the user's."""

from __future__ import annotations

from contextlib import suppress

from pratique.ecosystems.npm.settings import npm, yarn_classic
from pratique.ecosystems.npm.settings.named import Named
from pratique.ecosystems.npm.settings.user import UserFile, read_registries
from pratique.errors import ManifestError, SettingsError
from pratique.model.pin import Manager


def one(data: bytes) -> None:
    """Nothing but ManifestError and SettingsError escapes, and no URL gets a foreign secret."""
    for manager in Manager:
        with suppress(ManifestError):
            npm.read_npmrc(data, ".npmrc", Named(manager, (11, 0, 0)))
    with suppress(ManifestError):
        yarn_classic.read_yarnrc(data, ".yarnrc")
    for manager in (Manager.NPM, Manager.YARN_CLASSIC):
        with suppress(SettingsError):
            registries = read_registries([UserFile(manager, "settings", data)], {"HOME": "x"})
            registries.credential_for("https://registry.example/left")
