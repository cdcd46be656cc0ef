"""Projects that real package managers install from the test registry, and `check` on them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.builders import facts, policy, report
from tests.clients import Client, Ran
from tests.clients.client import write_user_settings
from tests.registry import Registry, SigningKey
from tests.registry.exchange import as_json

from pratique.capabilities.analysis import analyse_artifact
from pratique.ecosystems.npm.binding import is_bindable
from pratique.ecosystems.npm.projects import read_repository, wanted
from pratique.evaluate import Asked
from pratique.gather.documents import read_version
from pratique.gather.tree import read_work_tree
from pratique.model.behavior import ANALYSED
from pratique.model.fact import HOSTS, REGISTERED, Hosts, Key, Registered
from pratique.model.pin import Pin
from pratique.model.report import Report
from pratique.store.pinned import Imported, location, put

IMPORTED = datetime(2026, 11, 22, tzinfo=UTC)
LOCKFILES = ("package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock")


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")


def run(client: Client, arguments: list[str], project: Path, registry: Registry) -> Ran:
    """Run a client with a fresh HOME and fresh caches."""
    return client.run(arguments, cwd=project, registry=registry.url, ca=registry.ca)


def install(client: Client, project: Path, registry: Registry) -> Path:
    """Install without a lockfile; its path, once the client has written it."""
    ran = run(client, ["install"], project, registry)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (written,) = [project / name for name in LOCKFILES if (project / name).is_file()]
    return written


def forget_installed(project: Path) -> None:
    """Leave only what a clone of the project would have."""
    for path in (project / "node_modules", project / ".yarn"):
        shutil.rmtree(path, ignore_errors=True)


def check(project: Path, registry: Registry | str, home: Path) -> Ran:
    """`pratique check PROJECT --format json` by a user whose registry it is, or is at a URL.

    They have pinned the key of the test registry.
    """
    home.mkdir(exist_ok=True)
    if isinstance(registry, str):
        write_user_settings(home, registry)
    else:
        write_user_settings(home, registry.url, registry.ca)
        keys = {"keys": [SigningKey.of("test registry").document()]}
        put(location({"HOME": str(home)}), "keys", Imported(json.dumps(keys).encode(), IMPORTED))
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    command = [sys.executable, "-m", "pratique", "check", str(project), "--format", "json"]
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False, timeout=120,
        env={**kept, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")},
    )  # fmt: skip


def judged(project: Path, registry: Registry) -> Report:
    """Layer 1 on a project, every rule at block, on what the registry says and has of each pin."""
    repository = read_repository(read_work_tree(project, wanted))
    (read,) = repository.projects
    assert read.lockfile, read.unread
    hosts = Hosts({urlsplit(registry.url).netloc: registry.url}, registry.url)
    pins = [pin for pin in read.lockfile.every_pin if is_bindable(pin, hosts)]
    given = facts((HOSTS, None, hosts), *_known_to(registry, pins))
    return report(read, facts=given, policy=policy(), asked=Asked(only=("lockfile",)))


def _known_to(registry: Registry, pins: Iterable[Pin]) -> Iterator[tuple[Any, Key, object]]:
    for pin in pins:
        shelved = registry.release(pin.name, pin.version)
        body = bytearray(as_json(shelved.document(registry.url)))
        document = read_version(body, pin.name, pin.version)
        assert not isinstance(document, str), document
        yield REGISTERED, pin.release, Registered(registry.url, document)
        yield ANALYSED, pin.release, analyse_artifact(shelved.bytes)


def findings(ran: Ran) -> list[dict[str, Any]]:
    """The findings of a JSON report that are at warn or above."""
    report = json.loads(ran.stdout)
    quiet = {"off", "observe"}
    return [one for one in report["findings"] if one.get("action") not in quiet]
