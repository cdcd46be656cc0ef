"""The registry as pytest fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.registry.registry import Registry


@pytest.fixture
def registry() -> Iterator[Registry]:
    """An empty registry on the loopback address, for one test."""
    with Registry() as started:
        yield started


@pytest.fixture
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """An empty registry that serves https; its `ca` is the certificate to trust."""
    with Registry(tls=tmp_path_factory.mktemp("tls")) as started:
        yield started
