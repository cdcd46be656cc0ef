"""Answers: one line of printable ASCII, whatever the names in it are."""

from __future__ import annotations

import json
import re

import pytest

from pratique.proxy.answers import LONGEST_PHRASE, failed, held, phrase, refused

ID = "abcdefgh234567ab"
HOSTILE = [
    "left-pad@1.0.0\r\nset-cookie: x=y", "a\x00b@1", "\x1b[31mred@1", "l\u00e9ft@1", "\u202eevil@1",
    "a\u2028b@1", "a\tb@1", "\ud800@1", "", "x" * 5000,
    "@" + "s" * 106 + "/" + "n" * 106 + "@1.0.0",
]  # fmt: skip


def test_a_phrase_names_the_release_the_rule_and_the_decision() -> None:
    said = phrase("left-pad@1.3.0", ["release-age/too-new"], ID)
    assert said == f"blocked by policy: left-pad@1.3.0 release-age/too-new (decision {ID})"


def test_a_phrase_counts_further_rules() -> None:
    said = phrase("left-pad@1.3.0", ["release-age/too-new", "behavior/x", "behavior/y"], ID)
    assert said == f"blocked by policy: left-pad@1.3.0 release-age/too-new +2 (decision {ID})"


def test_a_long_phrase_keeps_the_version_the_rule_and_the_decision() -> None:
    said = phrase("@" + "s" * 100 + "/" + "n" * 100 + "@12.34.56", ["behavior/new-capability"], ID)
    assert len(said) == LONGEST_PHRASE
    assert said.startswith("blocked by policy: @sss")
    assert said.endswith(f"@12.34.56 behavior/new-capability (decision {ID})")


@pytest.mark.parametrize("release", HOSTILE, ids=ascii)
@pytest.mark.parametrize("rule", ["release-age/too-new", "r" * 300, "a\r\nb"])
def test_no_name_breaks_out_of_the_line(release: str, rule: str) -> None:
    answer = refused(release, [rule], ID, text=release, url=f"http://x.example/{release}")
    assert 403 == answer.status
    assert re.fullmatch(r"[\x20-\x7e]{1,120}", answer.reason)
    assert answer.reason.endswith(f"(decision {ID})")
    for name, value in answer.headers:
        assert re.fullmatch(rb"[a-z-]+", name)
        assert re.fullmatch(rb"[\x20-\x7e]+", value)
    body = json.loads(answer.body)
    assert (ID, [rule]) == (body["decision"], body["rules"])
    assert re.fullmatch(r"[\x20-\x7e]+", body["error"])


def test_a_refusal_says_more_where_there_is_room() -> None:
    answer = refused("a@1.0.0", ["x/y"], ID, text="It is 2 hours old.", url="http://h.example/d")
    reason = f"blocked by policy: a@1.0.0 x/y (decision {ID})"
    assert answer.reason == reason
    assert json.loads(answer.body)["error"] == (
        f"{reason}: It is 2 hours old. See http://h.example/d"
    )
    assert dict(answer.headers)[b"npm-notice"] == (b"It is 2 hours old. See http://h.example/d")


def test_without_more_the_notice_is_the_phrase() -> None:
    answer = refused("a@1.0.0", ["x/y"], ID)
    assert dict(answer.headers)[b"npm-notice"].decode() == answer.reason


def test_what_is_not_decided_yet_is_held() -> None:
    answer = held("a@1.0.0", "analysis pending")
    assert (403, "held: a@1.0.0 analysis pending") == (answer.status, answer.reason)
    assert json.loads(answer.body) == {"error": answer.reason, "rules": []}
    assert held("a@1.0.0", "analysis pending", decision=ID).reason.endswith(f"(decision {ID})")


@pytest.mark.parametrize("why", [*HOSTILE, "the upstream did not answer"], ids=ascii)
def test_a_failure_has_its_own_status_and_says_why(why: str) -> None:
    answer = failed(502, why)
    assert 502 == answer.status
    assert re.fullmatch(r"[\x20-\x7e]{1,120}", answer.reason)
    assert re.fullmatch(r"[\x20-\x7e]*", json.loads(answer.body)["error"])


def test_a_refusal_may_be_kept_nowhere() -> None:
    assert (b"cache-control", b"no-store") in refused("a@1.0.0", [], ID).headers
    assert (b"cache-control", b"no-store") in failed(404, "x").headers
