"""bun.lock, versions 0 to 2 (bun 1.1.39 wrote 0, 1.2 writes 1, 1.4 writes 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pratique.ecosystems.npm.lockfiles.bun_tuple import Tuple, TupleError, is_root, parse_tuple
from pratique.ecosystems.npm.lockfiles.graph import reach
from pratique.errors import LockfileError
from pratique.model.package import Digest
from pratique.model.pin import (
    Group,
    Importer,
    Location,
    Lockfile,
    Manager,
    Pin,
    Requirement,
)
from pratique.syntax.json import read_json
from pratique.syntax.text import Lines, TextError

_VERSIONS = (0, 1, 2)
# Longer than any path that a file system takes; bounds the walk up from a hostile key.
_LONGEST_KEY = 4096
_DEEPEST_KEY = 100

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _File:
    """The lockfile's values, read with their types, and errors that name its lines."""

    path: str
    lines: Lines

    def error(self, message: str, *at: str | int, hint: str = "") -> LockfileError:
        return LockfileError(self.path, self.lines.of(*at), message, hint=hint)

    def where(self, *at: str | int) -> Location:
        return Location(self.path, self.lines.of(*at))

    def check_path(self, path: str, *at: str | int) -> None:
        """Refuse a path that no file system takes: the walk up from it costs its length squared."""
        if len(path) > _LONGEST_KEY or path.count("/") > _DEEPEST_KEY:
            raise self.error("a path is longer than any real one", *at)

    def fields(self, parent: Fields, name: str, *at: str | int) -> Fields:
        """A member that is an object; an absent one is empty."""
        value = parent.get(name, {})
        if not isinstance(value, dict):
            raise self.error(f"{name!a} should be an object", *at, name)
        return value

    def texts(self, parent: Fields, name: str, *at: str | int) -> dict[str, str]:
        """A member that is an object of strings; an absent one is empty."""
        found = {}
        for key, value in self.fields(parent, name, *at).items():
            if not isinstance(value, str):
                raise self.error(f"{key!a} should be a string", *at, name, key)
            found[key] = value
        return found

    def items(self, parent: Fields, name: str, *at: str | int) -> Iterator[tuple[int, str]]:
        """The elements of a member that is a list of strings, with their indices."""
        value = parent.get(name, [])
        if not isinstance(value, list):
            raise self.error(f"{name!a} should be a list", *at, name)
        for index, item in enumerate(value):
            if not isinstance(item, str):
                raise self.error(f"an element of {name!a} should be a string", *at, name, index)
            yield index, item


def read(source: bytes, path: str) -> Lockfile:
    """The pins of a bun.lock. The root (`name@root:`) is no pin; it is the importer "".

    Raises:
        LockfileError: It is malformed, of an unknown version, or beyond a bound.
    """
    try:
        value, lines = read_json(source, comments=True)
    except TextError as error:
        raise LockfileError(path, error.line, error.message) from None
    file = _File(path, lines)
    if not isinstance(value, dict):
        raise file.error("a lockfile should be an object")
    version = _version(file, value)
    packages = file.fields(value, "packages")
    tuples = {
        key: _tuple(file, key, packages[key]) for key in packages if not is_root(packages[key])
    }
    workspaces = file.fields(value, "workspaces")
    tree = _Tree(tuples)
    importers = tuple(_importer(file, folder, workspaces, tree) for folder in workspaces)
    lockfile = Lockfile(
        path=path,
        manager=Manager.BUN,
        format="bun",
        version=str(version),
        pins=(),
        importers=importers,
        overrides=_overrides(file, value),
        catalogs=_catalogs(file, value),
        patches=file.texts(value, "patchedDependencies"),
        settings={"configVersion": str(value["configVersion"])} if "configVersion" in value else {},
        trusted=tuple(
            (name, file.where("trustedDependencies", index))
            for index, name in file.items(value, "trustedDependencies")
        ),
    )
    return replace(lockfile, pins=_pins(file, tuples, importers, lockfile))


def _version(file: _File, value: Fields) -> int:
    version = value.get("lockfileVersion")
    if version is None:
        raise file.error("no lockfileVersion: not a lockfile of bun")
    if type(version) is not int or version not in _VERSIONS:
        raise file.error(
            f"lockfileVersion {version!a} is not known",
            "lockfileVersion",
            hint="versions 0 to 2 are read",
        )
    return version


def _overrides(file: _File, value: Fields) -> dict[str, str]:
    """`overrides`, flattened where bun 1.4 nests them: `parent > child`."""
    found: dict[str, str] = {}

    def add(members: Fields, above: tuple[str, ...]) -> None:
        for name, replacement in members.items():
            path = (*above, name)
            if isinstance(replacement, dict):
                add(replacement, path)
            elif isinstance(replacement, str):
                found[" > ".join(path)] = replacement
            else:
                raise file.error(f"{name!a} should be a string", "overrides", *path)

    add(file.fields(value, "overrides"), ())
    return found


def _catalogs(file: _File, value: Fields) -> dict[str, str]:
    catalogs = file.fields(value, "catalogs")
    named = {name: file.texts(catalogs, name, "catalogs") for name in catalogs}
    default = {"default": file.texts(value, "catalog")}
    return {
        f"{catalog}/{package}": wanted
        for catalog, members in (default | named).items()
        for package, wanted in members.items()
    }


def _tuple(file: _File, key: str, value: object) -> Tuple:
    file.check_path(key, "packages", key)
    try:
        return parse_tuple(value)
    except TupleError as error:
        message = f"the entry {key!a} {error.message}"
        raise file.error(message, "packages", key, error.at) from None


def _split(key: str) -> tuple[str, str]:
    """A key's folder and the name that the entry has in it: `a/@b/c` -> (`a`, `@b/c`)."""
    above, _, name = key.rpartition("/")
    folder, _, scope = above.rpartition("/")
    return (folder, f"{scope}/{name}") if scope.startswith("@") else (above, name)


class _Tree:
    """The entries as bun finds them: a name is looked for up the path of who asks."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._within: dict[str, dict[str, str]] = {}
        for key in keys:
            folder, name = _split(key)
            self._within.setdefault(folder, {})[name] = key

    def seen_from(self, key: str) -> tuple[Mapping[str, str], ...]:
        """Name -> key of the folders that are looked into from the entry `key`, nearest first."""
        found = []
        while key:
            if key in self._within:
                found.append(self._within[key])
            key = _split(key)[0]
        return (*found, self._within.get("", {}))


def _resolve(name: str, folders: tuple[Mapping[str, str], ...]) -> str | None:
    return next((folder[name] for folder in folders if name in folder), None)


def _importer(file: _File, folder: str, workspaces: Fields, tree: _Tree) -> Importer:
    fields = file.fields(workspaces, folder, "workspaces")
    name = fields.get("name", "")
    if not isinstance(name, str):
        raise file.error("'name' should be a string", "workspaces", folder, "name")
    file.check_path(name, "workspaces", folder, "name")
    folders = tree.seen_from(name if folder else "")
    optional_peers = {peer for _, peer in file.items(fields, "optionalPeers", "workspaces", folder)}
    asked = []
    for group in Group:
        at = ("workspaces", folder, group.value)
        for wanted, specifier in file.texts(fields, group.value, "workspaces", folder).items():
            skipped = group is Group.PEER and wanted in optional_peers
            pin = None if skipped else _resolve(wanted, folders)
            asked.append(Requirement(wanted, specifier, group, pin, file.where(*at, wanted)))
    return Importer(folder, tuple(asked), name)


def _wanted(
    file: _File, key: str, entry: Tuple, importers: Mapping[str, Importer]
) -> Iterator[tuple[str, str, bool]]:
    """What an entry asks for, as (name, specifier, whether it may be left out)."""
    if entry.folder is not None and entry.folder in importers:
        for need in importers[entry.folder].requirements:
            if need.pin is not None and need.group is not Group.DEV:
                yield need.name, need.specifier, need.group is Group.OPTIONAL
        return
    at = ("packages", key) if entry.fields_at is None else ("packages", key, entry.fields_at)
    optional_peers = {peer for _, peer in file.items(entry.fields, "optionalPeers", *at)}
    for group in (Group.PROD, Group.OPTIONAL, Group.PEER):
        for name, specifier in file.texts(entry.fields, group.value, *at).items():
            if group is not Group.PEER or name not in optional_peers:
                yield name, specifier, group is Group.OPTIONAL


@dataclass(frozen=True, slots=True)
class _Graph:
    """Key -> keys that it leads to; of these, the ones by optional requirements alone."""

    edges: Mapping[str, list[str]]
    optional: Mapping[str, list[str]]
    specifiers: Mapping[str, set[str]]
    """Key -> what the requirements that lead to it ask for, verbatim."""


def _graph(file: _File, tuples: Mapping[str, Tuple], importers: tuple[Importer, ...]) -> _Graph:
    tree = _Tree(tuples)
    by_folder = {importer.path: importer for importer in importers}
    edges: dict[str, list[str]] = {}
    maybe: dict[str, list[str]] = {}
    specifiers: dict[str, set[str]] = {}
    for need in (need for each in importers for need in each.requirements if need.pin):
        specifiers.setdefault(need.pin or "", set()).add(need.specifier)
    for key, entry in tuples.items():
        firm: set[str] = set()
        weak: set[str] = set()
        folders = tree.seen_from(key)
        for name, specifier, optional in _wanted(file, key, entry, by_folder):
            end = _resolve(name, folders)
            if end is not None:
                specifiers.setdefault(end, set()).add(specifier)
                (weak if optional else firm).add(end)
        edges[key] = sorted((firm | weak) - {key})
        maybe[key] = sorted(weak - firm)
    return _Graph(edges, maybe, specifiers)


def _pins(
    file: _File,
    tuples: Mapping[str, Tuple],
    importers: tuple[Importer, ...],
    recorded: Lockfile,
) -> tuple[Pin, ...]:
    """The pins; `recorded` has the overrides, catalogs and patches that bear on them."""
    graph = _graph(file, tuples, importers)
    reached = reach(importers, graph.edges, graph.optional)
    redirects = {*recorded.overrides.values(), *recorded.catalogs.values()}
    pins = []
    for key, entry in tuples.items():
        pin = _pin(file, key, entry, recorded.patches)
        if pin.alias and pin.version and not _asked_for(pin, graph, redirects):
            odd = f"disagrees: key says {pin.alias}, resolution says {pin.name}"
            pin = replace(pin, note=odd)
        pins.append(
            replace(
                pin,
                direct=key in reached.direct,
                dev=reached.is_dev(key),
                optional=reached.is_optional(key),
                requires=tuple(graph.edges[key]),
            )
        )
    return tuple(pins)


def _asked_for(pin: Pin, graph: _Graph, redirects: set[str]) -> bool:
    """Whether anything asks for the package of an alias by its own name: `npm:name@range`."""
    target = f"npm:{pin.name}"
    asked = graph.specifiers.get(pin.key, set()) | redirects
    return any(each == target or each.startswith(f"{target}@") for each in asked)


def _pin(file: _File, key: str, entry: Tuple, patches: Mapping[str, str]) -> Pin:
    local = _split(key)[1]
    reference = entry.version or (entry.url or "")
    return Pin(
        key=key,
        name=entry.name,
        version=entry.version,
        where=file.where("packages", key),
        source=entry.source,
        url=entry.url,
        digests=Digest.from_sri(entry.integrity or ""),
        integrity=entry.integrity,
        url_line=_line(file, key, entry.url_at),
        digest_line=_line(file, key, entry.integrity_at),
        alias=None if local == entry.name else local,
        patch=patches.get(f"{entry.name}@{reference}"),
        commit=entry.commit,
        note=entry.odd,
    )


def _line(file: _File, key: str, at: int | None) -> int | None:
    return None if at is None else file.lines.of("packages", key, at)
