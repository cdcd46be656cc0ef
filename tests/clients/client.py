"""Runs a package manager in a clean environment: own HOME, own caches, the registry it is given."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

Ran = subprocess.CompletedProcess[str]
_XDG = ("CACHE", "CONFIG", "DATA", "STATE")


@dataclass(frozen=True)
class Client:
    """One package manager of one version.

    Attributes:
        name: `npm12`, `yarn4`, ...
        version: As the lock pins it.
        command: What is executed before the arguments.
        settings: Registry address -> the environment variables that set it.
        path: Folders of `PATH`.
    """

    name: str
    version: str
    command: tuple[str, ...]
    settings: Callable[[str], Mapping[str, str]]
    path: tuple[str, ...]

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        registry: str,
        ca: Path | None = None,
        env: Mapping[str, str] | None = None,
        home: Path | None = None,
        seconds: float = 120,
    ) -> Ran:
        """Run it in `cwd` against `registry`; stdout and stderr are captured as text.

        Args:
            arguments: `["install"]`, ...
            cwd: The project.
            registry: Its address, ending in a slash.
            ca: A certificate to trust.
            env: Further variables; nothing else of the caller's environment is passed on.
            home: HOME with every cache; by default a new one that is removed afterwards.
            seconds: Time limit.
        """
        with nullcontext(str(home)) if home else _fresh_home() as place:
            write_user_settings(Path(place), registry, ca)
            trusted = _trusting(ca) if ca else {}
            variables = {**self._variables(place), **self.settings(registry), **trusted}
            return subprocess.run(
                [*self.command, *arguments], cwd=cwd, env=variables | dict(env or {}),
                timeout=seconds, capture_output=True, text=True, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def _variables(self, home: str) -> dict[str, str]:
        folders = {f"XDG_{kind}_HOME": f"{home}/{kind}" for kind in _XDG}
        path = os.pathsep.join(self.path)
        return {"HOME": home, "PATH": path, "LANG": "C.UTF-8", "NO_COLOR": "1", **folders}


def write_user_settings(home: Path, registry: str, ca: Path | None = None) -> None:
    """A user's `.npmrc` that names the registry, and the certificate to trust."""
    lines = [f"registry={registry}", *([f"cafile={ca}"] if ca else [])]
    (home / ".npmrc").write_text("\n".join(lines) + "\n")


def _fresh_home() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="home-", ignore_cleanup_errors=True)


def _trusting(ca: Path) -> dict[str, str]:
    """The certificate under every name that one of the clients reads."""
    names = ("NODE_EXTRA_CA_CERTS", "npm_config_cafile", "pnpm_config_cafile",
             "YARN_HTTPS_CA_FILE_PATH")  # fmt: skip
    return dict.fromkeys(names, str(ca))


def npm_settings(registry: str) -> dict[str, str]:
    return {
        "npm_config_registry": registry,
        # A second attempt comes after ten seconds; a test that wants it says so.
        "npm_config_fetch_retries": "0",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        # A file that is not there: a client that runs as root could replace a device.
        "npm_config_globalconfig": "/nonexistent/npmrc",
    }


def pnpm_settings(registry: str) -> dict[str, str]:
    # pnpm 10 reads npm's variables, 11 and later only its own.
    return {
        "npm_config_registry": registry,
        "pnpm_config_registry": registry,
        "npm_config_fetch_retries": "0",
        "pnpm_config_fetch_retries": "0",
        "npm_config_update_notifier": "false",
        "pnpm_config_update_notifier": "false",
    }


def yarn1_settings(registry: str) -> dict[str, str]:
    return {"npm_config_registry": registry, "YARN_REGISTRY": registry}


def yarn4_settings(registry: str) -> dict[str, str]:
    return {
        "YARN_NPM_REGISTRY_SERVER": registry.rstrip("/"),
        "YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1,localhost",
        "YARN_NODE_LINKER": "node-modules",
        "YARN_ENABLE_TELEMETRY": "0",
        "YARN_ENABLE_PROGRESS_BARS": "0",
        "YARN_IGNORE_PATH": "1",
    }


def bun_settings(registry: str) -> dict[str, str]:
    return {"BUN_CONFIG_REGISTRY": registry, "NPM_CONFIG_REGISTRY": registry, "DO_NOT_TRACK": "1"}
