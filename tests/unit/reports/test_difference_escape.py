"""Foreign text in every report of `diff` and `inspect` (DECISIONS 38)."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.difference_builders import SAMPLES, hostile, hostile_inspection
from tests.unit.reports.samples import HOSTILE, page

from pratique.reports import (
    analysis_json_v1,
    analysis_text,
    difference_html,
    difference_json_v1,
    difference_markdown,
    difference_text,
    escape,
)

MORE = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "style-end": "</style><script>alert(1)</script>",
    "title-end": "</title></head><body onload=alert(1)>",
    "attribute": "' onmouseover='alert(1)' \" autofocus onfocus=\"alert(1)",
    "address": "javascript:alert(1)",
    "meta": '<meta http-equiv="refresh" content="0;url=https://evil.invalid">',
    "link": '<link rel=stylesheet href="https://evil.invalid/x.css"><base href="//evil.invalid/">',
    "comment": "<!--",
    "cdata": "]]><svg/onload=alert(1)>",
    "entity": "&lt;script&gt; &#x202e; &amp;",
    "template": "{{constructor.constructor('alert(1)')()}}",
}
FOREIGN = HOSTILE | MORE
OWN_TAGS = set(
    re.findall(
        r"\w+",
        """html head meta title style body a header p h1 h2 bdi span strong dl dt dd nav ul ol li
        main section details summary code small b figure figcaption table colgroup col thead tbody
        tr th td mark del ins footer""",
    )
)
OWN_ATTRIBUTES = set(
    re.findall(
        r"[\w-]+",
        """lang charset http-equiv content name class href aria-label aria-labelledby id open scope
        colspan""",
    )
)


def _dangerous(text: str) -> set[str]:
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return {c for c in text if unicodedata.category(c) in hidden and c != "\n"}


class _Reader(HTMLParser):
    """Every element, attribute and text of a page; and whether elements are closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.strays: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        if tag not in {"meta", "col"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.strays.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.strays.append(data)


def _read(page_: str) -> _Reader:
    reader = _Reader()
    reader.feed(page_)
    reader.close()
    return reader


def _html(text: str) -> str:
    return difference_html.render(hostile(text), page())


TEXTS: tuple[Callable[[str, int], str], ...] = (
    lambda text, width: difference_text.render(hostile(text), page(width)),
    lambda text, width: analysis_text.render(hostile_inspection(text), page(width)),
    lambda text, width: difference_markdown.render(hostile(text), page(width)),
)


@pytest.mark.parametrize("name", FOREIGN)
def test_hostile_text_prints_no_control_in_a_terminal(name: str) -> None:
    for render in TEXTS[:2]:
        assert not _dangerous(render(FOREIGN[name], 80))


@pytest.mark.parametrize("name", FOREIGN)
def test_hostile_text_adds_no_line_to_any_report_for_people(name: str) -> None:
    for render in TEXTS:
        lines = render(FOREIGN[name], 100_000).splitlines()
        assert len(lines) <= len(render("harmless", 100_000).splitlines()) + 2


def _outside_code(markdown: str) -> str:
    return re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", markdown)


@pytest.mark.parametrize("name", FOREIGN)
def test_hostile_text_keeps_the_shape_of_the_comment(name: str) -> None:
    rendered = difference_markdown.render(hostile(FOREIGN[name]), page())
    assert not _dangerous(rendered) - {"\ufe0f"}
    own = re.compile(r"</?(?:details|summary)>|<br>")
    for line in rendered.splitlines():
        outside = own.sub("", _outside_code(line)).replace("**", "")
        assert not set("<@[]~") & set(outside), line
        if line.startswith("| ") and "|---" not in line:
            assert len(re.findall(r"(?<!\\)\|", line)) in {5, 6}, line


@pytest.mark.parametrize("name", FOREIGN)
def test_hostile_text_leaves_json_printable_and_whole(name: str) -> None:
    for rendered in (
        difference_json_v1.render(hostile(FOREIGN[name]), page()),
        analysis_json_v1.render(hostile_inspection(FOREIGN[name]), page()),
    ):
        assert re.fullmatch(r"[\n -~]*", rendered)
        expected = FOREIGN[name] if name != "surrogate" else "bad\\udcffbyte"
        assert json.loads(rendered)["name"] == expected


@pytest.mark.parametrize("name", FOREIGN)
def test_a_page_holds_the_same_elements_whatever_names_and_code_say(name: str) -> None:
    hostile_page, harmless = _read(_html(FOREIGN[name])), _read(_html("harmless"))
    hidden = {"b", "small", "mark"}

    def shape(reader: _Reader) -> list[object]:
        return [each for each in reader.elements if each[0] not in hidden]

    assert hostile_page.strays == []
    assert hostile_page.open == []
    if name not in {"newlines", "heading", "long"}:  # these have more lines of code to show
        assert shape(hostile_page) == shape(harmless)


@pytest.mark.parametrize("name", [*FOREIGN, *(f"sample {name}" for name in SAMPLES)])
def test_a_page_is_made_of_our_elements_alone(name: str) -> None:
    sample = name.removeprefix("sample ")
    made = (
        difference_html.render(SAMPLES[sample](), page())
        if name != sample
        else _html(FOREIGN[name])
    )
    reader = _read(made)
    assert {tag for tag, _ in reader.elements} <= OWN_TAGS
    ids = {value for _, attributes in reader.elements for key, value in attributes if key == "id"}
    for _, attributes in reader.elements:
        for key, value in attributes:
            assert key in OWN_ATTRIBUTES
            if key == "href":
                assert (value or "")[:1] == "#"
                assert (value or "")[1:] in ids


@pytest.mark.parametrize("name", FOREIGN)
def test_a_page_shows_what_cannot_be_seen(name: str) -> None:
    made = _html(FOREIGN[name])
    assert not _dangerous(made)
    made.encode("utf-8")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_content_policy_allows_one_style_sheet_and_nothing_else(name: str) -> None:
    made = difference_html.render(SAMPLES[name](), page())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', made)
    style = re.search(r"<style>(.*?)</style>", made, re.DOTALL)
    assert policy
    assert style
    rules = dict(each.strip().split(" ", 1) for each in policy[1].split(";"))
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert rules == {
        "default-src": "'none'",
        "script-src": "'none'",
        "img-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert made.index("Content-Security-Policy") < made.index("<style>")
    assert made.count("<style") == 1
    assert " style=" not in re.sub(r">[^<]*<", "><", made)


@given(st.text(alphabet=st.characters(codec=None), max_size=80))
def test_markup_reads_back_as_the_visible_text(text: str) -> None:
    made = escape.markup(text)
    assert not _dangerous(made)
    assert html.unescape(re.sub(r'<b class="hidden">|</b>', "", made)) == escape.terminal(text)
    assert not re.search(r"<(?!b class=\"hidden\">|/b>)", made)
    assert '"' not in re.sub(r'<b class="hidden">', "", made)


def test_a_frame_tells_our_escape_from_a_backslash_that_was_there() -> None:
    assert escape.markup("\u202e") == '<b class="hidden">\\u202e</b>'
    assert escape.markup("\\u202e") == "\\u202e"
    assert escape.markup("x" * 500) == "x" * 400 + "\u2026 <small>[100 more characters]</small>"
