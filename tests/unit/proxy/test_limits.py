"""How often somebody may fail to log in, and publish."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry import Registry
from tests.unit.proxy.bodies import publish_body
from tests.unit.proxy.stand import Clock, Reply, Stand, policy, standing

from pratique.model.private import Right
from pratique.proxy import tokens
from pratique.proxy.limits import Limiter, Rates, address_of

OWN = '[layers.registry]\nown = ["@corp"]\n'
WRONG = tokens.spelled(b"w" * 32)
LOGIN = "-/user/org.couchdb.user:alice"
LOGIN_BODY = b'{"name": "alice", "password": "hunter2"}'


@pytest.fixture
def strict(tmp_path: Path, registry: Registry, clock: Clock) -> Iterator[Stand]:
    rates = Rates(failures=3, publishes=2)
    with standing(tmp_path / "data", registry, clock, policy(OWN), rates=rates) as made:
        yield made


def wrong(stand: Stand, client: str = "192.0.2.1") -> Reply:
    return stand.ask("-/whoami", token=WRONG, client=client)


def put(stand: Stand, version: str, token: str) -> Reply:
    return stand.ask("@corp/tool", "PUT", body=publish_body(version=version), token=token)


# The buckets


def test_so_many_at_once_and_then_as_they_come_back() -> None:
    limiter = Limiter(3)
    assert [limiter.hit("a", 0) for _ in range(4)] == [0, 0, 0, 20]
    assert limiter.hit("b", 0) == 0
    assert limiter.hit("a", 19) > 0
    assert limiter.hit("a", 20) == 0
    assert limiter.hit("a", 20) == 20


def test_who_waits_as_long_as_is_said_is_let_in_and_who_keeps_trying_too() -> None:
    limiter = Limiter(6)
    while not (wait := limiter.hit("a", 0)):
        pass
    for second in range(1, wait):
        assert limiter.hit("a", second)
    assert limiter.hit("a", wait) == 0


def test_no_limit_is_none() -> None:
    limiter = Limiter(0)
    assert not any(limiter.hit("a", 0) for _ in range(10_000))
    assert len(limiter) == 0


def test_of_too_many_the_one_who_came_longest_ago_is_forgotten() -> None:
    limiter = Limiter(1, most=100)
    for number in range(1000):
        limiter.hit(str(number), 0)
        limiter.hit("steady", 0)
    assert len(limiter) == 100
    assert limiter.hit("steady", 0) > 0
    assert limiter.hit("0", 0) == 0


@given(st.lists(st.floats(0, 600), max_size=200), st.integers(1, 20))
def test_in_no_minute_are_more_let_in_than_twice_the_rate(times: list[float], rate: int) -> None:
    limiter = Limiter(rate)
    passed = [at for at in sorted(times) if not limiter.hit("a", at)]
    for start in passed:
        assert sum(start <= each < start + 60 for each in passed) <= 2 * rate


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.1", 50000), "192.0.2.1"),
        (["192.0.2.1", 50000], "192.0.2.1"),
        (("::ffff:192.0.2.1", 1), "192.0.2.1"),
        (("2001:db8::1", 1), "2001:db8::/64"),
        (("2001:db8::ffff:1%eth0", 1), "2001:db8::/64"),
        (None, ""),
        ((), ""),
        (("a socket", 1), ""),
    ],
)
def test_a_client_is_its_address_and_of_ipv6_its_network(client: object, address: str) -> None:
    assert address_of(client) == address


# Logins


def test_who_is_refused_too_often_is_told_when_to_come_back(strict: Stand) -> None:
    assert [wrong(strict).status for _ in range(3)] == [401, 401, 401]
    refused = wrong(strict)
    assert refused.status == 429
    assert refused.headers["retry-after"] == "20"
    assert refused.reason == "too many refused logins: try again in 20 seconds"
    assert WRONG not in refused.body.decode()
    assert wrong(strict, "192.0.2.2").status == 401
    strict.clock.move(seconds=20)
    assert wrong(strict).status == 401


def test_logins_and_tokens_count_together(strict: Stand) -> None:
    for _ in range(2):
        assert strict.ask(LOGIN, "PUT", body=LOGIN_BODY, client="192.0.2.1").status == 401
    assert wrong(strict).status == 401
    assert strict.ask(LOGIN, "PUT", body=LOGIN_BODY, client="192.0.2.1").status == 429


def test_a_valid_token_works_while_others_are_refused_from_the_same_address(strict: Stand) -> None:
    token = strict.token("alice", Right.READ)
    for _ in range(5):
        wrong(strict)
    for _ in range(5):
        assert strict.ask("-/whoami", token=token, client="192.0.2.1").status == 200


def test_who_shows_no_token_at_all_is_not_counted(strict: Stand) -> None:
    assert {strict.ask("-/whoami", client="192.0.2.1").status for _ in range(9)} == {401}


def test_a_refused_login_is_on_record(strict: Stand) -> None:
    for _ in range(4):
        wrong(strict)
    assert [each.status for each in strict.requests()] == [401, 401, 401, 429]


# Publishing


def test_a_token_changes_packages_so_often(strict: Stand) -> None:
    token, other = (strict.token(n, Right.PUBLISH, seed=i) for i, n in ((1, "alice"), (2, "bob")))
    assert put(strict, "1.0.0", token).status == 201
    assert put(strict, "1.0.1", token).status == 201
    refused = put(strict, "1.0.2", token)
    assert refused.status == 429
    assert refused.headers["retry-after"] == "30"
    assert strict.ask("@corp/tool", token=token).versions == ["1.0.0", "1.0.1"]
    assert put(strict, "1.0.2", other).status == 403
    strict.clock.move(seconds=30)
    assert put(strict, "1.0.2", token).status == 201
