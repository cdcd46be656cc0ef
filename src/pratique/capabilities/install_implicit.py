"""install.implicit: runs code at install without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pratique.capabilities.code.escapes import unescaped
from pratique.capabilities.formats import extension_of
from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "install.implicit"
TITLE = "runs code at install without a script"
_COMMAND = re.compile(r"[<>^]!@?[-\w.]*\(|\)!@?\(|\$\(shell\b|`")
"""`<!(`, `<!@(`, `<!pymod_do_main(`, in each of the three phases; also put together from a variable
(gyp, docs/InputFormatReference.md, "Command Expansions"); and what make and its shell expand."""
_PYTHON = re.compile(r"__\w+__")
"""A condition is an expression of Python: its way out of what it is given leads over such names."""
_STEPS = frozenset({"action", "actions", "rules", "postbuilds", "make_global_settings"})
_MERGES = "+=?"
"""A list's name may say how it is merged with the one before."""
_MOST = 1 << 20
_TOKEN = re.compile(r"#[^\n]*|(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')|([:,\[\]{}])", re.DOTALL)
_SETTINGS = re.compile(r"(?im)^[ \t]*(git|script-shell|shell|node-options|onload-script)[ \t]*=.*$")
"""Settings of npm that name what is started (npm docs, "config", npm 12)."""


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(_detail: str) -> bool:
    return True


def spot(source: Source) -> Iterator[Occurrence]:
    is_bundled = source.path.startswith("node_modules/")
    if source.manifest is not None:
        is_installed = source.is_root or is_bundled
        if is_installed and source.manifest.document.get("gypfile") is True:
            yield Occurrence(f"{ID}:gyp", source.manifest.lines.get("gypfile", 0), "gypfile: true")
    elif extension_of(source.path) in {".gyp", ".gypi"}:
        bundled = "bundled-" if is_bundled else ""
        if source.path == "binding.gyp" or (is_bundled and source.path.endswith("/binding.gyp")):
            yield Occurrence(f"{ID}:{bundled}gyp", 0, "binding.gyp: node-gyp rebuild")
        for detail, line, text in _of_gyp(source.content[:_MOST].decode("utf-8", "replace")):
            yield Occurrence(f"{ID}:{detail}", line, text.partition("\n")[0][:160])
    elif source.path.rpartition("/")[2] == ".npmrc":
        text = source.content[:_MOST].decode("utf-8", "replace")
        for match in _SETTINGS.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Occurrence(f"{ID}:settings", line, match[0].strip()[:160])


def _of_gyp(text: str) -> Iterator[tuple[str, int, str]]:
    """(detail, line, what) of a gyp file: its strings are Python's, joined where they adjoin."""
    key = ""
    for value, line, after in _strings(text):
        if after == ":":
            key = value
            if value.rstrip(_MERGES) in _STEPS:
                yield "action", line, value
        elif key == "includes" and not value.endswith((".gyp", ".gypi")):
            yield "include", line, value
        if _COMMAND.search(value) or _PYTHON.search(value):
            yield "command", line, value


def _strings(text: str) -> Iterator[tuple[str, int, str]]:
    """(value, its line, the mark behind it) of each string."""
    parts: list[str] = []
    line, begin, counted = 1, 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if match[1]:
            begin = begin if parts else line
            parts.append(unescaped(match[1][1:-1]))
        elif match[2] and parts:
            yield "".join(parts), begin, match[2]
            parts = []
    if parts:
        yield "".join(parts), begin, ""
