"""The user's registries: their files and environment, and npm itself where those say nothing.

Only the user's own files are read, never a project's: those that decide where secrets go must not
come with the repository that is judged.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pratique.ecosystems.npm.settings.stated import Stated
from pratique.ecosystems.npm.settings.user import UserFile, places, read_registries
from pratique.errors import SettingsError
from pratique.model.pin import Manager
from pratique.model.registry import Registries, normalised
from pratique.syntax.text import SETTINGS

PATIENCE = 20.0
"""Seconds that npm has to say which registry it uses; a cold start on a slow disk takes about 3."""
_HINT = (
    "Add the line `registry=ADDRESS` to ~/.npmrc, "
    "with the https address that your packages come from."
)


def user_registries(
    environment: Mapping[str, str],
    policy: Stated | None = None,
    *,
    manager: Manager = Manager.NPM,
    patience: float = PATIENCE,
) -> Registries:
    """The user's registries, with a default one for certain.

    Args:
        environment: The process's variables; HOME says where the files are.
        policy: What the policy says of registries, before everything else.
        manager: The manager of the project in question: its own settings come first.
        patience: Seconds that npm has to answer, where it has to be asked.

    Raises:
        SettingsError: A file cannot be read, or nothing names a registry; the hint has the line
            to add.
    """
    home = (environment.get("HOME") or str(Path.home())).rstrip("/")
    found = places(environment, home, _global_npmrc(environment))
    read = [(kind, path, _content(path)) for kind, path in found]
    files = [UserFile(kind, path, source) for kind, path, source in read if source is not None]
    registries = read_registries(files, environment, manager=manager, policy=policy)
    if registries.default is not None:
        return registries
    return replace(registries, default=_asked(environment, patience))


def _content(path: str) -> bytes | None:
    """The file's bytes; None where there is none. A pipe or a device is not waited for."""
    try:
        if not Path(path).is_file():
            return None
        with Path(path).open("rb") as file:
            source = file.read(SETTINGS.max_bytes + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    if len(source) > SETTINGS.max_bytes:
        raise SettingsError(f"{path} is larger than {SETTINGS.max_bytes} bytes")
    return source


def _global_npmrc(environment: Mapping[str, str]) -> str:
    """`etc/npmrc` below npm's default prefix: the directory above node's own."""
    node = shutil.which("node", path=environment.get("PATH", ""))
    return "" if node is None else str(Path(node).resolve().parent.parent / "etc" / "npmrc")


def _asked(environment: Mapping[str, str], patience: float) -> str:
    """What npm says its registry is (DECISIONS 14), asked where no project can answer for it."""
    npm = shutil.which("npm", path=environment.get("PATH", ""))
    if npm is None:
        raise SettingsError("No registry is configured, and there is no npm to ask", hint=_HINT)
    with tempfile.TemporaryDirectory(prefix="pratique-") as folder:
        # With a manifest of its own, npm does not look for a project in the folders above.
        Path(folder, "package.json").write_text("{}\n", encoding="ascii")
        answer = _run(npm, folder, environment, patience)
    lines = [line for line in answer.splitlines() if line.strip()]
    address = normalised(lines[-1].strip()) if lines else None
    if address is None:
        raise SettingsError("No registry is configured, and npm names none", hint=_HINT)
    return address


def _run(npm: str, folder: str, environment: Mapping[str, str], patience: float) -> str:
    try:
        ran = subprocess.run(  # noqa: S603 - the user's own npm, with fixed arguments
            [npm, "config", "get", "registry"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience,
            check=True,
        )
    except subprocess.TimeoutExpired:
        message = f"No registry is configured, and npm did not answer in {patience:g} s"
        raise SettingsError(message, hint=_HINT) from None
    except (OSError, subprocess.CalledProcessError):
        message = "No registry is configured, and npm could not say which one it uses"
        raise SettingsError(message, hint=_HINT) from None
    return ran.stdout.decode("utf-8", "replace")
