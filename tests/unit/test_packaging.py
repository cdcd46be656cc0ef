"""The files with which the firewall is installed as a service."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import ROOT, unavailable

from pratique.cli.serve import command

UNIT = ROOT / "packaging" / "pratique.service"
IMAGE = ROOT / "packaging" / "Containerfile"
OPTIONS = {each for option in command.params for each in (*option.opts, *option.secondary_opts)}


def test_systemd_takes_the_unit_as_it_is(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        unavailable("systemd", "no systemd-analyze on this machine")
        return
    # It looks for the program, which is nowhere yet.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/pratique/bin/pratique", "/bin/true"))
    done = subprocess.run(
        [program, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "line",
    [
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "KillSignal=SIGTERM",
        "ExecReload=/bin/kill -HUP $MAINPID",
    ],
)
def test_the_unit_gives_the_firewall_no_more_than_it_needs(line: str) -> None:
    assert line in UNIT.read_text().splitlines()


def test_the_image_runs_as_nobody_and_installs_by_digest() -> None:
    lines = IMAGE.read_text().splitlines()
    last_stage = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM ")) :]
    (user,) = [line for line in last_stage if line.startswith("USER ")]
    assert int(user.split()[1]) > 0
    assert "--require-hashes" in IMAGE.read_text()
    for each in (line for line in lines if line.startswith("FROM ")):
        assert re.fullmatch(r"FROM [a-z]+:[a-z0-9.-]+( AS [a-z]+)?", each), "a host, or no tag"


@pytest.mark.parametrize("file", [UNIT, IMAGE], ids=lambda file: file.name)
def test_every_option_that_they_give_is_one_of_serve(file: Path) -> None:
    text = file.read_text()
    started = re.search(r"^(?:ExecStart|ENTRYPOINT).*(?:\\\n.*)*", text, re.MULTILINE)
    assert started
    given = set(re.findall(r"--[a-z-]+", started[0]))
    assert given
    assert given <= OPTIONS
