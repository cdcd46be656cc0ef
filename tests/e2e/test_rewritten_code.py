"""Rewriting code does not change what it is seen to do: real minifiers, real obfuscators.

The whole list of packages: `make stability`, with its table in evals/stability.md.
"""

from __future__ import annotations

import re

import pytest
from evals.corpus import Tarball, listed
from evals.split import is_held_out
from evals.stability import PACKAGES, REPORT, fetched, hidden, kept
from tests.conftest import unavailable
from tests.mutators import PRESETS, TERSER, ClientsUnavailableError, rewritten
from tests.unit.capabilities.pages import SRC, Case, page

from pratique.capabilities.analysis import read_member

SMALL = ("cross-spawn", "prebuild-install", "rc")
HIDDEN = "code.dynamic-load:builtin"
CODE = (".js", ".mjs", ".cjs")


def cases() -> dict[str, Case]:
    """What the pages call positive and is one file of JavaScript that a minifier can read."""
    return {
        f"{path.stem}/{case.name}": case
        for path in sorted(SRC.glob("*.md"))
        if not path.stem.startswith("shape_")
        for case in page(path).cases
        if case.kind == "Positive"
        and all(file.endswith(CODE) for file in case.files)
        and len(case.files) == 1
    }


def code_of(case: Case) -> str:
    ((_, content),) = case.files.items()
    return content.decode()


def seen(code: str) -> set[str]:
    """Without what says how it is written: a minifier puts `"chi" + "ld"` together again."""
    found = {each.capability for each in read_member("index.js", code.encode()).occurrences}
    return {each for each in found - {HIDDEN} if not each.startswith("shape.")}


@pytest.fixture(scope="module")
def small() -> dict[str, Tarball]:
    try:
        return {each.name: each for each in fetched(SMALL)}
    except OSError as error:
        unavailable("online", str(error))
        raise


def rewrite(how: str, files: dict[str, str]) -> dict[str, str]:
    try:
        return rewritten(how, files)
    except ClientsUnavailableError as error:
        unavailable("online", str(error))
        raise


@pytest.mark.online
def test_minifying_a_page_s_code_changes_nothing_that_is_seen() -> None:
    found = cases()
    assert len(found) > 40
    new = rewrite(TERSER, {f"{name}.js": code_of(case) for name, case in found.items()})
    assert len(new) == len(found)
    changed = {
        name: (seen(code_of(case)), seen(new[f"{name}.js"]))
        for name, case in found.items()
        if seen(code_of(case)) != seen(new[f"{name}.js"])
    }
    assert changed == {}


@pytest.mark.online
@pytest.mark.parametrize("preset", PRESETS)
def test_obfuscating_a_page_s_code_is_seen(preset: str) -> None:
    found = {f"{name}.js": code_of(case) for name, case in cases().items()}
    new = rewrite(preset, found)
    assert len(new) == len(found)
    plain = {path for path in new if not signs(new[path])}
    assert plain == set()


def signs(code: str) -> set[str]:
    found = {each.capability for each in read_member("index.js", code.encode()).occurrences}
    return {each for each in found if each.startswith(("shape.obfuscated", "code.dynamic-load"))}


@pytest.mark.online
@pytest.mark.parametrize("name", SMALL)
def test_minifying_a_package_changes_nothing_that_is_seen(
    name: str, small: dict[str, Tarball]
) -> None:
    found = kept(small[name])
    assert found.capabilities
    assert found.files[0] == found.files[1] > 0
    assert not found.lost | found.gained


@pytest.mark.online
@pytest.mark.parametrize("preset", PRESETS)
def test_obfuscating_a_package_is_seen_in_every_file(
    preset: str, small: dict[str, Tarball]
) -> None:
    found = hidden(small["rc"], preset)
    assert found.files > 3
    assert found.plain == ()


def test_the_whole_list_is_as_wide_as_it_is_asked_to_be_and_was_measured() -> None:
    packages = listed(PACKAGES)
    assert len(packages) >= 20
    assert not [each.name for each in packages if is_held_out(each.name)]
    text = REPORT.read_text(encoding="utf-8")
    for each in packages:
        assert re.search(
            rf"^\| {re.escape(each.name)}@{each.version} \|.*\| - \| - \|$", text, re.MULTILINE
        )
    families = re.search(r"^- (\d+) families", text, re.MULTILINE)
    assert families
    assert int(families[1]) >= 12
