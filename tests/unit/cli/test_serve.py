"""`pratique serve`: what stops it from starting, what it says when it is ready, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click
import pytest

from pratique.cli import main, serve

UPSTREAM = "https://registry.example/"
POLICY = 'preset = "recommended"\n'


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Those of a firewall that could start."""
    return ["serve", "--port", "0", "--upstream", UPSTREAM, "--data", str(tmp_path / "data")]


def refusal(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said of a firewall that does not start; nothing else is printed."""
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_a_port_that_is_taken_is_said(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refusal([*words, "--port", port], capsys)
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use" in said


@pytest.mark.parametrize("upstream", [UPSTREAM, "HTTPS://registry.example:443"])
def test_it_is_not_its_own_upstream(
    words: list[str], upstream: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal([*words, "--public-url", UPSTREAM, "--upstream", upstream], capsys)
    assert "would be its own upstream" in said
    assert "hint: name the registry behind it: pratique serve --upstream URL" in said


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--fresh", "soon", "'soon' is no duration"),
        ("--wait", "5", "'5' is no duration"),
        ("--wait", "-1 seconds", "'-1 seconds' is no duration"),
        ("--upstream", "registry.example", "--upstream is no http(s) address"),
        ("--public-url", "file:///x", "--public-url is no http(s) address"),
        ("--policy", "nowhere.toml", "nowhere.toml is not there"),
        ("--dry-run-layer", "behaviour", "'behaviour' is no layer"),
        ("--host", "192.0.2.1", "192.0.2.1:0 cannot be listened on"),
        ("--effect", "mask", "'mask' is not one of"),
        ("--store-limit", "20", "'20' is no size"),
        ("--store-limit", "0 GiB", "'0 GiB' is no size"),
        ("--store-limit", "-1 GB", "'-1 GB' is no size"),
        ("--allow-host", "https://npm.corp.example/", "'https://npm.corp.example/' is no host"),
        ("--allow-host", "*", "'*' is no host"),
        ("--allow-host", "a b", "'a b' is no host"),
        ("--upstream-timeout", "soon", "'soon' is no duration"),
        ("--login-limit", "-1", "-1 is not in the range"),
        ("--publish-limit", "many", "'many' is not a valid integer"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    words: list[str], option: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refusal([*words, option, value], capsys)


def test_a_policy_that_cannot_be_read_stops_the_start(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "firewall.toml").write_text('preset = "recomended"\n')
    said = refusal([*words, "--policy", str(tmp_path / "firewall.toml")], capsys)
    assert "firewall.toml:1" in said
    assert not (tmp_path / "data").exists()


def test_what_has_to_be_installed_is_named(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("running", "protocol"):
        monkeypatch.delitem(sys.modules, f"pratique.proxy.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    said = refusal(words, capsys)
    assert "the firewall needs uvicorn" in said
    assert 'hint: pip install "pratique[proxy]"' in said


# A child process


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A firewall whose user has configured nothing, and its address once it is ready."""
    command = [sys.executable, "-m", "pratique", "serve", "--port", "0", *words]
    kept = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "PRATIQUE_DATA": str(folder)}
    with subprocess.Popen(
        command, cwd=folder, env=kept, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        try:
            assert child.stdout
            yield child, child.stdout.readline()
        finally:
            child.kill()


def ended(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, and what else was printed."""
    out, err = child.communicate(timeout=60)
    return child.returncode, out, err


def entries(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert main(["log", "--data", str(folder), "--format", "jsonl"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def status(address: str, host: str) -> int:
    request = urllib.request.Request(f"{address}-/health", headers={"host": host})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_it_answers_to_the_hosts_that_it_is_told_and_to_no_other(tmp_path: Path) -> None:
    hosts = ("--allow-host", "NPM.corp.example:8080", "--allow-host", "[::1]")
    with serving(tmp_path, "--upstream", UPSTREAM, *hosts) as (child, line):
        address = line.split()[-1]
        for host in ("npm.corp.example:8080", "npm.CORP.example:8080", "[::1]"):
            assert status(address, host) == 200, host
        for host in ("npm.corp.example", "evil.example", "npm.corp.example:80"):
            assert status(address, host) == 421, host
        child.send_signal(signal.SIGTERM)
        assert ended(child)[0] == 0


def test_what_serve_is_told_is_what_the_firewall_is(words: list[str]) -> None:
    with click.Context(serve.command) as context:
        limits = ["--store-limit", "1.5 GiB", "--login-limit", "7", "--publish-limit", "0"]
        told = [*words[1:], *limits, "--upstream-timeout", "2 seconds"]
        serve.command.parse_args(context, told)
        settings = serve._settings(context.params, 4873)  # type: ignore[arg-type]  # as parsed
    assert settings.size_limit == 3 * 2**29
    assert (settings.rates.failures, settings.rates.publishes) == (7, 0)
    assert settings.upstream_patience == timedelta(seconds=2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_serves_and_ends_in_order(
    number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(tmp_path, "--upstream", UPSTREAM) as (child, line):
        lead, _, address = line.strip().rpartition(" ")
        assert lead == "pratique serves"
        with urllib.request.urlopen(f"{address}-/ready", timeout=30) as answer:
            assert answer.status == 200
        child.send_signal(number)
        assert ended(child) == (0, "", "")
    assert main(["log", "verify", "--data", str(tmp_path)]) == 0
    said = entries(tmp_path, capsys)
    assert [each["type"] for each in said] == ["policy", "request"], said


def test_a_second_one_does_not_serve_from_the_same_folder(tmp_path: Path) -> None:
    words = ("--upstream", UPSTREAM)
    with serving(tmp_path, *words), serving(tmp_path, *words) as (second, line):
        code, _, err = ended(second)
    assert (line, code) == ("", 4), err
    assert "Another firewall is being served from" in err


def test_the_policy_is_read_again_when_it_is_told_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "firewall.toml"
    policy.write_text(POLICY)
    words = ("--upstream", UPSTREAM, "--policy", str(policy))
    with serving(tmp_path, *words) as (child, _):
        policy.write_text('preset = "strict"\n')
        child.send_signal(signal.SIGHUP)
        child.send_signal(signal.SIGTERM)
        assert ended(child) == (0, "", "")
    assert [each.get("by") for each in entries(tmp_path, capsys)] == ["start", "reload"]


def test_a_policy_that_cannot_be_read_again_is_told_and_the_old_one_judges_on(
    tmp_path: Path,
) -> None:
    policy = tmp_path / "firewall.toml"
    policy.write_text(POLICY)
    words = ("--upstream", UPSTREAM, "--policy", str(policy))
    with serving(tmp_path, *words) as (child, line):
        ready = f"{line.split()[-1]}-/ready"
        assert told(ready) == {}
        policy.write_text('preset = "recomended"\n')
        child.send_signal(signal.SIGHUP)
        assert "firewall.toml:1" in str(told_once(ready, says_why=True)["policy"])
        policy.write_text(POLICY)
        child.send_signal(signal.SIGHUP)
        assert told_once(ready, says_why=False) == {}
        child.terminate()
        assert ended(child) == (0, "", "")


def told_once(url: str, *, says_why: bool) -> dict[str, object]:
    """What is told once the signal was heard: who sends one does not wait for that."""
    for _ in range(600):
        if bool(found := told(url)) is says_why:
            break
        time.sleep(0.05)
    return found


def told(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        found: dict[str, object] = json.load(answer)
    return found
