"""Location, Requirement, Pin, Lockfile: what a lockfile says, with the places where it says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pratique.model.package import Digest, Release, release_of


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file: path relative to the repository's root (forward slashes), 1-based line."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Manager(StrEnum):
    """The package managers whose lockfiles are read."""

    NPM = "npm"
    PNPM = "pnpm"
    YARN_CLASSIC = "yarn-classic"
    YARN_BERRY = "yarn-berry"
    BUN = "bun"


class Source(StrEnum):
    """Where a pin's bytes come from, decided by its address and never by a flag beside it."""

    REGISTRY = "registry"
    REMOTE = "remote"
    """A tarball at a URL that is not a registry's own."""
    GIT = "git"
    """A git repository, or a forge's archive of one commit."""
    FILE = "file"
    """A tarball or a directory of the repository, copied at install."""
    LINK = "link"
    """A directory that is linked (`link:`, `portal:`, npm `link: true` outside the workspaces)."""
    WORKSPACE = "workspace"
    """A member of the project itself."""
    BUNDLED = "bundled"
    """Inside the tarball of another release, whose digest covers it."""
    EXEC = "exec"
    """Made at install by a script (`exec:`)."""
    RUNTIME = "runtime"
    """A JavaScript runtime that the manager itself installs (`node@runtime:`)."""
    UNKNOWN = "unknown"
    """An address of a form that no reader knows."""


class Group(StrEnum):
    """The group of a manifest that a requirement stands in."""

    PROD = "dependencies"
    DEV = "devDependencies"
    OPTIONAL = "optionalDependencies"
    PEER = "peerDependencies"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a manifest, or of a lockfile's record of one.

    Attributes:
        name: The name under which it is installed (the alias, where there is one).
        specifier: What the manifest asks for, verbatim: `^1.0.0`, `npm:x@1`, `workspace:*`, ...
        group: The group it stands in.
        pin: Key of the pin it resolves to; None in a manifest, and where it resolves to none.
        where: Its line.
    """

    name: str
    specifier: str
    group: Group
    pin: str | None = None
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """One lockfile entry.

    Attributes:
        key: The entry's key in its lockfile, verbatim; unique in the lockfile.
        name: The package's own name: for an alias the target's, never the local one.
        version: The locked version; "" where the format records none (some git and link entries).
        where: The entry's line.
        source: Where the bytes come from.
        url: The address as the lockfile records it, without a `#digest` fragment; None if absent.
        digests: Digests of the artifact (the tarball as served), strongest first. Yarn berry's
            checksums are of its own zip file: they are in `checksum`, never here.
        integrity: The integrity as the lockfile records it, verbatim; None where it records none.
        url_line, digest_line: Lines of `url` and of the digest; None where there is none.
        checksum: A digest of other bytes than the artifact's, verbatim, which compares with nothing
            outside: yarn berry's of its zip file, pnpm's of the uncompressed tar; else None.
        conditions: Platform conditions under which alone it is installed, where the format records
            them (yarn berry, which writes no checksum for such an entry); else None.
        alias: The local name where it differs from `name`, else None.
        more_aliases: Further such names, where several lead to this one entry (pnpm, yarn).
        direct: A manifest of the project asks for it.
        dev: Only development dependencies lead to it.
        optional: Only optional dependencies lead to it.
        requires: Keys of the pins that this one depends on, sorted.
        install_script: The lockfile's own flag for code at install; None where the format has none.
        patch: Path (or locator) of a patch applied over the bytes, else None.
        commit: The commit of a git source, where recorded.
        note: What is odd about the entry, for the reader of a finding; else "".
        registry: Name of a registry that the entry itself names (pnpm's `name@<registry>:1.0.0`).
    """

    key: str
    name: str
    version: str
    where: Location
    source: Source = Source.REGISTRY
    url: str | None = None
    digests: tuple[Digest, ...] = ()
    integrity: str | None = None
    url_line: int | None = None
    digest_line: int | None = None
    checksum: str | None = None
    conditions: str | None = None
    alias: str | None = None
    direct: bool = False
    dev: bool = False
    optional: bool = False
    requires: tuple[str, ...] = ()
    install_script: bool | None = None
    patch: str | None = None
    commit: str | None = None
    note: str = ""
    registry: str | None = None
    more_aliases: tuple[str, ...] = ()

    @property
    def release(self) -> Release:
        return release_of(self.name, self.version)

    @property
    def local_names(self) -> tuple[str, ...]:
        """The names under which it is installed, other than its own."""
        return () if self.alias is None else (self.alias, *self.more_aliases)

    @property
    def is_release(self) -> bool:
        """Its bytes are one artifact of a registry's release (or claim to be)."""
        return self.source is Source.REGISTRY


@dataclass(frozen=True, slots=True)
class Importer:
    """A manifest as the lockfile recorded it.

    Attributes:
        path: Directory of the manifest relative to the lockfile's own directory; "" for that one.
        requirements: What it asks for, each with the pin that it resolves to.
        name: The manifest's name where recorded, else "".
    """

    path: str
    requirements: tuple[Requirement, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Lockfile:
    """A lockfile as read: pure data, with positions.

    Attributes:
        path: Path relative to the repository's root.
        manager: The manager that writes it.
        format: `package-lock`, `npm-shrinkwrap`, `pnpm-lock`, `yarn-classic`, `yarn-berry`, `bun`.
        version: The format's own version, verbatim: "3", "9.0", "1", "10".
        pins: The entries, in file order, without the project's root.
        importers: The manifests it recorded; empty where the format records none.
        overrides: Selector -> replacement, as recorded (overrides, resolutions); else empty.
        catalogs: `catalog name/package` -> specifier, as recorded; "default/x" for the default one.
        patches: Selector -> patch path or digest, as recorded.
        settings: Further recorded settings that change an install, as text.
        trusted: Names the lockfile itself lists as allowed to run scripts (bun), with their lines.
        environment: Pins of the manager's own environment document (pnpm): its binaries and
            configuration dependencies, keyed `env:<key>`; judged like `pins`.
    """

    path: str
    manager: Manager
    format: str
    version: str
    pins: tuple[Pin, ...]
    importers: tuple[Importer, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    catalogs: Mapping[str, str] = field(default_factory=dict)
    patches: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    trusted: tuple[tuple[str, Location], ...] = ()
    environment: tuple[Pin, ...] = ()

    @property
    def every_pin(self) -> tuple[Pin, ...]:
        return self.pins + self.environment
