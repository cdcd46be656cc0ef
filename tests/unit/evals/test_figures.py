"""Figures are shares of the rows they speak of, and a bar is met only by them."""

from __future__ import annotations

from evals.figures import bars, families, is_gaining, share, worst
from evals.judged import Judged
from evals.report import bar_table, document

from pratique.model.policy import Action

OFF, WARN, HOLD, BLOCK = Action.OFF, Action.WARN, Action.QUARANTINE, Action.BLOCK


def row(
    *gained: str,
    shape: str = "",
    actions: tuple[Action, Action] = (OFF, OFF),
    hard: bool = False,
    name: str = "x",
    masked: bool | None = None,
) -> Judged:
    reasons = ("why", "why")
    return Judged(
        name, "1.0.0", "1.0.1", shape, 0, "patch", gained, hard, actions, reasons, (), masked
    )


def test_new_dependencies_hosts_and_variables_are_no_gain_here() -> None:
    assert not is_gaining(row("dep.new:a", "net.host:b.invalid", "env.named:C"))
    assert is_gaining(row("dep.new:a", "net.client:module"))


def test_a_share_is_of_all_rows_given() -> None:
    rows = [row("fs.read"), row(), row(), row()]
    assert share(rows, is_gaining) == 25.0
    assert share([], is_gaining) == 0.0
    assert families(rows) == {"fs.read": 1}


def test_a_family_counts_once_for_each_pair() -> None:
    assert families([row("net.host:a.invalid", "net.host:b.invalid")]) == {"net.host": 1}


def test_the_worst_shape_is_named() -> None:
    rows = [
        row(shape="seen", actions=(BLOCK, BLOCK)),
        row(shape="half", actions=(BLOCK, WARN)),
        row(shape="half", actions=(OFF, OFF)),
    ]
    assert worst(rows, WARN, 0) == ("half", 50.0)
    assert worst(rows, HOLD, 1) == ("half", 0.0)


def test_a_bar_is_met_at_each_age_or_it_fails() -> None:
    rows = [row(), row(shape="s", actions=(BLOCK, WARN))]
    met = {bar.what: bar.is_met for bar in bars(rows)}
    assert met["benign: blocked at 0 days"]
    assert met["hostile: quarantined or more at 0 days"]
    assert not met["hostile: quarantined or more at 30 days"]
    assert met["hostile: warned or more at 30 days"]


def test_a_blocked_benign_update_fails_its_bar_and_is_listed_with_why() -> None:
    rows = [row("exec.process", name="y", actions=(BLOCK, HOLD), hard=True)]
    assert "**FAIL**" in bar_table(rows)
    text = document({"part": rows}, ["part"])
    assert "| part | y@1.0.1 | 1.0.0 | patch | block | quarantine | why |" in text


def test_what_is_missed_and_what_is_masked_is_listed() -> None:
    rows = [row(), row(shape="s", actions=(BLOCK, OFF), masked=True)]
    text = document({"part": rows}, ["part"])
    assert "| part | s | 1 | 30 d | 1 | x@1.0.1 |" in text
    assert "| part | all | 1 | 1 | 100.00 % |" in text


def test_foreign_text_breaks_no_table() -> None:
    rows = [row("a|b", name="x|\n<y", actions=(BLOCK, BLOCK))]
    assert "x\\|?&lt;y@1.0.1" in document({"part": rows}, ["part"])
