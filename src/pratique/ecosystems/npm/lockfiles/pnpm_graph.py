"""What depends on what in a pnpm lockfile, and what the entries say of each other."""

from __future__ import annotations

from pratique.ecosystems.npm.lockfiles import pnpm_keys as keys
from pratique.ecosystems.npm.lockfiles.pnpm_shape import Document, Fields

_EDGES = ("dependencies", "optionalDependencies")


class Graph:
    """The entries' dependencies, by the keys of `packages`.

    Attributes:
        names: Key -> what it says; entries that stand under `snapshots` alone are added.
        edges, optional: Key -> keys of what it depends on; the optional ones once more.
        aliases: Key -> the local names that differ from the package's, in file order (a set).
        patches: Key -> digest of the patch laid over it.
        flagged_optional: Keys with the format's own flag.
    """

    def __init__(self, file: Document, names: dict[str, keys.Key], refer: keys.Refer) -> None:
        self._file = file
        self._refer = refer
        self.names = names
        self.edges: dict[str, list[str]] = {}
        self.optional: dict[str, list[str]] = {}
        self.aliases: dict[str, dict[str, None]] = {}
        self.patches: dict[str, str] = {}
        self.flagged_optional: set[str] = set()

    def walk_snapshots(self) -> None:
        """9.0: `snapshots` has an entry for every combination of peers."""
        snapshots = self._file.fields(self._file.root, "snapshots")
        packages = {key: self._package_of(key) for key in snapshots}
        for key, package in packages.items():
            entry = self._file.fields(snapshots, "snapshots", key)
            self._walk(key, package, entry, ("snapshots", key))

    def _package_of(self, key: str) -> str:
        package = key.partition("(")[0]
        if package not in self.names:
            package = keys.bare(key)
        if package not in self.names:
            try:
                self.names[package] = keys.parse_at(package)
            except keys.KeyShapeError as error:
                raise self._file.error(f"the key {key!a} {error}", "snapshots", key) from None
        return package

    def walk_packages(self) -> None:
        """Before 9.0, and in 13.0: the entries hold their own dependencies."""
        packages = self._file.fields(self._file.root, "packages")
        for key in packages:
            entry = self._file.fields(packages, "packages", key)
            self._walk(key, key, entry, ("packages", key))

    def walk_peers(self) -> None:
        """13.0: peers have a version where one was found, per combination in a list."""
        packages = self._file.fields(self._file.root, "packages")
        for key in packages:
            entry = self._file.fields(packages, "packages", key)
            at = ("packages", key)
            self._peers(key, entry, at)
            combinations = entry.get("snapshots", [])
            if not isinstance(combinations, list):
                raise self._file.error("'snapshots' should be a list", *at, "snapshots")
            for index, each in enumerate(combinations):
                below = (*at, "snapshots", index)
                combination = self._file.checked(each, *below)
                self._walk(key, key, combination, below)
                self._peers(key, combination, below)

    def _peers(self, package: str, entry: Fields, at: tuple[str | int, ...]) -> None:
        for name, need in self._file.fields(entry, *at, "peerDependencies").items():
            version = need.get("version") if isinstance(need, dict) else None
            end = self.resolve(name, version) if isinstance(version, str) else None
            if end is not None:
                self.edges.setdefault(package, []).append(end)

    def _walk(self, key: str, package: str, entry: Fields, at: tuple[str | int, ...]) -> None:
        if (patch := keys.patch_hash(key)) is not None:
            self.patches[package] = patch
        if entry.get("optional") is True:
            self.flagged_optional.add(package)
        for section in _EDGES:
            if section in entry:
                ends = self._ends(entry, (*at, section))
                self.edges.setdefault(package, []).extend(ends)
                if section == "optionalDependencies":
                    self.optional.setdefault(package, []).extend(ends)

    def _ends(self, entry: Fields, at: tuple[str | int, ...]) -> list[str]:
        ends = []
        for name, need in self._file.texts(entry, *at).items():
            end = self.resolve(name, need)
            if end is not None:
                ends.append(end)
        return ends

    def resolve(self, name: str, reference: str) -> str | None:
        """The key that `reference` below the local name `name` means."""
        key = keys.find(self._refer, self.names, name, reference)
        if key is not None and self.names[key].name != name:
            self.aliases.setdefault(key, {})[name] = None
        return key
