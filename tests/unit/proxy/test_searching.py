"""What is looked for, what would tell an own name, and what of a foreign answer is taken over."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.private import PrivatePackage, PrivateVersion
from pratique.proxy.searching import (
    LARGEST_PAGE,
    Found,
    Sought,
    answered,
    entry_of,
    matching,
    read_found,
    read_query,
    tells,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OWN = ("@corp", "corp-lib", "acme-*", "@widgets/tool", "ui")


def package(name: str, **manifest: Any) -> PrivatePackage:
    sent = json.dumps({"name": name, "version": "1.0.0", **manifest}).encode()
    release = PrivateVersion("1.0.0", sent, "0" * 128, "0" * 40, 1, NOW, "alice")
    return PrivatePackage(name, 1, NOW, NOW, (release,), {"latest": "1.0.0"}, ("alice", "bob"))


def entries(*packages: PrivatePackage) -> list[dict[str, Any]]:
    return [each for each in map(entry_of, packages) if each is not None]


def found_names(text: str, *packages: PrivatePackage) -> list[str]:
    return [each["name"] for each in matching(entries(*packages), Sought(text))]


# The query


def test_what_npm_asks_for_is_read() -> None:
    query = b"text=left%20pad&size=20&from=40&quality=0.65&popularity=0.98&maintenance=0.5"
    sought = read_query(query)
    assert isinstance(sought, Sought)
    assert (sought.text, sought.size, sought.start) == ("left pad", 20, 40)
    asked = parse_qs(sought.asked(3, 5))
    assert asked["text"] == ["left pad"]
    assert (asked["from"], asked["size"], asked["quality"]) == (["3"], ["5"], ["0.65"])


@pytest.mark.parametrize(
    ("query", "size", "start"),
    [
        (b"text=a", 20, 0),
        (b"text=a&size=100000&from=99999999", LARGEST_PAGE, 100_000),
        (b"text=a&size=0", 0, 0),
        (b"text=a&size=-1&from=x", 20, 0),
        (b"text=a&size=1e3&from=%C2%B2", 20, 0),
        (b"text=a&size=3&size=4&quality=9&popularity=0.5%0d", 3, 0),
    ],
)
def test_a_page_is_bounded_and_what_is_no_number_is_the_usual_one(
    query: bytes, size: int, start: int
) -> None:
    sought = read_query(query)
    assert isinstance(sought, Sought)
    assert (sought.size, sought.start, sought.weights) == (size, start, ())


@pytest.mark.parametrize(
    "query",
    [b"", b"text=", b"text=%20", b"size=3", b"text=a%0ab", b"text=%ff", b"\xff", b"text=a%00",
     b"text=" + b"a" * 600, b"text=a&" + b"x=1&" * 2000],
)  # fmt: skip
def test_a_query_that_cannot_be_meant_is_refused_with_a_sentence(query: bytes) -> None:
    assert isinstance(read_query(query), str)


@given(st.binary(max_size=200))
def test_any_query_is_read_or_refused(query: bytes) -> None:
    assert isinstance(read_query(query), Sought | str)


# What an upstream may be asked


@pytest.mark.parametrize(
    "text",
    [
        "corp-lib", "Corp_Lib", "c0rp-lib", "corp lib", "my-corp-lib-x", "@corp", "@corp/x",
        "@CORP/x", "@co", '"acme-web"', "(ui)", "scope:corp", "corp", "left @corp/tool",
        "acme-web", "acme", "@widgets/tool",
        "@widgets", "ui", "keywords:ui", "left,corp-lib", "\uff43orp-lib",
    ],
)  # fmt: skip
def test_a_text_that_names_something_own_is_not_passed_on(text: str) -> None:
    assert tells(text, OWN)


@pytest.mark.parametrize("text", ["left-pad", "build", "suite", "@other/x", "react", "lib", "@"])
def test_other_texts_are(text: str) -> None:
    assert not tells(text, OWN)
    assert not tells(text, ())


@given(
    name=st.sampled_from(["corp-lib", "@corp/anything", "acme-web"]),
    between=st.text(alphabet=" ,:(", max_size=3),
    around=st.text(alphabet="ab ", max_size=6),
    is_capital=st.booleans(),
)
def test_no_own_name_is_told_whatever_stands_around_it(
    name: str, between: str, around: str, *, is_capital: bool
) -> None:
    assert tells(f"{around} {between}{name.upper() if is_capital else name}{between} {around}", OWN)


# Own packages


def test_each_word_is_looked_for_in_name_description_and_keywords() -> None:
    tool = package("@corp/tool", description="Makes Widgets", keywords=["blue"])
    other = package("other")
    assert found_names("tool", tool, other) == ["@corp/tool"]
    assert found_names("WIDGETS tool", tool, other) == ["@corp/tool"]
    assert found_names("blue", tool, other) == ["@corp/tool"]
    assert found_names("tool red", tool, other) == []


def test_those_that_are_named_so_come_first() -> None:
    packages = [package(each) for each in ("a-tool", "tooling", "tool")]
    described = package("b", description="a tool")
    assert found_names("tool", described, *packages) == ["tool", "tooling", "a-tool", "b"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("scope:corp", ["@corp/tool"]),
        ("scope:@corp tool", ["@corp/tool"]),
        ("keywords:blue,red", ["@corp/tool"]),
        ("keywords:green", []),
        ("author:alice", ["@corp/tool", "other"]),
        ("maintainer:carol", []),
        ("is:unstable other", ["other"]),
    ],
)
def test_qualifiers_are_kept_to(text: str, names: list[str]) -> None:
    tool = package("@corp/tool", keywords=["Blue"])
    assert found_names(text, tool, package("other")) == names


def test_an_entry_is_what_latest_says_and_who_owns_the_package() -> None:
    entry = entry_of(package("@corp/tool", description="x\n\x1b[1m", keywords="one"))
    assert entry == {
        "name": "@corp/tool",
        "scope": "corp",
        "version": "1.0.0",
        "description": "x  [1m",
        "keywords": ["one"],
        "date": "2026-11-25T12:00:00.000Z",
        "publisher": {"username": "alice", "email": ""},
        "maintainers": [{"username": each, "email": ""} for each in ("alice", "bob")],
    }


def test_what_is_all_unpublished_is_not_found() -> None:
    whole = package("tool")
    gone = replace(whole, versions=(replace(whole.versions[0], removed_at=NOW),), tags={})
    assert entry_of(gone) is None
    assert entry_of(replace(gone, tags={"latest": "1.0.0"})) is None


# A foreign answer


def test_only_what_can_be_no_version_is_taken_over() -> None:
    told = {
        "name": "left-pad",
        "version": "1.0.0",
        "date": "2020-01-01",
        "description": "pads\u202e",
        "links": {"npm": "https://registry.example/left-pad/v/1.0.0"},
        "dist-tags": {"latest": "1.0.0"},
        "maintainers": [{"username": "joe", "email": "x"}, {"name": "ann"}, 7],
    }
    found = read_found(json.dumps({"objects": [{"package": told}], "total": 9}).encode())
    assert isinstance(found, Found)
    assert found.entries == (
        {
            "name": "left-pad",
            "scope": "unscoped",
            "description": "pads",
            "keywords": [],
            "maintainers": [{"username": each, "email": ""} for each in ("joe", "ann")],
        },
    )
    assert found.stated == {"left-pad": ("1.0.0", "2020-01-01")}
    assert found.total == 9


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b'{"objects":{}}', b"\xff", b"[" * 5000, b"<html>"]
)
def test_an_answer_that_is_no_search_is_refused(body: bytes) -> None:
    assert isinstance(read_found(body), str)


@pytest.mark.parametrize("name", ["../../etc", "a b", "a\x1b[1m", "@x", "", "a/b", "x" * 300])
def test_what_no_package_can_be_called_is_not_taken_over(name: str) -> None:
    told = {"objects": [{"package": {"name": name}}, {"package": {"name": "left-pad"}}]}
    found = read_found(json.dumps(told).encode())
    assert isinstance(found, Found)
    assert [each["name"] for each in found.entries] == ["left-pad"]


@pytest.mark.parametrize("total", ["1" * 40, "-5", "1e400", "true", "null", '"7"'])
def test_a_count_that_cannot_be_is_still_one_that_can_be_sent(total: str) -> None:
    found = read_found(b'{"objects": [], "total": %s}' % total.encode())
    if isinstance(found, Found):
        assert json.loads(answered([], found.total, NOW))["total"] >= 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["objects", "package", "name", "maintainers", "keywords", "total"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_answer_is_read_as_entries_that_npm_can_print(value: Any) -> None:
    found = read_found(json.dumps({"objects": [value, {"package": value}]}).encode())
    assert isinstance(found, Found)
    for each in found.entries:
        assert isinstance(each["name"], str)
        assert all(isinstance(one["username"], str) for one in each["maintainers"])
        assert all(isinstance(word, str) for word in each["keywords"])


def test_the_body_has_what_clients_read() -> None:
    body = json.loads(answered(entries(package("tool")), 7, NOW, "away"))
    assert body["total"] == 7
    assert body["time"] == "2026-11-25T12:00:00.000Z"
    assert body["incomplete"] == "away"
    assert body["objects"][0]["package"]["name"] == "tool"
    assert "incomplete" not in json.loads(answered([], 0, NOW))
