"""`pratique log`: what is on record, in every form, and whether it is what was written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from tests.contract.recorded import NOW, REGISTRY, decision, request

from pratique.cli import main
from pratique.model.action import Verdict
from pratique.model.record import PolicyChange
from pratique.store.firewall import Where, exported_head, open_firewall

Run = Callable[..., tuple[int, str, str]]
CUT = (
    "DELETE FROM log WHERE place >= 3; DELETE FROM batches WHERE place >= 3; "
    "DELETE FROM batched WHERE place >= 3"
)
HOSTILE = "\x1b[2J\u202e\r\nfake line\u200b"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with something of every kind on record."""
    folder = tmp_path / "data"
    with open_firewall(Where(folder=folder), NOW, serving=True) as firewall:
        record = firewall.record
        record.policy_changed(PolicyChange(NOW, "p" * 64, "q" * 64, "reload", ("3 days, not 7",)))
        record.decide(decision(1), decision(2, verdict=Verdict.QUARANTINE, text=HOSTILE))
        record.requests(
            [
                request(1, hidden=2),
                request(2, token="", status=0, client=HOSTILE, name=HOSTILE, version=HOSTILE),
                request(
                    3, token="ci", kind="tarball", name="left-widget", version="1.0.1",
                    status=403, decision=decision(1).id,
                ),
            ]
        )  # fmt: skip
        record.give_up(7, NOW, "the disk is full")
    return folder


@pytest.fixture
def run(folder: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str, str]:
        code = main(["log", "--data", str(folder), *words])
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run


def test_every_entry_is_one_line_in_the_order_of_writing(run: Run) -> None:
    code, out, err = run()
    assert (code, err) == (0, "")
    identity = decision(1).id
    assert out.splitlines()[0] == (
        "2026-11-25 08:00:00  policy  pppppppppppp  instead of qqqqqqqqqqqq  by reload  "
        "3 days, not 7"
    )
    assert out.splitlines()[1] == (
        f"2026-11-25 08:00:00  decision  {identity}  BLOCK  left-widget@1.0.1  release-age/too-new,"
        " behavior/new-capability: published 7 hours ago"
    )
    assert out.splitlines()[3] == (
        "2026-11-25 08:00:00  request  200  GET packument  package-1  2 hidden  by alice  "
        "npm/11.0.0"
    )
    assert out.splitlines()[5] == (
        "2026-11-25 08:00:00  request  403  GET tarball  left-widget@1.0.1  BLOCK "
        f"release-age/too-new, behavior/new-capability ({identity})  by ci  npm/11.0.0"
    )
    assert out.splitlines()[6] == (
        "2026-11-25 08:00:00  gap  since 2026-11-25 08:00:00  7 requests  "
        "requests were not kept: the disk is full"
    )
    assert len(out.splitlines()) == 7


def test_nothing_foreign_reaches_the_terminal(run: Run) -> None:
    out = run()[1]
    assert "\\x1b[2J\\u202e\\r\\nfake line\\u200b@\\x1b[2J" in out
    assert all(line.isprintable() for line in out.splitlines())


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_machines_get_everything_in_printable_ascii(run: Run, form: str) -> None:
    code, out, _ = run("--format", form)
    assert code == 0
    assert out.isascii()
    assert out.replace("\n", "").isprintable()
    rows = json.loads(out) if form == "json" else [json.loads(each) for each in out.splitlines()]
    assert [each["type"] for each in rows] == [
        "policy", "decision", "decision", "request", "request", "request", "gap"
    ]  # fmt: skip
    assert rows[1] == {
        "type": "decision", "place": 2, "at": "2026-11-25T08:00:00.123456Z", "id": decision(1).id,
        "verdict": "block", "registry": REGISTRY, "name": "left-widget", "version": "1.0.1",
        "sha512": "ab" * 64, "door": "metadata", "rules": list(decision().rules),
        "text": "published 7 hours ago", "facts": "f" * 64, "policy": "p" * 64,
        "findings": [{"rule": "release-age/too-new", "evidence": ["\u202e\\ud800", 1, None]}],
    }  # fmt: skip
    assert rows[4]["client"] == rows[4]["name"] == HOSTILE
    assert rows[5] == {
        "type": "request", "place": 3, "at": "2026-11-25T08:00:00.126456Z", "token": "ci",
        "method": "GET", "kind": "tarball", "name": "left-widget", "version": "1.0.1",
        "status": 403, "decision": decision(1).id, "verdict": "block",
        "rules": list(decision().rules), "hidden": 0, "bytes": 2**33, "client": "npm/11.0.0",
    }  # fmt: skip
    assert rows[6] == {
        "type": "gap", "place": 4, "at": "2026-11-25T08:00:00.123456Z",
        "since": "2026-11-25T08:00:00.123456Z", "lost": 7, "altered": False,
        "why": "requests were not kept: the disk is full",
    }  # fmt: skip


def test_an_array_of_nothing_is_one(run: Run) -> None:
    assert run("--package", "nowhere", "--format", "json") == (0, "[]\n", "")
    assert run("--package", "nowhere", "--format", "jsonl") == (0, "", "")


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["--package", "left-widget"], 3),
        (["--token", "ci"], 1),
        (["--verdict", "BLOCK"], 2),
        (["--verdict", "quarantine", "--package", "left-widget"], 1),
        (["--verdict", "allow"], 1),
        (["--since", "2026-11-25T08:00:00.124"], 3),
        (["--since", "2026-11-25T09:00:00.124+01:00"], 3),
        (["--since", "2026-11-26"], 0),
        (["--since", "3650 days"], 7),
    ],
)
def test_entries_are_chosen(run: Run, words: list[str], lines: int) -> None:
    code, out, _ = run(*words)
    assert (code, len(out.splitlines())) == (0, lines)


def test_what_is_no_time_is_a_usage_error(run: Run) -> None:
    code, out, err = run("--since", "yesterday")
    assert (code, out) == (2, "")
    assert "hint: as in --since" in err


@pytest.mark.parametrize("words", [[], ["verify"]])
def test_a_folder_without_a_firewall_is_a_usage_error_and_stays_empty(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(["log", "--data", str(tmp_path), *words]) == 2
    assert "no firewall's folder" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_found_where_none_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRATIQUE_DATA", str(folder))
    assert main(["log", "--token", "ci"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 1
    monkeypatch.delenv("PRATIQUE_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder.parent / "elsewhere"))
    assert main(["log"]) == 2
    assert str(folder.parent / "elsewhere" / "pratique") in capfd.readouterr().err


def test_a_log_as_written_verifies_and_says_its_gaps(run: Run, folder: Path) -> None:
    head = exported_head(folder)
    code, out, _ = run("verify")
    assert code == 0
    assert out.splitlines()[0].split("  ")[1] == "gap"
    assert out.splitlines()[1] == f"the log is what was written \u00b7 head {head}"
    assert head
    for known in (head, head.split(":")[1]):
        assert run("verify", "--head", known)[0] == 0


def test_verify_takes_the_folder_of_its_own_too(folder: Path) -> None:
    assert main(["log", "verify", "--data", str(folder)]) == 0


def test_an_edited_log_exits_1(run: Run, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "firewall.sqlite")) as raw, raw:
        raw.execute("UPDATE batches SET body = replace(body, ',403,', ',200,')")
    code, out, _ = run("verify")
    assert code == 1
    assert "problem: row 3 (requests) is not what was written" in out


def test_a_cut_end_exits_1_and_goes_on_doing_so_after_the_next_start(
    run: Run, folder: Path
) -> None:
    head = exported_head(folder)
    with closing(sqlite3.connect(folder / "firewall.sqlite")) as raw, raw:
        raw.executescript(CUT)
    code, out, _ = run("verify")
    assert code == 1
    assert "its end was cut off" in out
    with open_firewall(Where(folder=folder), NOW + timedelta(days=1), serving=True):
        pass
    code, out, _ = run("verify")
    assert code == 1
    assert f"exported head {head}" in out


def test_without_any_head_it_is_undecided(run: Run, folder: Path) -> None:
    head = exported_head(folder)
    (folder / "head.txt").unlink()
    code, out, _ = run("verify")
    assert code == 3
    assert "nobody knows whether its end is there" in out
    assert head
    assert run("verify", "--head", head)[0] == 0


def test_a_hostile_head_is_shown_harmlessly(run: Run) -> None:
    code, out, _ = run("verify", "--head", HOSTILE)
    assert code == 1
    assert "\x1b" not in out
    assert "\u202e" not in out


# A backup that was restored


def cut(folder: Path) -> str:
    """Take the log's end away, as a restored backup does; the head that was exported before."""
    head = exported_head(folder)
    with closing(sqlite3.connect(folder / "firewall.sqlite")) as raw, raw:
        raw.executescript(CUT)
    assert head
    return head


def restart(folder: Path, day: int = 1) -> None:
    with open_firewall(Where(folder=folder), NOW + timedelta(days=day), serving=True):
        pass


@pytest.mark.parametrize("is_served", [False, True])
def test_a_restored_backup_is_acknowledged_once_and_that_is_on_record(
    run: Run, folder: Path, *, is_served: bool
) -> None:
    head = cut(folder)
    if is_served:
        restart(folder)
    code, out, _ = run("verify", "--acknowledge", f"disk failure{HOSTILE}")
    assert code == 0
    assert "\x1b" not in out
    assert "known: " in out
    assert "the log is what was written, but for what is known" in out
    restart(folder, 2)
    code, out, _ = run("verify")
    assert code == 0
    # It stays told, by whom and why.
    found = [json.loads(line) for line in run("--format", "jsonl")[1].splitlines()]
    (entry,) = [each for each in found if each["type"] == "acknowledged"]
    assert entry["why"].startswith("disk failure")
    assert entry["by"]
    assert any(head.partition(":")[0] in each for each in entry["problems"])
    (line,) = [each for each in run()[1].splitlines() if "  acknowledged  " in each]
    assert "disk failure" in line
    assert "\x1b" not in line
    # A copy of the old head was asked for by nobody when it was acknowledged after a start.
    assert run("verify", "--head", head)[0] == (1 if is_served else 0)


def test_a_head_that_was_asked_for_is_acknowledged_with_the_rest(run: Run, folder: Path) -> None:
    head = cut(folder)
    restart(folder)
    assert run("verify", "--head", head, "--acknowledge", "restored")[0] == 0
    code, out, _ = run("verify", "--head", head)
    assert (code, "its end was cut off" in out or "written anew" in out) == (0, True)


def test_what_happens_after_an_acknowledgement_is_a_problem_again(run: Run, folder: Path) -> None:
    cut(folder)
    assert run("verify", "--acknowledge", "restored")[0] == 0
    with closing(sqlite3.connect(folder / "firewall.sqlite")) as raw, raw:
        raw.execute("DELETE FROM log WHERE place >= 3")
    code, out, _ = run("verify")
    assert code == 1
    assert "problem: " in out
    restart(folder)
    assert run("verify")[0] == 1


def test_rows_that_were_edited_are_acknowledged_by_nobody(run: Run, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "firewall.sqlite")) as raw, raw:
        raw.execute("UPDATE batches SET body = replace(body, ',403,', ',200,')")
    head = exported_head(folder)
    code, _, err = run("verify", "--acknowledge", "it was me")
    assert code == 2
    assert "edited cannot be acknowledged" in err
    assert exported_head(folder) == head
    assert run("verify")[0] == 1


def test_an_acknowledgement_that_was_edited_acknowledges_nothing(run: Run, folder: Path) -> None:
    cut(folder)
    run("verify", "--acknowledge", "restored")
    with closing(sqlite3.connect(folder / "firewall.sqlite")) as raw, raw:
        raw.execute("UPDATE log SET body = replace(body, 'restored', 'nothing')")
    code, out, _ = run("verify")
    assert code == 1
    assert "(acknowledged) is not what was written" in out


@pytest.mark.parametrize(
    ("why", "said"), [("restored", "nothing to acknowledge"), (" ", "needs a reason")]
)
def test_nothing_is_acknowledged_without_a_problem_and_a_reason(
    run: Run, folder: Path, why: str, said: str
) -> None:
    head = exported_head(folder)
    if not why.strip():
        cut(folder)
    code, _, err = run("verify", "--acknowledge", why)
    assert code == 2
    assert said in err
    assert exported_head(folder) == head
