"""What is answered at once is what the long way answers, and only where that would answer it."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.registry import Registry
from tests.unit.proxy.stand import NOW, SHORT, Clock, Stand, days, policy, publish, standing

from pratique.model.private import Right
from pratique.proxy import exchange, server, tokens

TARBALL = "left-pad/-/left-pad-1.1.0.tgz"


@pytest.fixture
def filled(stand: Stand, registry: Registry) -> Stand:
    publish(registry)
    return stand


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An entry for each answer that was given at once."""
    found: list[int] = []
    known = exchange.send_ready

    async def counted(answer: Any, send: Any) -> None:
        found.append(len(answer.body))
        await known(answer, send)

    monkeypatch.setattr(server, "send_ready", counted)
    return found


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("left-pad", {}),
        ("left-pad", {"accept_encoding": "gzip"}),
        ("left-pad", {"accept": SHORT, "accept_encoding": "br, gzip"}),
        (TARBALL, {}),
    ],
)
def test_what_is_answered_again_is_the_same_answer_and_the_same_row(
    filled: Stand, at_once: list[int], path: str, headers: dict[str, Any]
) -> None:
    first = filled.ask(path, user_agent="npm/11", token=filled.token(), **headers)
    assert not at_once
    again = filled.ask(path, user_agent="npm/11", token=tokens.spelled(b"\1" * 32), **headers)
    assert at_once == [len(first.body)]
    assert again == first
    row, other = filled.requests()
    assert row == other
    assert (row.token, row.bytes, row.client) == ("alice", len(first.body), "npm/11")


def test_the_length_is_that_of_the_body_that_is_sent(filled: Stand, at_once: list[int]) -> None:
    for _ in range(2):
        found = filled.ask("left-pad", accept_encoding="gzip")
    assert at_once
    assert int(found.headers["content-length"]) == len(found.body)
    assert b"left-pad" in gzip.decompress(found.body)


def test_how_long_a_page_may_be_kept_counts_down(
    filled: Stand, at_once: list[int], clock: Clock
) -> None:
    filled.ask("left-pad")
    ages = []
    for _ in range(3):
        ages.append(filled.ask("left-pad").headers["cache-control"])
        clock.move(seconds=7)
    assert len(at_once) == 3
    assert ages == [f"private, max-age={seconds}" for seconds in (300, 293, 286)]


@pytest.mark.parametrize(
    "headers", [{"if_none_match": '"x"'}, {"host": "evil.example"}, {"authorization": "Bearer x"}]
)
def test_what_has_to_be_looked_at_goes_the_long_way(
    filled: Stand, at_once: list[int], headers: dict[str, Any]
) -> None:
    filled.ask("left-pad")
    assert filled.ask("left-pad", **headers).status in {200, 401, 421}
    assert filled.ask("left-pad", "HEAD").body == b""
    filled.ask(TARBALL)
    assert filled.ask(TARBALL, range="bytes=0-3").status == 206
    assert not at_once


def test_a_token_ends_at_its_instant_also_where_it_is_in_mind(
    filled: Stand, at_once: list[int], clock: Clock
) -> None:
    token = filled.token(expires_at=NOW + timedelta(seconds=30))
    for _ in range(2):
        assert filled.ask("left-pad", token=token).status == 200
    assert len(at_once) == 1
    clock.move(seconds=30)
    assert filled.ask("left-pad", token=token).status == 401


def test_a_revoked_token_is_forgotten_and_a_new_one_is_known(
    filled: Stand, at_once: list[int], clock: Clock
) -> None:
    token = filled.token()
    for _ in range(2):
        assert filled.ask("left-pad", token=token).status == 200
    filled.running.firewall.private.revoke(tokens.id_of(token), clock())
    other = filled.token("bob", seed=2)
    clock.move(seconds=2)
    assert filled.ask("left-pad", token=token).status == 401
    assert filled.ask("left-pad", token=other).status == 200
    assert len(at_once) == 2


def test_a_token_of_other_packages_gets_nothing_that_is_in_mind(filled: Stand) -> None:
    token = filled.token(packages=("@corp/*",))
    for path in ("left-pad", TARBALL):
        filled.ask(path)
        assert filled.ask(path, token=token).status == 403


def test_nobody_is_answered_at_once_where_all_need_a_token(
    tmp_path: Path, registry: Registry, clock: Clock, at_once: list[int]
) -> None:
    publish(registry)
    with standing(tmp_path / "data", registry, clock, anonymous=False) as shut:
        token = shut.token("alice", Right.READ)
        assert [shut.ask("left-pad", token=token).status for _ in range(2)] == [200, 200]
        assert len(at_once) == 1
        assert shut.ask("left-pad").status == 401


def test_another_policy_judges_what_is_in_mind_anew(filled: Stand, registry: Registry) -> None:
    registry.publish("left-pad", "1.1.1", published=days(10))
    path = "left-pad/-/left-pad-1.1.1.tgz"
    for _ in range(2):
        assert filled.ask(path).status == 200
        assert "1.1.1" in filled.ask("left-pad").versions
    filled.running._apply(policy('[layers.release-age]\ncooldown = "20 days"'))
    assert "1.1.1" not in filled.ask("left-pad").versions
    assert filled.ask(path).status == 403


def test_what_becomes_an_own_name_is_no_longer_the_upstreams(
    filled: Stand, at_once: list[int]
) -> None:
    for path in ("left-pad", TARBALL) * 2:
        assert filled.ask(path).status == 200
    assert len(at_once) == 2
    filled.running.packages.private_names.add("left-pad")
    for path in ("left-pad", TARBALL):
        assert filled.ask(path).status == 404
