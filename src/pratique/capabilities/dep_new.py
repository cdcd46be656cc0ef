"""dep.new: depends on a package that it did not depend on before.

Found by comparing manifests, not in one artifact: `difference` makes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities.source import Occurrence, Source
from pratique.model.behavior import Tier

ID = "dep.new"
TITLE = "depends on a package that it did not depend on before"
_LIFTED = ("young/", "installs/")


def tier(detail: str) -> Tier:
    return Tier.A if detail.startswith(_LIFTED) else Tier.B


def is_hard(detail: str) -> bool:
    return detail.startswith(_LIFTED)


def spot(_source: Source) -> Iterator[Occurrence]:
    return iter(())
