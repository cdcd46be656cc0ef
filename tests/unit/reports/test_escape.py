"""Foreign text in every medium (DECISIONS 38)."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.reports.samples import HOSTILE, SAMPLES, hostile, page

from pratique.model.report import Report
from pratique.reports import REPORTS, escape

RENDER = {report.name: report.render for report in REPORTS}
SGR = re.compile(r"\x1b\[[0-9;]*m")
SHOWN = [
    ("plain text, 100%", "plain text, 100%"),
    ("\x1b[31m", "\\x1b[31m"),
    ("\x9b", "\\x9b"),
    ("a\nb\r\tc", "a\\nb\\r\\tc"),
    ("\u202e", "\\u202e"),
    ("\u2066", "\\u2066"),
    ("\u200b\ufeff\u00ad", "\\u200b\\ufeff\\xad"),
    ("\U000e0041", "\\U000e0041"),
    ("\udc80", "\\udc80"),
    ("\u00a0\u3000", "\\xa0\\u3000"),
    ("\u3164\u115f\ufe0f", "\\u3164\\u115f\\ufe0f"),
    ("\u2028\u2029\x85", "\\u2028\\u2029\\x85"),
    ("e\u0301", "e\u0301"),
    ("e\u0301\u0301\u0301", "e\u0301\u0301\\u0301"),
    ("\u65e5\u672c", "\u65e5\u672c"),
]
CODE = [
    ("left-pad@1.0.0", "`left-pad@1.0.0`"),
    ("a`b", "``a`b``"),
    ("`a", "`` `a ``"),
    ("a|b", "`a\\|b`"),
    ("a\\|b", "`a\\\\u007cb`"),
    ("", "` `"),
    ("one\ntwo", "`one\\ntwo`"),
]
PROSE = [
    ("published 7 hours ago, mature 2026-11-25 02:12 UTC", None),
    ("1.4 of 3.0 (partial)", None),
    ("see @everyone now", "see `@everyone` now"),
    ("a <b> c", "a `<b>` c"),
    ("go to https://evil.example/x", "go to `https://evil.example/x`"),
    ("or www.evil.example", "or `www.evil.example`"),
    ("[a](b) and *c*", "`[a](b)` and `*c*`"),
    ("fixes #1 and _x_", "fixes `#1` and `_x_`"),
    ("two @a @b words", "two `@a @b` words"),
    ("::error::x", "`::error::x`"),
]


def _dangerous(text: str) -> set[str]:
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return {c for c in text if unicodedata.category(c) in hidden and c != "\n"}


@pytest.mark.parametrize(("text", "expected"), SHOWN)
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, expected: str) -> None:
    assert escape.terminal(text) == expected


@given(st.text())
def test_no_text_reaches_a_terminal_with_anything_that_acts(text: str) -> None:
    assert not _dangerous(escape.terminal(text))
    assert "\n" not in escape.terminal(text)


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    assert escape.shown("x" * 1405) == "x" * 400 + "\u2026 [1,005 more characters]"


@pytest.mark.parametrize(("text", "expected"), CODE)
def test_a_code_span_holds_its_text(text: str, expected: str) -> None:
    assert escape.code(text, cell=True) == expected


@pytest.mark.parametrize(("text", "expected"), PROSE)
def test_prose_keeps_words_and_fences_everything_else(text: str, expected: str | None) -> None:
    assert escape.prose(text) == (expected or text)


def _outside_code(markdown: str) -> str:
    """The text with its code spans taken out (CommonMark 0.31, 6.1)."""
    return re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", markdown)


@given(
    st.text(alphabet=st.sampled_from(list("ab@#<>[]()*_~`|\\!:/.w&;{}\n \x1b\u202e")), max_size=60)
)
def test_nothing_outside_code_spans_means_anything_in_markdown(text: str) -> None:
    outside = _outside_code(escape.prose(text, cell=True))
    assert not set(outside) & set("@#<>[]*_~`|\\&{}\n/")
    assert "www." not in outside


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/c#d?e.json", "a%20b/c%23d%3Fe.json"),
        ("x:y", "x%3Ay"),
        ("\u00e9", "%C3%A9"),
        ("a\nb", "a%0Ab"),
        ("bad\udcff", "bad%ED%B3%BF"),
        ("@s/p", "%40s/p"),
    ],
)
def test_a_path_becomes_a_relative_uri(path: str, expected: str) -> None:
    assert escape.uri(path) == expected


def test_a_sarif_message_has_neither_placeholders_nor_links() -> None:
    assert escape.sarif("{0} [a](1) \\") == "{{0}} \\[a\\](1) \\\\"
    assert escape.sarif("a[0] {x}") == "a[0] {{x}}"


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("colour", [False, True])
def test_hostile_text_prints_no_control_in_the_text_report(name: str, colour: bool) -> None:
    rendered = RENDER["text"](hostile(HOSTILE[name]), page(colour=colour))
    assert not _dangerous(SGR.sub("", rendered) if colour else rendered)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_adds_no_line_to_any_report_for_people(name: str) -> None:
    """Each line of a report is one of ours: foreign newlines never begin one."""
    for form in ("text", "markdown"):
        lines = RENDER[form](hostile(HOSTILE[name]), page(width=100_000)).splitlines()
        harmless = RENDER[form](hostile("harmless"), page(width=100_000)).splitlines()
        assert len(lines) <= len(harmless) + 5


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_keeps_the_shape_of_the_comment(name: str) -> None:
    rendered = RENDER["markdown"](hostile(HOSTILE[name]), page())
    assert not _dangerous(rendered) - {"\ufe0f"}
    own = re.compile(r"</?(?:details|summary)>|<br>")
    for line in rendered.splitlines():
        outside = own.sub("", _outside_code(line)).replace("**", "")
        assert not set("<@[]~") & set(outside), line
        if line.startswith("| ") and "|---" not in line:
            cells = len(re.findall(r"(?<!\\)\|", line))
            assert cells in {5, 7}, line


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", ["json", "sarif"])
def test_hostile_text_leaves_machine_formats_printable_and_whole(name: str, form: str) -> None:
    rendered = RENDER[form](hostile(HOSTILE[name]), page())
    assert re.fullmatch(r"[\n -~]*", rendered)
    json.loads(rendered).keys()


def test_json_keeps_foreign_text_exactly() -> None:
    for name, text in HOSTILE.items():
        document = json.loads(RENDER["json"](hostile(text), page()))
        expected = text if name != "surrogate" else "bad\\udcffbyte"
        assert document["findings"][0]["release"]["name"] == expected


@pytest.mark.parametrize("name", SAMPLES)
def test_colour_says_nothing_that_the_words_do_not(name: str) -> None:
    report: Report = SAMPLES[name]()
    coloured = RENDER["text"](report, page(colour=True))
    assert "\x1b[" in coloured
    assert SGR.sub("", coloured) == RENDER["text"](report, page())
