"""fs.read: reads files."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._files import FILES
from pratique.capabilities._spotting import member_uses, seen
from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "fs.read"
TITLE = "reads files"
GLOBALS: frozenset[str] = frozenset()
MODULES = FILES
MEMBERS = frozenset({
    "readFile", "readFileSync", "createReadStream", "readdir", "readdirSync", "opendir",
    "opendirSync", "readJson", "readJsonSync", "readlink", "readlinkSync",
})  # fmt: skip
TEXTS: tuple[str, ...] = ()


def tier(_detail: str) -> Tier:
    return Tier.C


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in member_uses(source, MODULES, MEMBERS):
        yield seen(ID, site)
