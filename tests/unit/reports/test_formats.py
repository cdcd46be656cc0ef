"""What each format promises beyond its snapshots."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from tests.conftest import ROOT
from tests.unit.reports.samples import SAMPLES, page, release, report, similar, thirty

from pratique.model.finding import Finding, Remedy
from pratique.model.policy import Action
from pratique.model.report import Judged
from pratique.reports import REPORTS
from pratique.reports.layout import columns, rows_taken
from pratique.reports.markdown import LIMIT

RENDER = {each.name: each.render for each in REPORTS}
SARIF = json.loads((ROOT / "tests/data/schemas/sarif-2.1.0.json").read_text("utf-8"))
OURS = json.loads((files("pratique") / "schemas/report-v1.schema.json").read_text("utf-8"))


def _json(name: str) -> Any:
    return json.loads(RENDER["json"](SAMPLES[name](), page()))


def _sarif(name: str) -> Any:
    return json.loads(RENDER["sarif"](SAMPLES[name](), page()))["runs"][0]


@pytest.mark.parametrize("name", SAMPLES)
def test_json_fits_its_published_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(OURS)
    jsonschema.Draft202012Validator(OURS).validate(_json(name))


@pytest.mark.parametrize("path", ["verdict", "layers", "findings", "unknowns", "exit"])
def test_the_schema_asks_for_every_part(path: str) -> None:
    document = _json("change")
    del document[path]
    assert not jsonschema.Draft202012Validator(OURS).is_valid(document)
    assert not jsonschema.Draft202012Validator(OURS).is_valid(_json("change") | {"new": 1})


@pytest.mark.parametrize("name", SAMPLES)
def test_sarif_fits_the_official_schema(name: str) -> None:
    document = json.loads(RENDER["sarif"](SAMPLES[name](), page()))
    jsonschema.Draft4Validator(SARIF).validate(document)


@pytest.mark.parametrize("form", RENDER)
def test_equal_reports_have_equal_bytes(form: str) -> None:
    render = RENDER[form]
    assert render(SAMPLES["change"](), page()) == render(SAMPLES["change"](), page())


def test_json_does_not_depend_on_the_run() -> None:
    made = RENDER["json"](thirty(), page())
    assert made == RENDER["json"](thirty(), page(120, colour=True, took=1.4))


def test_sarif_suppresses_exempted_findings_and_no_others() -> None:
    results = _sarif("change")["results"]
    suppressed = [each["ruleId"] for each in results if "suppressions" in each]
    assert suppressed == ["build-scripts/undecided"]


def test_sarif_tells_what_is_unknown_and_what_was_not_examined() -> None:
    invocation = _sarif("offline")["invocations"][0]
    told = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert invocation["exitCode"] == 3
    assert invocation["executionSuccessful"] is False
    assert any("unknown for 3 subjects: offline" in text for text in told)
    assert any("Python lockfiles" in text for text in told)


def test_sarif_gives_every_result_a_place_and_a_fingerprint() -> None:
    for name in SAMPLES:
        for result in _sarif(name)["results"]:
            assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert len(result["partialFingerprints"]["pratique/v1"]) == 32


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("end", ["first", "last"])
def test_a_long_report_says_the_essentials_at_both_ends(width: int, end: str) -> None:
    lines = RENDER["text"](thirty(), page(width)).splitlines()
    if end == "last":
        lines.reverse()
    while rows_taken(lines, width) > 24:
        lines.pop()
    seen = "\n".join(lines)
    assert "verdict BLOCK" in seen
    assert "10 releases blocked, 10 quarantined" in seen
    assert "30 findings: 10 block, 10 quarantine, 10 warn" in seen
    for number in range(3):
        assert f"npm install package-block-{number}@1.0.0 --save-exact" in seen


def test_fixes_of_any_length_leave_the_essentials_in_the_first_and_last_screen() -> None:
    long = "npm install " + " ".join(f"some-package-{n}@1.0.0" for n in range(80))
    judged = [
        replace(each, finding=replace(each.finding, remedy=Remedy(command=f"{long} {number}")))
        for number, each in enumerate(thirty().judged)
    ]
    lines = RENDER["text"](report(judged), page(80)).splitlines()
    for end in (lines, lines[::-1]):
        top = list(end)
        while rows_taken(top, 80) > 24:
            top.pop()
        assert sum(line.startswith("  fix  npm") for line in top) == 3
        assert any(line.startswith("verdict BLOCK") for line in top)


def test_a_healthy_project_fits_one_screen() -> None:
    assert rows_taken(RENDER["text"](SAMPLES["healthy"](), page(80)).splitlines(), 80) <= 24


def test_two_thousand_similar_findings_are_folded_and_counted() -> None:
    for form in ("text", "markdown"):
        rendered = RENDER[form](similar(), page())
        assert "and 1,997 more" in rendered
    assert len(RENDER["text"](similar(), page()).splitlines()) < 60
    assert len(json.loads(RENDER["json"](similar(), page()))["findings"]) == 2000


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", SAMPLES)
def test_lines_keep_to_the_width_except_those_to_copy(name: str, width: int) -> None:
    copied = ("  fix ", "  exempt ", "         ")
    for line in RENDER["text"](SAMPLES[name](), page(width)).splitlines():
        assert columns(line) <= width or line.startswith(copied), line


def test_what_a_change_loosens_is_listed_first() -> None:
    rendered = RENDER["text"](SAMPLES["change"](), page())
    assert rendered.index("policy/loosened") < rendered.index("behavior/new-capability")


def _only(finding: Finding) -> str:
    return RENDER["text"](report([Judged(finding, Action.BLOCK)]), page())


def test_an_exemption_is_offered_only_where_one_can_be_written() -> None:
    bound = Finding("lockfile/weak-integrity", "sha1 only", release=release("a", "1.0.0"))
    assert "pratique exempt" not in _only(bound)
    assert "pratique exempt a@1.0.0 --rule" in _only(replace(bound, sha512="ab" * 64))
    loose = replace(bound, rule="release-age/too-new")
    assert "--rule release-age/too-new --pattern --reason" in _only(loose)
    assert "pratique exempt" not in _only(Finding("lockfile/absent", "no lockfile"))


def test_an_exempt_line_is_quoted_for_the_shell() -> None:
    odd = Finding("release-age/too-new", "x", release=release("$(id);a", "1.0.0"))
    assert "pratique exempt '$(id);a@1.0.0' --rule" in _only(odd)


def test_a_comment_keeps_to_the_limit_and_says_what_was_cut() -> None:
    judged = [
        Judged(
            Finding(f"release-age/rule-{n}", "m" * 300, release=release(f"p{n}", "1.0.0")),
            Action.BLOCK,
        )
        for n in range(2000)
    ]
    rendered = RENDER["markdown"](report(judged), page())
    assert len(rendered) <= LIMIT
    assert "did not fit" in rendered
    assert rendered.count("<details>") == rendered.count("</details>")


def test_a_comment_has_one_row_per_changed_release() -> None:
    rendered = RENDER["markdown"](SAMPLES["change"](), page())
    rows = [line for line in rendered.splitlines() if line.startswith("| ") and "`" in line]
    changed = ("left-widget@2.4.1", "brand-new@0.1.0", "same@1.0.0")
    assert [sum(name in row for row in rows[:4]) for name in changed] == [1, 1, 1]
