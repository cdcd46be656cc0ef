"""The blocklists that a policy names, read from disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from pratique.ecosystems.npm.blocklist import MOST_BYTES, blocked_by
from pratique.model.blocklist import Blocked
from pratique.model.fact import Missing
from pratique.model.tree import Tree


def read_blocklists(folder: Path, names: Iterable[str]) -> Blocked | Missing:
    """What the lists at `names`, relative to the policy file's folder, block together.

    Missing(FAILED) where one of them cannot be read. Whether one is stale is for the rule to say,
    by the clock of each run.
    """
    return blocked_by({name: _source(folder / name) for name in names})


def blocklists_of(tree: Tree, names: Collection[str]) -> Blocked | Missing:
    """The same from the files of a repository, or of one commit of it."""
    return blocked_by({name: _in_tree(tree, name) for name in names})


def _in_tree(tree: Tree, name: str) -> bytes | str:
    if name in tree.refused:
        return f"cannot be read: {tree.refused[name]}"
    if name in tree.ignored:
        return "is there, and git ignores it"
    return tree.files.get(name, "is not among the repository's files")


def _source(path: Path) -> bytes | str:
    try:
        with path.open("rb") as file:
            source = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    return source if len(source) <= MOST_BYTES else f"is larger than {MOST_BYTES} bytes"
