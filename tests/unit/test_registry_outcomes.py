"""What Verdaccio's tests say of a registry is read, and compared part by part."""

from __future__ import annotations

from tests.e2e.verdaccio.outcomes import Run, parts, read_summary, table

SUMMARY = """## E2E Test Results

### ❌ npm@12.2.0

| Test | Status | Duration |
|------|--------|----------|
| publish | ✅ | 7.2s |
| **scenario:search** | ❌ | 6.3s |
| &nbsp;&nbsp;&nbsp;&nbsp;results have the shape | ✅ | 3ms |
| &nbsp;&nbsp;&nbsp;&nbsp;total is right: Expected 8, got 3 | ❌ | 3ms |
| ping: Command failed: npm pack | ❌ | 435ms |

❌ **1 passed**, **2 failed**, **0 skipped**
"""


def test_tests_and_their_parts_are_read_without_what_is_said_of_a_failure() -> None:
    assert read_summary(SUMMARY) == (
        "npm@12.2.0",
        {
            "publish": True,
            "scenario:search": False,
            "scenario:search: results have the shape": True,
            "scenario:search: total is right": False,
            "ping": False,
        },
    )


def test_what_verdaccio_passes_and_the_firewall_does_not_is_worse() -> None:
    client, found = read_summary(SUMMARY)
    other = found | {"publish": False, "ping": True}
    del other["scenario:search: results have the shape"]
    run = Run(client, found, other)
    assert run.worse == ["publish", "scenario:search: results have the shape"]
    assert Run(client, other, found).worse == ["ping"]
    assert Run(client, found, found).worse == []
    rows = list(table({"npm12": run}))
    assert rows[2:4] == [
        "| publish | pass / **fail** |",
        "| scenario:search | **fail** / **fail** |",
    ]
    assert rows[-1] == "| **passed** | 1 of 3 / 1 of 3 |"
    assert list(parts(run)) == ["| scenario:search: results have the shape | pass | - |"]
