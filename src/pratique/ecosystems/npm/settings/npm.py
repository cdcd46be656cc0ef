"""Settings of npm: .npmrc, and `allowScripts` in package.json.

pnpm up to 10, yarn classic and bun read .npmrc, too; what it means for them is decided here, since
it is the file's dialect. Keys: `npm help config` of 12.2, https://pnpm.io/10.x/settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pratique.ecosystems.npm.manifest import Document
from pratique.ecosystems.npm.settings.draft import AGE, BUILDS, Draft
from pratique.ecosystems.npm.settings.durations import DAY, MINUTE, duration
from pratique.ecosystems.npm.settings.ini import Entry, has_variable, read_ini
from pratique.ecosystems.npm.settings.named import Named
from pratique.errors import ManifestError
from pratique.model.pin import Manager
from pratique.model.project import CodeForm, Settings
from pratique.syntax.text import Lines, TextError

FILE = ".npmrc"
EXTENSIONS = (".npm-extension.mjs", ".npm-extension.cjs", ".npm-extension.js")
"""Code that npm 12 runs before it resolves (`npm help npm-extension`)."""

_SECRETS = frozenset({"_auth", "_authtoken", "_password", "username", "email", "certfile",
                      "keyfile", "cert", "key", "tokenhelper", "otp"})  # fmt: skip
_AUTHORITIES = frozenset({"ca", "cafile", "strict-ssl", "ca[]"})
_PROXIES = frozenset({"proxy", "https-proxy", "http-proxy", "noproxy", "no-proxy"})
_PNPM_LISTS = {
    "only-built-dependencies": True,
    "never-built-dependencies": False,
    "ignored-built-dependencies": False,
}
_LISTS = frozenset({*_PNPM_LISTS, "min-release-age-exclude", "minimum-release-age-exclude"})
_LOCKS = {Manager.NPM: ("package-lock", "shrinkwrap"), Manager.PNPM: ("lockfile",)}
"""What npm calls its lockfile (of `npm install`; `npm ci` keeps to it), and pnpm up to 10."""
_NAMED_BY_ENVIRONMENT = "a project's file may not take a setting's name from the environment"
_MOVED = "pnpm 11 and later read only registries and credentials from .npmrc"


def read_npmrc(source: bytes, path: str, installer: Named) -> Settings:
    """The project settings of an .npmrc, as the manager that installs the project takes them.

    Credentials, authorities and proxies of a project's file are never honoured: they are in
    `refused`, by key, without their value.

    Raises:
        ManifestError: It is malformed, or beyond a bound.
    """
    try:
        entries = read_ini(source)
    except TextError as error:
        raise ManifestError(path, error.line, error.message) from None
    draft = Draft(path, installer.manager)
    for entry in entries:
        _take(draft, entry, installer)
    return draft.settings()


def _take(draft: Draft, entry: Entry, installer: Named) -> None:
    why = why_refused(entry.key)
    if why is not None:
        draft.refuse(entry.key, why, entry.line)
    elif has_variable(entry.key):
        draft.refuse(entry.key, _NAMED_BY_ENVIRONMENT, entry.line)
    elif entry.is_further and entry.key not in _LISTS:
        return
    elif entry.key == "registry":
        draft.registry = draft.address(entry.key, entry.value, entry.line) or draft.registry
    elif entry.key.endswith(":registry") and entry.key.startswith("@"):
        _scope(draft, entry)
    elif (reader := _READERS.get(entry.key)) is not None:
        reader(draft, entry, installer)


def why_refused(key: str) -> str | None:
    """Why a project's file may not state `key` (DECISIONS 14); None where it may."""
    name = key.rpartition(":")[2].lower() if key.startswith("//") else key.lower()
    if name in _SECRETS:
        return "credentials of a project's file are not used"
    if name in _AUTHORITIES:
        return "a project's file may not choose certificate authorities"
    if name in _PROXIES:
        return "a project's file may not choose a proxy"
    return None


def _scope(draft: Draft, entry: Entry) -> None:
    stated = draft.address(entry.key, entry.value, entry.line)
    if stated:
        draft.scopes[entry.key.removesuffix(":registry")] = stated


def _replaced(draft: Draft, entry: Entry, installer: Named) -> None:
    if installer.manager is Manager.NPM:
        draft.replaced_host = entry.value.strip().lower()


def _unlocked(draft: Draft, entry: Entry, installer: Named) -> None:
    moved = installer.manager is Manager.PNPM and installer.at_least(11, 0)
    if entry.value == "false" and entry.key in _LOCKS.get(installer.manager, ()) and not moved:
        draft.unlock(f"{entry.key}=false", entry.line)


def _npm_age(draft: Draft, entry: Entry, installer: Named) -> None:
    if installer.manager is not Manager.NPM:
        draft.kill(entry.key, f"{installer.manager} does not read it", entry.line, AGE)
    elif installer.at_least(11, 10) is False:
        draft.kill(entry.key, "npm knows it from 11.10 on", entry.line, AGE)
    else:
        draft.cool(entry.key, duration(entry.value, DAY), entry.line)


def _npm_age_exclusion(draft: Draft, entry: Entry, installer: Named) -> None:
    if installer.manager is Manager.NPM:
        draft.exclude(entry.value, entry.line)


def _pnpm_age(draft: Draft, entry: Entry, installer: Named) -> None:
    if _dead_for_pnpm(draft, entry, installer, AGE):
        return
    if installer.at_least(10, 16) is False:
        draft.kill(entry.key, "pnpm knows it from 10.16 on", entry.line, AGE)
    else:
        draft.cool(entry.key, duration(entry.value, MINUTE), entry.line)


def _pnpm_age_exclusion(draft: Draft, entry: Entry, installer: Named) -> None:
    if not _dead_for_pnpm(draft, entry, installer, AGE):
        draft.exclude(entry.value, entry.line)


def _pnpm_builds(draft: Draft, entry: Entry, installer: Named) -> None:
    if not _dead_for_pnpm(draft, entry, installer, BUILDS):
        draft.approve(entry.value, _PNPM_LISTS[entry.key], entry.line)


def _dead_for_pnpm(draft: Draft, entry: Entry, installer: Named, layer: str) -> bool:
    if installer.manager is not Manager.PNPM:
        draft.kill(entry.key, f"{installer.manager} does not read it", entry.line, layer)
    elif installer.at_least(11, 0):
        draft.kill(entry.key, _MOVED, entry.line, layer)
    else:
        return False
    return True


def _scripts(draft: Draft, entry: Entry, installer: Named) -> None:
    is_off = entry.value == "true"
    if installer.manager is Manager.PNPM and installer.at_least(11, 0):
        if is_off:
            draft.kill(entry.key, _MOVED, entry.line, BUILDS)
    elif installer.manager is not Manager.YARN_BERRY:
        draft.scripts_off = is_off  # of a repeated key the last one holds


def _all_scripts(draft: Draft, entry: Entry, installer: Named) -> None:
    if entry.value == "true" and installer.manager is Manager.NPM:
        draft.approve("*", True, entry.line)  # noqa: FBT003 - the entry's value


def _command(draft: Draft, entry: Entry, installer: Named) -> None:
    if _is_read(entry, installer):
        draft.command(entry.value, entry.line)


def _node_options(draft: Draft, entry: Entry, installer: Named) -> None:
    if _is_read(entry, installer):
        draft.node_options(entry.value, entry.line)


def _is_read(entry: Entry, installer: Named) -> bool:
    if installer.manager is Manager.PNPM:
        return entry.key != "git" and not installer.at_least(11, 0)
    return installer.manager is Manager.NPM


def _extension(draft: Draft, entry: Entry, installer: Named) -> None:
    if installer.manager is Manager.NPM:
        draft.run(CodeForm.NPM_EXTENSION, entry.value, entry.line)


def _pnpmfile(draft: Draft, entry: Entry, installer: Named) -> None:
    if installer.manager is Manager.PNPM and not installer.at_least(11, 0):
        draft.run(CodeForm.PNPMFILE, entry.value, entry.line)


_READERS: Mapping[str, Callable[[Draft, Entry, Named], None]] = MappingProxyType({
    "min-release-age": _npm_age,
    "min-release-age-exclude": _npm_age_exclusion,
    "minimum-release-age": _pnpm_age,
    "minimum-release-age-exclude": _pnpm_age_exclusion,
    **dict.fromkeys(_PNPM_LISTS, _pnpm_builds),
    "replace-registry-host": _replaced,
    "ignore-scripts": _scripts,
    **dict.fromkeys(("package-lock", "shrinkwrap", "lockfile"), _unlocked),
    "dangerously-allow-all-scripts": _all_scripts,
    "extension-file": _extension,
    **dict.fromkeys(("script-shell", "git"), _command),
    "node-options": _node_options,
    "pnpmfile": _pnpmfile,
})  # fmt: skip


def read_allow_scripts(
    document: Document, lines: Lines, path: str, installer: Named
) -> Settings:  # fmt: skip
    """`allowScripts` of a package.json: name or name@version -> true or false (npm 11.10+)."""
    draft = Draft(path, Manager.NPM)
    listed = document.get("allowScripts")
    if installer.manager is Manager.NPM and isinstance(listed, dict):
        for selector, value in listed.items():
            allowed = value if isinstance(value, bool) else None
            draft.approve(selector, allowed, lines.of("allowScripts", selector))
    return draft.settings()
