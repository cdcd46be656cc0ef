"""Opening what the firewall keeps, where something is in the way."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from tests.contract.recorded import NOW, decision, request

from pratique.errors import Hindrance, StoreError, StoreUnavailableError
from pratique.store.firewall import Where, open_firewall
from pratique.store.firewall.opening import FILE, HEAD, data_folder


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    with open_firewall(Where(folder=folder), NOW, serving=True) as firewall:
        firewall.record.decide(decision())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert {FILE, HEAD} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"PRATIQUE_DATA": "/x", "XDG_DATA_HOME": "/y", "HOME": "/h"}, "/x"),
        ({"XDG_DATA_HOME": "/y", "HOME": "/h"}, "/y/pratique"),
        ({"XDG_DATA_HOME": "relative", "HOME": "/h"}, "/h/.local/share/pratique"),
        ({"HOME": "/h"}, "/h/.local/share/pratique"),
    ],
)
def test_the_folder_comes_from_the_environment(environ: dict[str, str], folder: str) -> None:
    assert data_folder(environ) == Path(folder)


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 8000]
)
def test_a_damaged_file_is_an_error_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match="damaged") as caught:
        open_firewall(Where(folder=tmp_path), NOW, serving=True)
    assert not isinstance(caught.value, StoreUnavailableError)
    assert "Nothing was deleted" in caught.value.hint
    assert (tmp_path / FILE).read_bytes() == content
    (tmp_path / FILE).unlink()
    open_firewall(Where(folder=tmp_path), NOW, serving=True).close()


def test_rows_that_nobody_here_wrote_are_an_error_and_not_believed(tmp_path: Path) -> None:
    with open_firewall(Where(folder=tmp_path), NOW, serving=True) as firewall:
        firewall.record.decide(decision())
        firewall.record.requests([request()])
    with closing(sqlite3.connect(tmp_path / FILE)) as raw, raw:
        raw.execute("UPDATE decisions SET findings = 'text', verdict = 'FINE', rules = 7")
        raw.execute("UPDATE batches SET body = x'00'")
    with open_firewall(Where(folder=tmp_path), NOW) as firewall:
        with pytest.raises(StoreError):
            firewall.record.decision(decision().id)
        assert firewall.record.verify().problems


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for serving in (True, False):
        with pytest.raises(StoreUnavailableError, match="cannot be made"):
            open_firewall(Where(folder=tmp_path / "file" / "data"), NOW, serving=serving)


def test_a_postgresql_that_does_not_answer_is_unreachable_and_its_password_is_not_told(
    tmp_path: Path,
) -> None:
    pytest.importorskip("psycopg")
    url = "postgresql+psycopg://me:s3cret@127.0.0.1:1/none"
    with pytest.raises(StoreUnavailableError) as caught:
        open_firewall(Where(folder=tmp_path, url=url), NOW, serving=True)
    assert caught.value.hindrance is Hindrance.UNREACHABLE
    assert "s3cret" not in caught.value.message


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file system of half a megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    return folder


def test_a_disk_that_fills_up_refuses_and_works_again_when_there_is_room(small: Path) -> None:
    try:
        with open_firewall(Where(folder=small), NOW, serving=True) as firewall:
            filler = small / "filler"
            filler.write_bytes(b"x" * _room(small))
            large = [decision(number, text="x" * 3000) for number in range(100)]
            with pytest.raises(StoreUnavailableError) as caught:
                firewall.record.decide(*large)
            assert caught.value.hindrance is Hindrance.FULL
            assert Hindrance.FULL in firewall.why_not_writable()
            firewall.record.give_up(5, NOW, "full")
            filler.unlink()
            firewall.record.decide(decision(1000))
            assert firewall.why_not_writable() == ""
            assert firewall.record.counters.decisions == 1
            verified = firewall.record.verify([firewall.record.head()])
            assert verified.problems == ()
            assert [gap.lost for gap in verified.gaps] == [5]
    finally:
        subprocess.run(["umount", small], check=True)


def _room(folder: Path) -> int:
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize
