"""The file: what is written is read again, and what git leaves is read as the union."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ledger.lines import KEYS, LEDGERS, MONDAY, TUESDAY, key, ledger, line, lines

from pratique.errors import Exit, LedgerError
from pratique.ledger import merged, read_ledger, write_ledger
from pratique.model.ledger import AcceptedArtifact, Ledger, Line

HEADER = '{"pratique-lock": 1, "analyser": 1}'
ROW: dict[str, Any] = {
    "package": "pkg:npm/left-widget",
    "registry": "https://registry.example/",
    "line": "1",
    "accepted": [{"version": "1.0.0", "sha512": "a" * 128}],
    "capabilities": {"net.client": "2026-11-23"},
    "first": "2026-11-23",
    "last": "2026-11-23",
    "by": "ada",
    "why": "read it",
}


def text(*rows: str) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


def row(**changed: Any) -> str:
    return json.dumps({**ROW, **changed})


@given(LEDGERS)
def test_what_is_written_is_read_again(any_ledger: Ledger) -> None:
    assert any_ledger == read_ledger(write_ledger(any_ledger))


@given(LEDGERS, st.randoms())
def test_the_order_in_which_lines_came_in_does_not_show_in_the_bytes(
    any_ledger: Ledger, random: Any
) -> None:
    items = list(any_ledger.lines.items())
    random.shuffle(items)
    assert write_ledger(any_ledger) == write_ledger(Ledger(dict(items), any_ledger.more))


@given(LEDGERS, st.randoms())
def test_rows_in_any_order_and_repeated_read_as_one_ledger(any_ledger: Ledger, random: Any) -> None:
    rows = write_ledger(any_ledger).splitlines(keepends=True) * 2
    random.shuffle(rows)
    assert any_ledger == read_ledger(b"".join(rows))


@given(st.lists(lines(st.just(key())), min_size=3, max_size=3))
def test_merging_lines_has_no_order(those: list[Line]) -> None:
    found = {
        write_ledger(ledger(merged(merged(one, two), three)))
        for one, two, three in itertools.permutations(those)
    }
    found.add(write_ledger(ledger(merged(those[0], merged(those[1], those[2])))))
    assert len(found) == 1


@given(lines(KEYS))
def test_a_line_merged_with_itself_is_itself(any_line: Line) -> None:
    assert any_line == merged(any_line, any_line)


def test_two_rows_of_one_line_accept_what_either_does() -> None:
    other = row(
        accepted=[{"version": "1.0.1", "sha512": "b" * 128}],
        capabilities={"net.client": "2026-11-20", "fs.read": "2026-11-24"},
        last="2026-11-24",
        by="bob",
        why="our outage",
    )
    (found,) = read_ledger(text(HEADER, row(), HEADER, other)).lines.values()
    assert [each.version for each in found.accepted] == ["1.0.0", "1.0.1"]
    assert {"net.client": "2026-11-20", "fs.read": "2026-11-24"} == {
        name: str(day) for name, day in found.capabilities.items()
    }
    assert (MONDAY, TUESDAY, "bob", "our outage") == (found.first, found.last, found.by, found.why)


def test_what_a_later_version_adds_is_kept() -> None:
    accepted = [{"version": "1.0.0", "sha512": "a" * 128, "seen": [1, {"z": 1, "a": None}]}]
    source = text(
        '{"pratique-lock": 1, "analyser": 1, "zone": "eu"}', row(accepted=accepted, risk=0.5)
    )
    written = write_ledger(read_ledger(source)).decode()
    assert json.loads(written.splitlines()[0])["zone"] == "eu"
    assert json.loads(written.splitlines()[1])["risk"] == 0.5
    assert json.loads(written.splitlines()[1])["accepted"] == accepted


def test_windows_line_ends_and_a_missing_last_one_are_read() -> None:
    plain = text(HEADER, row())
    assert read_ledger(plain) == read_ledger(plain.replace(b"\n", b"\r\n").rstrip())


def test_lines_of_another_analyser_say_so_and_no_other_line_changes() -> None:
    old, new = line("a", analyser=1), line("b", analyser=2)
    before, after = write_ledger(ledger(old)), write_ledger(ledger(old, new))
    assert after.startswith(before)
    assert {"analyser": 2}.items() <= json.loads(after.splitlines()[-1]).items()


def test_after_a_union_of_headers_the_older_analyser_counts() -> None:
    newer = HEADER.replace('"analyser": 1', '"analyser": 2')
    (found,) = read_ledger(text(newer, HEADER, row())).lines.values()
    assert found.analyser == 1


REFUSED: dict[str, tuple[Sequence[str], int, str]] = {
    "nothing": ((), 1, "no header"),
    "no header": ((row(),), 1, "no header"),
    "a newer format": (('{"pratique-lock": 2}', "zzz"), 1, "written in format 2"),
    "ours of a conflict": ((HEADER, "<<<<<<< HEAD", row()), 2, "merge conflict marker"),
    "the middle of one": ((HEADER, row(), "======="), 3, "merge conflict marker"),
    "theirs of one": ((HEADER, row(), ">>>>>>> topic"), 3, "merge conflict marker"),
    "the parent of one": ((HEADER, "||||||| 1a2b3c", row()), 2, "merge conflict marker"),
    "no JSON": ((HEADER, "{"), 2, "not JSON"),
    "no object": ((HEADER, "[1]"), 2, "not a JSON object"),
    "a duplicate key": ((HEADER, '{"by": "a", "by": "b"}'), 2, "duplicate key"),
    "deep nesting": ((HEADER, row(x=[[[[[[[[[[[[[1]]]]]]]]]]]]])), 2, "nested deeper"),
    "no package": ((HEADER, row(package=None)), 2, "no package"),
    "another ecosystem": ((HEADER, row(package="pkg:pypi/x")), 2, "package is not a purl"),
    "a package with a version": ((HEADER, row(package="pkg:npm/x@1")), 2, "package is not a purl"),
    "no registry": ((HEADER, row(registry="")), 2, "registry"),
    "a short digest": (
        (HEADER, row(accepted=[{"version": "1.0.0", "sha512": "ab"}])), 2, "sha512 is not",
    ),
    "accepted as a text": ((HEADER, row(accepted="1.0.0")), 2, "accepted is not a list"),
    "accepted without a version": (
        (HEADER, row(accepted=[{"sha512": "a" * 128}])), 2, "no version",
    ),
    "a day of words": ((HEADER, row(first="monday")), 2, "first is not a day"),
    "a week": ((HEADER, row(capabilities={"net.client": "2026-W01"})), 2, "is not a day"),
    "a day that no month has": ((HEADER, row(last="2026-02-30")), 2, "last is not a day"),
    "a size that is a text": ((HEADER, row(size="1")), 2, "size is not a number"),
    "a script that is no digest": ((HEADER, row(scripts={"install": "node x"})), 2, "script"),
    "a name that is none": ((HEADER, row(bins=[1])), 2, "bins holds"),
    "too long a line": ((HEADER, row(note="x" * 4_200_000)), 2, "larger than"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_ledger_is_refused_with_file_and_line(name: str) -> None:
    rows, number, why = REFUSED[name]
    with pytest.raises(LedgerError, match=why) as caught:
        read_ledger(text(*rows))
    assert ("pratique.lock", number) == (caught.value.file, caught.value.line)
    assert caught.value.exit_code is Exit.UNDECIDED


def test_more_lines_than_anyone_has_are_refused() -> None:
    with pytest.raises(LedgerError, match="more than 200000 lines"):
        read_ledger(text(HEADER, *[""] * 200_000))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_ledger_or_refused(source: bytes) -> None:
    for each in (source, text(HEADER) + source, text(HEADER, row()) + source):
        with contextlib.suppress(LedgerError):
            assert read_ledger(write_ledger(read_ledger(each))) == read_ledger(each)


def test_hosts_stand_apart_from_other_capabilities() -> None:
    one = line(
        capabilities={"net.client": MONDAY, "net.host:a.example": TUESDAY},
        accepted=(AcceptedArtifact("1.0.0", "a" * 128),),
    )
    written = json.loads(write_ledger(ledger(one)).splitlines()[1])
    assert written["hosts"] == {"a.example": "2026-11-24"}
    assert written["capabilities"] == {"net.client": "2026-11-23"}
