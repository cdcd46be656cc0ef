"""The settings that govern one project: which files count, strongest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from pratique.ecosystems.npm.manifest import read_object
from pratique.ecosystems.npm.settings import bun, npm, pnpm, yarn_berry, yarn_classic
from pratique.ecosystems.npm.settings.draft import Draft, merged
from pratique.ecosystems.npm.settings.named import Named
from pratique.errors import ManifestError
from pratique.model.pin import Manager
from pratique.model.project import CodeForm, Settings
from pratique.model.tree import Tree

FILES = frozenset(
    {npm.FILE, pnpm.FILE, yarn_classic.FILE, yarn_berry.FILE, bun.FILE, *bun.ENVIRONMENTS}
)
"""Names of the settings files that are read."""

_NPMRC_READERS = frozenset({Manager.NPM, Manager.PNPM, Manager.YARN_CLASSIC, Manager.BUN})


def joined(folder: str, name: str) -> str:
    """Path of `name` in `folder`; "" is the repository's root."""
    return f"{folder}/{name}" if folder else name


def folders_above(folder: str) -> Iterator[str]:
    """The directories above `folder`, nearest first, the root ("") last; none above the root."""
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def governing(tree: Tree, folder: str, installer: Named) -> Settings:
    """What the repository's files tell the manager that installs the project in `folder`.

    npm and bun read the project's own directory; pnpm reads that and the workspace's root; yarn
    reads every directory above, too. Of what can be stated once, the nearest file's holds.

    Raises:
        ManifestError: One of the files is malformed, beyond a bound, or there and not to be read.
    """
    folders = tuple(_folders(tree, folder, installer.manager))
    parts = [part for each in folders for part in _folder(tree, each, installer)]
    found = merged(parts)
    if installer.manager is Manager.YARN_BERRY and any(a.allowed for a in found.approvals):
        return replace(found, scripts_off=False)  # `built: true` runs in spite of enableScripts
    return found


def _folders(tree: Tree, folder: str, manager: Manager) -> Iterator[str]:
    yield folder
    if manager in {Manager.YARN_CLASSIC, Manager.YARN_BERRY}:
        yield from folders_above(folder)
    elif manager is Manager.PNPM and joined(folder, pnpm.FILE) not in tree.paths:
        above = folders_above(folder)
        yield from (each for each in above if joined(each, pnpm.FILE) in tree.paths)


def _folder(tree: Tree, folder: str, installer: Named) -> Iterator[Settings]:
    """The settings of one directory: the manager's own file before .npmrc."""
    manager = installer.manager
    file_name, read = _OWN[manager]
    environments = bun.ENVIRONMENTS if manager is Manager.BUN else ()
    for name in (file_name, *([npm.FILE] if manager in _NPMRC_READERS else []), *environments):
        path = joined(folder, name)
        if path in tree.refused:  # what the manager reads there, we do not know
            raise ManifestError(path, None, tree.refused[path])
    for name in environments:
        if (variables := tree.files.get(joined(folder, name))) is not None:
            yield bun.read_environment(variables, joined(folder, name))
    own = tree.files.get(joined(folder, file_name))
    if own is not None:
        yield read(own, joined(folder, file_name), installer)
    npmrc = tree.files.get(joined(folder, npm.FILE))
    if npmrc is not None and manager in _NPMRC_READERS and file_name != npm.FILE:
        yield npm.read_npmrc(npmrc, joined(folder, npm.FILE), installer)
    yield from _manifest(tree, folder, installer)
    yield _code(tree, folder, installer)


def _manifest(tree: Tree, folder: str, installer: Named) -> Iterator[Settings]:
    path = joined(folder, "package.json")
    source = tree.files.get(path)
    if source is None:
        return
    document, lines = read_object(source, path)
    yield npm.read_allow_scripts(document, lines, path, installer)
    yield pnpm.read_pnpm_field(document, lines, path, installer)
    yield bun.read_trusted(document, lines, path, installer)
    yield yarn_berry.read_dependencies_meta(document, lines, path, installer)


def _code(tree: Tree, folder: str, installer: Named) -> Settings:
    """Files that the manager runs because they are there."""
    draft = Draft(joined(folder, "package.json"), installer.manager)
    forms = {
        Manager.PNPM: (CodeForm.PNPMFILE, pnpm.PNPMFILES),
        Manager.NPM: (CodeForm.NPM_EXTENSION, npm.EXTENSIONS),
    }
    form, names = forms.get(installer.manager, (CodeForm.PNPMFILE, ()))
    if installer.manager is Manager.NPM and installer.at_least(12, 0) is False:
        names = ()
    for name in names:
        if joined(folder, name) in tree.paths:
            placed = Draft(joined(folder, name), installer.manager)
            placed.run(form, name, None)
            draft.code.extend(placed.code)
    return draft.settings()


def _yarn_classic(source: bytes, path: str, _installer: Named) -> Settings:
    return yarn_classic.read_yarnrc(source, path)


def _bun(source: bytes, path: str, _installer: Named) -> Settings:
    return bun.read_bunfig(source, path)


_OWN: Mapping[Manager, tuple[str, Callable[[bytes, str, Named], Settings]]] = MappingProxyType({
    Manager.NPM: (npm.FILE, npm.read_npmrc),
    Manager.PNPM: (pnpm.FILE, pnpm.read_workspace),
    Manager.YARN_CLASSIC: (yarn_classic.FILE, _yarn_classic),
    Manager.YARN_BERRY: (yarn_berry.FILE, yarn_berry.read_yarnrc),
    Manager.BUN: (bun.FILE, _bun),
})  # fmt: skip
