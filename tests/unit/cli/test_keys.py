"""`pratique keys`: nothing is imported without its difference shown, and age is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique.cli import main
from pratique.errors import StoreError
from pratique.model.evidence import Usage
from pratique.provenance import keys, root
from pratique.provenance.root import SHIPPED_AT
from pratique.store.pinned import Imported, location, pinned, put

Run = Callable[..., tuple[int, str, str]]
KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIk"
    "UQtQiEKERhAmE5lMMJhP8OkDOa2g=="
)
KIND = "ecdsa-sha2-nistp256"
OWN = json.dumps(
    {"keys": [{"keyid": "SHA256:own", "keytype": KIND, "scheme": KIND, "key": KEY}]}
).encode()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("PRATIQUE_TRUST", str(tmp_path / "own" / "trust.json"))

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["keys", *words])
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "keys.json"
    file.write_bytes(OWN)
    return file


def days_ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"  # noqa: TID251 - a test


def test_what_is_shipped_is_listed_with_windows_and_age(run: Run) -> None:
    code, out, _ = run("list")
    assert 0 == code
    for part in ("npm:signatures", "SHA256:jl3b", "to before 2025-01-29", "keys, shipped, of 2026"):
        assert part in out
    assert "authority  CN=sigstore-intermediate,O=sigstore.dev" in out
    assert "timestamp authority" in out


def test_the_difference_is_shown_before_anything_is_imported(run: Run, source: Path) -> None:
    code, out, err = run("update", "--from", str(source))
    assert (2, True) == (code, "--yes" in err)
    assert "+ npm:signatures  SHA256:own" in out
    assert "- npm:signatures  SHA256:jl3b" in out
    assert "SHA256:own" not in run("list")[1]


def test_imported_keys_count_from_then_on(run: Run, source: Path) -> None:
    assert 0 == run("update", "--from", str(source), "--yes")[0]
    code, out, _ = run("list")
    assert (0, True, False) == (code, "SHA256:own" in out, "SHA256:jl3b" in out)
    assert "keys, imported" in out
    assert "root, shipped" in out
    again = run("update", "--from", str(source), "--yes")
    assert "keys: no change" in again[1]


@pytest.mark.parametrize(
    ("days", "code", "said"), [(179, 0, ""), (182, 0, "older than 180"), (402, 3, "unknown")]
)
def test_age_warns_and_then_is_unknown(
    run: Run, source: Path, days: int, code: int, said: str
) -> None:
    found = run("update", "--from", str(source), "--yes", "--dated", days_ago(days))
    assert code == found[0]
    assert said in found[2]
    assert bool(said) == bool(found[2])
    assert code == run("list")[0]


def test_a_root_is_imported_beside_the_keys(run: Run, tmp_path: Path, source: Path) -> None:
    document: Any = json.loads(root.shipped().source)
    document["certificateAuthorities"].pop(0)
    document["timestampAuthorities"].pop()
    file = tmp_path / "trusted_root.json"
    file.write_text(json.dumps(document))
    run("update", "--from", str(source), "--yes")
    code, out, _ = run("update", "--from", str(file), "--yes")
    assert 0 == code
    assert "- authority  CN=sigstore,O=sigstore.dev" in out
    assert "- timestamp authority" in out
    found = pinned(location({"PRATIQUE_TRUST": str(tmp_path / "own" / "trust.json")}))
    assert {"keys", "root"} == found.own
    assert 1 == len(found.root.authorities)
    assert found.keys.find("SHA256:own", Usage.ATTESTATIONS)


@pytest.mark.parametrize("bad", [b"{}", b"\x00", b'{"keys": [], "keys": []}', b'{"keys": []}'])
def test_a_file_that_is_neither_changes_nothing(run: Run, tmp_path: Path, bad: bytes) -> None:
    file = tmp_path / "bad"
    file.write_bytes(bad)
    assert 2 == run("update", "--from", str(file), "--yes")[0]
    assert 2 == run("update", "--from", str(tmp_path / "none"), "--yes")[0]
    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize("day", ["2999-01-01", "yesterday"])
def test_a_day_that_is_none_or_to_come_is_refused(run: Run, source: Path, day: str) -> None:
    assert 2 == run("update", "--from", str(source), "--yes", "--dated", day)[0]


def test_a_name_in_a_file_cannot_move_the_cursor(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(OWN.replace(b"SHA256:own", b"\\u001b[2J"))
    code, out, err = run("update", "--from", str(file), "--yes")
    assert (2, False) == (code, "\x1b" in out + err)


def test_a_damaged_file_is_an_error_and_never_what_is_shipped(tmp_path: Path) -> None:
    file = tmp_path / "trust.json"
    for bad in (b"{", b"{}", b'{"pratique-trust": 2}', b'{"pratique-trust": 1, "keys": 1}'):
        file.write_bytes(bad)
        with pytest.raises(StoreError):
            pinned(file)


def test_without_a_file_the_shipped_ones_count_and_nothing_is_written(tmp_path: Path) -> None:
    found = pinned(tmp_path / "none" / "trust.json")
    assert (keys.shipped(), root.shipped(), SHIPPED_AT) == (found.keys, found.root, found.updated)
    assert [] == list(tmp_path.iterdir())


def test_the_age_of_the_whole_is_that_of_its_older_part(tmp_path: Path) -> None:
    file = tmp_path / "trust.json"
    at = SHIPPED_AT + timedelta(days=30)
    put(file, "keys", Imported(OWN, at))
    assert SHIPPED_AT == pinned(file).updated
    put(file, "root", Imported(root.shipped().source, at))
    assert at == pinned(file).updated


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"PRATIQUE_TRUST": "/a/b.json", "XDG_DATA_HOME": "/x"}, "/a/b.json"),
        ({"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/pratique/trust.json"),
        ({"XDG_DATA_HOME": "x", "HOME": "/h"}, "/h/.local/share/pratique/trust.json"),
    ],
)
def test_it_lies_in_the_users_data_directory(environ: dict[str, str], expected: str) -> None:
    assert Path(expected) == location(environ)


@pytest.mark.parametrize("words", [["--help"], ["keys", "--help"], ["verify-bundle", "--help"]])
def test_help_loads_no_cryptography(words: list[str]) -> None:
    program = (
        "import sys\nfrom pratique.cli import main\nmain(sys.argv[1:])\n"
        "print(*{'sigstore', 'cryptography', 'rfc3161_client'} & set(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr.strip())
