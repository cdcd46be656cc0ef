"""A forge for tests: a world of its own that mints signatures and attestations as npm serves them.

    forge = Forge("a seed")
    answer = forge.answer(Artifact("widget", "1.0.0", tarball), Build(attempt=4), shape=FIRST)
    root, keys = forge.root(), forge.keys()

The same calls give the same bytes. It knows nothing of `pratique`: what it mints is verified by
sigstore-js and sigstore-python under its root as well, so that it is not our verifier's mirror.
"""

from tests.forge.authority import Authority, Leaf, Sct
from tests.forge.claims import GITHUB, GITLAB, Build
from tests.forge.forge import PUBLISH, WHEN, Artifact, Forge
from tests.forge.keys import Key
from tests.forge.shapes import FIRST, SECOND, SHAPES, THIRD, THIRD_BY_KEY, Shape

__all__ = [
    "FIRST",
    "GITHUB",
    "GITLAB",
    "PUBLISH",
    "SECOND",
    "SHAPES",
    "THIRD",
    "THIRD_BY_KEY",
    "WHEN",
    "Artifact",
    "Authority",
    "Build",
    "Forge",
    "Key",
    "Leaf",
    "Sct",
    "Shape",
]
