"""`pratique setup`: which files it writes, and that --undo leaves no trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pratique.cli import main

REGISTRY = ["--registry", "http://127.0.0.1:4873/"]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("manager", ["npm", "pnpm", "yarn", "bun"])
@pytest.mark.parametrize("is_there", [True, False])
def test_undo_leaves_the_project_as_it_was(
    manager: str,
    is_there: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if is_there:
        (tmp_path / ".npmrc").write_bytes(b"registry=https://old.example/\r\nx=1")
        (tmp_path / "pnpm-workspace.yaml").write_bytes(b"registry: https://old.example/")
        (tmp_path / ".yarnrc.yml").write_bytes(b"npmRegistryServer: https://old.example\n")
        (tmp_path / "bunfig.toml").write_bytes(b"[install]")
    before = tree(tmp_path)
    assert main(["setup", manager, *REGISTRY, "--directory", str(tmp_path)]) == 0
    after = tree(tmp_path)
    assert after != before
    assert b"127.0.0.1:4873" in b"".join(after.values())
    assert main(["setup", manager, "--undo", "--directory", str(tmp_path)]) == 0
    assert tree(tmp_path) == before
    assert main(["setup", manager, "--undo", "--directory", str(tmp_path)]) == 0
    assert "nothing to undo" in capsys.readouterr().out
    assert tree(tmp_path) == before


FORMS = {
    "CRLF": b"# ours\r\n%s\r\n# more\r\n",
    "no final newline": b"# ours\n%s",
    "a byte order mark": b"\xef\xbb\xbf%s\n",
    "blank lines": b"\n\n%s\n\n\n",
    "comments alone": b"# ours\r\n# and nothing else\r\n",
    "another line end each": b"# ours\r\n%s\n# more\r\n",
    "nothing": b"",
}
LINES = {
    "npm": (".npmrc", b"registry=https://old.example/"),
    "pnpm": ("pnpm-workspace.yaml", b"registry: https://old.example/"),
    "yarn": (".yarnrc.yml", b"npmRegistryServer: https://old.example"),
    "bun": ("bunfig.toml", b'[install]\nregistry = "https://old.example/"'),
}


@pytest.mark.parametrize("mode", [0o600, 0o644])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("manager", LINES)
def test_whatever_form_a_file_has_it_gets_back_its_bytes_and_its_mode(
    manager: str, form: str, mode: int, tmp_path: Path
) -> None:
    name, line = LINES[manager]
    newline = b"\r\n" if "CRLF" in form else b"\n"
    content = FORMS[form].replace(b"%s", line.replace(b"\n", newline))
    (tmp_path / name).write_bytes(content)
    (tmp_path / name).chmod(mode)
    before = tree(tmp_path)
    assert main(["setup", manager, *REGISTRY, "--directory", str(tmp_path)]) == 0
    assert tree(tmp_path) != before
    assert (tmp_path / name).stat().st_mode & 0o777 == mode
    assert main(["setup", manager, "--undo", "--directory", str(tmp_path)]) == 0
    assert tree(tmp_path) == before
    assert (tmp_path / name).stat().st_mode & 0o777 == mode


def test_nothing_is_written_where_one_of_the_files_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pnpm-workspace.yaml").write_bytes(b"{registry: 'https://old.example/', a: 1}")
    before = tree(tmp_path)
    assert main(["setup", "pnpm", *REGISTRY, "--directory", str(tmp_path)]) == 2
    assert tree(tmp_path) == before
    assert "by hand" in capsys.readouterr().err


def test_a_link_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "outside").write_bytes(b"x=1\n")
    project = tmp_path / "project"
    project.mkdir()
    (project / ".npmrc").symlink_to(tmp_path / "outside")
    assert main(["setup", "npm", *REGISTRY, "--directory", str(project)]) == 2
    assert "is a link" in capsys.readouterr().err
    assert (tmp_path / "outside").read_bytes() == b"x=1\n"


def test_a_scope_that_passes_by_the_firewall_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".npmrc").write_bytes(b"a=1\n@corp:registry=https://corp.example/\n")
    assert main(["setup", "npm", *REGISTRY, "--directory", str(tmp_path)]) == 0
    error = capsys.readouterr().err
    assert "@corp" in error
    assert "past the firewall" in error


def test_an_address_with_a_password_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["setup", "npm", "--registry", "http://me:secret@127.0.0.1:4873/"]
    assert main([*words, "--directory", str(tmp_path)]) == 2
    assert tree(tmp_path) == {}
    assert "secret" not in capsys.readouterr().err


LEFT = "https://mirror.example/left/-/left-1.0.0.tgz"
MANIFEST = {"name": "p", "dependencies": {"left": "^1.0.0"}}
ENTRY = {"version": "1.0.0", "resolved": LEFT}
LOCKS = {
    "npm": (
        "package-lock.json",
        json.dumps({"lockfileVersion": 3, "packages": {"": MANIFEST, "node_modules/left": ENTRY}}),
    ),
    "yarn": (
        "yarn.lock",
        f'# yarn lockfile v1\n\nleft@^1.0.0:\n  version "1.0.0"\n  resolved "{LEFT}#{"a" * 40}"\n',
    ),
    "bun": (
        "bun.lock",
        json.dumps(
            {
                "lockfileVersion": 1,
                "workspaces": {"": MANIFEST},
                "packages": {"left": ["left@1.0.0", LEFT, {}, f"sha512-{'a' * 86}=="]},
            }
        ),
    ),
}
"""Manager -> a lockfile of one entry that another registry has."""


@pytest.mark.parametrize(
    ("manager", "locked_by", "host", "is_told"),
    [
        ("npm", "npm", "mirror.example", False),
        ("yarn", "yarn", "mirror.example", True),
        ("bun", "bun", "mirror.example", True),
        ("yarn", "yarn", "127.0.0.1:4873", False),
        ("npm", "yarn", "mirror.example", False),
    ],
)
def test_a_lockfile_that_leads_past_the_firewall_is_named(
    manager: str,
    locked_by: str,
    host: str,
    is_told: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, text = LOCKS[locked_by]
    (tmp_path / "package.json").write_text(json.dumps(MANIFEST))
    (tmp_path / name).write_text(text.replace("mirror.example", host))
    assert main(["setup", manager, *REGISTRY, "--directory", str(tmp_path)]) == 0
    error = capsys.readouterr().err
    assert (f"{name}: 1 entries name mirror.example" in error) == is_told
    assert ("past the firewall" in error) == is_told
