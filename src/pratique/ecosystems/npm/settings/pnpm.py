"""Settings of pnpm: pnpm-workspace.yaml, and `pnpm` in package.json (up to 10).

Keys: https://pnpm.io/settings and https://pnpm.io/10.x/settings, read 2026-11. What pnpm up to 10
takes from .npmrc is in npm.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pratique.ecosystems.npm.addresses import classify_tarball
from pratique.ecosystems.npm.manifest import Document
from pratique.ecosystems.npm.settings.draft import AGE, BUILDS, Draft
from pratique.ecosystems.npm.settings.durations import MINUTE, duration
from pratique.ecosystems.npm.settings.named import Named
from pratique.ecosystems.npm.settings.npm import why_refused
from pratique.ecosystems.npm.versions import is_version
from pratique.errors import ManifestError
from pratique.model.package import Digest
from pratique.model.pin import Location, Manager, Pin, Source
from pratique.model.project import CodeForm, Settings
from pratique.syntax.text import SETTINGS, Lines, TextError
from pratique.syntax.yaml import read_yaml

FILE = "pnpm-workspace.yaml"
PNPMFILES = (".pnpmfile.mjs", ".pnpmfile.cjs")
"""Code that pnpm runs when it installs; `.mjs` from 11 on."""

_LISTS = {
    "onlyBuiltDependencies": True,
    "neverBuiltDependencies": False,
    "ignoredBuiltDependencies": False,
}
_DASHED = {
    "strictSsl": "strict-ssl",
    "httpsProxy": "https-proxy",
    "httpProxy": "http-proxy",
    "noProxy": "noproxy",
}
_LIST_GONE = "pnpm 11 and later ignore it; `allowBuilds` took its place"
_FIELD_GONE = "pnpm 11 and later do not read `pnpm` in package.json"


def read_document(source: bytes, path: str) -> tuple[Document, Lines]:
    """The mapping that a YAML settings file holds; an empty file is an empty mapping.

    Raises:
        ManifestError: It is malformed, or beyond a bound.
    """
    try:
        documents = read_yaml(source, SETTINGS)
    except TextError as error:
        raise ManifestError(path, error.line, error.message) from None
    if len(documents) > 1:
        raise ManifestError(path, documents[1][1].of(), "more than one YAML document")
    value, lines = documents[0] if documents else ({}, Lines(1))
    if value is None:
        return {}, lines
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ManifestError(path, 1, "not a mapping of settings")
    return value, lines


def read_workspace(source: bytes, path: str, installer: Named) -> Settings:
    """The settings of a pnpm-workspace.yaml.

    Raises:
        ManifestError: It is malformed, or beyond a bound.
    """
    document, lines = read_document(source, path)
    draft = Draft(path, Manager.PNPM)
    _registries(draft, document, lines)
    _builds(draft, document, lines, installer)
    _age(draft, document, lines, installer)
    draft.scripts_off = _decided(document.get("ignoreScripts"))
    draft.command(document.get("scriptShell"), lines.of("scriptShell"))
    draft.node_options(document.get("nodeOptions"), lines.of("nodeOptions"))
    if document.get("lockfile") is False and installer.at_least(11, 0) is not False:
        draft.unlock("lockfile: false", lines.of("lockfile"))
    for file in _texts(document.get("pnpmfile")):
        draft.run(CodeForm.PNPMFILE, file, lines.of("pnpmfile"))
    return draft.settings()


def read_packages(source: bytes, path: str) -> tuple[str, ...]:
    """The workspace globs of a pnpm-workspace.yaml, negations (`!`) included.

    Raises:
        ManifestError: It is malformed, or beyond a bound.
    """
    document, lines = read_document(source, path)
    globs = document.get("packages")
    if globs is None:
        return ()
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        raise ManifestError(path, lines.of("packages"), "packages is not a list of patterns")
    return tuple(globs)


def read_catalogs(source: bytes, path: str) -> dict[str, str]:
    """`catalog name/package` -> specifier; the default catalog is `default`.

    Raises:
        ManifestError: It is malformed, or beyond a bound.
    """
    document, _ = read_document(source, path)
    named = document.get("catalogs")
    catalogs = {"default": document.get("catalog"), **(named if isinstance(named, dict) else {})}
    return {
        f"{catalog}/{name}": specifier
        for catalog, members in catalogs.items()
        if isinstance(members, dict)
        for name, specifier in members.items()
        if isinstance(specifier, str)
    }


def read_config_dependencies(source: bytes, path: str) -> tuple[Pin, ...]:
    """What pnpm installs before anything else, and whose pnpmfiles it then runs.

    pnpm 10 locks it here and nowhere else: `name: 1.0.0+<integrity>`, or with a `tarball` beside
    the `integrity`. From 11 on it stands in the lockfile; what is no such text is not locked here.

    Raises:
        ManifestError: It is malformed, or beyond a bound.
    """
    document, lines = read_document(source, path)
    found = []
    for name, value in _members(document, "configDependencies"):
        fields = value if isinstance(value, dict) else {"integrity": value}
        version, plus, integrity = str(fields.get("integrity", "")).partition("+")
        if not plus or not is_version(version):
            continue
        url, line = fields.get("tarball"), lines.of("configDependencies", name)
        at = {each: lines.of("configDependencies", name, each) for each in fields}
        stated = url if isinstance(url, str) and url else None
        found.append(
            Pin(
                key=f"config:{name}",
                name=name,
                version=version,
                where=Location(path, line),
                source=classify_tarball(stated, name, version) if stated else Source.REGISTRY,
                url=stated,
                digests=Digest.from_sri(integrity),
                integrity=integrity,
                url_line=at.get("tarball") if stated else None,
                digest_line=at["integrity"] if isinstance(value, dict) else line,
                direct=True,
            )
        )
    return tuple(found)


def read_pnpm_field(document: Document, lines: Lines, path: str, installer: Named) -> Settings:
    """`pnpm` of a package.json: where pnpm up to 10 keeps its build lists."""
    draft = Draft(path, Manager.PNPM)
    field = document.get("pnpm")
    if installer.manager is not Manager.PNPM or not isinstance(field, dict):
        return draft.settings()
    for key, selectors in _build_lists(field):
        line = lines.of("pnpm", key)
        if installer.at_least(11, 0):
            draft.kill(f"pnpm.{key}", _FIELD_GONE, line, BUILDS)
            continue
        for index, selector in enumerate(selectors):
            draft.approve(selector, _LISTS[key], lines.of("pnpm", key, index))
    return draft.settings()


def _build_lists(document: Document) -> Iterator[tuple[str, tuple[str, ...]]]:
    return ((key, _texts(document[key])) for key in _LISTS if key in document)


def _registries(draft: Draft, document: Document, lines: Lines) -> None:
    for key in document:
        why = why_refused(_DASHED.get(key, key))
        if why is not None:
            draft.refuse(key, why, lines.of(key))
    if "registry" in document:
        draft.registry = draft.address("registry", document["registry"], lines.of("registry"))
    for name, value in _members(document, "registries"):
        _registry(draft, name, value, lines.of("registries", name))
    for name, value in _members(document, "namedRegistries"):
        line = lines.of("namedRegistries", name)
        stated = draft.address(f"namedRegistries.{name}", value, line)
        if stated:
            draft.named_registries[name] = stated


def _registry(draft: Draft, name: str, value: object, line: int) -> None:
    """`registries`: scope -> URL, or (from 11.23) URL -> its scopes and prefix."""
    if not isinstance(value, dict):
        stated = draft.address(f"registries.{name}", value, line)
        if stated and name == "default":
            draft.registry = stated
        elif stated:
            draft.scopes[name] = stated
        return
    stated = draft.address("registries", name, line)
    if stated is None:
        return
    for scope in _texts(value.get("scopes")):
        if scope == "@":
            draft.registry = stated
        else:
            draft.scopes[scope] = stated
    for prefix in _texts(value.get("prefix")):
        draft.named_registries[prefix] = stated


def _builds(draft: Draft, document: Document, lines: Lines, installer: Named) -> None:
    for key, selectors in _build_lists(document):
        if installer.at_least(11, 0):
            draft.kill(key, _LIST_GONE, lines.of(key), BUILDS)
            continue
        for index, selector in enumerate(selectors):
            draft.approve(selector, _LISTS[key], lines.of(key, index))
    permitted = dict(_permissions(document, installer))
    for name, value in _members(document, "allowBuilds"):
        line = lines.of("allowBuilds", name)
        if installer.at_least(10, 26) is False:
            draft.kill(f"allowBuilds.{name}", "pnpm knows it from 10.26 on", line, BUILDS)
        elif name in permitted:
            draft.kill(f"allowBuilds.{name}", "`permissions` overrides it", line, BUILDS)
        else:
            draft.approve(name, _decided(value), line)
    for name, value in permitted.items():
        draft.approve(name, _decided(value), lines.of("permissions", name))
    if document.get("dangerouslyAllowAllBuilds") is True:
        draft.approve("*", True, lines.of("dangerouslyAllowAllBuilds"))  # noqa: FBT003 - the entry's value


def _permissions(document: Document, installer: Named) -> Iterator[tuple[str, object]]:
    """`permissions` (12.11+): package -> {build: true}; those that say something of builds."""
    if installer.at_least(12, 11) is False:
        return
    for name, value in _members(document, "permissions"):
        if isinstance(value, dict) and "build" in value:
            yield name, value["build"]


def _decided(value: object) -> bool | None:
    """`true` and `false`; anything else, as pnpm's placeholder of a build, decides nothing."""
    return value if isinstance(value, bool) else None


def _age(draft: Draft, document: Document, lines: Lines, installer: Named) -> None:
    key = "minimumReleaseAge"
    old = installer.at_least(10, 16) is False
    if key in document and old:
        draft.kill(key, "pnpm knows it from 10.16 on", lines.of(key), AGE)
    elif key in document:
        draft.cool(key, duration(document[key], MINUTE), lines.of(key))
    for index, selector in enumerate(_texts(document.get(f"{key}Exclude"))):
        draft.exclude(selector, lines.of(f"{key}Exclude", index))


def _members(document: Document, key: str) -> Iterator[tuple[str, object]]:
    members = document.get(key)
    if isinstance(members, Mapping):
        yield from ((name, value) for name, value in members.items() if isinstance(name, str))


def _texts(value: object) -> tuple[str, ...]:
    """A text, or a list's texts."""
    if isinstance(value, str):
        return (value,)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()
