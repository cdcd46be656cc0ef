"""Manifest, Settings, Project: one lockfile's place in a repository, as read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from pratique.model.pin import Location, Lockfile, Manager, Requirement


@dataclass(frozen=True, slots=True)
class Manifest:
    """One package.json as read.

    Attributes:
        path: Path relative to the repository's root.
        name, version: "" where absent.
        requirements: Every requirement, with its line.
        workspaces: Glob patterns of the workspaces it declares.
        overrides: Selector -> replacement (npm `overrides` flattened with " > ", `resolutions`,
            `pnpm.overrides`), with their lines.
        package_manager: The `packageManager` field, verbatim, or None.
    """

    path: str
    name: str
    version: str
    requirements: tuple[Requirement, ...]
    workspaces: tuple[str, ...] = ()
    overrides: tuple[tuple[str, str, Location], ...] = ()
    package_manager: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """One entry of a list of releases that may run code at install.

    Attributes:
        name: Package name, or a pattern of the manager that lists it.
        version: Exact version it is bound to, or None for every version.
        sha512: Hex digest it is bound to, or None.
        allowed: True, False (denied), or None where the entry is an undecided placeholder.
        manager: The manager whose setting it is, or None for `pratique.toml`.
        where: Its line.
    """

    name: str
    version: str | None
    allowed: bool | None
    where: Location
    manager: Manager | None = None
    sha512: str | None = None


@dataclass(frozen=True, slots=True)
class AgeExclusion:
    """A release or pattern that the manager's own cooldown lets through; evidence, not intent."""

    selector: str
    where: Location
    manager: Manager


@dataclass(frozen=True, slots=True)
class DeadKey:
    """A setting that the manager ignores where it stands, and why."""

    key: str
    why: str
    where: Location
    layer: str
    """The layer whose protection the reader of the file believes to have: `build-scripts`, ..."""


class CodeForm(StrEnum):
    """Code of the repository that the manager itself runs at install."""

    PNPMFILE = "pnpmfile"
    YARN_PATH = "yarnPath"
    YARN_PLUGIN = "yarn-plugin"
    NPM_EXTENSION = "npm-extension"
    YARN_CONSTRAINTS = "yarn-constraints"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class ManagerCode:
    """A file of the repository that the manager runs at install."""

    form: CodeForm
    path: str
    where: Location


@dataclass(frozen=True, slots=True)
class Settings:
    """What the repository's own files tell its package managers, read statically.

    Attributes:
        registry: Default registry URL that a project file names, with its line; else None.
        scopes: Scope (`@corp`) -> (registry URL, line).
        named_registries: pnpm's registry names -> (URL, line).
        replaced_host: npm's `replace-registry-host`: whose recorded addresses it leads to its own
            registry; "" where no project file says.
        approvals: Entries of the build-script lists.
        exclusions: Entries of the managers' cooldown exclusions.
        cooldown: The manager's own cooldown, where set, with its line.
        scripts_off: The manager runs no dependency's script whatever the lists say; None where no
            file says so or otherwise.
        unlocked: Settings by which the manager installs without its lockfile, or takes other bytes
            than it locks, as (what it says, its line).
        dead: Settings that are ignored where they stand.
        code: Files the manager runs at install.
        refused: Settings of a project file that are not honoured (credentials, CA, proxy,
            environment variables in URLs), as (key, why, line).
    """

    registry: tuple[str, Location] | None = None
    scopes: Mapping[str, tuple[str, Location]] = field(default_factory=dict)
    named_registries: Mapping[str, tuple[str, Location]] = field(default_factory=dict)
    replaced_host: str = ""
    approvals: tuple[Approval, ...] = ()
    exclusions: tuple[AgeExclusion, ...] = ()
    cooldown: tuple[timedelta, Location] | None = None
    scripts_off: bool | None = None
    unlocked: tuple[tuple[str, Location], ...] = ()
    dead: tuple[DeadKey, ...] = ()
    code: tuple[ManagerCode, ...] = ()
    refused: tuple[tuple[str, str, Location], ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """One way in which a lockfile is out of step with its manifests."""

    message: str
    where: Location


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be examined, and why."""

    path: str
    why: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with a lockfile (or that should have one), its manifests and settings.

    Attributes:
        path: Directory relative to the repository's root; "" for the root.
        name: The root manifest's name, else the directory's.
        manager: The manager that installs it; None where no lockfile tells.
        lockfile: The lockfile that is judged; None where there is none that can be read.
        unread: The lockfile that should have been judged and could not be.
        rivals: Paths of other managers' lockfiles in the same directory.
        rivals_digest: Hash over their paths and bytes; "" where there are none. They are not
            judged, so a change of one is a finding of its own.
        manifests: The root's and the workspaces' manifests.
        settings: Of the repository's files that govern this project.
        drift: How lockfile and manifests differ; empty where in step.
    """

    path: str
    name: str
    manager: Manager | None
    lockfile: Lockfile | None
    manifests: tuple[Manifest, ...]
    settings: Settings = field(default_factory=Settings)
    unread: Unread | None = None
    rivals: tuple[str, ...] = ()
    rivals_digest: str = ""
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True)
class Repository:
    """What was read of a repository.

    Attributes:
        projects: Sorted by path.
        not_examined: Lockfiles of formats this version does not read, by name.
        excluded: (glob, reason, number of files) of `[repository] exclude`.
        uncovered: Manifests with dependencies that no lockfile covers, below a project's root.
    """

    projects: tuple[Project, ...]
    not_examined: tuple[Unread, ...] = ()
    excluded: tuple[tuple[str, str, int], ...] = ()
    uncovered: tuple[str, ...] = ()
