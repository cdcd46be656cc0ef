"""The clients as a pytest fixture."""

from __future__ import annotations

import pytest
from tests.clients import Clients, clients_in
from tests.clients.installed import ClientsUnavailableError, installed
from tests.conftest import unavailable


@pytest.fixture(scope="session")
def clients() -> Clients:
    """Every pinned client, installed. Skips (or fails, where `online` is required) without."""
    try:
        modules = installed()
    except ClientsUnavailableError as error:
        unavailable("online", str(error))
        raise
    return clients_in(modules)
