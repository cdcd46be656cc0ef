"""What is read of upstream documents, and what is left of reading them."""

from __future__ import annotations

import pytest
from tests.registry import Registry
from tests.unit.proxy.stand import Stand, publish

from pratique.proxy import reading, tuning


@pytest.mark.parametrize(("bound", "times"), [(0, 1), (1024 * 1024, 0)])
def test_memory_is_given_back_once_for_a_large_document_that_was_read(
    stand: Stand, registry: Registry, monkeypatch: pytest.MonkeyPatch, bound: int, times: int
) -> None:
    publish(registry)
    given: list[None] = []
    monkeypatch.setattr(reading, "_TRIMMED", bound)
    monkeypatch.setattr(reading, "trim", lambda: given.append(None))
    for _ in range(2):
        assert stand.ask("left-pad").status == 200
    assert len(given) == times


def test_giving_back_what_is_free_keeps_what_is_used() -> None:
    kept = [bytes([number]) * 4096 for number in range(200)]
    tuning.trim()
    assert all(set(each) == {number} for number, each in enumerate(kept))
