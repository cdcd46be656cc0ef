"""`inspect` and `diff` on the command line: what is printed where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tests.difference_builders import INSPECTIONS, SAMPLES

from pratique.cli import bar, main
from pratique.cli import diff as diff_command
from pratique.cli import inspect as inspect_command
from pratique.errors import ArtifactError
from pratique.inspecting import Terms
from pratique.model.policy import Verdict

Looked = Callable[..., dict[str, Any]]
DIFF = ["diff", "left-widget@2.4.0", "left-widget@2.4.1"]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "PRATIQUE_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Looked:
    """Let the shell answer with a sample, or raise; what it was given comes back."""
    given: dict[str, Any] = {}

    def answer(what: Any) -> dict[str, Any]:
        def shell(*operands: Any, **options: Any) -> Any:
            *targets, terms = operands
            given.update(options, targets=targets, terms=terms)
            if isinstance(what, BaseException):
                raise what
            return what

        monkeypatch.setattr(inspect_command, "inspect", shell)
        monkeypatch.setattr(diff_command, "diff", shell)
        return given

    return answer


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_comparison_s_exit_is_the_exit(
    name: str, form: str, looked: Looked, capfd: pytest.CaptureFixture[str]
) -> None:
    sample = SAMPLES[name]()
    given = looked(sample)
    assert main([*DIFF, "--format", form]) == sample.exit
    assert given["with_code"] is (form == "html")
    printed = capfd.readouterr()
    assert printed.err == ""
    if form == "json":
        assert json.loads(printed.out)["exit"] == sample.exit


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", INSPECTIONS)
def test_an_inspection_s_exit_is_the_exit(name: str, form: str, looked: Looked) -> None:
    sample = INSPECTIONS[name]()
    looked(sample)
    assert main(["inspect", "a.tgz", "--format", form]) == sample.exit


@pytest.mark.parametrize("command", [DIFF, ["inspect", "left-widget@2.4.1"]])
def test_every_option_reaches_the_shell(command: list[str], looked: Looked) -> None:
    given = looked(SAMPLES["quiet"]() if command is DIFF else INSPECTIONS["tiny"]())
    words = ["--age", "3 days", "--fail-on", "warn", "--policy", "p.toml", "--offline"]
    assert main([*command, *words]) == 0
    terms = given["terms"]
    assert isinstance(terms, Terms)
    assert given["targets"] == command[1:]
    assert (terms.age, terms.fail_on) == (timedelta(days=3), Verdict.WARN)
    assert (terms.policy_file, terms.offline) == (Path("p.toml"), True)
    assert terms.now.tzinfo is not None
    assert terms.progress is None


WRONG = [
    ["inspect"],
    ["inspect", "a@1.0.0", "b@1.0.0"],
    ["inspect", "a@^1.0.0"],
    ["inspect", "@corp/tool"],
    ["inspect", "a@1.0.0", "--age", "3"],
    ["inspect", "a@1.0.0", "--format", "html"],
    ["diff", "a@1.0.0"],
    ["diff", "a@1.0.0", "a@1.0.1", "--fail-on", "allow"],
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_wrong_argument_exits_two_with_a_hint(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("pratique: ")
    assert "\nhint: " in printed.err
    assert printed.out == ""


def test_what_cannot_be_had_exits_three(looked: Looked, capsys: pytest.CaptureFixture[str]) -> None:
    looked(ArtifactError("a@1.0.0 is not judged: \x1b[31mdown"))
    assert main(DIFF) == 3
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "pratique: a@1.0.0 is not judged: \\x1b[31mdown\n")


COLOURS = [
    ({}, False),
    ({"FORCE_COLOR": "1"}, True),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
]


@pytest.mark.parametrize(("variables", "coloured"), COLOURS)
def test_a_pipe_is_coloured_only_by_force(
    variables: dict[str, str],
    coloured: bool,
    looked: Looked,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    looked(SAMPLES["worm"]())
    main(DIFF)
    assert ("\x1b[" in capfd.readouterr().out) is coloured


def test_a_file_is_never_coloured_and_its_verdict_is_told(
    looked: Looked,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    looked(INSPECTIONS["native"]())
    file = tmp_path / "report.txt"
    assert main(["inspect", "a@1.0.0", "--output", str(file)]) == 0
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "verdict ALLOW \u00b7 5 capabilities, nothing compared \u00b7 exit 0" in printed.err
    assert "\x1b" not in file.read_text("utf-8")


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_where_somebody_watches() -> None:
    assert bar.watched(StringIO(), {}) is None
    assert bar.watched(_Terminal(), {"TERM": "dumb"}) is None
    screen = _Terminal()
    drawn = bar.watched(screen, {"TERM": "xterm"}, "reading")
    assert drawn is not None
    drawn.start(2)
    drawn.advance()
    drawn.finish()
    assert "reading [........................] 0/2" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


COMPLETED = [
    ("pratique ins", 1, "plain,inspect"),
    ("pratique di", 1, "plain,diff"),
    ("pratique diff --ag", 2, "plain,--age"),
    ("pratique diff --format h", 3, "plain,html"),
    ("pratique inspect a", 2, "file,a"),
]


@pytest.mark.parametrize(("typed", "word", "offered"), COMPLETED)
def test_the_shell_completes_commands_options_and_files(
    typed: str, word: int, offered: str
) -> None:
    asked = {"_PRATIQUE_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(word)}
    code = "from pratique.cli import program; program.main(prog_name='pratique')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert offered in done.stdout.splitlines()
