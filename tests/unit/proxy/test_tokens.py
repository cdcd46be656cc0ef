"""The form of a token, and what one may do."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.private import Right, Token
from pratique.proxy import tokens

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
RANDOM = bytes(range(32))
TEXT = tokens.spelled(RANDOM)
BOTH = frozenset({Right.READ, Right.PUBLISH})


def token(*packages: str, rights: frozenset[Right] = BOTH, days: int | None = None) -> Token:
    end = None if days is None else NOW + timedelta(days=days)
    return tokens.made(TEXT, "ci", rights=rights, now=NOW, packages=packages, expires_at=end)


@given(st.binary(min_size=32, max_size=32))
def test_every_token_has_its_form_and_its_checksum(random: bytes) -> None:
    text = tokens.spelled(random)
    assert (len(text), text[:4], text.isalnum()) == (53, "prt_", False)
    assert text[4:].isalnum()
    assert tokens.is_token(text)


@given(st.binary(min_size=32, max_size=32), st.integers(4, 52), st.sampled_from("09AZaz"))
def test_a_token_with_another_character_is_none(random: bytes, at: int, letter: str) -> None:
    text = tokens.spelled(random)
    wrong = text[:at] + letter + text[at + 1 :]
    assert tokens.is_token(wrong) == (wrong == text)


@pytest.mark.parametrize(
    "text", ["", "prt_", TEXT[:-1], TEXT + "0", TEXT.upper(), f" {TEXT}", "prt_" + "z" * 49]
)
def test_other_text_is_no_token(text: str) -> None:
    assert not tokens.is_token(text)


def test_a_token_is_made_of_32_bytes_and_no_other_number() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        tokens.spelled(RANDOM[1:])


def test_what_is_kept_does_not_hold_the_token() -> None:
    kept = token()
    assert kept.hash == hashlib.sha256(TEXT.encode()).hexdigest()
    assert TEXT not in repr(kept)
    assert kept.hash not in repr(kept)
    assert TEXT.startswith(kept.start)
    assert len(kept.start) == 8
    assert kept.id == kept.hash[:12]
    assert tokens.is_same(TEXT, kept)
    assert not tokens.is_same(TEXT[:-1], kept)


@pytest.mark.parametrize(
    ("packages", "name", "covered"),
    [
        ((), "left-pad", True),
        ((), "@corp/a", True),
        (("@corp/*",), "@corp/a", True),
        (("@corp/*",), "@corporate/a", False),
        (("@corp/*",), "corp", False),
        (("@corp/a",), "@corp/a", True),
        (("@corp/a",), "@corp/a-b", False),
        (("*",), "left-pad", True),
        (("*",), "@corp/a", False),
        (("**",), "@corp/a", True),
        (("left-*", "@corp/b"), "@corp/b", True),
        (("left-*", "@corp/b"), "left-pad", True),
        (("left-*", "@corp/b"), "pad", False),
        (("@corp/a",), "@CORP/a", False),
    ],
)
def test_patterns_name_packages(packages: tuple[str, ...], name: str, covered: bool) -> None:
    assert tokens.allows(token(*packages), Right.READ, name, NOW) is covered
    assert tokens.allows(token(*packages), Right.PUBLISH, name, NOW) is covered


def test_who_may_publish_may_read_and_not_the_other_way_round() -> None:
    reader, publisher = (token(rights=frozenset({each})) for each in (Right.READ, Right.PUBLISH))
    may = [tokens.allows(each, right, "a", NOW) for each in (reader, publisher) for right in Right]
    assert may == [True, False, True, True]


def test_a_token_ends_at_its_moment_and_when_it_is_revoked() -> None:
    from dataclasses import replace

    ends = token(days=1)
    last = NOW + timedelta(days=1)
    assert tokens.allows(ends, Right.READ, "a", last - timedelta(microseconds=1))
    assert not tokens.allows(ends, Right.READ, "a", last)
    assert not tokens.allows(replace(token(), revoked_at=NOW), Right.READ, "a", NOW)


@pytest.mark.parametrize("name", ["", "a b", "-a", "a-", "a/b", "a\n", "x" * 65, "ä"])
def test_a_name_that_could_not_be_shown_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        tokens.made(TEXT, name, rights=BOTH, now=NOW)


@pytest.mark.parametrize("pattern", ["", "a b", "\x1b", "x" * 300, "a\\b"])
def test_a_pattern_that_names_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        token(pattern)


def test_a_token_without_a_right_is_refused() -> None:
    with pytest.raises(ValueError, match="right"):
        tokens.made(TEXT, "ci", rights=(), now=NOW)


def basic(pair: bytes) -> str:
    return f"Basic {base64.b64encode(pair).decode()}"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Bearer", None),
        ("", None),
        ("Digest abc", None),
        (basic(b"ci:abc"), "abc"),
        (basic(b"ci:a:b"), "a:b"),
        (basic(b"ci:"), None),
        (basic(b"ci"), None),
        (basic(b"\xff:a"), None),
        ("Basic !!!", None),
        ("Bearer " + "a" * 5000, None),
    ],
)
def test_a_token_comes_as_a_bearer_or_as_a_password(header: str, found: str | None) -> None:
    assert tokens.presented(header) == found


def test_nothing_that_looks_like_a_token_is_left_in_a_text() -> None:
    token = tokens.spelled(b"\x07" * 32)
    for text in (token, token[:-1], f"npm/10 {token} x{token}", f"a{token}b"):
        assert token[:24] not in tokens.masked(text)
    assert tokens.masked(f"npm/10 {token} linux") == "npm/10 prt_... linux"
    for text in ("", "left-pad", "prt_", "prt_short", "npm/10.9.9 node/v24"):
        assert tokens.masked(text) == text
