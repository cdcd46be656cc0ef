"""What judges beside the policy: its blocklists, and whether their files are other ones by now."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from pratique.gather.blocklists import read_blocklists
from pratique.model.blocklist import BLOCKED
from pratique.model.evidence import ROOT
from pratique.model.fact import Facts, Kind, Missing

Identity = tuple[int, ...]
_OF_RUN: tuple[Kind[Any], ...] = (BLOCKED, ROOT)


class Lists:
    """The lists that a policy names, as they were last read.

    Args:
        folder: Where they lie.
        names: Of their files.
        beside: Other facts of the whole run.

    Attributes:
        facts: What they block together, and those beside.
    """

    def __init__(self, folder: Path, names: Iterable[str], beside: Facts | None = None) -> None:
        self._folder, self._names = folder, tuple(names)
        self._read = self._identities()
        blocked = {(BLOCKED.name, None): read_blocklists(folder, self._names)}
        self.facts = (beside or Facts()).with_facts(blocked)

    def unless_same(self, before: Lists) -> Self:
        """These; with the facts of the ones before where they say the same."""
        blocked = before.facts.get(BLOCKED)
        if not isinstance(blocked, Missing) and all(
            self.facts.get(kind) == before.facts.get(kind) for kind in _OF_RUN
        ):
            self.facts = before.facts
        return self

    def changed(self) -> tuple[str, ...]:
        """Names of the files that are not the ones that were read."""
        now = self._identities()
        return tuple(name for name in self._names if now[name] != self._read[name])

    def _identities(self) -> dict[str, Identity | None]:
        """Taken before the files are read: what changes meanwhile is seen the next time."""
        return {name: _identity(self._folder / name) for name in self._names}


def _identity(path: Path) -> Identity | None:
    with suppress(OSError, ValueError):
        about = path.stat()
        return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
    return None
