"""Packuments for tests, in several spellings, and two readers of what is given for them."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Self

from tests.conftest import unavailable

from pratique.proxy.packument import Packument, Shown, read, render
from pratique.proxy.paths import tarball_path

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
BASE = "https://registry.example/"
OURS = "http://127.0.0.1:4873/"
NAME = "left-pad"

READ = """
const lines = require('readline').createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const found = JSON.parse(Buffer.from(line, 'base64').toString('utf8'));
  const versions = Object.entries(found.versions).map(([v, each]) => [v, each.dist.tarball]);
  const told = [versions, Object.keys(found.time ?? {}), Object.entries(found['dist-tags'])];
  console.log(JSON.stringify(told));
});
"""


def version(number: str, **more: Any) -> dict[str, Any]:
    tarball = f"{BASE}{NAME}/-/{NAME}-{number}.tgz"
    dist = {"shasum": "c" * 40, "tarball": tarball, "integrity": "sha512-eA==", "fileCount": 4}
    return {"name": NAME, "version": number, "scripts": {"test": "x"}, "dist": dist, **more}


def packument(*numbers: str, **more: Any) -> dict[str, Any]:
    numbers = numbers or ("1.0.0", "1.1.0", "2.0.0")
    days = {number: f"2026-11-{day:02}T08:00:00.000Z" for day, number in enumerate(numbers, 1)}
    return {
        "_id": NAME,
        "_rev": "7-abc",
        "name": NAME,
        "dist-tags": {"latest": numbers[-1]},
        "versions": {number: version(number) for number in numbers},
        "time": {
            "modified": "2026-11-20T08:00:00.000Z",
            "created": "2026-11-01T08:00:00.000Z",
            **days,
        },
        "readme": "# left-pad",
        **more,
    }


def tight(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def wide(document: object) -> bytes:
    return json.dumps(document).encode()


def pretty(document: object) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).replace("\n", "\r\n").encode()


SPELLINGS = (tight, wide, pretty)


def known(body: bytes, name: str = NAME) -> Packument:
    found = read(body, name, now=NOW)
    assert isinstance(found, Packument), found
    return found


def addresses(found: Packument) -> dict[str, str]:
    """Version -> our address, where there is one."""
    paths = {v: tarball_path(BASE, (), found.name, of.tarball) for v, of in found.versions.items()}
    return {each: OURS + path for each, path in paths.items() if path is not None}


def given(
    found: Packument,
    versions: Iterable[str] | None = None,
    *,
    short: bool = False,
    deprecated: Mapping[str, str] | None = None,
    modified: datetime | None = None,
) -> bytes:
    chosen = tuple(found.versions if versions is None else versions)
    shown = Shown(chosen, addresses(found), deprecated or {}, modified)
    return render(found, shown, short=short)


Told = tuple[list[list[str]], list[str], list[list[str]]]
"""([version, tarball], keys of `time`, [tag, version]) of a document."""


def by_python(body: bytes) -> Told:
    found = json.loads(body)
    versions = [[each, of["dist"]["tarball"]] for each, of in found["versions"].items()]
    return versions, list(found.get("time", {})), [[*tag] for tag in found["dist-tags"].items()]


class Node:
    """JSON.parse in a process of its own."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            unavailable("node", "no node on this machine")
        self._process = subprocess.Popen(
            [str(node), "-e", READ], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def read(self, body: bytes) -> Told:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(base64.b64encode(body) + b"\n")
        versions, times, tags = json.loads(self._process.stdout.readline())
        return versions, times, tags


def by_node(bodies: Iterable[bytes]) -> list[Told]:
    with Node() as node:
        return [node.read(body) for body in bodies]
