"""The draws are of what the documents say, always the same, and unknown is said to be unknown."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from evals.corpus import Tarball, pairs
from evals.dependencies import installs, known
from evals.draw import PACKAGES, documents, drawn, rare, releases


def document(*versions: str, **more: object) -> dict[str, Any]:
    dist = {"dist": {"integrity": "sha512-aa=="}}
    return {"name": "d", "versions": {each: {**dist, **more} for each in versions}}


def test_the_latest_stable_releases_are_drawn() -> None:
    found = releases(document("1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1", "1.1.0", "0.9.0"))
    assert [version for _, version, _ in found] == ["1.0.0", "1.1.0", "1.2.0", "1.10.0"]


def test_a_release_without_a_strong_digest_is_not_drawn() -> None:
    assert releases({"name": "d", "versions": {"1.0.0": {"dist": {"shasum": "00"}}}}) == []


def test_a_draw_is_of_so_many_packages_and_always_the_same() -> None:
    found = {f"p{number}": [(f"p{number}", "1.0.0", "sha512-aa==")] for number in range(300)}
    rows = drawn(found)
    assert len(rows) == PACKAGES
    assert rows == drawn(dict(reversed(found.items())))


def test_documents_are_told_from_other_answers(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(json.dumps(document("1.0.0")).encode()))
    (tmp_path / "b.gz").write_bytes(gzip.compress(b'{"keys": []}'))
    (tmp_path / "c.gz").write_bytes(b"")
    assert [each["name"] for each in documents(tmp_path)] == ["d"]


def test_the_popular_and_those_without_a_count_are_left_out(tmp_path: Path) -> None:
    table = tmp_path / "counts.tsv"
    table.write_text('name\tdownloads_a_month\tsummary\na\t5\t"x\nb\t99000000\t\nc\t\t\n')
    assert rare(table) == {"a"}


@pytest.mark.parametrize(
    ("found", "wanted", "answer"),
    [
        (document("1.0.0", hasInstallScript=True), "^1.0.0", "yes"),
        (document("1.0.0", scripts={"postinstall": "x"}), "^1.0.0", "yes"),
        (document("1.0.0", scripts={"test": "x"}), "^1.0.0", "no"),
        (document("1.0.0"), "^2.0.0", "unknown"),
        (None, "^1.0.0", "unknown"),
    ],
)
def test_unknown_is_not_no(found: dict[str, Any] | None, wanted: str, answer: str) -> None:
    assert answer == installs(found, wanted)


def test_only_dependencies_known_to_run_code_are_facts(tmp_path: Path) -> None:
    table = tmp_path / "d.tsv"
    table.write_text("package\tdependency\tinstalls\na\tb\tyes\na\tc\tno\na\td\tunknown\n")
    assert known(table) == {("a", "b"): "installs"}


def test_pairs_are_consecutive_stable_releases_in_order() -> None:
    found = pairs([Tarball("x", each, "") for each in ("1.10.0", "1.9.0", "1.9.1-rc.1", "2.0.0")])
    assert [(a.version, b.version) for a, b in found] == [("1.9.0", "1.10.0"), ("1.10.0", "2.0.0")]
