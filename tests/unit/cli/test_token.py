"""`pratique token`: a token is printed once, and kept as its hash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.cli import main
from pratique.model.private import Right, Token
from pratique.proxy import tokens
from pratique.store.firewall.opening import Where, open_firewall

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str, str]:
        code = main(["token", words[0], "--data", str(tmp_path / "data"), *words[1:]])
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run


def kept(folder: Path) -> tuple[Token, ...]:
    with open_firewall(Where(folder=folder / "data"), datetime.now(UTC)) as firewall:  # noqa: TID251
        return firewall.private.tokens()


def test_a_token_is_printed_once_and_is_kept_as_its_hash(run: Run, tmp_path: Path) -> None:
    code, out, err = run(
        "create", "--name", "ci", "--publish", "--packages", "@corp/*", "--packages", "left-*",
        "--expires", "90 days",
    )  # fmt: skip
    text = out.strip()
    assert (code, out) == (0, f"{text}\n")
    assert tokens.is_token(text)
    assert text not in err
    (token,) = kept(tmp_path)
    assert tokens.is_same(text, token)
    assert (token.name, token.rights, token.packages) == (
        "ci", frozenset({Right.PUBLISH}), ("@corp/*", "left-*"),
    )  # fmt: skip
    assert token.expires_at
    assert (token.expires_at - token.created_at).days == 90
    written = [path.read_bytes() for path in (tmp_path / "data").iterdir()]
    assert all(text.encode() not in each for each in written)
    code, out, err = run("list")
    assert text not in out + err
    assert all(part in out for part in (token.id, "ci", "publish @corp/*, left-*", "until"))


def test_the_folder_is_that_of_serve_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    assert main(["token", "create", "--name", "ci"]) == 0
    (token,) = kept(tmp_path)
    assert main(["token", "list"]) == 0
    assert token.id in capfd.readouterr().out
    assert main(["token", "revoke", token.id]) == 0
    assert kept(tmp_path)[0].revoked_at
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "elsewhere"))
    assert main(["token", "list"]) == 2
    assert "no firewall's folder" in capfd.readouterr().err


def test_without_a_right_it_may_read(run: Run, tmp_path: Path) -> None:
    run("create", "--name", "ci")
    run("create", "--name", "all", "--read", "--publish")
    assert [each.rights for each in kept(tmp_path)] in (
        [{Right.READ}, set(Right)], [set(Right), {Right.READ}],
    )  # fmt: skip


def test_a_token_is_revoked_by_its_id_or_by_itself(run: Run) -> None:
    first = run("create", "--name", "one")[1].strip()
    second = run("create", "--name", "two")[1].strip()
    assert run("revoke", tokens.id_of(first))[0] == 0
    code, out, err = run("revoke", second)
    assert (code, second in out + err) == (0, False)
    assert run("list")[1].count("revoked") == 2
    code, _, err = run("revoke", "0123456789ab")
    assert (code, "no token 0123456789ab" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "a b"], "name"),
        (["--name", "ci", "--expires", "90"], "duration"),
        (["--name", "ci", "--expires", "0 days"], "duration"),
        (["--name", "ci", "--packages", "a b"], "pattern"),
        ([], "--name"),
    ],
)
def test_what_makes_no_sense_makes_no_token(
    run: Run, words: list[str], said: str, tmp_path: Path
) -> None:
    code, out, err = run("create", *words)
    assert (code, out, said in err) == (2, "", True)
    assert not (tmp_path / "data").exists()


def test_a_folder_without_a_firewall_is_not_made_one_by_looking(run: Run, tmp_path: Path) -> None:
    assert run("list")[0] == 2
    assert run("revoke", "0123456789ab")[0] == 2
    assert not (tmp_path / "data").exists()
