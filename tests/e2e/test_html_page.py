"""The page of a comparison in a real browser: it runs nothing, asks for nothing, and is readable.

`PRATIQUE_REQUIRE=chromium` makes a missing browser an error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests import tars
from tests.conftest import unavailable
from tests.difference_builders import SAMPLES, hostile
from tests.e2e.browsing import Browser, Visit, browser, chromium
from tests.unit.reports.samples import HOSTILE

from pratique.reports import Page
from pratique.reports.difference_html import render

EVIL = "http://evil.invalid"
PAYLOADS = (
    "<script>alert('script')</script>",
    f"<script src={EVIL}/a.js></script>",
    f"\"><img src={EVIL}/b.png onerror=alert('image')>",
    f"' onmouseover='alert(1)' style='background:url({EVIL}/c.png)' autofocus onfocus='alert(2)",
    f"</style><style>@import url({EVIL}/d.css);body{{display:none}}",
    f"</title></head><body onload=alert('body')><link rel=stylesheet href={EVIL}/e.css>",
    f"<iframe src='javascript:alert(3)'></iframe><object data={EVIL}/f></object>",
    f"<meta http-equiv=refresh content='0;url={EVIL}/g'><base href={EVIL}/>",
    "javascript:alert('address')",
    "<svg onload=alert('svg')><details open ontoggle=alert('toggle')>",
    "<!-- \u202e]]>--><!--",
    "a\u202egpj.exe\u2066\x1b[31m\x00\u200b\U000e0041",
)


@pytest.fixture(scope="module")
def watched() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        unavailable("chromium", "no chromium is installed")
    else:
        with browser(program) as made:
            yield made


Open = Callable[..., Visit]


@pytest.fixture
def visit_of(watched: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page in a tab of its own, as a file, as people do."""
    made: list[Visit] = []

    def visit(page: str, width: int = 1280) -> Visit:
        file = tmp_path / "diff.html"
        file.write_text(page, encoding="utf-8")
        made.append(Visit(watched, file.as_uri(), width))
        return made[-1]

    yield visit
    for each in made:
        each.close()


def _made(name: str) -> str:
    return render(SAMPLES[name](), Page(version="0.3.0"))


def _is_inert(visit: Visit) -> None:
    assert visit.scripts == []
    assert visit.said == []
    assert [address.partition(":")[0] for address in visit.requested] == ["file"]
    assert visit.run("document.scripts.length") == 0
    assert visit.run("performance.getEntriesByType('resource').length") == 0
    assert visit.proxy_lines == []


def test_the_watch_sees_what_a_careless_page_does(visit_of: Open) -> None:
    careless = f"<body><script>alert('hi');console.error('ran')</script><img src={EVIL}/y>"
    visit = visit_of(careless)
    assert visit.scripts == ["hi"]
    assert any("ran" in line for line in visit.said)
    assert f"{EVIL}/y" in visit.requested
    assert any(f"{EVIL}/y" in line for line in visit.proxy_lines)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_runs_nothing_and_asks_for_nothing(visit_of: Open, name: str) -> None:
    visit = visit_of(_made(name))
    _is_inert(visit)
    assert visit.run("getComputedStyle(document.body).maxWidth") != "none"


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_hostile_names_and_code_are_text(visit_of: Open, number: int) -> None:
    page = render(hostile(PAYLOADS[number]), Page())
    visit = visit_of(page)
    _is_inert(visit)
    assert (
        visit.run("document.querySelectorAll('script,img,svg,iframe,object,link,base').length") == 0
    )
    assert visit.run("getComputedStyle(document.body).display") == "block"
    assert visit.run("document.querySelectorAll('h1').length") == 1


def test_every_hostile_name_at_once_is_text(visit_of: Open) -> None:
    together = "".join((*PAYLOADS, *HOSTILE.values()))
    _is_inert(visit_of(render(hostile(together), Page())))


def _archive(path: Path, version: str, payload: str, *, hostile: bool) -> None:
    """A package whose every name is a payload; the later one's code does what it should not."""
    quoted = json.dumps(payload)
    inside = {
        "name": payload,
        "version": f"{version}{payload}",
        "scripts": {"postinstall": f"node {payload}"} if hostile else {},
        "dependencies": {payload: payload} if hostile else {},
        "bin": {payload: payload},
    }
    code = f"// {payload}\nmodule.exports = {quoted};\n"
    added = f"require('child_process').exec({quoted});\nfetch({quoted});\n" if hostile else ""
    content = (added + code).encode()
    path.write_bytes(
        tars.tgz(
            tars.manifest(json.dumps(inside).encode()),
            tars.member("package/index.js", content),
            tars.member(f"package/{payload[:80]}.js", content),
        )
    )


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_the_page_of_two_hostile_archives_is_text(
    visit_of: Open, tmp_path: Path, number: int
) -> None:
    """From bytes to pixels: the command line, and everything of the archives is a payload."""
    payload = PAYLOADS[number]
    for file, is_hostile in (("a.tgz", False), ("b.tgz", True)):
        _archive(tmp_path / file, "1.0.0", payload, hostile=is_hostile)
    words = [sys.executable, "-m", "pratique", "diff", "a.tgz", "b.tgz"]
    done = subprocess.run(
        [*words, "--format", "html", "--output", "page.html"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    visit = visit_of((tmp_path / "page.html").read_text("utf-8"))
    _is_inert(visit)
    found = "document.querySelectorAll('script,img,svg,iframe,object,link,base').length"
    assert visit.run(found) == 0
    assert visit.run("document.querySelectorAll('h1').length") == 1
    assert visit.run("document.querySelectorAll('#gained summary').length") > 2
    if payload.isprintable():
        assert payload in visit.run("document.querySelector('h1').innerText")
        code = "[...document.querySelectorAll('td.new')].map(cell => cell.innerText).join()"
        assert payload in visit.run(code)


def test_even_markup_that_got_in_could_do_nothing(visit_of: Open) -> None:
    """The content policy holds by itself: markup is put past the escaping, and stays inert."""
    smuggled = "".join(PAYLOADS[:3]) + f"<link rel=stylesheet href={EVIL}/h.css>"
    visit = visit_of(_made("worm").replace("<h1>", f"{smuggled}<h1>"))
    assert visit.scripts == []
    assert visit.proxy_lines == []
    assert visit.run("document.scripts.length") > 0
    assert any("Content Security Policy" in line for line in visit.said)


@pytest.mark.parametrize("width", [1280, 768, 420])
@pytest.mark.parametrize("name", ["worm", "bundle", "many", "hostile"])
def test_nothing_is_wider_than_the_screen(visit_of: Open, name: str, width: int) -> None:
    visit = visit_of(_made(name), width)
    assert visit.run("document.documentElement.scrollWidth") <= width


def test_both_sides_are_shown_and_on_a_narrow_screen_below_each_other(visit_of: Open) -> None:
    visit = visit_of(_made("worm"))
    left = "document.querySelector('.altered td.{}:not(.n)').getBoundingClientRect().{}"
    assert visit.run(left.format("old", "right")) <= visit.run(left.format("new", "left")) + 1
    visit.resize(420, 900)
    assert visit.run(left.format("old", "bottom")) <= visit.run(left.format("new", "top")) + 1
    assert visit.run(left.format("old", "left")) == visit.run(left.format("new", "left"))


def test_all_can_be_reached_and_folded_by_keyboard(visit_of: Open) -> None:
    visit = visit_of(_made("worm"))
    folds = visit.run("document.querySelectorAll('details').length")
    links = visit.run("document.links.length")
    reached = []
    for _ in range(folds + links):
        visit.press("Tab", 9)
        reached.append(visit.run("document.activeElement.localName"))
    assert reached == ["a"] * links + ["summary"] * folds
    visit.press(" ", 32)
    assert visit.run("document.querySelectorAll('details:not([open])').length") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(visit_of: Open, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    visit = visit_of(_made("hostile"))
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    visit.ask("Emulation.setEmulatedMedia", features=features)
    assert visit.run(_FAINT) == []


_FAINT = """
(() => {
  const light = c => c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const of = c => { const [r, g, b] = c.match(/[0-9.]+/g).map(Number);
    return 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b) };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (c !== 'rgba(0, 0, 0, 0)') return c } return 'rgb(255, 255, 255)' };
  const faint = new Set();
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [of(getComputedStyle(e).color), of(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.add(`${e.localName}.${e.className}: ${ratio.toFixed(1)}`);
  }
  return [...faint];
})()
"""


def test_printed_the_folded_is_there_too(visit_of: Open) -> None:
    visit = visit_of(_made("many"))
    seen = "document.querySelector('details:not([open]) figure').checkVisibility()"
    assert visit.run(seen) is False
    visit.ask("Emulation.setEmulatedMedia", media="print")
    assert visit.run(seen) is True
