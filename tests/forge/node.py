"""Runs what npm itself verifies with: the sigstore-js and the pacote that an npm carries."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.clients import Client
from tests.forge.claims import Document

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Audited:
    """A release of a registry, `NAME@VERSION`, and under what it is verified."""

    registry: str
    spec: str
    root: Document
    keys: Document


def modules(client: Client) -> Path:
    """The `node_modules` inside an npm of tests/clients."""
    return Path(client.command[-1]).parent.parent / "node_modules"


def version_of(client: Client, package: str) -> str:
    """The exact version of a package that an npm carries."""
    manifest = json.loads((modules(client) / package / "package.json").read_bytes())
    return str(manifest["version"])


def verified(
    client: Client, root: Document, keys: Document, bundles: Sequence[Document]
) -> list[str]:
    """What sigstore-js says of each bundle: "" where it accepts it."""
    asked = {"root": root, "keys": keys, "bundles": list(bundles)}
    said: list[str] = _run(client, "verify.cjs", asked)
    return said


def audited(client: Client, releases: Sequence[Audited]) -> list[Document]:
    """What pacote says of each release: `accepted`, and a `code` where it is refused."""
    with tempfile.TemporaryDirectory(prefix="pacote-") as cache:
        asked = {"cache": cache, "releases": [asdict(one) for one in releases]}
        said: list[Document] = _run(client, "accept.cjs", asked)
    return said


def _run(client: Client, script: str, asked: Document) -> Any:
    whole = json.dumps({**asked, "modules": str(modules(client))})
    ran = subprocess.run(
        [client.command[0], str(HERE / script)],
        input=whole, capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": ":".join(client.path), "HOME": "/nonexistent"},
    )  # fmt: skip
    if ran.returncode != 0:
        raise RuntimeError(f"{script} failed: {ran.stderr[-2000:]}")
    return json.loads(ran.stdout)
