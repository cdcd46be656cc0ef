"""The files of a work tree, as bytes: what git tracks or would track, else a walk.

Files that git does not know yet but does not ignore are read too: they are what the next commit
will hold, and a fresh project would otherwise look as if it had no lockfile. Ignored ones are only
named. Nothing outside the repository is ever read through a link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pratique.errors import RepositoryError, UsageError
from pratique.gather.git_plumbing import Checkout, find_checkout, git
from pratique.model.tree import Tree

Wanted = Callable[[str], bool]

MAX_FILE = 64 * 1024 * 1024
MAX_TOTAL = 1024 * 1024 * 1024
MAX_FILES = 20_000
MAX_PATHS = 2_000_000
_SKIPPED = frozenset({".git", "node_modules"})
_NOT_NODE_MODULES = ":(exclude,glob)**/node_modules/**"
_LEAVES = "a link that leaves the repository"


@dataclass(frozen=True, slots=True)
class Place:
    """What PATH names.

    Attributes:
        top: Root of its repository (the work tree's), or `root` where there is none.
        root: The directory that PATH is, or that the file PATH lies in; resolved.
        file: Name of the file in `root` that PATH is; None where it is a directory.
    """

    top: Path
    root: Path
    file: str | None = None

    @property
    def inside(self) -> str:
        """`root` relative to `top`, with forward slashes; "" where they are the same."""
        inside = self.root.relative_to(self.top).as_posix()
        return "" if inside == "." else inside


def find_place(path: Path) -> Place:
    """Where PATH is in its repository.

    Raises:
        UsageError: There is nothing at PATH.
        RepositoryError: It is a bare repository, or one of another owner.
    """
    try:
        resolved = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"there is nothing at {path}", hint="name a directory or a lockfile"
        ) from (error)
    is_file = not resolved.is_dir()
    root = path.parent.resolve() if is_file else resolved
    checkout = find_checkout(root)
    return Place(checkout.top if checkout else root, root, path.name if is_file else None)


def read_work_tree(root: Path, wanted: Wanted, exclude: Wanted = lambda _path: False) -> Tree:
    """The files below the directory `root`; every path in the answer is relative to it.

    Args:
        root: A work tree's root, a directory inside one, or any directory.
        wanted: Whether the bytes of a path are to be read.
        exclude: Whether a path is left alone although it is wanted; it stays in `paths`.

    Raises:
        RepositoryError: git failed, or there is more than a bound allows.
    """
    root = root.resolve()
    checkout = find_checkout(root)
    listing = _listed(checkout, root) if checkout else None
    if listing is None:  # no repository, or a directory that its repository ignores
        listing = _Listing(_bounded(_walk(root)))
    boundary = checkout.top if checkout else root
    reading = _Reading(boundary.resolve())
    for path in sorted(listing.present):
        if wanted(path) and not exclude(path):
            reading.add(path, root / path)
    return Tree(
        files=reading.files,
        paths=listing.present - reading.gone,
        refused=reading.refused,
        ignored=frozenset(path for path in listing.ignored if wanted(path) and not exclude(path)),
    )


@dataclass(frozen=True, slots=True)
class _Listing:
    present: frozenset[str]
    ignored: frozenset[str] = frozenset()


def _listed(checkout: Checkout, root: Path) -> _Listing | None:
    """What git says of the files below `root`; None where it tracks or would track none there."""
    inside = root.relative_to(checkout.top).as_posix()
    where = f":(literal){inside}" if inside != "." else "."
    prefix = "" if inside == "." else f"{inside}/"

    def listed(*options: str) -> frozenset[str]:
        output = git(checkout, "ls-files", "-z", *options, "--", where, _NOT_NODE_MODULES)
        paths = _bounded(os.fsdecode(output).split("\0"))
        return frozenset(path.removeprefix(prefix) for path in paths if path[-1:] not in ("", "/"))

    tracked = listed("--cached") - listed("--deleted")
    untracked = listed("--others", "--exclude-standard")
    if prefix and not tracked and not untracked:
        return None
    ignored = listed("--others", "--ignored", "--exclude-standard", "--directory")
    return _Listing(tracked | untracked, ignored)


def _bounded(paths: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in paths:
        found.add(path)
        if len(found) > MAX_PATHS:
            raise RepositoryError(
                f"more than {MAX_PATHS} files", hint="name the directory of one project instead"
            )
    return frozenset(found)


def _walk(root: Path) -> Iterator[str]:
    """Every file below `root`, without `.git` and `node_modules`; every link is a file."""
    pending = [("", root)]
    while pending:
        prefix, folder = pending.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            raise RepositoryError(f"{folder} cannot be listed: {error.strerror}") from error
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield prefix + entry.name
            elif entry.name not in _SKIPPED:
                pending.append((f"{prefix}{entry.name}/", Path(entry.path)))


@dataclass(slots=True)
class _Reading:
    """Files as they are read, within the bounds of the whole.

    Attributes:
        boundary: The resolved directory that no link may leave.
        gone: Paths that are listed, and are not there (or are a submodule's directory).
    """

    boundary: Path
    files: dict[str, bytes] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    total: int = 0

    def add(self, path: str, place: Path) -> None:
        try:
            self._add(path, place)
        except FileNotFoundError:
            self._lost(path, place)
        except (OSError, RuntimeError) as error:
            self.refused[path] = f"cannot be read: {getattr(error, 'strerror', None) or error}"

    def _lost(self, path: str, place: Path) -> None:
        if place.is_symlink():
            self.refused[path] = "a link that leads nowhere"
        else:
            self.gone.add(path)

    def _add(self, path: str, place: Path) -> None:
        real = Path(os.path.realpath(place, strict=True))
        if not real.is_relative_to(self.boundary):
            self.refused[path] = _LEAVES
        elif ".git" in real.relative_to(self.boundary).parts:
            self.refused[path] = "a link into git's own directory"
        elif real.is_dir() and not place.is_symlink():
            self.gone.add(path)
        elif not stat.S_ISREG(real.stat().st_mode):
            self.refused[path] = "not a regular file"
        else:
            self._read(path, real)

    def _read(self, path: str, real: Path) -> None:
        with real.open("rb") as file:
            content = file.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            self.refused[path] = f"larger than {MAX_FILE} bytes"
            return
        self.files[path] = content
        self.total += len(content)
        check_bounds(len(self.files), self.total)


def check_bounds(files: int, total: int) -> None:
    """Stop before a repository made for it fills the memory.

    Raises:
        RepositoryError: There are more files or bytes to read than the bounds allow.
    """
    if files > MAX_FILES or total > MAX_TOTAL:
        raise RepositoryError(
            f"more than {MAX_FILES} manifests and lockfiles, or {MAX_TOTAL} bytes of them",
            hint="name the directory of one project, or exclude recorded data in pratique.toml",
        )


def link_target(path: str, target: str) -> str | None:
    """Where a link at `path` of a tree leads: a path of the tree; None where it leaves the tree."""
    if target.startswith("/") or "\0" in target:
        return None
    parts = list(PurePosixPath(path).parent.parts)
    for part in target.split("/"):
        if part == ".." and not parts:
            return None
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
