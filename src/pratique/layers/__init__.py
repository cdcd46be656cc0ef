"""The layers, in order. A layer judges; it knows no other layer, and does no I/O.

LAYERS is an explicit tuple: a firewall must not load code it was not told to, nor silently lose a
rule. The layers of TITLES that are not in it are not in this version, and every report says so.
"""

from __future__ import annotations

from pratique.layers import (
    behavior,
    build_scripts,
    lockfile,
    registry,
    release_age,
    signatures,
    trust,
)
from pratique.model.layer import Layer, Rule

LAYERS: tuple[Layer, ...] = (
    lockfile.LAYER,
    release_age.LAYER,
    build_scripts.LAYER,
    signatures.LAYER,
    trust.LAYER,
    behavior.LAYER,
    registry.LAYER,
)

TITLES = {
    "lockfile": "lockfile",
    "release-age": "release age",
    "build-scripts": "build scripts",
    "pinned-actions": "pinned actions",
    "vulnerabilities": "vulnerabilities",
    "update-bots": "update bots",
    "signatures": "signatures",
    "trust": "trust",
    "behavior": "behavior",
    "registry": "registry",
    "sbom": "sbom",
}
"""All eleven, in order: name -> title."""


def rules() -> dict[str, Rule]:
    """Every rule of every layer, by id."""
    return {rule.id: rule for layer in LAYERS for rule in layer.rules}
