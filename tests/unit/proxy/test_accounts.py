"""What is answered about the one who asks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.proxy.bodies import as_body

from pratique.model.private import Right, Token
from pratique.proxy import accounts, tokens
from pratique.proxy.accounts import Presented
from pratique.proxy.answers import Answer

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
TEXT = tokens.spelled(bytes(32))
OTHER = tokens.spelled(bytes(31) + b"\x01")


def token(text: str = TEXT, name: str = "alice", **more: Any) -> Token:
    details: dict[str, Any] = {"rights": frozenset(Right), "now": NOW, **more}
    return tokens.made(text, name, **details)


def document(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer
    assert (b"cache-control", b"no-store") in answer.headers
    return json.loads(answer.body)


def status(answer: object) -> int:
    assert isinstance(answer, Answer), answer
    assert TEXT.encode() not in answer.body
    assert TEXT not in str(answer.headers) + answer.reason
    return answer.status


def login(name: str = "alice", password: str = TEXT) -> bytes:
    return as_body({"_id": f"org.couchdb.user:{name}", "name": name, "password": password,
                    "type": "user", "roles": [], "date": "2026"})  # fmt: skip


def test_a_token_in_the_passwords_place_logs_in() -> None:
    presented = accounts.read_login(login(), "alice")
    assert presented == Presented("alice", TEXT)
    assert TEXT not in repr(presented)
    assert document(accounts.logged_in(presented, token(), NOW), 201)["token"] == TEXT


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (login(password="hunter2"), 401),
        (login(password=TEXT[:-1]), 401),
        (login(name="bob"), 400),
        (b"{", 400),
        (b'{"name": 1}', 400),
        (b"[" * 10_000, 400),
        (b'{"name": "alice", "password": "' + b"x" * 20_000 + b'"}', 413),
    ],
)
def test_what_is_no_token_does_not_log_in(body: bytes, expected: int) -> None:
    assert status(accounts.read_login(body, "alice")) == expected


@pytest.mark.parametrize(
    "found",
    [
        None,
        token(OTHER),
        token(name="bob"),
        token(expires_at=NOW),
        replace(token(), revoked_at=NOW - timedelta(days=1)),
    ],
    ids=["unknown", "another", "another name's", "expired", "revoked"],
)
def test_a_token_that_is_not_good_does_not_log_in(found: Token | None) -> None:
    assert status(accounts.logged_in(Presented("alice", TEXT), found, NOW)) == 401


def test_without_a_token_nothing_is_told() -> None:
    answers = [
        accounts.whoami(None), accounts.profile(None), accounts.user("alice", ["alice"], None),
        accounts.listed(None, [token()], NOW), accounts.created(None, "", b"{}", bytes(32), NOW),
        accounts.to_revoke(None, token().id, [token()]),
    ]  # fmt: skip
    assert [status(each) for each in answers] == [401] * 6
    first = accounts.whoami(None)
    assert (b"www-authenticate", b'Bearer realm="pratique"') in first.headers


def test_there_is_no_login_in_a_browser_and_no_profile_to_change() -> None:
    assert status(accounts.web_login()) == 404
    assert status(accounts.unchangeable_profile()) == 405


def test_a_token_knows_its_name() -> None:
    assert document(accounts.whoami(token())) == {"username": "alice"}
    assert document(accounts.profile(token()))["name"] == "alice"
    assert document(accounts.user("bob", ["bob"], token()))["name"] == "bob"
    assert status(accounts.user("carol", ["bob"], token())) == 404


def test_a_token_that_may_not_is_told_what_it_may_not() -> None:
    answer = accounts.forbidden(token(), Right.PUBLISH, "@corp/a")
    assert (status(answer), b"may not publish @corp/a" in answer.body) == (403, True)


def test_only_valid_tokens_of_the_same_name_are_listed_and_never_the_token() -> None:
    every = [token(), token(OTHER, "bob"), token(tokens.spelled(b"\x01" * 32), expires_at=NOW)]
    found = document(accounts.listed(token(), every, NOW))
    assert [(each["key"], each["token"]) for each in found["objects"]] == [(token().id, TEXT[:8])]
    assert found["urls"] == {}
    assert TEXT not in json.dumps(found)


def create(holder: Token, **wanted: Any) -> tuple[Token, Answer] | Answer:
    body = as_body({"password": TEXT, **wanted})
    return accounts.created(holder, TEXT, body, b"\x07" * 32, NOW)


def new(holder: Token, **wanted: Any) -> Token:
    found = create(holder, **wanted)
    assert not isinstance(found, Answer), found
    kept, answer = found
    text = document(answer, 201)["token"]
    assert tokens.is_same(text, kept)
    assert text not in repr(kept)
    return kept


def test_a_token_makes_another_that_can_do_no_more() -> None:
    ends = NOW + timedelta(days=10)
    holder = token(packages=("@corp/*", "left-pad"), expires_at=ends)
    same = new(holder)
    assert (same.name, same.rights, same.packages, same.expires_at) == (
        "alice", holder.rights, holder.packages, ends,
    )  # fmt: skip
    assert new(holder, expires=3).expires_at == NOW + timedelta(days=3)
    assert new(holder, expires=300).expires_at == ends
    assert new(holder, expires=10**9).expires_at == ends
    assert new(holder, packages=["@corp/a"]).packages == ("@corp/a",)
    assert new(holder, scopes=["@corp"]).packages == ("@corp/*",)
    assert new(holder, readonly=True).rights == {Right.READ}
    assert new(token(rights=[Right.READ])).rights == {Right.READ}


@pytest.mark.parametrize(
    "wanted",
    [{"packages": ["left-widget"]}, {"packages": ["**"]}, {"packages": ["@corp/a", "*"]},
     {"scopes": ["@other"]}, {"packages": ["@corp/{a,b}"]},
     {"packages": ["@corp/[a]"]}, {"packages": ["@corp/?"]}],
)  # fmt: skip
def test_a_token_makes_none_that_can_do_more(wanted: dict[str, Any]) -> None:
    assert status(create(token(packages=("@corp/*",)), **wanted)) == 403


def test_a_token_is_made_only_by_who_shows_it_again() -> None:
    for password in ("", OTHER, "hunter2"):
        assert status(create(token(), password=password)) == 401


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"expires": "x"}', b'{"packages": "x"}'])
def test_a_wish_of_another_shape_is_refused(body: bytes) -> None:
    assert status(accounts.created(token(), TEXT, body, bytes(32), NOW)) == 400


READ, BOTH = frozenset({Right.READ}), frozenset(Right)


@pytest.mark.parametrize(
    ("caller", "doomed", "may"),
    [
        ((READ, ()), (BOTH, ()), False),
        ((READ, ()), (READ, ()), True),
        ((READ, ()), (frozenset({Right.PUBLISH}), ()), False),
        ((frozenset({Right.PUBLISH}), ()), (READ, ()), True),
        ((BOTH, ("@a/*",)), (BOTH, ()), False),
        ((BOTH, ("@a/*",)), (READ, ("@b/x",)), False),
        ((BOTH, ("@a/*",)), (READ, ("@a/*",)), True),
        ((BOTH, ("@a/*",)), (READ, ("@a/x",)), True),
        ((BOTH, ()), (READ, ("@b/x",)), True),
    ],
)
def test_a_token_revokes_none_of_its_name_that_can_do_more(
    caller: Any, doomed: Any, *, may: bool
) -> None:
    mine = token(rights=caller[0], packages=caller[1])
    other = token(OTHER, rights=doomed[0], packages=doomed[1])
    found = accounts.to_revoke(mine, other.id, [mine, other])
    assert found == other if may else status(found) == 403
    assert accounts.to_revoke(mine, mine.id, [mine, other]) == mine
    # Who has the token itself may do all that it may.
    assert accounts.to_revoke(mine, OTHER, [mine, other]) == other


def test_own_tokens_are_found_by_id_and_by_themselves_and_others_are_not() -> None:
    every = [token(), token(OTHER, "bob")]
    assert accounts.to_revoke(token(), token().id, every) == token()
    assert accounts.to_revoke(token(), TEXT, every) == token()
    for key in (token(OTHER, "bob").id, OTHER, "", "x"):
        assert status(accounts.to_revoke(token(), key, every)) == 404
    assert accounts.revoked().status == 204
