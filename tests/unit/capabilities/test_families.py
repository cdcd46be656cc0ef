"""Every capability is what its page says: on plain, harmless, minified and obfuscated code."""

from __future__ import annotations

import re
from pathlib import Path
from time import process_time
from types import ModuleType

import pytest
from tests.fuzz import fuzz_spotters
from tests.unit.capabilities.pages import KINDS, SRC, Case, Page, page

from pratique.archives import Archive, Entry
from pratique.capabilities import FAMILIES, OF_SHAPE, WITHOUT_SITES, is_hard, tier_of
from pratique.capabilities.analysis import analyse, read_member
from pratique.capabilities.source import Shape, Source
from pratique.difference import baseline_of, compare
from pratique.model.behavior import Analysis, Origin

NO_FAMILIES = {"analysis", "coverage", "formats", "manifests", "reach", "source"}
NAMES = [family.__name__.rpartition(".")[2] for family in FAMILIES]
PAGES = {name: page(path) for name in NAMES if (path := SRC / f"{name}.md").is_file()}
BY_NAME = dict(zip(NAMES, FAMILIES, strict=True))
BY_FAMILY: dict[object, str] = {family: name for name, family in BY_NAME.items()}
CASES = [
    pytest.param(BY_NAME[name], case, id=f"{name}-{case.kind}-{case.name}".replace(" ", "-"))
    for name, each in PAGES.items()
    for case in each.cases
]


def analysis(files: dict[str, bytes]) -> Analysis:
    entries = tuple(Entry(path, content) for path, content in files.items())
    return analyse(Archive(entries, (), sum(map(len, files.values()))), "0" * 128)


def given(case: Case) -> set[str]:
    """The ids that reading the files gives; of several files, that analysing the whole gives."""
    if case.before:
        baseline = baseline_of([("1.0.0", analysis(case.before))], Origin.BASE)
        found = compare("sample", "1.0.1", analysis(case.files), baseline, case.known)
        return {gain.capability for gain in found.gained}
    if len(case.files) > 1:
        return set(analysis(case.files).capabilities)
    ((path, content),) = case.files.items()
    return {each.capability for each in read_member(path, content).occurrences}


def of_family(family: ModuleType, capabilities: set[str]) -> set[str]:
    return {each for each in capabilities if each.partition(":")[0] == family.ID}


@pytest.mark.parametrize(("family", "case"), CASES)
def test_a_case_gives_exactly_what_its_page_says(family: ModuleType, case: Case) -> None:
    assert case.gives == of_family(family, given(case))


@pytest.mark.parametrize("name", PAGES)
def test_every_family_has_a_page_with_its_title_and_its_limits(name: str) -> None:
    family = BY_NAME[name]
    text = (SRC / f"{name}.md").read_text(encoding="utf-8")
    assert PAGES[name].title == f"{family.ID}: {family.TITLE}"
    assert "\n## What it cannot see\n" in text


@pytest.mark.parametrize("name", PAGES)
def test_every_family_has_a_positive_and_each_kind_of_twin(name: str) -> None:
    cases = PAGES[name].cases
    assert set(KINDS) == {case.kind for case in cases}
    assert len(cases) == len({(case.kind, case.name) for case in cases})
    for case in cases:
        assert bool(case.gives) is (case.kind != "Benign twin"), case.name


@pytest.mark.parametrize("name", PAGES)
def test_a_minified_twin_is_smaller_and_gives_what_the_positive_of_its_name_gives(
    name: str,
) -> None:
    cases = PAGES[name].cases
    plain = {case.name: case for case in cases if case.kind == "Positive"}
    for case in cases:
        if case.kind == "Minified twin":
            assert case.gives == plain[case.name].gives
            assert size(case) < size(plain[case.name])


def size(case: Case) -> int:
    return sum(map(len, case.files.values()))


@pytest.mark.parametrize("name", PAGES)
def test_the_table_says_how_much_each_id_weighs(name: str) -> None:
    for case in PAGES[name].cases:
        for capability in case.gives:
            weight = (tier_of(capability).value, is_hard(capability))
            assert weight in weights(PAGES[name], capability), capability


def weights(of: Page, capability: str) -> list[tuple[str, bool]]:
    return [(row.tier, row.hard) for row in of.rows if row.covers(capability)]


@pytest.mark.parametrize("name", PAGES)
def test_every_line_of_the_table_has_a_positive(name: str) -> None:
    assert PAGES[name].rows
    shown = {
        capability
        for case in PAGES[name].cases
        for capability in case.gives
        if case.kind == "Positive"
    }
    for row in PAGES[name].rows:
        same = {each for each in shown if row.covers(each) and tier_of(each).value == row.tier}
        assert same, row.capability


def test_every_file_of_a_family_is_registered_once_documented_and_tested() -> None:
    files = {path.stem for path in SRC.glob("[!_]*.py")} - NO_FAMILIES
    assert sorted(files) == sorted(NAMES)
    assert files == {path.stem for path in SRC.glob("*.md")} == set(PAGES)
    assert set(NAMES) == {BY_FAMILY[case.values[0]] for case in CASES}
    ids = [family.ID for family in FAMILIES]
    assert len(ids) == len(set(ids))
    for name, family in BY_NAME.items():
        assert re.sub(r"[.-]", "_", family.ID) == name


@pytest.mark.parametrize("path", sorted(fuzz_spotters.FOUND.iterdir()), ids=lambda path: path.name)
def test_what_fuzzing_found_stays_mended(path: Path) -> None:
    for _ in range(5):  # what depends on an order shows only at times
        begin = process_time()
        fuzz_spotters.one(path.read_bytes())
        assert process_time() - begin < 2


WITHOUT_SITES_CONTENTS = [
    b"",
    b"eval(x); require('fs').readFileSync('/home/a/.npmrc')",
    b"#!/usr/bin/env node --eval=1\n",
    b"\x7fELF",
    b'{"name": "a"}',
    b"https://collector.invalid/",
]


@pytest.mark.parametrize("content", WITHOUT_SITES_CONTENTS)
def test_a_family_that_is_left_out_where_code_has_no_site_finds_nothing_there(
    content: bytes,
) -> None:
    for family in set(FAMILIES) - set(WITHOUT_SITES):
        source = Source("lib/a.js", content, shape=Shape(hex_names=99), format="code")
        assert list(family.spot(source)) == []


NAMELESS = [each for each in WITHOUT_SITES_CONTENTS if not each.startswith(b"#!")]


@pytest.mark.parametrize("content", [*NAMELESS, b"MZ", b"{}", b"gypfile", b" #!/bin/sh -e"])
@pytest.mark.parametrize("name", ["a.js", "binding.gyp.js", "npm-shrinkwrap.json.mjs", ".npmrc.ts"])
def test_a_family_that_is_left_out_of_code_without_a_first_line_of_its_own_finds_nothing_there(
    content: bytes, name: str
) -> None:
    path = f"node_modules/{name}"
    for family in set(WITHOUT_SITES) - set(OF_SHAPE):
        assert not list(family.spot(Source(path, content, (), Shape(), format="code")))
        assert not list(family.spot(Source(name, content, (), Shape(), format="code")))
