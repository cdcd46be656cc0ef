"""What holds of every lockfile that is read, whatever its format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from pratique.ecosystems.npm.lockfiles import format_of, why_not_examined
from pratique.model.pin import Location, Lockfile, Pin

DATA = Path(__file__).parent.parent / "data" / "lockfiles"
FIXTURES = sorted(
    path for path in DATA.rglob("*") if path.is_file() and format_of(path.name, path.read_bytes())
)
_PURL = re.compile(r"pkg:npm/(?:%40[^/@%]+/)?[^/@]+@[^/@?#]*")
# The folders of shared data hold some lockfiles under another name: `vlt.vlt-lock.json`.
_RENAMED = re.compile(r"^[a-z]+\.(?=[A-Za-z-]+[.-])")


def read(path: Path, name: str) -> tuple[Lockfile, list[str]]:
    source = path.read_bytes()
    found = format_of(name, source)
    assert found is not None, f"{path} is of no format"
    lockfile = found.read(source, name)
    assert lockfile == found.read(source, name), "reading twice gives equal values"
    assert (lockfile.path, lockfile.format, lockfile.manager) == (name, found.name, found.manager)
    return lockfile, source.decode("utf-8-sig").split("\n")


def check(lockfile: Lockfile, lines: list[str]) -> None:
    """Everything that holds of a lockfile of any format."""
    keys = [pin.key for pin in lockfile.every_pin]
    known = set(keys)
    assert len(keys) == len(known)
    for pin in lockfile.every_pin:
        assert set(pin.requires) <= known, pin.key
        assert list(pin.requires) == sorted(set(pin.requires)), pin.key
        assert mentions(pin, lines), f"{pin.key}: line {pin.where.line} does not mention it"
        for line in (pin.url_line, pin.digest_line):
            assert line is None or 1 <= line <= len(lines), pin.key
        if pin.is_release:
            assert _PURL.fullmatch(pin.release.purl), pin.release.purl
            assert pin.version, pin.key
    needs = [need for each in lockfile.importers for need in each.requirements]
    assert {need.pin for need in needs if need.pin is not None} <= known
    for where in (*(need.where for need in needs), *(place for _, place in lockfile.trusted)):
        assert where is None or inside(where, lockfile, lines)


def inside(where: Location, lockfile: Lockfile, lines: list[str]) -> bool:
    return where.file == lockfile.path and where.line in range(1, len(lines) + 1)


def mentions(pin: Pin, lines: list[str]) -> bool:
    """Whether the pin's line has its key, or its own or its local name."""
    text = unquote(lines[(pin.where.line or 1) - 1]).replace("\\/", "/")
    names = (pin.key, pin.name, pin.alias or pin.name, pin.name.rpartition("/")[2])
    return any(name in text for name in names)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: str(path.relative_to(DATA)))
def test_every_file_of_a_real_client_keeps_the_contract(path: Path) -> None:
    lockfile, lines = read(path, path.name)
    assert lockfile.pins
    check(lockfile, lines)


def recorded(shared: Path) -> Iterator[tuple[Path, str]]:
    """The files under the shared folders, with the names that their repositories give them."""
    for path in sorted((shared / "repos").rglob("*")):
        if path.is_file():
            yield path, path.name
    for path in sorted((shared / "lockfiles").iterdir()):
        yield path, _RENAMED.sub("", path.name)


def test_every_recorded_lockfile_is_read_or_named(shared: Path) -> None:
    seen = 0
    for path, name in recorded(shared):
        if not re.search(r"lock|shrinkwrap|requirements.*\.txt$", name):
            continue
        if format_of(name, path.read_bytes()):
            check(*read(path, name))
            seen += 1
            continue
        why = why_not_examined(name, path.read_bytes())
        assert why or not looks_like_a_lockfile(name), path
    assert seen >= 9


def looks_like_a_lockfile(name: str) -> bool:
    return bool(re.search(r"(?:[.-]lock\b|\.lock$|shrinkwrap|requirements)", name))
