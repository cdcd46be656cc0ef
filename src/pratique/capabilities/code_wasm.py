"""code.wasm: runs WebAssembly."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._spotting import used
from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "code.wasm"
TITLE = "runs WebAssembly"
GLOBALS = frozenset({"WebAssembly"})
MODULES: frozenset[str] = frozenset()
MEMBERS: frozenset[str] = frozenset()
TEXTS: tuple[str, ...] = ()


def tier(_detail: str) -> Tier:
    return Tier.B


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    yield from used(source, {"WebAssembly": ""}, ID)
