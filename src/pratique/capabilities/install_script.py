"""install.script: runs a command when it is installed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from pratique.capabilities.source import Manifest, Occurrence, Source
from pratique.model.behavior import Tier

ID = "install.script"
TITLE = "runs a command when it is installed"
EVENTS = ("preinstall", "install", "postinstall")
"""npm docs, "scripts", npm 12: run for a dependency that comes from a registry."""
_FETCHES = re.compile(
    r"(?i)(?:^|[\s;&|(`'\"])(?:curl|wget|powershell(?:\.exe)?|certutil|bitsadmin|iwr|bun|deno|bunx|"
    r"python3?|ruby|perl|php|npx|pnpx|yarn dlx|pnpm dlx)(?=[\s;&|)`'\"]|$)"
)
"""Programs that fetch others, or run-times that are not Node.js."""
_INLINE = re.compile(r"(?:^|[\s;&|(`])(?:node|bun|deno)\s+(?:-e|-p|--eval|--print|eval)\b")
_BUNDLED = "node_modules/"
"""Where clients look for packages that a package brings along; a manifest elsewhere is a text."""
_COMMANDS = frozenset({
    "node", "npm", "npx", "yarn", "pnpm", "bun", "git", "sh", "bash", "zsh", "python", "python3",
    "curl", "wget", "make", "gcc", "cc", "tar", "ssh", "sudo", "docker", "cmd", "powershell",
})  # fmt: skip


def tier(detail: str) -> Tier:
    return Tier.C if detail == "prepare" else Tier.A


def is_hard(detail: str) -> bool:
    """Another text of a script that was there is none that is new: 3 of 827 benign updates."""
    return detail != "prepare" and not detail.startswith("altered-")


def spot(source: Source) -> Iterator[Occurrence]:
    manifest = source.manifest
    if manifest is None or not (source.is_root or source.path.startswith(_BUNDLED)):
        return
    line = manifest.lines.get("scripts", 0)
    for event, command in _scripts(manifest):
        what = f"{event}: {command}"[:160]
        bundled = "" if source.is_root else "bundled-"
        if event in EVENTS:
            yield Occurrence(f"{ID}:{bundled}{event}", line, what)
            if _FETCHES.search(command):
                yield Occurrence(f"{ID}:fetches", line, what)
            if _INLINE.search(command):
                yield Occurrence(f"{ID}:inline", line, what)
        elif event == "prepare" and source.is_root:
            yield Occurrence(f"{ID}:prepare", line, what)
    if source.is_root:
        yield from _shadows(manifest)


def _scripts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    scripts = manifest.document.get("scripts")
    for event, command in scripts.items() if isinstance(scripts, Mapping) else ():
        if isinstance(command, str) and command.strip():
            yield str(event), command


def shadowed(manifest: Manifest, paths: Iterable[str]) -> Iterator[Occurrence]:
    """The same of the files of a folder that `directories.bin` makes commands of.

    npm takes every file below it where there is no `bin` (npm docs, "package.json", npm 12).
    """
    folders, name = manifest.document.get("directories"), manifest.document.get("name")
    folder = folders.get("bin") if isinstance(folders, Mapping) else None
    if not isinstance(folder, str) or manifest.document.get("bin"):
        return
    below = f"/{posixpath.normpath(f'/{folder}').strip('/')}".rstrip("/") + "/"
    own = str(name).rpartition("/")[2]
    for path in paths:
        command = path.rpartition("/")[2]
        if command in _COMMANDS - {own} and f"/{path}".startswith(below):
            line = manifest.lines.get("directories", 0)
            yield Occurrence(f"{ID}:shadows", line, f"directories.bin: {path}"[:160])


def _shadows(manifest: Manifest) -> Iterator[Occurrence]:
    """A command of this name is found before the machine's own one in every script."""
    commands = manifest.document.get("bin")
    name = manifest.document.get("name")
    own = str(name).rpartition("/")[2]
    names = list(commands) if isinstance(commands, Mapping) else []
    for each in sorted(_COMMANDS & {str(command) for command in names}):
        if each != own:
            yield Occurrence(f"{ID}:shadows", manifest.lines.get("bin", 0), f"bin: {each}")
