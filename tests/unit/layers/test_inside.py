"""The rule on manifest confusion: what it says, and where it has nothing to say."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import A, document, facts, pin, project, registered

from pratique.layers._inside import CONFUSION
from pratique.layers.lockfile import LAYER
from pratique.model.behavior import ACCEPTED, ANALYSED, ANALYSER, Accepted, Analysis, Inner
from pratique.model.fact import REGISTERED, Registered
from pratique.model.finding import Finding
from pratique.model.layer import ReleaseIn
from pratique.model.pin import Source

PIN = pin()
RUNS = Inner("left-pad", "1.3.0", scripts=(("install", "x" * 500),))


def analysis(inner: Inner | None = RUNS, **more: Any) -> Analysis:
    return Analysis(A.hex, ANALYSER, inner=inner, **more)


def judged(of: Analysis, answer: Registered) -> list[Finding]:
    given = facts((REGISTERED, PIN.release, answer), (ANALYSED, PIN.release, of))
    subject = ReleaseIn(PIN.release, project(PIN), (PIN,))
    return list(CONFUSION.judge(subject, given, None))


def test_a_script_that_only_the_artifact_has_is_said_with_both_sides_and_bound_to_its_bytes() -> (
    None
):
    (found,) = judged(analysis(), registered())
    assert found.message == "has another manifest inside than its registry states: script"
    assert found.evidence[0].text == f"script install: inside {'x' * 120}, stated nothing"
    assert (found.rule, found.sha512, found.where) == (CONFUSION.id, A.hex, PIN.where)


@pytest.mark.parametrize(
    ("of", "answer"),
    [
        (analysis(), registered(scripts=(("install", "x" * 500),))),
        (analysis(None), registered()),
        (analysis(oddities=("holds 'package.json' twice",)), registered()),
        (analysis(), Registered("https://registry.example/", None)),
    ],
    ids=["equal", "no manifest", "unanalysable", "absent"],
)
def test_there_is_nothing_to_say_where_both_agree_or_another_rule_speaks(
    of: Analysis, answer: Registered
) -> None:
    assert judged(of, answer) == []


def test_every_kind_is_named_once() -> None:
    inner = Inner("other", "1.3.0", dependencies=(("dependencies", "a", "1"),))
    stated = Registered("", document(dependencies=(("dependencies", "b", "1"),)))
    (found,) = judged(analysis(inner), stated)
    assert found.message.endswith(": dependency, name")
    assert len(found.evidence) == 3


HERE, THERE = "git+https://forge.example/corp/a.git", "https://forge.example/intruder/a"


@pytest.mark.parametrize(
    ("inside", "stated", "told"),
    [
        (HERE, HERE, False),
        ("https://forge.example/corp/a", HERE, False),
        (THERE, HERE, True),
        ("", HERE, True),
        (THERE, None, False),
        (None, HERE, False),
    ],
    ids=["same", "same, in another form", "another", "none", "no attestation", "of before"],
)
def test_another_source_inside_than_the_one_that_attestations_were_held_against_is_said(
    inside: str | None, stated: str | None, *, told: bool
) -> None:
    inner = Inner("left-pad", "1.3.0", source=inside)
    found = judged(analysis(inner), Registered("", document(source=stated)))
    assert [each.message.rpartition(": ")[2] for each in found] == ["source"] * told
    if inside == THERE and told:
        assert found[0].evidence[0].text == f"source: inside {THERE}, stated {HERE}"


def test_it_is_asked_of_what_a_registry_can_have_published() -> None:
    other = pin(source=Source.GIT, url="git+https://forge.example/a.git", digests=())
    shop = project(PIN, other)
    assert CONFUSION.applies(ReleaseIn(PIN.release, shop, (PIN,)), facts(), None)
    assert not CONFUSION.applies(ReleaseIn(other.release, shop, (other,)), facts(), None)
    assert CONFUSION.bound
    assert set(CONFUSION.needs) == {REGISTERED, ANALYSED}


def test_what_the_ledger_accepts_was_compared_when_it_was_accepted() -> None:
    subject = ReleaseIn(PIN.release, project(PIN), (PIN,))
    locked = facts((ACCEPTED, None, Accepted(frozenset({PIN.release}))))
    assert not CONFUSION.applies(subject, locked, None)
    bare = pin(digests=())
    for digest, told in ((A.hex, 0), ("00" * 64, 1)):
        given = facts(
            (ACCEPTED, None, Accepted(artifacts=frozenset({(PIN.release, digest)}))),
            (REGISTERED, PIN.release, registered()),
            (ANALYSED, PIN.release, analysis()),
        )
        subject = ReleaseIn(PIN.release, project(bare), (bare,))
        assert CONFUSION.applies(subject, given, None)
        assert len(list(CONFUSION.judge(subject, given, None))) == told


def test_it_is_a_rule_of_layer_1() -> None:
    assert CONFUSION in LAYER.rules
