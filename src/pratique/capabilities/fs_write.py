"""fs.write: writes files."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._files import FILES
from pratique.capabilities._spotting import member_uses, seen
from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "fs.write"
TITLE = "writes files"
GLOBALS: frozenset[str] = frozenset()
MODULES = FILES
MEMBERS = frozenset({
    "writeFile", "writeFileSync", "appendFile", "appendFileSync", "createWriteStream", "mkdir",
    "mkdirSync", "mkdtemp", "mkdtempSync", "copyFile", "copyFileSync", "cp", "cpSync", "rename",
    "renameSync", "symlink", "symlinkSync", "link", "linkSync", "outputFile", "outputFileSync",
    "writeJson", "writeJsonSync", "ensureDir", "ensureDirSync", "truncate", "truncateSync",
})  # fmt: skip
TEXTS: tuple[str, ...] = ()


def tier(_detail: str) -> Tier:
    return Tier.B


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in member_uses(source, MODULES, MEMBERS):
        yield seen(ID, site)
