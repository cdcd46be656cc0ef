"""Reads a repository's JavaScript projects out of its files. Pure: a `Tree` in, values out.

One project for each directory with a lockfile. Where several managers' lockfiles stand in one
directory, the judged one is that of the manager which `packageManager` names, else the first in
the order npm, pnpm, yarn, bun; the others are its `rivals`. Two lockfiles of one manager are
projects of their own: npm-shrinkwrap.json, which npm up to 11 reads, before package-lock.json,
which npm 12 reads beside it; and pnpm's lockfiles of branches (`pnpm-lock.<branch>.yaml`).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from posixpath import normpath

from pratique.ecosystems.npm.globs import chosen, matches, plain
from pratique.ecosystems.npm.lockfiles import (
    format_of,
    may_be_locked_requirements,
    npm_v1,
    why_not_examined,
    yarn_classic,
)
from pratique.ecosystems.npm.manifest import read_manifest
from pratique.ecosystems.npm.settings import pnpm
from pratique.ecosystems.npm.settings.governing import FILES, folders_above, governing, joined
from pratique.ecosystems.npm.settings.named import Named, named
from pratique.ecosystems.npm.step import out_of_step
from pratique.errors import LockfileError, ManifestError, PlacedError
from pratique.model.pin import Group, Lockfile, Manager
from pratique.model.project import Drift, Manifest, Project, Repository, Settings, Unread
from pratique.model.tree import Tree

MANIFEST = "package.json"
_MOST_BARE = 100
"""Directories without a lockfile that are each reported; the others are listed as uncovered."""
_INSTALLED = "node_modules"
_UNREAD_RIVALS = frozenset({"bun.lockb", "vlt-lock.json", "aube-lock.yaml"})
_ORDER = (Manager.NPM, Manager.PNPM, Manager.YARN_CLASSIC, Manager.YARN_BERRY, Manager.BUN)


def wanted(path: str) -> bool:
    """Whether the bytes of `path` are needed to read a repository."""
    name = path.rpartition("/")[2]
    if _INSTALLED in path.split("/"):
        return False
    if name == MANIFEST or name in FILES or name in _UNREAD_RIVALS or format_of(path) is not None:
        return True
    return may_be_locked_requirements(path)


def read_repository(
    tree: Tree,
    exclude: Sequence[tuple[str, str]] = (),
    locked: frozenset[str] = frozenset(),
) -> Repository:
    """Every project of the repository, in the order of their paths.

    Args:
        tree: Its files; of those that `wanted` names, the bytes or the reason in `refused`.
        exclude: (glob, reason) of paths that are not looked at; each is reported with its count.
        locked: Directories that are known to have had a lockfile. One that still asks for something
            and that no other lockfile covers is a project without one, as every such directory is
            where the repository has no lockfile at all. One in whose place something stands that is
            not entered cannot be examined.
    """
    kept, excluded = _without(tree, exclude)
    found = _Found(kept)
    projects = tuple(found.projects())
    manifests = [manifest for project in projects for manifest in project.manifests]
    covered = {path for manifest in manifests for path in (manifest.path, *_copied(manifest))}
    uncovered = tuple(found.uncovered(covered))
    bare = [path for path in uncovered if not projects or _folder_of(path) in locked]
    del bare[_MOST_BARE:]
    projects += tuple(found.unlocked(_folder_of(path)) for path in bare)
    projects += tuple(_displaced(locked, kept))
    return Repository(
        projects=tuple(sorted(projects, key=lambda each: each.path)),
        not_examined=tuple(Unread(path, why) for path, why in sorted(found.unsupported.items())),
        excluded=excluded,
        uncovered=tuple(path for path in uncovered if path not in bare),
    )


def _without(
    tree: Tree, exclude: Sequence[tuple[str, str]]
) -> tuple[Tree, tuple[tuple[str, str, int], ...]]:
    """The tree without installed packages and what is excluded, and how much each glob took."""
    paths = {path for path in tree.paths if _INSTALLED not in path.split("/")}
    counts = []
    for glob, reason in exclude:
        taken = {path for path in paths if _named(path, plain(glob))}
        paths -= taken
        counts.append((glob, reason, len(taken)))
    files = {path: source for path, source in tree.files.items() if path in paths}
    refused = {path: why for path, why in tree.refused.items() if path in paths}
    return replace(tree, files=files, paths=frozenset(paths), refused=refused), tuple(counts)


def _displaced(locked: Iterable[str], tree: Tree) -> Iterator[Project]:
    """The directories with lockfiles in whose place a submodule or a link stands now.

    Managers go into both; a link may lead below an ignored directory, or to any other place.
    """
    for folder in sorted(locked):
        path = next((each for each in (folder, *folders_above(folder)) if each in tree.paths), None)
        if path is not None:
            why = "a submodule, a link or a file stands in the place of its directory"
            unread = Unread(path, why)
            yield Project(folder, folder, None, None, manifests=(), unread=unread)


def _named(path: str, glob: str) -> bool:
    """Whether an exclusion names the file, or a directory above it."""
    return matches(path, glob) or any(
        matches(folder, glob) for folder in folders_above(path) if folder
    )


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A lockfile before it is read."""

    path: str
    manager: Manager


class _Found:
    """The lockfiles and manifests of a tree, by directory."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.lockfiles: dict[str, list[_Candidate]] = {}
        self.unsupported: dict[str, str] = {}
        self.manifests: list[str] = []
        self._read: dict[str, Manifest | ManifestError] = {}
        for path in sorted(tree.paths):
            self._sort(path)

    def _sort(self, path: str) -> None:
        fmt = format_of(path, self.tree.files.get(path, b""))
        if fmt is not None:
            candidates = self.lockfiles.setdefault(_folder_of(path), [])
            candidates.append(_Candidate(path, fmt.manager))
        elif (why := why_not_examined(path, self.tree.files.get(path, b""))) is not None:
            self.unsupported[path] = why
        elif path.rpartition("/")[2] == MANIFEST:
            self.manifests.append(path)

    def projects(self) -> Iterator[Project]:
        folders = {*self.lockfiles, *map(_folder_of, self.unsupported)}
        if not folders & {""} and self._asks_for_something(MANIFEST):
            folders.add("")
        for folder in sorted(folders):
            yield from self._projects(folder)

    def _projects(self, folder: str) -> Iterator[Project]:
        named_here = self._named(folder)
        candidates = _judged_first(self.lockfiles.get(folder, ()), named_here)
        if not candidates:
            yield self.unlocked(folder)
            return
        first = candidates[0]
        rivals = tuple(c.path for c in candidates if not _same_manager(c.manager, first.manager))
        yield self._project(folder, first, (*rivals, *self._unread_rivals(folder)), named_here)
        for candidate in candidates[1:]:
            if candidate.manager is first.manager:
                yield self._project(folder, candidate, (), named_here)

    def _unread_rivals(self, folder: str) -> Iterator[str]:
        """Lockfiles here of JavaScript managers whose format is not read."""
        for path in self.unsupported:
            if _folder_of(path) == folder and path.rpartition("/")[2] in _UNREAD_RIVALS:
                yield path

    def _digest(self, paths: tuple[str, ...]) -> str:
        if not paths:
            return ""
        known = hashlib.sha256()
        for path in paths:
            content = hashlib.sha256(self.tree.files.get(path, b"")).hexdigest()
            known.update(f"{path}\0{content}\n".encode("utf-8", "backslashreplace"))
        return known.hexdigest()[:16]

    def unlocked(self, folder: str) -> Project:
        """A directory with nothing but a lockfile that is not read, or with none at all."""
        installer = self._named(folder)
        here = [path for path in self.unsupported if _folder_of(path) == folder]
        unread = Unread(here[0], self.unsupported[here[0]]) if here else None
        manifests, broken = self._covered(folder, None)
        settings, spoilt = self._settings(folder, installer)
        return Project(
            path=folder,
            name=_name(manifests, folder),
            manager=installer.manager if installer else None,
            lockfile=None,
            manifests=manifests,
            settings=settings,
            unread=unread or broken or spoilt,
        )

    def _project(
        self, folder: str, candidate: _Candidate, rivals: tuple[str, ...], names: Named | None
    ) -> Project:
        lockfile, unread = self._lockfile(candidate)
        manifests, broken = self._covered(folder, lockfile)
        if lockfile is not None and lockfile.manager is Manager.PNPM:
            lockfile = self._with_configuration(folder, lockfile)
        elif lockfile is not None and lockfile.manager is Manager.YARN_CLASSIC:
            lockfile = yarn_classic.with_manifests(lockfile, manifests)
        elif lockfile is not None and lockfile.manager is Manager.NPM and not lockfile.importers:
            lockfile = npm_v1.with_manifests(lockfile, manifests)
        same = names is not None and names.manager is candidate.manager
        installer = names if names and same else Named(candidate.manager)
        settings, spoilt = self._settings(folder, installer)
        return Project(
            path=folder,
            name=_name(manifests, folder),
            manager=candidate.manager,
            lockfile=lockfile,
            manifests=manifests,
            settings=settings,
            unread=unread or broken or spoilt,
            rivals=rivals,
            rivals_digest=self._digest(rivals),
            drift=self._drift(folder, lockfile, manifests),
        )

    def _lockfile(self, candidate: _Candidate) -> tuple[Lockfile | None, Unread | None]:
        path = candidate.path
        source = self.tree.files.get(path)
        if source is None:
            return None, Unread(path, self.tree.refused.get(path, "its bytes could not be read"))
        fmt = format_of(path, source)
        try:
            return (fmt.read(source, path) if fmt else None), None
        except LockfileError as error:
            return None, _unread(error)

    def _with_configuration(self, folder: str, lockfile: Lockfile) -> Lockfile:
        """`lockfile` with the configuration dependencies that the workspace file alone locks."""
        path = joined(folder, pnpm.FILE)
        try:
            stated = pnpm.read_config_dependencies(self.tree.files.get(path, b""), path)
        except ManifestError:
            return lockfile  # the settings' own reading reports it
        known = {(pin.release, pin.digests) for pin in lockfile.environment}
        more = (pin for pin in stated if (pin.release, pin.digests) not in known)
        return replace(lockfile, environment=(*lockfile.environment, *more))

    def _drift(
        self, folder: str, lockfile: Lockfile | None, manifests: Sequence[Manifest]
    ) -> tuple[Drift, ...]:
        if lockfile is None:
            return ()
        source = self.tree.files.get(joined(folder, pnpm.FILE))
        catalogs = None
        if source is not None and lockfile.manager is Manager.PNPM:
            try:
                catalogs = pnpm.read_catalogs(source, joined(folder, pnpm.FILE))
            except ManifestError:
                catalogs = None  # the settings' own reading reports it
        return out_of_step(lockfile, manifests, catalogs)

    def _settings(self, folder: str, installer: Named | None) -> tuple[Settings, Unread | None]:
        try:
            return governing(self.tree, folder, installer or Named(Manager.NPM)), None
        except ManifestError as error:
            return Settings(), _unread(error)

    def _named(self, folder: str) -> Named | None:
        """The manager that the nearest manifest with a `packageManager` names."""
        for each in (folder, *folders_above(folder)):
            manifest = self._manifest(joined(each, MANIFEST))
            if isinstance(manifest, Manifest) and manifest.package_manager:
                return named(manifest.package_manager)
        return None

    def _covered(
        self, folder: str, lockfile: Lockfile | None
    ) -> tuple[tuple[Manifest, ...], Unread | None]:
        """The root's and the workspaces' manifests, and the first that could not be read."""
        root = joined(folder, MANIFEST)
        patterns, broken = self._patterns(folder)
        below = [_folder_of(path) for path in self._manifests_below(folder)]
        inside = {each.removeprefix(folder).lstrip("/") if folder else each for each in below}
        members = set(chosen(sorted(inside - {""}), patterns))
        if lockfile is not None:
            members |= inside & {each.path for each in lockfile.importers}
        paths = [root, *(joined(joined(folder, member), MANIFEST) for member in sorted(members))]
        manifests = []
        for path in dict.fromkeys(paths):
            read = self._manifest(path)
            if isinstance(read, Manifest):
                manifests.append(read)
            elif read is not None:
                broken = broken or _unread(read)
            elif path in self.tree.refused:
                broken = broken or Unread(path, self.tree.refused[path])
        return tuple(manifests), broken

    def _manifests_below(self, folder: str) -> list[str]:
        """In a sorted list those with a prefix stand together, and "0" follows "/"."""
        if not folder:
            return self.manifests
        start = bisect_left(self.manifests, f"{folder}/")
        return self.manifests[start : bisect_left(self.manifests, f"{folder}0")]

    def _patterns(self, folder: str) -> tuple[tuple[str, ...], Unread | None]:
        workspace = joined(folder, pnpm.FILE)
        root = self._manifest(joined(folder, MANIFEST))
        declared = root.workspaces if isinstance(root, Manifest) else ()
        source = self.tree.files.get(workspace)
        if source is None:
            refused = self.tree.refused.get(workspace)
            return declared, Unread(workspace, refused) if refused else None
        try:
            return (*declared, *pnpm.read_packages(source, workspace)), None
        except ManifestError as error:
            return declared, _unread(error)

    def _manifest(self, path: str) -> Manifest | ManifestError | None:
        source = self.tree.files.get(path)
        if source is not None and path not in self._read:
            try:
                self._read[path] = read_manifest(source, path)
            except ManifestError as error:
                self._read[path] = error
        return self._read.get(path)

    def _asks_for_something(self, path: str) -> bool:
        manifest = self._manifest(path)
        if isinstance(manifest, ManifestError) or path in self.tree.refused:
            return True
        needs: Iterable[Group] = (need.group for need in manifest.requirements) if manifest else ()
        return any(group is not Group.PEER for group in needs)

    def uncovered(self, covered: set[str]) -> Iterator[str]:
        for path in self.manifests:
            if path not in covered and path != MANIFEST and self._asks_for_something(path):
                yield path


def _copied(manifest: Manifest) -> Iterator[str]:
    """Manifests of the directories whose requirements are locked with those of `manifest`."""
    for need in manifest.requirements:
        protocol, colon, place = need.specifier.partition(":")
        if colon and protocol in {"file", "portal"}:
            yield normpath(joined(joined(_folder_of(manifest.path), place), MANIFEST))


def _judged_first(candidates: Iterable[_Candidate], installer: Named | None) -> list[_Candidate]:
    """The lockfile to judge before the others; formats keep the order in which they count."""

    def rank(candidate: _Candidate) -> tuple[bool, int, bool, str]:
        asked = installer is not None and _same_manager(candidate.manager, installer.manager)
        name = candidate.path.rpartition("/")[2]
        main = name in {"npm-shrinkwrap.json", "pnpm-lock.yaml"}
        return not asked, _ORDER.index(candidate.manager), not main, candidate.path

    return sorted(candidates, key=rank)


def _same_manager(one: Manager, other: Manager) -> bool:
    yarns = {Manager.YARN_CLASSIC, Manager.YARN_BERRY}
    return one is other or {one, other} == yarns


def _name(manifests: Sequence[Manifest], folder: str) -> str:
    root = next((m for m in manifests if _folder_of(m.path) == folder), None)
    return (root.name if root else "") or folder.rpartition("/")[2]


def _unread(error: PlacedError) -> Unread:
    message = str(error).partition(": ")[2] or error.message
    return Unread(error.file, message, error.line)
