"""install.implicit: runs code at install without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pratique.capabilities.formats import extension_of
from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "install.implicit"
TITLE = "runs code at install without a script"
_COMMAND = re.compile(rb"<!@?\(")
_ACTION = re.compile(rb"[\"'](?:action|actions|rules|postbuilds)[\"']\s*:")


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(_detail: str) -> bool:
    return True


def spot(source: Source) -> Iterator[Occurrence]:
    if source.manifest is not None:
        if source.manifest.document.get("gypfile") is True:
            yield Occurrence(f"{ID}:gyp", source.manifest.lines.get("gypfile", 0), "gypfile: true")
        return
    if extension_of(source.path) not in {".gyp", ".gypi"}:
        return
    if source.path == "binding.gyp":
        yield Occurrence(f"{ID}:gyp", 0, "binding.gyp: node-gyp rebuild")
    for pattern, detail in ((_COMMAND, "command"), (_ACTION, "action")):
        for match in pattern.finditer(source.content[: 1 << 20]):
            line = source.content.count(b"\n", 0, match.start()) + 1
            text = source.content[match.start() : match.start() + 160].decode("utf-8", "replace")
            yield Occurrence(f"{ID}:{detail}", line, text.partition("\n")[0])
