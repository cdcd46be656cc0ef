"""`explain`, `init` and `exempt`: what they print and what they write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pratique.cli import main
from pratique.layers import LAYERS, TITLES, rules

HEX = "cd" * 64
SRI = "sha512-" + "zc3N" * 28 + "zQ=="
UNTIL = ["--reason", "our outage", "--owner", "team-web", "--until"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import base64

    integrity = "sha512-" + base64.b64encode(bytes.fromhex(HEX)).decode()
    entry = {"version": "2.4.1", "integrity": integrity}
    lock = {
        "name": "p",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "p", "version": "1.0.0", "dependencies": {"left-widget": "2.4.1"}},
            "node_modules/left-widget": entry,
            "node_modules/@corp/native": {"version": "1.0.3", "integrity": integrity},
            "node_modules/bare": {"version": "1.0.0"},
        },
    }
    manifest = {"name": "p", "version": "1.0.0", "dependencies": {"left-widget": "2.4.1"}}
    (tmp_path / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "package-lock.json").write_text(json.dumps(lock, indent=2), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _soon() -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(days=20)).date().isoformat()  # noqa: TID251 - the command reads the real clock


def _exempt(release: str, *more: str, until: str = "") -> int:
    words = ["exempt", release, "--rule", "release-age/too-new", *UNTIL, until or _soon(), *more]
    return main(words)


OF_CHANGES = ("policy/loosened", "ledger/extended")


@pytest.mark.parametrize("name", [*(layer.name for layer in LAYERS), *rules(), *OF_CHANGES])
def test_everything_that_a_report_names_is_explained(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", name]) == 0
    printed = capfd.readouterr().out
    assert len(printed.splitlines()) > 3
    assert all(len(line) <= 80 for line in printed.splitlines() if "://" not in line)


def test_explain_lists_all_eleven_layers_and_every_rule(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    printed = capfd.readouterr().out
    assert all(name in printed for name in (*TITLES, *rules(), *OF_CHANGES))


def test_explain_guesses_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "lockfile/not-bnd"]) == 2
    assert "did you mean lockfile/not-bound?" in capsys.readouterr().err


@pytest.mark.parametrize("preset", ["lenient", "recommended", "strict"])
def test_init_writes_a_policy_that_can_be_read(preset: str, project: Path) -> None:
    assert main(["init", "--preset", preset]) == 0
    assert f'preset = "{preset}"' in (project / "pratique.toml").read_text("utf-8")
    assert _exempt("left-widget@2.4.1") == 0


def test_init_never_touches_an_existing_policy(project: Path) -> None:
    (project / "pratique.toml").write_text("mine", encoding="utf-8")
    assert main(["init"]) == 2
    assert (project / "pratique.toml").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("release", "purl"),
    [
        ("left-widget@2.4.1", "pkg:npm/left-widget@2.4.1"),
        ("@corp/native@1.0.3", "pkg:npm/%40corp/native@1.0.3"),
    ],
)
def test_exempt_binds_to_the_bytes_in_the_lockfile(release: str, purl: str, project: Path) -> None:
    assert _exempt(release, "--advisory", "GHSA-1") == 0
    written = (project / "pratique.toml").read_text("utf-8")
    for part in (purl, HEX, "our outage", "team-web", "GHSA-1"):
        assert part in written


def test_exempt_appends_and_keeps_what_is_there(project: Path) -> None:
    before = '# mine\npreset = "strict"\n'
    (project / "pratique.toml").write_text(before, encoding="utf-8")
    assert _exempt("left-widget@2.4.1") == 0
    assert (project / "pratique.toml").read_text("utf-8").startswith(before)


@pytest.mark.parametrize(
    ("release", "more"),
    [
        ("left-widget@9.9.9", []),
        ("bare@1.0.0", []),
        ("left-widget", []),
        ("@corp/native", []),
        ("left-widget@2.4.1", ["--reason", "\u2026"]),
        ("left-widget@2.4.1", ["--owner", " "]),
        ("left-widget@2.4.1", ["--until", "YYYY-MM-DD"]),
        ("left-widget@2.4.1", ["--until", "2099-01-01"]),
        ("left-widget@2.4.1", ["--rule", "release-age/nothing"]),
        ("left-widget@2.4.1", ["--rule", "lockfile/not-bound", "--pattern"]),
        ("left-widget@2.4.1", ["--sha512", "abc"]),
    ],
)
def test_exempt_refuses_what_the_policy_would_not_take_and_writes_nothing(
    release: str, more: list[str], project: Path
) -> None:
    assert _exempt(release, *more) == 2
    assert not (project / "pratique.toml").exists()


def test_exempt_without_bytes_needs_to_be_asked_for(project: Path) -> None:
    assert _exempt("bare@1.0.0", "--pattern") == 0
    assert "sha512" not in (project / "pratique.toml").read_text("utf-8")
