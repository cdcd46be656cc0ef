"""Settings of bun: bunfig.toml, and `trustedDependencies` in package.json.

Keys: https://bun.com/docs/runtime/bunfig (1.4, read 2026-11). bun also reads .npmrc (npm.py); it
does not look for bunfig.toml in the directories above.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping

from pratique.ecosystems.npm.manifest import Document
from pratique.ecosystems.npm.settings.draft import Draft
from pratique.ecosystems.npm.settings.durations import SECOND, duration
from pratique.ecosystems.npm.settings.named import Named
from pratique.errors import ManifestError
from pratique.model.pin import Location, Manager
from pratique.model.project import Settings
from pratique.syntax.text import Bounds, Lines, TextError, decoded

FILE = "bunfig.toml"
ENVIRONMENTS = (".env.production.local", ".env.local", ".env.production", ".env")
"""Files of variables that `bun install` reads, strongest first; they outrank its settings."""

_VARIABLE = re.compile(
    r"""^\s*(?:export\s+)?(?:bun_config_registry|npm_config_registry)\s*[=:]\s*"""
    r"""("[^"\n]*"|'[^'\n]*'|[^\s#]*)""",
    re.IGNORECASE | re.MULTILINE,
)

_BOUNDS = Bounds(max_bytes=64 * 1024)
_MOST_DOTS = 2000
"""tomllib takes the square of a dotted key's length in time."""
_LINE_OF_ERROR = re.compile(r" \(at line (\d+), column \d+\)")
_SECRETS = ("token", "username", "password")


def read_install(source: bytes) -> tuple[Document, Lines]:
    """The `[install]` table of a bunfig.toml, and the lines of its keys as far as told apart.

    Raises:
        TextError: It is not TOML, or beyond a bound.
    """
    text = decoded(source, _BOUNDS)
    if text.count(".") > _MOST_DOTS:
        raise TextError(1, f"more than {_MOST_DOTS} dots")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE_OF_ERROR.search(str(error))
        message = _LINE_OF_ERROR.sub("", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise TextError(line, f"not TOML: {message}") from None
    except (ValueError, RecursionError):
        raise TextError(1, "not TOML: a value that cannot be read") from None
    install = document.get("install")
    return (install if isinstance(install, dict) else {}), _lines(text)


def _lines(text: str) -> Lines:
    """TOML is read without positions: the first line that begins with a key, by its last name."""
    found: dict[str | int, int | tuple[int, Mapping[str | int, int]]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name = re.match(r"""\s*\[?\s*(?:install\.)?["']?([@\w./-]+)["']?\s*[\]=.]""", line)
        if name:
            found.setdefault(name[1], number)
    return Lines((1, found))


def read_bunfig(source: bytes, path: str) -> Settings:
    """The project settings of a bunfig.toml.

    Raises:
        ManifestError: It is malformed, or beyond a bound.
    """
    try:
        install, lines = read_install(source)
    except TextError as error:
        raise ManifestError(path, error.line, error.message) from None
    draft = Draft(path, Manager.BUN)
    _registries(draft, install, lines)
    for key in ("ca", "cafile"):
        if key in install:
            why = "a project's file may not choose certificate authorities"
            draft.refuse(f"install.{key}", why, lines.of(key))
    if "minimumReleaseAge" in install:
        line = lines.of("minimumReleaseAge")
        draft.cool("minimumReleaseAge", duration(install["minimumReleaseAge"], SECOND), line)
    for selector in _texts(install.get("minimumReleaseAgeExcludes")):
        draft.exclude(selector, lines.of("minimumReleaseAgeExcludes"))
    ignored = install.get("ignoreScripts")
    draft.scripts_off = ignored if isinstance(ignored, bool) else None
    return draft.settings()


def read_environment(source: bytes, path: str) -> Settings:
    """The registry that a file of variables names; nothing else of it is looked at or kept.

    Raises:
        ManifestError: It is not UTF-8, or beyond a bound.
    """
    try:
        text = decoded(source, _BOUNDS)
    except TextError as error:
        raise ManifestError(path, error.line, error.message) from None
    draft = Draft(path, Manager.BUN)
    for found in _VARIABLE.finditer(text):
        line = text.count("\n", 0, found.start(1)) + 1
        value = found[1].strip("\"'")
        named = None if value.startswith("$") else value  # bun expands "$NAME"
        draft.registry = draft.address("registry", named, line) or draft.registry
    return draft.settings()


def _registries(draft: Draft, install: Document, lines: Lines) -> None:
    if "registry" in install:
        draft.registry = _registry(draft, "registry", install["registry"], lines.of("registry"))
    scopes = install.get("scopes")
    for name, value in scopes.items() if isinstance(scopes, Mapping) else ():
        stated = _registry(draft, f"scopes.{name}", value, lines.of(name))
        if stated:
            draft.scopes[name if name.startswith("@") else f"@{name}"] = stated


def _registry(draft: Draft, key: str, value: object, line: int) -> tuple[str, Location] | None:
    """A registry: an address, or a table of an address and its secrets."""
    if isinstance(value, Mapping):
        for secret in _SECRETS:
            if secret in value:
                why = "credentials of a project's file are not used"
                draft.refuse(f"install.{key}.{secret}", why, line)
        value = value.get("url", "")
    if isinstance(value, str) and value.startswith("$"):  # bun expands "$NAME"
        value = None
    return draft.address(f"install.{key}", value, line)


def read_trusted(document: Document, lines: Lines, path: str, installer: Named) -> Settings:
    """`trustedDependencies` of a package.json: names, for every version."""
    draft = Draft(path, Manager.BUN)
    if installer.manager is Manager.BUN:
        listed = document.get("trustedDependencies")
        for index, name in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(name, str):
                draft.approve(name, True, lines.of("trustedDependencies", index))  # noqa: FBT003 - listed is trusted
    return draft.settings()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (text for text in value if isinstance(text, str))
