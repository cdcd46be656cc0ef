"""Tree: the files of a repository as bytes, before anything is read out of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a work tree or of one commit.

    Attributes:
        files: Path (relative, forward slashes) -> bytes, of the files that readers asked for.
        paths: Every path that exists, whether its bytes were read or not.
        refused: Path -> why its bytes were not read (too large, a link that leaves the root, ...).
        ignored: Paths of lockfiles that exist on disk but that git ignores.
    """

    files: Mapping[str, bytes]
    paths: frozenset[str]
    refused: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
