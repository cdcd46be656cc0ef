"""What a client installed, as a value that two installations can be compared by."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

LEFT_OUT = {
    ".modules.yaml": "pnpm's notes: when it last cleaned up, and where its store lies",
    ".pnpm-workspace-state.json": "pnpm's notes: when the project was last looked at",
    ".pnpm-workspace-state-v1.json": "pnpm's notes: when the project was last looked at",
}
"""Names of files that differ between two direct installations, too, and why."""
_NOTES = frozenset({".package-lock.json", ".yarn-integrity", ".yarn-state.yml", "lock.yaml"})
_STARTERS = ".bin"
"""A client's own files, and the folders of the programs that start commands: the addresses in them
and the project's folder are compared without their beginning."""


def contents(project: Path, *addresses: str) -> dict[str, str]:
    """Path below `node_modules` -> a link's target, or a file's digest and whether it can run.

    Args:
        project: The folder that was installed into.
        addresses: Registries whose addresses count as the same one.
    """
    modules = project / "node_modules"
    found: dict[str, str] = {}
    for folder, names, files in os.walk(modules):
        for name in [*names, *files]:
            path = Path(folder, name)
            if path.is_symlink():
                found[str(path.relative_to(modules))] = f"-> {path.readlink()}"
            elif name in files and name not in LEFT_OUT:
                found[str(path.relative_to(modules))] = _file(path, project, addresses)
    return found


def _file(path: Path, project: Path, addresses: tuple[str, ...]) -> str:
    source = path.read_bytes()
    if path.name in _NOTES or path.parent.name == _STARTERS:
        text = source.decode().replace(str(project), "PROJECT")
        source = without_hosts(text, *addresses).encode()
    can_run = "x" if os.access(path, os.X_OK) else "-"
    return f"{can_run} {hashlib.sha256(source).hexdigest()}"


def without_hosts(text: str, *begins: str) -> str:
    """The text with every address that begins so beginning with `REGISTRY/` instead.

    bun records the address of an artifact only where its registry is not the one built in; at the
    usual path, that counts as the same.
    """
    for begin in begins:
        text = text.replace(begin, "REGISTRY/")
    return re.sub(r'"REGISTRY/(@[^/"]+/)?([^/"]+)/-/\2-[^/"]+\.tgz"(?=, \{)', '""', text)


def differences(one: dict[str, str], other: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Path -> what the first and the second have there; "" for nothing."""
    return {
        path: (one.get(path, ""), other.get(path, ""))
        for path in sorted(one.keys() | other.keys())
        if one.get(path) != other.get(path)
    }
