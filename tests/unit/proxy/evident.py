"""Packages with evidence behind a firewall: a forge mints it, the test registry serves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.forge import Build, Forge
from tests.forge.serving import publish, registry_of
from tests.registry import Registry, Shelved, SigningKey
from tests.unit.proxy.stand import Clock, Stand, days, standing

NAME = "widget"
LINE = ("1.0.0", "1.0.1", "1.0.2")
"""Releases of a trusted publisher, with provenance."""


def run(number: int, **more: Any) -> Build:
    """One run of the workflow, later ones with higher numbers."""
    return Build(run=str(7_000_000_000 + number), commit=f"{number:040x}", **more)


def release(
    registry: Registry, forge: Forge, version: str, age: float, *, name: str = NAME, **more: Any
) -> Shelved:
    """Published by a workflow, so many days ago; `more` as of `forge.serving.publish`."""
    at = days(age).replace(microsecond=0)
    more.setdefault("build", run(int(10_000 - age * 10)))
    return publish(registry, forge, name, version, at=at, **more)


def by_token(
    registry: Registry, forge: Forge, version: str, age: float, *, name: str = NAME, **more: Any
) -> Shelved:
    """Published by hand: signed by the registry as all are, and nothing says how it was built."""
    key = SigningKey(forge.npm.private)
    more.setdefault("user", "mallory")
    return registry.publish(name, version, published=days(age), keys=[key], **more)


def line(registry: Registry, forge: Forge, **more: Any) -> None:
    """Three releases, the last of them 40 days old."""
    for version, age in zip(LINE, (100, 70, 40), strict=True):
        release(registry, forge, version, age, **more)


@contextmanager
def evident(
    data: Path, registry: Registry, forge: Forge, clock: Clock, **more: Any
) -> Iterator[Stand]:
    """A firewall that trusts the forge's keys and root."""
    with standing(data, registry, clock, keys=forge.keys(), root=forge.root(), **more) as made:
        yield made


def attested_at(stand: Stand, version: str, name: str = NAME) -> datetime | None:
    """What the firewall keeps at hand of a release's time."""
    kept = stand.running.packages._evidence._kept[name]
    return kept.proven[version].attested


__all__ = ["registry_of"]
