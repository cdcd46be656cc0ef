"""kill -9 at random moments: what was acknowledged is there, and nothing else is believed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.contract.conftest import Place

TIMES = 50


def killed(what: str, folder: Path, *more: str) -> dict[str, Any]:
    program = "tests.contract.killing"
    command = [sys.executable, "-m", program, what, str(folder), str(TIMES), *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_decision_that_was_acknowledged_is_on_record_after_kill_9(place: Place) -> None:
    found = killed("decisions", place.where.folder, *([place.where.url] if place.where.url else []))
    assert found["wrong"] == []
    assert found["decisions"] > TIMES // 4  # on a busy machine a writer gets few of them done
    # A writer that was killed before it had begun its run left none to end.
    assert found["opened"] <= found["gaps"] <= TIMES
    assert found["whys"] == [
        "the last run did not end in order: what it had not yet written is missing"
    ]


def test_no_file_lies_under_a_digest_that_it_does_not_have_after_kill_9(tmp_path: Path) -> None:
    found = killed("blobs", tmp_path)
    assert found["wrong"] == []
    assert found["files"] > TIMES
