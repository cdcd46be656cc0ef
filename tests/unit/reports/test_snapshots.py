"""Every format of every sample, byte for byte. PRATIQUE_UPDATE_SNAPSHOTS=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.reports.samples import SAMPLES, page

from pratique.reports import REPORTS

FOLDER = Path(__file__).parent / "snapshots"
CASES = [
    (sample, report.name, width)
    for sample in SAMPLES
    for report in REPORTS
    for width in ((80, 120) if report.name == "text" else (80,))
    if (sample, report.name) not in {("similar", "json"), ("similar", "sarif")}
]


@pytest.mark.parametrize(("sample", "name", "width"), CASES)
def test_a_report_is_what_its_snapshot_says(sample: str, name: str, width: int) -> None:
    render = next(report.render for report in REPORTS if report.name == name)
    rendered = render(SAMPLES[sample](), page(width)).encode("utf-8")
    file = FOLDER / f"{sample}.{width}.{name}" if name == "text" else FOLDER / f"{sample}.{name}"
    if os.environ.get("PRATIQUE_UPDATE_SNAPSHOTS"):
        file.write_bytes(rendered)
    assert rendered == file.read_bytes()


def test_every_snapshot_belongs_to_a_case() -> None:
    expected = {
        f"{sample}.{width}.{name}" if name == "text" else f"{sample}.{name}"
        for sample, name, width in CASES
    }
    assert {file.name for file in FOLDER.iterdir()} == expected
