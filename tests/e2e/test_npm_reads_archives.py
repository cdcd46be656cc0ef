"""What real npm unpacks of an archive is what was examined, or the archive is unanalysable."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.clients import Clients
from tests.e2e import installing
from tests.e2e.hostile_archives import EVIL, ROWS, Row
from tests.registry import Registry
from tests.registry.tarball import sha1, sri

from pratique.archives import read_archive
from pratique.capabilities.analysis import analyse_artifact

pytestmark = pytest.mark.online

NPMS = ("npm10", "npm11", "npm12")
SMALL = tuple(row for row in ROWS if not row.is_large)
READ_BY_ALL = tuple(row for row in SMALL if not row.odd)
OF_TWO = {
    "two manifests": EVIL,
    "two manifests below two roots": EVIL,
    "two manifests by an empty folder's name": EVIL,
}
"""Rows with two manifests -> the one that npm acts on."""
Unpacked = Mapping[str, bytes]


def files_below(folder: Path) -> Unpacked:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def examined(row: Row) -> tuple[Unpacked, tuple[str, ...]]:
    archive = read_archive(row.make())
    return {entry.path: entry.content for entry in archive.entries}, archive.oddities


# -- npm's own extraction, on every row ------------------------------------------------------------


def extracted(clients: Clients, client: str, folder: Path) -> dict[str, Unpacked]:
    """Each small row -> the files that npm's extraction leaves on the disk."""
    node, command = clients[client].command[:2]
    for number, row in enumerate(SMALL):
        (folder / f"{number}.tgz").write_bytes(row.make())
    script = Path(__file__).with_name("extract.cjs")
    npm = Path(command).parent.parent
    subprocess.run([node, script, npm, folder], check=True, timeout=120, capture_output=True)
    return {row.name: files_below(folder / str(number)) for number, row in enumerate(SMALL)}


@pytest.mark.parametrize("client", NPMS)
def test_npm_unpacks_what_was_examined_or_the_archive_is_unanalysable(
    clients: Clients, tmp_path: Path, client: str
) -> None:
    place = tmp_path / "archives"
    place.mkdir()
    unpacked = extracted(clients, client, place)
    other = [row for row in SMALL if unpacked[row.name] != examined(row)[0]]
    assert [row.name for row in other if not examined(row)[1]] == []
    assert len(other) > 20, "npm reads hostile archives as everybody does: is this real npm?"
    assert [path.name for path in tmp_path.iterdir()] == ["archives"], "npm wrote outside"


# -- whole installs, on what is read by all and on two manifests -----------------------------------


def published(registry: Registry, rows: Iterable[Row]) -> dict[str, str]:
    """Row -> the package that has the archive as its tarball."""
    names: dict[str, str] = {}
    for number, row in enumerate(rows):
        name, source = f"pratique-test-archive-{number}", row.make()
        plain = registry.publish(name, "1.0.0")
        dist = {**plain.metadata["dist"], "integrity": sri(source), "shasum": sha1(source)}
        registry.put(replace(plain, tarball=source, metadata={**plain.metadata, "dist": dist}))
        names[row.name] = name
    return names


@pytest.mark.parametrize("client", NPMS)
def test_an_install_has_the_files_that_were_examined_and_the_last_of_two_manifests(
    clients: Clients, registry: Registry, tmp_path: Path, client: str
) -> None:
    doubled = tuple(row for row in ROWS if row.name in OF_TWO)
    names = published(registry, (*READ_BY_ALL, *doubled))
    wanted = dict.fromkeys(names.values(), "1.0.0")
    manifest = {"name": "archives", "version": "1.0.0", "dependencies": wanted}
    installing.write_json(tmp_path / "package.json", manifest)
    ran = installing.run(clients[client], ["install", "--ignore-scripts"], tmp_path, registry)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[:2000]
    for row in READ_BY_ALL:
        unpacked = files_below(tmp_path / "node_modules" / names[row.name])
        assert (unpacked, ()) == examined(row), row.name
    for row in doubled:
        unpacked = files_below(tmp_path / "node_modules" / names[row.name])
        assert unpacked["package.json"] == OF_TWO[row.name], row.name
        analysis = analyse_artifact(row.make())
        assert analysis.inner
        assert analysis.oddities
        assert dict(analysis.inner.scripts) == json.loads(OF_TWO[row.name])["scripts"], row.name
