"""native.binary: holds a program that no reader of JavaScript sees into."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities.formats import NATIVE, extension_of, runs_elsewhere
from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "native.binary"
TITLE = "holds a program that no reader of JavaScript sees into"


def tier(detail: str) -> Tier:
    return Tier.B if detail in {"wasm", "shell"} else Tier.A


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    if source.manifest is not None or not source.path:
        return
    if source.format in NATIVE:
        yield Occurrence(f"{ID}:{source.format}", 0, "")
    elif extension_of(source.path) == ".node":
        yield Occurrence(f"{ID}:node", 0, "")
    elif source.format == "shell" or runs_elsewhere(source.content):
        yield Occurrence(f"{ID}:shell", 0, "")
