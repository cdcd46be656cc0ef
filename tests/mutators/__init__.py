"""Rewrites code as publishers and attackers do: terser and javascript-obfuscator, pinned.

They come from the machine's registry by the lock beside this file, once, like the clients.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.clients.installed import ClientsUnavailableError, installed

__all__ = ["PRESETS", "TERSER", "ClientsUnavailableError", "rewritten"]

HERE = Path(__file__).resolve().parent
TERSER = "terser"
"""Compressed and mangled, names at the top level, too."""
PRESETS = ("default", "low-obfuscation", "medium-obfuscation", "high-obfuscation")
"""Those of javascript-obfuscator."""
_SECONDS = 600


def rewritten(how: str, files: Mapping[str, str]) -> dict[str, str]:
    """Path -> code, of the files that the tool can read.

    Raises:
        ClientsUnavailableError: The tools could not be installed, or there is no Node.js.
    """
    modules, node = installed(HERE), shutil.which("node")
    if node is None:
        raise ClientsUnavailableError("there is no node on this machine")
    asked = {"modules": str(modules), "how": how, "files": dict(files)}
    done = subprocess.run(
        [node, str(HERE / "rewrite.cjs")], input=json.dumps(asked), capture_output=True, text=True,
        check=True, timeout=_SECONDS,
    )  # fmt: skip
    found: dict[str, str] = json.loads(done.stdout)
    return found
