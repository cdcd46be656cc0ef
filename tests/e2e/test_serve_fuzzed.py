"""What the OpenAPI document allows, and a little of what it does not: no failure of our own.

`make fuzz-api` does it for ten minutes.
"""

from __future__ import annotations

from pathlib import Path

from tests.e2e.fuzzing_api import fuzzed


def test_no_generated_request_is_answered_otherwise_than_the_document_says(tmp_path: Path) -> None:
    found = fuzzed(tmp_path / "firewall", "--phases", "examples,fuzzing", "--max-examples", "5")
    assert not found, found
