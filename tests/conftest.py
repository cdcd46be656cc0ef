"""What every suite shares: the recorded data, and what a skip means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.clients.fixtures", "tests.contract.s3", "tests.registry.fixtures"]

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = frozenset(filter(None, os.environ.get("PRATIQUE_REQUIRE", "").split(",")))


def unavailable(what: str, why: str) -> None:
    """Skip with a reason; where `PRATIQUE_REQUIRE` names `what`, fail instead."""
    if what in REQUIRED:
        pytest.fail(f"{what} is required here: {why}")
    pytest.skip(why)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded real data (PRATIQUE_SHARED, default ../shared)."""
    folder = Path(os.environ.get("PRATIQUE_SHARED", ROOT.parent / "shared"))
    if not (folder / "DESIGN.md").is_file():
        unavailable("shared", f"no recorded data at PRATIQUE_SHARED ({folder.name})")
    return folder
