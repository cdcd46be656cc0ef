"""The firewall's record on every database: what is kept, and that tampering is found."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select
from tests.contract.conftest import Place
from tests.contract.recorded import NOW, SECOND, decision, request

from pratique.errors import Hindrance, StoreError, StoreUnavailableError
from pratique.model.action import Verdict
from pratique.model.record import START, Acknowledged, Decision, Gap, PolicyChange, Request
from pratique.store.firewall import exported_head, rows
from pratique.store.firewall.opening import HEAD, SqlFirewall
from pratique.store.firewall.port import Wanted
from pratique.store.firewall.rows import LONGEST_CLIENT, batches, head_after, line_of
from pratique.store.firewall.tables import LOG
from pratique.store.firewall.verifying import _Walk

CHANGE = PolicyChange(NOW, "p" * 64, "", "start", ("release-age 3 days",))


def written(place: Place) -> SqlFirewall:
    """A firewall with something of every kind on record."""
    firewall = place.open(NOW)
    firewall.record.policy_changed(CHANGE)
    firewall.record.decide(decision(1), decision(2))
    firewall.record.requests([request(n) for n in range(3)])
    firewall.record.decide(decision(3, verdict=Verdict.QUARANTINE))
    firewall.record.requests([request(3, decision=decision(1).id, status=403)])
    return firewall


def entries(firewall: SqlFirewall, **wanted: object) -> list[object]:
    return [each.entry for each in firewall.record.log(Wanted(**wanted))]  # type: ignore[arg-type]  # fields of the class


def gaps(firewall: SqlFirewall) -> list[Gap]:
    return [each for each in entries(firewall) if isinstance(each, Gap)]


# -- what is kept ----------------------------------------------------------------------------------


def test_a_decision_is_there_for_another_process_once_decide_returned(place: Place) -> None:
    whole = decision(text="foreign \x1b[31m \u202e text", sha512=None)
    place.open(NOW).record.decide(whole)
    other = place.open(NOW, serving=False)
    assert other.record.decision(whole.id) == whole
    assert other.record.decision("a" * 16) is None


def test_what_no_database_keeps_is_kept_as_an_escape(place: Place) -> None:
    record = place.open(NOW).record
    record.decide(odd := decision(text="nul \0 and half \ud800 a character"))
    found = record.decision(odd.id)
    assert found
    assert found.text == "nul \\x00 and half \\ud800 a character"
    assert record.verify().problems == ()


def test_a_decision_of_a_known_id_changes_nothing(place: Place) -> None:
    record = place.open(NOW).record
    record.decide(decision())
    head = record.head()
    later = decision(at=NOW + SECOND, text="in other words")
    record.decide(later)
    record.decide(later, later)
    other = place.open(NOW, serving=False).record
    other.decide(later)
    assert (record.head(), other.head()) == (head, head)
    assert record.decision(later.id) == decision()


def test_of_many_decisions_at_once_the_new_ones_are_kept_under_one_row(place: Place) -> None:
    record = place.open(NOW).record
    record.decide(*map(decision, range(5)))
    place.open(NOW, serving=False).record.decide(*map(decision, range(3, 2500)))
    assert record.head().startswith("2:")
    kept = [each.entry for each in record.log(Wanted())]
    assert kept == [decision(n) for n in range(2500)]
    assert record.verify().problems == ()


def test_requests_come_back_in_order_with_foreign_text_as_it_was(place: Place) -> None:
    firewall = place.open(NOW)
    odd = request(0, client='"\x1b[2J\u202e', name="@s/\U0001f6a2", version="", token="")
    firewall.record.requests([odd, request(1)])
    firewall.record.requests([request(2, status=0, hidden=3)])
    firewall.record.requests([])
    assert entries(firewall) == [odd, request(1), request(2, status=0, hidden=3)]


def test_more_than_a_row_holds_is_kept_in_several_and_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    firewall = place.open(NOW)
    monkeypatch.setattr(rows, "LARGEST_BATCH", 1000)
    every = [request(number, client="\U0001f6a2" * 100) for number in range(9)]
    firewall.record.requests(every)
    assert firewall.record.head().startswith("9:")
    assert entries(firewall) == every
    assert entries(firewall, package="package-7") == [every[7]]
    assert firewall.record.verify([firewall.record.head()]).problems == ()


def test_names_that_no_database_keeps_are_found_as_they_are_kept(place: Place) -> None:
    firewall = place.open(NOW)
    firewall.record.requests([request(0, name="nul\0", token="tok\0en"), request(1)])
    [kept] = entries(firewall, package="nul\\x00")
    assert isinstance(kept, Request)
    assert entries(firewall, token=kept.token) == [kept]
    assert entries(firewall, token=kept.token, package="package-1") == []
    assert firewall.record.verify().problems == ()


def test_what_a_client_calls_itself_is_cut(place: Place) -> None:
    firewall = place.open(NOW)
    firewall.record.requests([request(client="x" * 10_000, name="n" * 10_000)])
    [kept] = entries(firewall)
    assert isinstance(kept, Request)
    assert (len(kept.client), len(kept.name)) == (LONGEST_CLIENT, 512)


def test_the_log_is_read_by_package_token_time_and_verdict(place: Place) -> None:
    firewall = written(place)
    blocked = request(3, decision=decision(1).id, status=403)
    held = decision(3, verdict=Verdict.QUARANTINE)
    assert entries(firewall, package="package-1") == [request(1)]
    assert entries(firewall, package="left-widget") == [decision(1), decision(2), held]
    assert entries(firewall, token="alice") == [request(0), request(1), request(2), blocked]
    assert entries(firewall, token="bob") == []
    assert entries(firewall, since=request(2).at) == [request(2), blocked]
    assert entries(firewall, since=NOW + timedelta(days=1)) == []
    assert entries(firewall, verdict=Verdict.QUARANTINE) == [held]
    assert entries(firewall, verdict=Verdict.BLOCK) == [decision(1), decision(2), blocked]
    assert entries(firewall, verdict=Verdict.ALLOW) == [request(0), request(1), request(2)]
    assert entries(firewall) == [
        CHANGE, decision(1), decision(2), request(0), request(1), request(2), held, blocked
    ]  # fmt: skip


def test_an_entry_says_its_verdict_and_the_rules_behind_it(place: Place) -> None:
    firewall = written(place)
    firewall.record.requests([request(4, status=502)])
    told = [(each.verdict, each.rules) for each in firewall.record.log(Wanted())]
    block = (Verdict.BLOCK, decision().rules)
    allow = (Verdict.ALLOW, ())
    held = (Verdict.QUARANTINE, decision().rules)
    assert told == [(None, ()), block, block, allow, allow, allow, held, block, (None, ())]


def test_a_log_of_thousands_is_read_bit_by_bit_and_verified(place: Place) -> None:
    firewall = place.open(NOW)
    for batch in range(4):
        firewall.record.requests([request(n + batch * 1000) for n in range(1000)])
    assert len(entries(firewall)) == 4000
    reader = firewall.record.log(Wanted())
    next(reader)
    reader.close()
    assert firewall.record.verify().problems == ()


def test_many_threads_and_processes_write_one_chain(place: Place) -> None:
    one, two = place.open(NOW), place.open(NOW, serving=False)
    failures: list[BaseException] = []

    def write(firewall: SqlFirewall, first: int) -> None:
        try:
            for number in range(first, first + 10):
                firewall.record.decide(decision(number))
                firewall.record.requests([request(number)])
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [
        threading.Thread(target=write, args=(firewall, 100 * number))
        for number, firewall in enumerate((one, one, two, two))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert one.record.head() == two.record.head()
    assert one.record.head().startswith("80:")
    assert one.record.verify().problems == ()
    assert one.record.counters.decisions + two.record.counters.decisions == 40


# -- gaps ------------------------------------------------------------------------------------------


def test_a_run_that_ended_in_order_leaves_no_gap(place: Place) -> None:
    with written(place):
        pass
    assert gaps(place.open(NOW + SECOND)) == []


def test_after_a_crash_the_gap_is_on_record_since_the_last_row(place: Place) -> None:
    place.crash(written(place))
    later = NOW + timedelta(hours=1)
    with place.open(later) as firewall:
        [gap] = gaps(firewall)
        assert (gap.at, gap.since, gap.lost) == (later, request(3).at, None)
        assert "did not end in order" in gap.why
        assert firewall.record.verify().gaps == (gap,)
        assert firewall.record.verify().problems == ()
    assert gaps(place.open(later)) == [gap]


def test_who_only_looks_leaves_no_gap(place: Place) -> None:
    firewall = written(place)
    with place.open(NOW, serving=False) as other:
        assert gaps(other) == []
    assert gaps(firewall) == []


def test_a_crash_before_the_first_row_is_on_record_since_the_run_began(place: Place) -> None:
    place.crash(place.open(NOW))
    [gap] = gaps(place.open(NOW + SECOND))
    assert gap.since == NOW


def test_requests_that_were_given_up_are_a_gap_before_the_next_rows(place: Place) -> None:
    firewall = place.open(NOW)
    firewall.record.give_up(3, NOW, "the disk is full")
    firewall.record.give_up(4, NOW + SECOND, "the disk is full")
    for number in range(20):
        firewall.record.give_up(1, NOW, f"reason {number}")
    assert firewall.record.counters.lost == 27
    firewall.record.requests([request(1)])
    firewall.record.requests([request(2)])
    found = entries(firewall)
    assert isinstance(found[0], Gap)
    assert (found[0].lost, found[0].since) == (7, NOW)
    assert "the disk is full" in found[0].why
    assert sum(each.lost or 0 for each in gaps(firewall)) == 27
    assert len(gaps(firewall)) < 12
    assert found[-2:] == [request(1), request(2)]


def test_what_was_given_up_last_is_on_record_after_closing(place: Place) -> None:
    with place.open(NOW) as firewall:
        firewall.record.give_up(3, NOW, "the disk is full")
    assert [gap.lost for gap in gaps(place.open(NOW))] == [3]


# -- heads and tampering ---------------------------------------------------------------------------


def test_the_head_is_exported_after_every_row(place: Place) -> None:
    firewall = place.open(NOW)
    folder = place.where.folder
    assert exported_head(folder) == firewall.record.head() == "0:"
    seen = set()
    for number in range(3):
        firewall.record.decide(decision(number))
        seen.add(firewall.record.head())
        assert exported_head(folder) == firewall.record.head()
    assert len(seen) == 3
    assert firewall.record.head().split(":")[0] == "3"


def test_every_head_that_ever_was_is_found_in_the_log(place: Place) -> None:
    firewall = place.open(NOW)
    heads = [firewall.record.head()]
    for number in range(3):
        firewall.record.decide(decision(number))
        heads += [firewall.record.head(), firewall.record.head().split(":")[1]]
    verified = firewall.record.verify(heads)
    assert verified.problems == ()
    assert verified.head == heads[-2]


@pytest.mark.parametrize("head", ["3:" + "0" * 64, "0" * 64, "99:" + "0" * 64, "x:y", "", "-1:x"])
def test_a_head_that_never_was_is_a_problem(place: Place, head: str) -> None:
    assert len(written(place).record.verify([head]).problems) == 1


def put(requests: list[Request]) -> str:
    """The statement that puts these in the place of the first batch."""
    [batch] = batches([line_of(each) for each in requests])
    return "UPDATE batches SET body = '?' WHERE place = 3".replace("?", batch.body.decode())


_THREE = [request(number) for number in range(3)]
OTHERS = [*_THREE[:2], request(2, name="package-9")]
FEWER, MORE, EXCHANGED = _THREE[:2], [*_THREE, request(3)], [_THREE[1], _THREE[0], _THREE[2]]
TAMPERED = {
    "a verdict": "UPDATE decisions SET verdict = 'ALLOW' WHERE version = '1.0.2'",
    "a decision's findings": "UPDATE decisions SET findings = "
    "(SELECT findings FROM decisions WHERE version = '1.0.3') || findings WHERE version = '1.0.2'",
    "a decision's time": "UPDATE decisions SET at = at - 1 WHERE version = '1.0.2'",
    "a decision is gone": "DELETE FROM decisions WHERE version = '1.0.2'",
    "all of a row's decisions are gone": "DELETE FROM decisions WHERE version = '1.0.3'",
    "a request's status": "UPDATE batches SET body = replace(body, ',403,', ',200,')",
    "a request's token": """UPDATE batches SET body = replace(body, '"alice"', '"bob"')""",
    "a request's name and where it is found": "; ".join(
        (put(OTHERS), "UPDATE batched SET value = 'package-9' WHERE value = 'package-2'")
    ),
    "a request is gone": put(FEWER),
    "a request is gone, and its name": "; ".join(
        (
            put(FEWER),
            "UPDATE batches SET count = 2 WHERE place = 3",
            "DELETE FROM batched WHERE value = 'package-2'",
        )
    ),
    "a number of requests": "UPDATE batches SET count = 2 WHERE place = 3",
    "all of a row's requests are gone": "DELETE FROM batches WHERE place = 3",
    "a request was added": put(MORE),
    "a request was added after the end": "INSERT INTO batches SELECT 99, count, body FROM batches "
    "WHERE place = 3",
    "requests were added to another row": "INSERT INTO batches SELECT 1, count, body FROM batches "
    "WHERE place = 3",
    "requests were exchanged": put(EXCHANGED),
    "requests that are none": "UPDATE batches SET body = '[[0]]' WHERE place = 3",
    "a name is not found": "DELETE FROM batched WHERE value = 'package-1'",
    "a token is not found": "DELETE FROM batched WHERE value = 'alice' AND place = 5",
    "a name is found that is not there": "INSERT INTO batched VALUES (3, 'name', 'package-7')",
    "a name is found where no requests are": "INSERT INTO batched VALUES (1, 'name', 'package-7')",
    "a name is found behind the end": "INSERT INTO batched VALUES (99, 'name', 'package-7')",
    "a policy": "UPDATE log SET body = replace(body, '3 days', '0 days') WHERE kind = 'policy'",
    "a row's time": "UPDATE log SET at = at + 1 WHERE place = 4",
    "a row's kind": "UPDATE log SET kind = 'gap' WHERE kind = 'policy'",
    "a head": "UPDATE log SET head = replace(head, substr(head, 1, 1), 'x') WHERE place = 2",
    "a row is gone": "DELETE FROM log WHERE place = 1",
    "two rows changed places": "UPDATE log SET place = 7 - place WHERE place IN (3, 4)",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_an_edited_log_is_found_out_without_any_head(place: Place, statement: str) -> None:
    firewall = written(place)
    assert firewall.record.verify().problems == ()
    if "7 - place" in statement:
        place.tamper(firewall, statement.replace("7 - place", "107 - place"),
                     "UPDATE log SET place = place - 100 WHERE place > 100")  # fmt: skip
    else:
        place.tamper(firewall, *statement.split("; "))
    problems = firewall.record.verify().problems
    assert problems
    assert all(problem.isprintable() for problem in problems)


CUT = (
    "DELETE FROM log WHERE place >= 4",
    "DELETE FROM decisions WHERE place >= 4",
    "DELETE FROM batches WHERE place >= 4",
    "DELETE FROM batched WHERE place >= 4",
)


def test_a_cut_end_is_found_out_by_the_head(place: Place) -> None:
    firewall = written(place)
    head = firewall.record.head()
    place.tamper(firewall, *CUT)
    assert firewall.record.verify().problems == ()
    [problem] = firewall.record.verify([head]).problems
    assert "cut off" in problem


def test_a_cut_end_is_on_record_from_the_next_opening_on(place: Place) -> None:
    with written(place) as firewall:
        head = firewall.record.head()
        place.tamper(firewall, *CUT)
    with place.open(NOW + SECOND) as firewall:
        [gap] = gaps(firewall)
        assert f"cut off: it does not lead to the exported head {head}" in gap.why
        assert gap.altered
    firewall = place.open(NOW + SECOND)
    assert gaps(firewall) == [gap]
    [problem] = firewall.record.verify([firewall.record.head()]).problems
    assert gap.why in problem


def rechain(connection: Connection) -> None:
    """Write every head anew, as who knows this program would."""
    walk, previous = _Walk(connection, ()), START
    for row in connection.execute(select(LOG).order_by(LOG.c.place)).mappings().all():
        previous = head_after(previous, row, walk._covers(row))
        update = LOG.update().where(LOG.c.place == row["place"])
        connection.execute(update.values(head=previous))


def test_what_is_acknowledged_is_told_and_no_problem_any_more(place: Place) -> None:
    firewall = written(place)
    firewall.record.note_gap(Gap(NOW, None, None, "the log was cut off", altered=True))
    lost = f"9999:{'a' * 64}"
    before = firewall.record.verify([lost])
    assert len(before.problems) == 2
    assert (before.lost_heads, before.is_edited) == ((lost,), False)
    entry = Acknowledged(NOW, "alice", "restored \0 \ud800", before.problems, before.lost_heads)
    firewall.record.acknowledge(entry)
    after = place.open(NOW, serving=False).record.verify([lost])
    assert after.problems == ()
    assert len(after.acknowledged) == 2
    assert after.head == exported_head(place.where.folder)
    told = [each for each in entries(firewall) if isinstance(each, Acknowledged)]
    assert [(each.by, each.heads) for each in told] == [("alice", (lost,))]
    firewall.record.note_gap(Gap(NOW, None, None, "and once more", altered=True))
    assert firewall.record.verify([lost]).problems == ("row 8: and once more",)


def test_a_log_that_was_written_anew_is_found_out_by_the_head(place: Place) -> None:
    firewall = written(place)
    head = firewall.record.head()
    place.tamper(firewall, TAMPERED["a verdict"])
    with firewall._database.engine.begin() as connection:
        rechain(connection)
    assert firewall.record.verify().problems == ()
    [problem] = firewall.record.verify([head]).problems
    assert "written anew" in problem
    firewall.close()
    [gap] = gaps(place.open(NOW))
    assert "written anew" in gap.why


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 300, b"3", b"x:" + b"0" * 64])
def test_an_exported_head_that_is_gone_or_unreadable_is_on_record(
    place: Place, content: bytes | None
) -> None:
    with written(place):
        pass
    file = place.where.folder / HEAD
    file.unlink() if content is None else file.write_bytes(content)
    assert exported_head(place.where.folder) is None
    firewall = place.open(NOW)
    [gap] = gaps(firewall)
    assert HEAD in gap.why
    assert not gap.altered
    assert exported_head(place.where.folder) == firewall.record.head()


def test_a_head_that_cannot_be_exported_is_counted_and_the_decision_stands(place: Place) -> None:
    firewall = place.open(NOW)
    file = place.where.folder / HEAD
    file.unlink()
    file.mkdir()
    (file / "in the way").touch()
    firewall.record.decide(decision())
    assert firewall.record.counters.unexported == 1
    assert firewall.record.decision(decision().id) == decision()
    (file / "in the way").unlink()
    file.rmdir()
    firewall.record.requests([request()])
    assert exported_head(place.where.folder) == firewall.record.head()


# -- what cannot be written ------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "means"), [("read-only", Hindrance.READ_ONLY),
                                            ("full", Hindrance.FULL)])  # fmt: skip
def test_what_cannot_be_written_is_refused_and_counted(
    place: Place, how: str, means: Hindrance
) -> None:
    firewall = written(place)
    head = firewall.record.head()
    place.hinder(firewall, how)
    with pytest.raises(StoreUnavailableError) as caught:
        firewall.record.decide(decision(7, text="x" * 500_000))
    assert caught.value.hindrance is means
    assert means in caught.value.message
    with pytest.raises(StoreUnavailableError):
        firewall.record.requests([request(n) for n in range(9000)])
    firewall.record.give_up(9000, NOW, "nothing can be written")
    assert firewall.record.counters.refused_writes == 2
    assert firewall.record.decision(decision(7).id) is None
    assert firewall.record.head() == head
    assert firewall.record.verify([head]).problems == ()
    if how == "read-only":
        assert means in firewall.why_not_writable()


@pytest.mark.parametrize("same", [True, False], ids=["same process", "another"])
def test_who_waits_too_long_for_another_write_is_told_that_it_is_busy(
    place: Place, same: bool
) -> None:
    one = place.open(NOW)
    two = one if same else place.open(NOW, serving=False)
    with one._database.writing(), pytest.raises(StoreUnavailableError) as caught:
        two.record.decide(decision())
    assert caught.value.hindrance is Hindrance.BUSY
    two.record.decide(decision())
    assert one.record.verify().problems == ()


def test_one_that_can_be_written_says_nothing_else(place: Place) -> None:
    assert place.open(NOW).why_not_writable() == ""


def test_a_decision_that_was_refused_is_kept_when_it_is_tried_again(place: Place) -> None:
    firewall = place.open(NOW)
    with pytest.raises(TypeError):
        firewall.record.decide(decision(findings=({"not": object()},)))
    firewall.record.decide(decision())
    assert firewall.record.decision(decision().id) == decision()


def test_two_servers_do_not_serve_from_one_folder(place: Place) -> None:
    with place.open(NOW):
        with pytest.raises(StoreUnavailableError, match="Another firewall") as caught:
            place.open(NOW)
        assert caught.value.hindrance is Hindrance.BUSY
    assert gaps(place.open(NOW)) == []


def test_a_newer_database_is_an_error_and_stays_as_it_is(place: Place) -> None:
    with place.open(NOW) as firewall:
        place.tamper(firewall, "UPDATE firewall SET value = '99' WHERE name = 'schema'")
    with pytest.raises(StoreError, match="schema 99"):
        place.open(NOW)
    with pytest.raises(StoreError, match="schema 99"):
        place.open(NOW)


def test_findings_are_json_again(place: Place) -> None:
    record = place.open(NOW).record
    record.decide(decision(findings=({"a": [1, {"b": "\u00e4"}]}, {})))
    [found] = [each.entry for each in record.log(Wanted())]
    assert isinstance(found, Decision)
    assert json.dumps(found.findings) == '[{"a": [1, {"b": "\\u00e4"}]}, {}]'
