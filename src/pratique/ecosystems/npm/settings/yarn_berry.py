"""Settings of yarn 2 and later: .yarnrc.yml, and `dependenciesMeta` in package.json.

Keys: https://yarnpkg.com/configuration/yarnrc and /manifest (4.18, read 2026-11). yarn merges the
.yarnrc.yml of every directory above.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pratique.ecosystems.npm.manifest import Document
from pratique.ecosystems.npm.settings.draft import AGE, Draft
from pratique.ecosystems.npm.settings.durations import MINUTE, duration
from pratique.ecosystems.npm.settings.named import Named
from pratique.ecosystems.npm.settings.pnpm import read_document
from pratique.model.pin import Manager
from pratique.model.project import CodeForm, Settings
from pratique.syntax.text import Lines

FILE = ".yarnrc.yml"
CONSTRAINTS = "yarn.config.cjs"

SECRETS = ("npmAuthToken", "npmAuthIdent")
_AUTHORITIES = ("caFilePath", "httpsCaFilePath", "httpsCertFilePath", "httpsKeyFilePath")
_PROXIES = ("httpProxy", "httpsProxy")
_TABLES = ("npmRegistries", "npmScopes", "networkSettings")


def read_yarnrc(source: bytes, path: str, installer: Named) -> Settings:
    """The project settings of a .yarnrc.yml.

    `scripts_off` holds where it says `enableScripts: false`; `dependenciesMeta` may switch single
    packages on again, which `governed` looks at.

    Raises:
        ManifestError: It is malformed, or beyond a bound.
    """
    document, lines = read_document(source, path)
    draft = Draft(path, Manager.YARN_BERRY)
    _refusals(draft, document, lines)
    _registries(draft, document, lines)
    _age(draft, document, lines, installer)
    _code(draft, document, lines)
    runs = document.get("enableScripts")
    if is_false(runs) or is_true(runs):
        draft.scripts_off = is_false(runs)
    return draft.settings()


def read_dependencies_meta(
    document: Document, lines: Lines, path: str, installer: Named
) -> Settings:  # fmt: skip
    """`dependenciesMeta.<name or name@version>.built` of a package.json."""
    draft = Draft(path, Manager.YARN_BERRY)
    listed = document.get("dependenciesMeta")
    if installer.manager is not Manager.YARN_BERRY or not isinstance(listed, dict):
        return draft.settings()
    for selector, meta in listed.items():
        if isinstance(meta, dict) and isinstance(meta.get("built"), bool):
            line = lines.of("dependenciesMeta", selector, "built")
            draft.approve(selector, meta["built"], line)
    return draft.settings()


def is_false(value: object) -> bool:
    """Yarn reads every scalar as text, and takes "0" for false, too."""
    return value is False or value in ("false", "0", 0)


def is_true(value: object) -> bool:
    """The counterpart of `is_false`."""
    return value is True or value in ("true", "1", 1)


def _refusals(draft: Draft, document: Document, lines: Lines) -> None:
    _refused(draft, document, lines, ())
    if is_false(document.get("enableStrictSsl")):
        why = "a project's file may not switch certificate verification off"
        draft.refuse("enableStrictSsl", why, lines.of("enableStrictSsl"))
    for table in _TABLES:
        members = document.get(table)
        if isinstance(members, Mapping):
            for name, settings in members.items():
                if isinstance(settings, Mapping):
                    _refused(draft, settings, lines, (table, str(name)))


def _refused(draft: Draft, settings: Document, lines: Lines, above: tuple[str, ...]) -> None:
    reasons = {
        **dict.fromkeys(SECRETS, "credentials of a project's file are not used"),
        **dict.fromkeys(_AUTHORITIES, "a project's file may not choose certificate authorities"),
        **dict.fromkeys(_PROXIES, "a project's file may not choose a proxy"),
    }
    for key in settings:
        if key in reasons and settings[key] is not None:
            draft.refuse(".".join((*above, key)), reasons[key], lines.of(*above, key))


def _registries(draft: Draft, document: Document, lines: Lines) -> None:
    key = "npmRegistryServer"
    if key in document:
        draft.registry = draft.address(key, document[key], lines.of(key))
    scopes = document.get("npmScopes")
    for name, settings in scopes.items() if isinstance(scopes, Mapping) else ():
        if isinstance(settings, Mapping) and key in settings:
            line = lines.of("npmScopes", name, key)
            stated = draft.address(f"npmScopes.{name}.{key}", settings[key], line)
            if stated:
                draft.scopes[f"@{name}"] = stated


def _age(draft: Draft, document: Document, lines: Lines, installer: Named) -> None:
    key = "npmMinimalAgeGate"
    if key in document and installer.at_least(4, 10) is False:
        draft.kill(key, "yarn knows it from 4.10 on", lines.of(key), AGE)
    elif key in document:
        gate: timedelta | None = duration(document[key], MINUTE, suffixes=True)
        draft.cool(key, gate, lines.of(key))
    approved = document.get("npmPreapprovedPackages")
    for index, selector in enumerate(approved if isinstance(approved, list) else ()):
        if isinstance(selector, str):
            draft.exclude(selector, lines.of("npmPreapprovedPackages", index))


def _code(draft: Draft, document: Document, lines: Lines) -> None:
    release = document.get("yarnPath")
    if isinstance(release, str) and release:
        draft.run(CodeForm.YARN_PATH, release, lines.of("yarnPath"))
    plugins = document.get("plugins")
    for index, plugin in enumerate(plugins if isinstance(plugins, list) else ()):
        path = plugin.get("path") if isinstance(plugin, Mapping) else plugin
        if isinstance(path, str):
            draft.run(CodeForm.YARN_PLUGIN, path, lines.of("plugins", index))
    if is_true(document.get("enableConstraintsChecks")):
        draft.run(CodeForm.YARN_CONSTRAINTS, CONSTRAINTS, lines.of("enableConstraintsChecks"))
