"""fs.delete: deletes files, or changes who may use them."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._files import FILES
from pratique.capabilities._spotting import member_uses, seen
from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "fs.delete"
TITLE = "deletes files, or changes who may use them"
GLOBALS: frozenset[str] = frozenset()
MODULES = FILES
MEMBERS = frozenset({
    "unlink", "unlinkSync", "rm", "rmSync", "rmdir", "rmdirSync", "chmod", "chmodSync", "chown",
    "chownSync", "lchown", "emptyDir", "emptyDirSync", "remove", "removeSync", "fchmod",
    "fchmodSync",
})  # fmt: skip
TEXTS: tuple[str, ...] = ()


def tier(_detail: str) -> Tier:
    return Tier.B


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in member_uses(source, MODULES, MEMBERS):
        yield seen(ID, site)
