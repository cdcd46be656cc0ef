"""Every format of every comparison and inspection, byte for byte.

PRATIQUE_UPDATE_SNAPSHOTS=1 writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.difference_builders import INSPECTIONS, SAMPLES
from tests.unit.reports.samples import page

from pratique.reports.difference_formats import DIFF, INSPECT

FOLDER = Path(__file__).parent / "difference_snapshots"
DIFFS = {
    f"diff-{sample}.{form.name}": (form.render, make)
    for sample, make in SAMPLES.items()
    for form in DIFF
    if (sample, form.name) not in {("many", "json"), ("many", "html")}
}
INSPECTED = {
    f"inspect-{sample}.{form.name}": (form.render, make)
    for sample, make in INSPECTIONS.items()
    for form in INSPECT
}


def _hold(file: Path, rendered: str) -> None:
    content = rendered.encode("utf-8")
    if os.environ.get("PRATIQUE_UPDATE_SNAPSHOTS"):
        file.write_bytes(content)
    assert content == file.read_bytes()


@pytest.mark.parametrize("name", DIFFS)
def test_a_comparison_s_report_is_what_its_snapshot_says(name: str) -> None:
    render, make = DIFFS[name]
    _hold(FOLDER / name, render(make(), page()))


@pytest.mark.parametrize("name", INSPECTED)
def test_an_inspection_s_report_is_what_its_snapshot_says(name: str) -> None:
    render, make = INSPECTED[name]
    _hold(FOLDER / name, render(make(), page()))


def test_every_snapshot_belongs_to_a_case() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {*DIFFS, *INSPECTED}
