"""A printed exempt line is typed, and does what it promises (DECISIONS 37)."""

from __future__ import annotations

import json
import shlex
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique.cli import main

ENTRY = "sha512-" + b64encode(bytes(range(64))).decode()
UNTIL = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()  # noqa: TID251 - typed by a person today


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with an entry that is fetched without encryption, and a user with a registry."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".npmrc").write_text("registry=https://registry.example/\n", encoding="utf-8")
    for name, value in (("HOME", home), ("XDG_CACHE_HOME", home), ("XDG_CONFIG_HOME", home)):
        monkeypatch.setenv(name, str(value))
    for name in ("FORCE_COLOR", "COLUMNS", "npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    needs = {"@corp/left-widget": "2.4.1"}
    root = {"name": "p", "version": "1.0.0", "dependencies": needs}
    url = "http://registry.example/@corp/left-widget/-/left-widget-2.4.1.tgz"
    entry = {"version": "2.4.1", "resolved": url, "integrity": ENTRY}
    packages = {"": root, "node_modules/@corp/left-widget": entry}
    lock = {"name": "p", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
    (project / "package.json").write_text(json.dumps(root), encoding="utf-8")
    (project / "package-lock.json").write_text(json.dumps(lock, indent=2), encoding="utf-8")


def _judged(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    main(["check", "--offline", "--format", "json"])
    findings = json.loads(capfd.readouterr().out)["findings"]
    return {each["rule"]: each for each in findings}


def _exempt_line(capfd: pytest.CaptureFixture[str], rule: str) -> str:
    main(["check", "--offline"])
    lines = capfd.readouterr().out.splitlines()
    found = [line for line in lines if line.startswith("  exempt") and f"--rule {rule} " in line]
    return found[0].removeprefix("  exempt").strip()


def test_the_printed_exempt_line_exempts_its_finding(capfd: pytest.CaptureFixture[str]) -> None:
    rule = "lockfile/plain-http"
    assert _judged(capfd)[rule]["verdict"] == "block"
    line = _exempt_line(capfd, rule)
    typed = line.replace('--reason "\u2026"', "--reason 'an old mirror'")
    typed = typed.replace('"\u2026"', "team-web").replace("YYYY-MM-DD", UNTIL)
    assert main(shlex.split(typed)[1:]) == 0
    capfd.readouterr()
    after = _judged(capfd)[rule]
    assert after["verdict"] == "allow"
    assert after["exemption"]["reason"] == "an old mirror"


def test_the_printed_exempt_line_is_refused_as_it_stands(
    capfd: pytest.CaptureFixture[str],
) -> None:
    line = _exempt_line(capfd, "lockfile/plain-http")
    assert main(shlex.split(line)[1:]) == 2
    assert not Path("pratique.toml").exists()


def test_an_exemption_does_not_reach_other_bytes(capfd: pytest.CaptureFixture[str]) -> None:
    line = _exempt_line(capfd, "lockfile/plain-http")
    typed = line.replace('"\u2026"', "words").replace("YYYY-MM-DD", UNTIL)
    assert main(shlex.split(typed)[1:]) == 0
    lock = Path("package-lock.json")
    other = "sha512-" + b64encode(bytes(range(1, 65))).decode()
    lock.write_text(lock.read_text("utf-8").replace(ENTRY, other), encoding="utf-8")
    capfd.readouterr()
    assert _judged(capfd)["lockfile/plain-http"]["verdict"] == "block"
