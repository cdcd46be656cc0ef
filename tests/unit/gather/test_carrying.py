"""What a registry carries: learnt for good, by several processes at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.gather import carrying
from pratique.model.evidence import Carries
from pratique.model.fact import Clock
from pratique.store import Shelf, Store, open_store

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SHELF = Shelf("claimed", 3, "https://registry.example/", "")
OTHER = Shelf("claimed", 3, "https://registry.example/", "another credential")


def test_what_was_seen_once_is_carried_for_good_by_that_registry(tmp_path: Path) -> None:
    with open_store(tmp_path, Clock(NOW)) as store:
        assert carrying.known(store, SHELF) == Carries()
        carrying.remember(store, SHELF, Carries(signatures=True), NOW)
        found = carrying.remember(store, SHELF, Carries(publishers=True), NOW)
        assert found == Carries(signatures=True, publishers=True)
        assert carrying.remember(store, SHELF, Carries(), NOW) == found
        assert carrying.known(store, OTHER) == Carries()


def test_two_that_learn_at_once_forget_nothing_of_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = carrying.known
    with open_store(tmp_path, Clock(NOW)) as one, open_store(tmp_path, Clock(NOW)) as two:

        def meanwhile(store: Store, of: Shelf) -> Carries:
            before = real(store, of)
            monkeypatch.setattr(carrying, "known", real)
            carrying.remember(two, SHELF, Carries(signatures=True), NOW)
            return before

        monkeypatch.setattr(carrying, "known", meanwhile)
        carrying.remember(one, SHELF, Carries(attestations=True), NOW)
        assert carrying.known(one, SHELF) == Carries(signatures=True, attestations=True)
