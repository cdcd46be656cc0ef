"""What `inspect` and `diff` are asked about: which words are releases, and which are files."""

from __future__ import annotations

import pytest

from pratique.ecosystems.npm.operands import Operand, is_path, read_operand

RELEASES = [
    ("left-widget@2.4.1", Operand("left-widget", "2.4.1")),
    ("@corp/tool@1.0.0-rc.1", Operand("@corp/tool", "1.0.0-rc.1")),
    ("left-widget@v2.4.1", Operand("left-widget", "2.4.1")),
    ("left-widget@latest", Operand("left-widget", "latest")),
]
NONE = [
    ("@corp/tool", "has no version"),
    ("left-widget@", "has no version"),
    ("@corp", "a scope without a name"),
    ("left-widget@^2", "asks for a range"),
    ("left-widget@2", "asks for a range"),
    ("left-widget@*", "asks for a range"),
    ("left\x1b[31m@1.0.0", "not safe in a URL"),
    ("../x@1.0.0", "begins with '.'"),
    ("a@b@1.0.0", "not safe in a URL"),
]
FILES = [
    "a.tgz",
    "A.TGZ",
    "a@1.0.0.tgz",
    "./a@1.0.0",
    "/srv/a@1.0.0",
    "dist/a@1.0.0",
    "left-widget",
]


@pytest.mark.parametrize(("text", "operand"), RELEASES)
def test_a_release_is_a_name_and_a_version_or_a_tag(text: str, operand: Operand) -> None:
    assert read_operand(text) == operand
    assert not is_path(text)
    assert operand.is_exact is (operand.wanted != "latest")


@pytest.mark.parametrize(("text", "why"), NONE)
def test_what_names_no_release_says_why(text: str, why: str) -> None:
    read = read_operand(text)
    assert isinstance(read, str)
    assert why in read


@pytest.mark.parametrize("text", FILES)
def test_a_file_is_told_by_its_name_alone(text: str) -> None:
    assert is_path(text)
