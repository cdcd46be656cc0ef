"""The firewall that the tests of its parts ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.registry import Registry
from tests.unit.proxy.stand import Clock, Stand, standing


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stand(tmp_path: Path, registry: Registry, clock: Clock) -> Iterator[Stand]:
    """A firewall under the recommended policy."""
    with standing(tmp_path / "data", registry, clock) as made:
        yield made
