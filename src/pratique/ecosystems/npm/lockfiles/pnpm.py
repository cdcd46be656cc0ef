"""pnpm-lock.yaml: 5.x (pnpm 3 to 7), 6.x (pnpm 8), 9.0 (pnpm 9 to 12), 13.0 (pnpm 12, by choice).

pnpm 11 and later put a document of their own in front: the manager's binaries and configuration
dependencies. Its pins are the lockfile's `environment`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pratique.ecosystems.npm.lockfiles import pnpm_keys as keys
from pratique.ecosystems.npm.lockfiles.graph import Reach, reach
from pratique.ecosystems.npm.lockfiles.pnpm_entries import bound_of, disagreements, origin_of
from pratique.ecosystems.npm.lockfiles.pnpm_graph import Graph
from pratique.ecosystems.npm.lockfiles.pnpm_projects import importers, reference_of
from pratique.ecosystems.npm.lockfiles.pnpm_shape import Document, Fields
from pratique.errors import LockfileError
from pratique.model.pin import Importer, Location, Lockfile, Manager, Pin
from pratique.syntax.text import TextError
from pratique.syntax.yaml import read_yaml

_SETTINGS = (
    "pnpmfileChecksum",
    "packageExtensionsChecksum",
    "neverBuiltDependencies",
    "onlyBuiltDependencies",
    "ignoredOptionalDependencies",
)


_HINT = "pratique reads 5.x, 6.0, 9.0 and 13.0: a newer pratique may read it"


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How the keys of one family of versions are read, and where its sections are."""

    parse: Callable[[str], keys.Key]
    refer: keys.Refer
    projects: str = "importers"
    has_build_flag: bool = False
    is_flat: bool = False


_FIVE = _Dialect(keys.parse_slash, keys.refer_slash, has_build_flag=True)
_SIX = _Dialect(keys.parse_slash_at, keys.refer_slash_at, has_build_flag=True)
_NINE = _Dialect(keys.parse_at, keys.refer_at)
_THIRTEEN = _Dialect(keys.parse_at, keys.refer_at, "projects", is_flat=True)
_DIALECTS = {
    **dict.fromkeys(("5", "5.0", "5.1", "5.2", "5.3", "5.4"), _FIVE),
    **dict.fromkeys(("6.0", "6.1"), _SIX),
    "9.0": _NINE,
    "13.0": _THIRTEEN,
}


def read(source: bytes, path: str) -> Lockfile:
    """The pins of a pnpm-lock.yaml, one for each entry under `packages`.

    Raises:
        LockfileError: It is malformed, of an unknown version, or beyond a bound.
    """
    try:
        documents = read_yaml(source)
    except TextError as error:
        raise LockfileError(path, error.line, error.message) from None
    if not documents or len(documents) > 2:
        raise LockfileError(path, 1, f"{len(documents)} documents, where pnpm writes one or two")
    files = [Document(path, _mapping(path, value), lines) for value, lines in documents]
    # A single document behind a `---` is the manager's own: pnpm writes none before the project's.
    alone = len(files) == 1 and source.removeprefix(b"\xef\xbb\xbf")[:4] in (b"---\n", b"---\r")
    main = None if alone else files[-1]
    environment = files[0] if alone or len(files) == 2 else None
    pins = _Reader(environment, "env:").pins() if environment else ()
    if main is None:
        version = _version(files[0])
        return Lockfile(path, Manager.PNPM, "pnpm-lock", version, (), environment=pins)
    return _Reader(main).lockfile(pins)


def _mapping(path: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise LockfileError(path, 1, "not a pnpm lockfile: the document should be a mapping")
    return value


def _version(file: Document) -> str:
    value = file.root.get("lockfileVersion")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise file.error("no lockfileVersion", "lockfileVersion")
    return str(value)


class _Reader:
    """Reads one document."""

    def __init__(self, file: Document, prefix: str = "") -> None:
        self._file = file
        self._prefix = prefix
        self._version = _version(file)
        dialect = _DIALECTS.get(self._version)
        if dialect is None:
            message = f"lockfileVersion {self._version!a} is not known"
            raise file.error(message, "lockfileVersion", hint=_HINT)
        self._dialect = dialect
        settings = file.fields(file.root, "settings")
        self._nested: Fields = settings if dialect.is_flat else file.root
        self._nested_at = ("settings",) if dialect.is_flat else ()
        self._of_tar = settings.get("integrityTarget") == "tar"
        self._catalogs = file.fields(self._nested, *self._nested_at, "catalogs")
        self._packages = file.fields(file.root, "packages")
        self._graph = Graph(file, {key: self._parsed(key) for key in self._packages}, dialect.refer)
        self._patches = self._patch_texts()

    def lockfile(self, environment: tuple[Pin, ...]) -> Lockfile:
        projects, pins = self._read()
        return Lockfile(
            path=self._file.path,
            manager=Manager.PNPM,
            format="pnpm-lock",
            version=self._version,
            pins=pins,
            importers=projects,
            overrides=self._file.texts(self._nested, *self._nested_at, "overrides"),
            catalogs=self._catalog_texts(),
            patches=self._patches,
            settings=self._setting_texts(),
            environment=environment,
        )

    def pins(self) -> tuple[Pin, ...]:
        return self._read()[1]

    def _read(self) -> tuple[tuple[Importer, ...], tuple[Pin, ...]]:
        graph = self._graph
        if self._dialect is _NINE:
            graph.walk_snapshots()
        else:
            graph.walk_packages()
        if self._dialect.is_flat:
            graph.walk_peers()
        projects = importers(self._file, self._dialect.projects, self._resolve)
        found = reach(projects, graph.edges, graph.optional)
        directories = frozenset(each.path for each in projects if each.path)
        return projects, tuple(self._pin(key, found, directories) for key in graph.names)

    def _parsed(self, key: str) -> keys.Key:
        file, at = self._file, ("packages", key)
        try:
            parsed = self._dialect.parse(key)
        except keys.KeyShapeError as error:
            raise file.error(f"the key {key!a} {error}", *at) from None
        if parsed.name and parsed.version:
            return parsed
        entry = file.fields(self._packages, *at)
        name = parsed.name or file.text(entry, *at, "name")
        if not name:
            raise file.error(f"the entry {key!a} has no name", *at)
        return replace(parsed, name=name, version=file.text(entry, *at, "version") or "")

    def _resolve(self, name: str, reference: str) -> str | None:
        if self._dialect.is_flat:
            reference = reference_of(self._file, self._catalogs, name, reference)
        return self._graph.resolve(name, reference)

    def _pin(self, key: str, found: Reach, directories: frozenset[str]) -> Pin:
        file, graph, at = self._file, self._graph, ("packages", key)
        entry = file.fields(self._packages, *at)
        resolution = file.fields(entry, *at, "resolution")
        parsed = graph.names[key]
        origin = origin_of(file, (*at, "resolution"), parsed, resolution, directories)
        inner = () if self._dialect.is_flat and "integrity" in entry else ("resolution",)
        integrity = file.text(resolution if inner else entry, *at, *inner, "integrity")
        bound = bound_of(integrity, of_tar=self._of_tar, revised="revision" in resolution)
        section = "packages" if key in self._packages else "snapshots"
        aliases = tuple(graph.aliases.get(key, ()))
        odd = (
            "" if section == "packages" else "it has no entry under packages",
            "it records an integrity twice" if not inner and "integrity" in resolution else "",
            parsed.note,
            *origin.notes,
            *bound.notes,
            *disagreements(file, key, parsed, entry),
        )
        return Pin(
            key=self._prefix + key,
            name=parsed.name,
            version=parsed.version,
            where=Location(file.path, file.lines.of(section, key)),
            source=origin.source,
            url=origin.url,
            digests=bound.digests,
            integrity=bound.integrity,
            url_line=file.line_if(origin.url, *at, "resolution", origin.field),
            digest_line=file.line_if(integrity, *at, *inner, "integrity"),
            checksum=bound.checksum,
            alias=aliases[0] if aliases else None,
            more_aliases=aliases[1:],
            direct=key in found.direct,
            dev=found.is_dev(key) if key in found.known else entry.get("dev") is True,
            optional=self._is_optional(key, found),
            requires=self._requires(key),
            install_script=self._build_flag(entry),
            patch=self._patch_of(key, parsed),
            commit=origin.commit,
            note="; ".join(filter(None, odd)),
            registry=parsed.registry,
        )

    def _is_optional(self, key: str, found: Reach) -> bool:
        if key in found.known:
            return found.is_optional(key)
        return key in self._graph.flagged_optional

    def _requires(self, key: str) -> tuple[str, ...]:
        ends = self._graph.edges.get(key)
        return tuple(sorted({self._prefix + end for end in ends})) if ends else ()

    def _build_flag(self, entry: Fields) -> bool | None:
        return entry.get("requiresBuild") is True if self._dialect.has_build_flag else None

    def _patch_of(self, key: str, parsed: keys.Key) -> str | None:
        """The patch over an entry: by the digest in a key that leads to it, else by selector."""
        if not self._patches:
            return self._graph.patches.get(key)
        for selector in (f"{parsed.name}@{parsed.version}", parsed.name):
            if selector in self._patches:
                return self._patches[selector]
        return self._graph.patches.get(key)

    def _patch_texts(self) -> dict[str, str]:
        at = (*self._nested_at, "patchedDependencies")
        found = {}
        for selector, patch in self._file.fields(self._nested, *at).items():
            if isinstance(patch, str):
                found[selector] = patch
                continue
            fields = self._file.checked(patch, *at, selector)
            path = self._file.text(fields, *at, selector, "path")
            found[selector] = path or self._file.text(fields, *at, selector, "hash") or ""
        return found

    def _catalog_texts(self) -> dict[str, str]:
        at = (*self._nested_at, "catalogs")
        found = {}
        for catalog in self._catalogs:
            entries = self._file.fields(self._catalogs, *at, catalog)
            for name in entries:
                entry = self._file.fields(entries, *at, catalog, name)
                specifier = self._file.text(entry, *at, catalog, name, "specifier")
                found[f"{catalog}/{name}"] = specifier or ""
        return found

    def _setting_texts(self) -> dict[str, str]:
        """Settings as JSON where they are no text; what else changes an install is added."""
        own = self._file.fields(self._file.root, "settings")
        nested = {"catalogs", "overrides", "patchedDependencies"}
        found = {name: _as_text(value) for name, value in own.items() if name not in nested}
        more = {name: self._file.root[name] for name in _SETTINGS if name in self._file.root}
        return found | {name: _as_text(value) for name, value in more.items()}


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(_as_json(value), sort_keys=True)


def _as_json(value: object) -> object:
    """`value` in JSON's types: YAML has dates, and keys that are no text."""
    if isinstance(value, dict):
        return {str(key): _as_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
