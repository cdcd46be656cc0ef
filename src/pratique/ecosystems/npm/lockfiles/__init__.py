"""The lockfile formats that are read, one file each, and the ones that are only named.

Each reader is `read(source, path) -> Lockfile`, pure, and raises LockfileError alone. The tuple is
explicit: a format that nobody registered is not read, and none is lost silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pratique.ecosystems.npm.lockfiles import bun, npm, pnpm, yarn_berry, yarn_classic
from pratique.model.pin import Lockfile, Manager

Reader = Callable[[bytes, str], Lockfile]


@dataclass(frozen=True, slots=True)
class Format:
    """One lockfile format.

    Attributes:
        name: As in `Lockfile.format`.
        manager: The manager that installs from it.
        file_names: Globs of its file's name.
        read: (bytes, path relative to the repository's root) -> Lockfile.
    """

    name: str
    manager: Manager
    file_names: tuple[str, ...]
    read: Reader

    def has(self, path: str) -> bool:
        """Whether a file of this name is of this format (a yarn.lock: of one of its two)."""
        file_name = path.rpartition("/")[2]
        return any(fnmatchcase(file_name, pattern) for pattern in self.file_names)


# In one directory npm reads npm-shrinkwrap.json and ignores package-lock.json (npm 12 reads it no
# longer): so it stands first.
FORMATS: tuple[Format, ...] = (
    Format("npm-shrinkwrap", Manager.NPM, ("npm-shrinkwrap.json",), npm.read),
    Format("package-lock", Manager.NPM, ("package-lock.json",), npm.read),
    Format("pnpm-lock", Manager.PNPM, ("pnpm-lock.yaml", "pnpm-lock.*.yaml"), pnpm.read),
    Format("yarn-classic", Manager.YARN_CLASSIC, ("yarn.lock",), yarn_classic.read),
    Format("yarn-berry", Manager.YARN_BERRY, ("yarn.lock",), yarn_berry.read),
    Format("bun", Manager.BUN, ("bun.lock",), bun.read),
)

_NOT_YET = "this version reads the lockfiles of npm, pnpm, yarn and bun"
NOT_EXAMINED: tuple[tuple[str, str], ...] = (
    ("bun.lockb", "binary: convert it with `bun install --save-text-lockfile --lockfile-only`"),
    ("deno.lock", f"deno: {_NOT_YET}"),
    ("vlt-lock.json", f"vlt: {_NOT_YET}"),
    ("aube-lock.yaml", f"aube: {_NOT_YET}"),
    ("rush-shrinkwrap*.json", f"rush: {_NOT_YET}"),
    ("uv.lock", f"uv (Python): {_NOT_YET}"),
    ("poetry.lock", f"Poetry (Python): {_NOT_YET}"),
    ("pdm.lock", f"PDM (Python): {_NOT_YET}"),
    ("Pipfile.lock", f"Pipenv (Python): {_NOT_YET}"),
    ("pixi.lock", f"Pixi (Python, conda): {_NOT_YET}"),
    ("conda-lock.yml", f"conda-lock (Python, conda): {_NOT_YET}"),
    ("pylock.toml", f"PEP 751 (Python): {_NOT_YET}"),
    ("pylock.*.toml", f"PEP 751 (Python): {_NOT_YET}"),
)
"""Glob of a file's name -> why a lockfile of that name is reported and not read."""

_BERRY = re.compile(rb"^(?:\xef\xbb\xbf)?(?:__metadata|\"__metadata\"):", re.MULTILINE)
_CLASSIC = re.compile(rb"^(?:\xef\xbb\xbf)?#[ \t]*yarn lockfile v1[ \t]*\r?$", re.MULTILINE)


def format_of(path: str, source: bytes = b"") -> Format | None:
    """The format of the file at `path`; None where it is no lockfile that is read.

    A yarn.lock is of one of two formats, which its content tells: `__metadata:` is yarn 2 and
    later, `# yarn lockfile v1` is yarn 1; without either (an empty file) it is yarn 1's, as yarn
    itself takes it. `source` is not looked at for other names.
    """
    found = [each for each in FORMATS if each.has(path)]
    if len(found) < 2:
        return found[0] if found else None
    berry = bool(_BERRY.search(source)) and not _CLASSIC.search(source)
    wanted = Manager.YARN_BERRY if berry else Manager.YARN_CLASSIC
    return next((each for each in found if each.manager is wanted), None)


def may_be_locked_requirements(path: str) -> bool:
    """Whether only the content tells that it is a lockfile of pip's: requirements with digests."""
    return fnmatchcase(path.rpartition("/")[2], "*requirements*.txt")


def why_not_examined(path: str, source: bytes = b"") -> str | None:
    """Why a lockfile of this name is not read; None where it is read, or is no lockfile.

    `source` is looked at for pip's requirements only: they lock where they name digests.
    """
    file_name = path.rpartition("/")[2]
    if may_be_locked_requirements(path) and b"--hash=" in source:
        return f"pip requirements (Python): {_NOT_YET}"
    return next((why for glob, why in NOT_EXAMINED if fnmatchcase(file_name, glob)), None)
