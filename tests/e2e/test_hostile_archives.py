"""No archive breaks what reads it, none is misread unsaid, and nothing of it reaches a disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.hostile_archives import ROWS, Row

CPU_SECONDS = 5
MEBIBYTES = 300
WORKER = Path(__file__).with_name("reading_archives.py")
Analyse = Callable[[bytes], dict[str, Any]]


@pytest.fixture(scope="module")
def analyse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyse]:
    """Archive -> what a process of its own says, whose home and working folder stay empty."""
    place, archive = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("archive") / "it.tgz"
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-B", str(WORKER)],
        cwd=place, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**kept, "HOME": str(place), "TMPDIR": str(place), "XDG_CACHE_HOME": str(place)},
    ) as worker:  # fmt: skip

        def ask(source: bytes) -> dict[str, Any]:
            assert worker.stdin
            assert worker.stdout
            archive.write_bytes(source)
            print(json.dumps({"archive": str(archive), "seconds": CPU_SECONDS}),
                  file=worker.stdin, flush=True)  # fmt: skip
            found: dict[str, Any] = json.loads(worker.stdout.readline())
            assert not list(place.iterdir()), "it left something behind"
            return found

        yield ask
        worker.communicate(timeout=60)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_an_archive_has_its_verdict_within_bounds_and_touches_nothing(
    row: Row, analyse: Analyse
) -> None:
    found = analyse(row.make())
    assert "died" not in found, found
    said = "; ".join(found["oddities"])
    assert row.odd in said if row.odd else not said, said
    assert found["peak"] < MEBIBYTES
    assert found["touched"] == []


def test_the_table_has_its_rows() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 30
    assert any(not row.odd for row in ROWS)
