"""Installs the clients once, outside the repository, from the exact-version lock beside this file.

Every binary comes as a platform package of its own, so no install script has to run: scripts are
off. Which registry they come from is the machine's own configuration.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
_MANIFESTS = ("package.json", "package-lock.json")
_SECONDS = 900


class ClientsUnavailableError(Exception):
    """The clients could not be installed; the message says why."""


def folder() -> Path:
    """PRATIQUE_CLIENTS, else `pratique/test-clients` in the user's cache folder."""
    told = os.environ.get("PRATIQUE_CLIENTS")
    if told:
        return Path(told)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "pratique" / "test-clients"


def installed(lock: Path = HERE) -> Path:
    """The `node_modules` with the clients, installed now if it is not there.

    Args:
        lock: Folder of the manifest and the lock that say what is installed.

    Raises:
        ClientsUnavailableError: npm is missing, or it could not install them.
    """
    place = folder() / _key(lock)
    with _locked(folder() / "lock"):
        if not place.is_dir():
            _install(place, lock)
    return place / "node_modules"


def _key(lock: Path) -> str:
    """Changes with the lock and with the platform that the binaries are for."""
    digest = hashlib.sha256(f"{platform.system()} {platform.machine()}".encode())
    for name in _MANIFESTS:
        digest.update((lock / name).read_bytes())
    return digest.hexdigest()[:20]


def _install(place: Path, lock: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ClientsUnavailableError("there is no npm on this machine to install clients with")
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="new-") as new:
        for name in _MANIFESTS:
            shutil.copyfile(lock / name, Path(new) / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            run = subprocess.run(
                command, cwd=new, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ClientsUnavailableError("npm took too long to install the clients") from error
        if run.returncode != 0:
            raise ClientsUnavailableError(f"npm could not install the clients: {run.stderr[:500]}")
        done = Path(new) / "done"
        done.mkdir()
        for name in (*_MANIFESTS, "node_modules"):
            shutil.move(Path(new) / name, done / name)
        done.rename(place)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process installs, the others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
