"""The command line: what is printed where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.reports.samples import change, healthy, offline, storefront, thirty

from pratique.cli import COMMANDS, main
from pratique.cli import check as check_command
from pratique.errors import LockfileError, PolicyError, StoreError
from pratique.model.policy import Verdict
from pratique.model.report import Report

SNAPSHOTS = Path(__file__).parent / "snapshots"
HELP = [[], *([name] for name in COMMANDS)]
Run = Callable[..., int]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "PRATIQUE_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Callable[[Report | Exception], dict[str, Any]]:
    """Let `check` answer with a report or an error; the options that it was given come back."""
    given: dict[str, Any] = {}

    def answer(what: Report | BaseException) -> dict[str, Any]:
        def check(path: Path, **options: object) -> Report:
            given.update(options, path=path)
            if isinstance(what, BaseException):
                raise what
            return what

        monkeypatch.setattr(check_command, "check", check)
        return given

    return answer


@pytest.mark.parametrize("words", HELP, ids=lambda words: "".join(words) or "pratique")
def test_help_is_what_its_snapshot_says(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*words, "--help"]) == 0
    printed = capsys.readouterr().out
    file = SNAPSHOTS / f"{'-'.join(words) or 'pratique'}.txt"
    if os.environ.get("PRATIQUE_UPDATE_SNAPSHOTS"):
        file.write_text(printed, encoding="utf-8")
    assert printed == file.read_text(encoding="utf-8")
    assert not words or "Examples:" in printed


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from pratique.cli import main; main(['--help']); "
        "print(sorted({'msgspec', 'sqlalchemy', 'urllib3', 'yaml', 'ssl', 'sqlite3'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("report", "code"), [(healthy, 0), (storefront, 1), (change, 1), (offline, 3)]
)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "markdown"])
def test_the_report_s_exit_is_the_exit(
    report: Callable[[], Report],
    code: int,
    form: str,
    judged: Callable[..., dict[str, Any]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    judged(report())
    assert main(["check", "--format", form]) == code
    captured = capfd.readouterr()
    assert captured.err == ""
    if form in {"json", "sarif"}:
        json.loads(captured.out)


def test_every_option_reaches_the_check(judged: Callable[..., dict[str, Any]]) -> None:
    given = judged(healthy())
    words = "check sub --base v1 --accept-head-policy --fail-on warn --policy p.toml --offline"
    assert main([*words.split(), "--revalidate", "--layer", "lockfile", "--layer", "trust"]) == 0
    assert given["path"] == Path("sub")
    assert given["base"] == "v1"
    assert given["accept_head_policy"] is True
    assert given["fail_on"] is Verdict.WARN
    assert given["policy_file"] == Path("p.toml")
    assert given["offline"] is True
    assert given["revalidate"] is True
    assert given["layers"] == ("lockfile", "trust")
    assert given["now"].tzinfo is not None
    assert given["progress"] is None


ERRORS = [
    (LockfileError("a/yarn.lock", 7, "odd", hint="fix it"), 3, "pratique: a/yarn.lock:7: odd\n"),
    (PolicyError("bad policy"), 2, "pratique: bad policy\n"),
    (StoreError("newer"), 4, "pratique: newer\n"),
    (ValueError("boom\x1b[31m"), 4, "pratique: internal error: ValueError: boom\\x1b[31m\n"),
    (KeyboardInterrupt(), 130, ""),
]


@pytest.mark.parametrize(("error", "code", "message"), ERRORS, ids=lambda each: str(each)[:20])
def test_an_error_is_one_line_and_its_exit_code(
    error: BaseException,
    code: int,
    message: str,
    judged: Callable[..., dict[str, Any]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    judged(error)
    assert main(["check"]) == code
    captured = capfd.readouterr()
    assert captured.out.strip() == ""
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_a_hint_stands_on_a_line_of_its_own(
    judged: Callable[..., dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    judged(LockfileError("a", 1, "odd", hint="one\ntwo"))
    main(["check"])
    assert capfd.readouterr().err.endswith("hint: one\nhint: two\n")


def test_the_traceback_is_shown_on_demand(
    judged: Callable[..., dict[str, Any]],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PRATIQUE_DEBUG", "1")
    judged(ValueError("boom"))
    assert main(["check"]) == 4
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["check", "--nothing"],
        ["check", "--format", "xml"],
        ["check", "--fail-on", "allow"],
        ["check", "--accept-head-policy"],
        ["check", "--width", "3"],
        ["exempt", "a@1"],
        ["completion", "tcsh"],
        ["init", "nowhere/at/all"],
        ["explain", "lockfile/nothing-like-that"],
    ],
    ids=" ".join,
)
def test_a_wrong_argument_exits_two_with_a_hint(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("pratique: ")
    assert "\nhint: " in printed.err
    assert printed.out == ""


COLOURS = [
    ({}, False),
    ({"FORCE_COLOR": "1"}, True),
    ({"FORCE_COLOR": "0"}, False),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
]


@pytest.mark.parametrize(("variables", "coloured"), COLOURS)
def test_a_pipe_is_coloured_only_by_force(
    variables: dict[str, str],
    coloured: bool,
    judged: Callable[..., dict[str, Any]],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    judged(storefront())
    main(["check"])
    assert ("\x1b[" in capfd.readouterr().out) is coloured


def test_output_goes_to_the_file_and_the_verdict_to_standard_error(
    judged: Callable[..., dict[str, Any]],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    judged(thirty())
    file = tmp_path / "report.txt"
    file.write_text("before", encoding="utf-8")
    file.chmod(0o640)
    assert main(["check", "--output", str(file)]) == 1
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "verdict BLOCK" in captured.err
    assert "\x1b" not in file.read_text(encoding="utf-8")
    assert "30 findings" in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["report.txt"]


def test_a_report_that_cannot_be_written_leaves_nothing_behind(
    judged: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    judged(thirty())
    (tmp_path / "folder").mkdir()
    assert main(["check", "--output", str(tmp_path / "folder")]) == 2
    assert main(["check", "--output", str(tmp_path / "absent" / "x")]) == 2
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


CLOSED = """
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.unit.reports.samples import similar, thirty
from pratique.cli import check, main
check.check = lambda path, **options: similar()
read, write = os.pipe()
os.dup2(write, 1); os.close(write); os.close(read)
code = main(["check", "--format", "json"])
print("code", code, file=sys.stderr)
raise SystemExit(code)
"""


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    root = str(Path(__file__).resolve().parents[3])
    script = CLOSED.format(root=root)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.stderr == b"code 1\n"
    assert done.returncode == 1


def test_characters_that_the_stream_lacks_are_escaped() -> None:
    root = str(Path(__file__).resolve().parents[3])
    script = CLOSED.format(root=root).replace("similar()", "storefront()")
    script = script.replace("similar, thirty", "storefront").replace('"--format", "json"', "")
    script = re.sub(r"read, write.*\n.*\n", "", script)
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 1
    assert b"\\xb7" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(
    shell: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    assert "_PRATIQUE_COMPLETE" in capfd.readouterr().out


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"pratique \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_python_dash_m_is_the_same_program() -> None:
    words = [sys.executable, "-m", "pratique", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("pratique ")
