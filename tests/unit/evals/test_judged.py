"""Real and hostile updates go through one judge; what is known is not computed again."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from evals import analyses, judged
from evals.corpus import Tarball
from evals.guarddog import Beside, Scan, sample
from evals.judged import Judged, Work, of_package, works
from evals.overlay import packed
from evals.shapes import Shape, Spelling
from evals.split import is_held_out
from evals.versus import versus

from pratique.archives import Archive, Entry
from pratique.model.policy import Action

SHAPE = Shape("a shape", (), (Spelling(append=";require('child_process').exec('specimen')"),))
QUIET = "module.exports = 1\n"
RUNS = "require('child_process').exec('own')\n"


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRATIQUE_CORPUS", str(tmp_path))
    return tmp_path


def tarball(version: str, code: str) -> Tarball:
    manifest = json.dumps({"name": "x", "version": version})
    files = (Entry("package.json", manifest.encode()), Entry("index.js", code.encode()))
    content = packed(Archive(files))
    integrity = base64.b64encode(hashlib.sha512(content).digest()).decode()
    found = Tarball("x", version, f"sha512-{integrity}")
    found.path.write_bytes(content)
    return found


def rows(*tarballs: Tarball, known: judged.Facts | None = None) -> list[Judged]:
    return of_package(Work("x", tarballs, (SHAPE,)), "a" * 64, "b" * 64, known or {})


@pytest.mark.usefixtures("corpus")
def test_the_same_update_is_judged_without_and_with_a_shape() -> None:
    real, laid = rows(tarball("1.0.0", QUIET), tarball("1.0.1", QUIET + QUIET))
    assert (real.shape, real.step, real.gained, real.actions[0]) == ("", "patch", (), Action.OFF)
    assert (laid.shape, laid.step) == ("a shape", "patch")
    assert any(each.startswith("exec.process") for each in laid.gained)
    assert laid.actions[0] is Action.BLOCK


@pytest.mark.usefixtures("corpus")
def test_a_shape_is_masked_where_the_package_could_do_all_of_it_before() -> None:
    own = RUNS + SHAPE.spellings[0].append
    _, laid = rows(tarball("1.0.0", own), tarball("1.0.1", own + QUIET))
    assert laid.is_masked


@pytest.mark.usefixtures("corpus")
def test_only_the_latest_release_is_asked_for_masking() -> None:
    found = rows(*(tarball(f"1.0.{number}", QUIET) for number in range(3)))
    assert [row.is_masked for row in found if row.shape] == [None, False]


@pytest.mark.usefixtures("corpus")
def test_what_is_known_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    both = (tarball("1.0.0", QUIET), tarball("1.0.1", QUIET + QUIET))
    before = rows(*both)

    def never(*_: object) -> None:
        raise AssertionError("analysed again")

    monkeypatch.setattr(analyses, "analyse", never)
    assert rows(*both) == before


@pytest.mark.usefixtures("corpus")
def test_shapes_are_laid_over_packages_of_their_own_side_of_the_split() -> None:
    shapes = [Shape(f"shape {number}", (), (Spelling(),)) for number in range(30)]
    (work,) = works([tarball("1.0.0", QUIET)], shapes)
    assert work.shapes
    assert {is_held_out("x")} == {is_held_out(shape.name) for shape in work.shapes}


def test_the_digest_of_the_source_names_the_analyser_as_loaded() -> None:
    assert analyses.source_digest() == analyses.source_digest()
    assert analyses.source_digest() != analyses.overlay_digest()


def row(name: str, shape: str = "", action: Action = Action.OFF) -> Judged:
    both = (action, action)
    return Judged(name, "1.0.0", "1.0.1", shape, 0, "patch", (), False, both, ("", ""))


def test_a_sample_holds_real_and_hostile_updates_and_is_always_the_same() -> None:
    every = [row(f"p{number}", shape) for number in range(50) for shape in ("", "s")]
    drawn = sample(every, 5)
    assert [each.shape for each in drawn] == [""] * 5 + ["s"] * 5
    assert drawn == sample(list(reversed(every)), 5)


def test_new_in_the_newer_release_is_told_from_what_was_there() -> None:
    old, more = Scan(6.0, frozenset({"a"})), Scan(6.0, frozenset({"a", "b"}))
    none = Scan(0.0, frozenset())
    parts = {"part": [Beside(row("x"), old, old), Beside(row("y", "s", Action.WARN), more, none)]}
    text = versus(parts, "0.0.0")
    assert "| part | 1 and 1 | GuardDog: score of 5 or more | 100.0 % | 100.0 % |" in text
    assert "| GuardDog: a risk that the older release has not | 0.0 % | 100.0 % |" in text
    assert "| pratique: warned or more, 0 days | 0.0 % | 100.0 % |" in text
