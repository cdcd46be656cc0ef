"""The registry that this machine is configured for, told to clients that know nothing of it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import urllib3
from tests.conftest import unavailable

from pratique.gather.user import user_registries


@dataclass(frozen=True)
class Upstream:
    """A registry's address, ending in a slash, and the authorities to trust, if it needs any."""

    url: str
    ca: Path | None


def configured() -> Upstream:
    """What the user's settings name, else what npm says. Skips where it does not answer."""
    registries = user_registries(os.environ)
    assert registries.default is not None
    told = os.environ.get("NODE_EXTRA_CA_CERTS") or _npm("cafile")
    found = Upstream(registries.default, Path(told) if told and Path(told).is_file() else None)
    try:
        with urllib3.PoolManager(ca_certs=str(found.ca) if found.ca else None) as pool:
            pool.request("HEAD", f"{found.url}once", timeout=20)
    except urllib3.exceptions.HTTPError as error:
        unavailable("online", f"the registry does not answer: {type(error).__name__}")
    return found


def _npm(key: str) -> str:
    command = ["npm", "config", "get", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip()
