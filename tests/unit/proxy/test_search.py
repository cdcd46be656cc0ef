"""A search over own packages and the upstream's: who is told what, and which versions are named."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.registry import Registry, faults
from tests.unit.proxy.bodies import publish_body
from tests.unit.proxy.stand import (
    EVIL,
    Clock,
    Reply,
    Stand,
    days,
    policy,
    publish,
    standing,
)
from tests.unit.proxy.test_openapi import DOCUMENT

from pratique.model.private import Right
from pratique.proxy.settings import Enforcement

OWN = '[layers.registry]\nown = ["@corp", "corp-lib"]\n'


@pytest.fixture
def owning(tmp_path: Path, registry: Registry, clock: Clock) -> Iterator[Stand]:
    with standing(tmp_path / "data", registry, clock, policy(OWN)) as made:
        yield made


def put(stand: Stand, name: str, token: str, version: str = "1.0.0") -> None:
    found = stand.ask(name, "PUT", body=publish_body(name, version=version), token=token)
    assert found.status == 201, found


def search(stand: Stand, text: str, token: str = "", **page: int) -> Reply:
    more = "".join(f"&{key.rstrip('_')}={value}" for key, value in page.items())
    return stand.ask(f"-/v1/search?text={text.replace(' ', '%20')}{more}", token=token)


def names(reply: Reply) -> list[str]:
    assert reply.status == 200, reply
    schema = {**DOCUMENT["components"]["schemas"]["Found"], "components": DOCUMENT["components"]}
    jsonschema.validate(reply.json(), schema)
    return [each["package"]["name"] for each in reply.json()["objects"]]


def versions(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply
    found = [each["package"] for each in reply.json()["objects"]]
    return {each["name"]: each.get("version") for each in found}


def test_own_packages_come_first_and_pages_go_through_both_lists_once(
    owning: Stand, registry: Registry
) -> None:
    token = owning.token("alice", Right.PUBLISH)
    for name in ("@corp/zwidget", "@corp/awidget"):
        put(owning, name, token)
    for number in range(5):
        publish(registry, f"widget-{number}")
    every = names(search(owning, "widget"))
    assert every[:2] == ["@corp/awidget", "@corp/zwidget"]
    assert sorted(every[2:]) == [f"widget-{number}" for number in range(5)]
    pages = [search(owning, "widget", size=3, from_=start) for start in (0, 3, 6, 9)]
    assert [names(each) for each in pages] == [every[0:3], every[3:6], every[6:7], []]
    assert {each.json()["total"] for each in pages} == {7}


def test_what_is_published_changed_and_removed_is_found_so_at_once(owning: Stand) -> None:
    token = owning.token("alice", Right.PUBLISH)
    assert names(search(owning, "corp-lib")) == []
    put(owning, "corp-lib", token)
    assert versions(search(owning, "corp-lib")) == {"corp-lib": "1.0.0"}
    put(owning, "corp-lib", token, "1.1.0")
    assert versions(search(owning, "corp-lib")) == {"corp-lib": "1.1.0"}
    rev = owning.ask("corp-lib").json()["_rev"]
    assert owning.ask(f"corp-lib/-rev/{rev}", "DELETE", token=token).status == 201
    assert names(search(owning, "corp-lib")) == []


@pytest.mark.parametrize("text", ["@corp", "corp-lib", "left corp-lib", "@corp/x", "CORP LIB"])
def test_a_text_with_an_own_name_reaches_no_upstream(
    owning: Stand, registry: Registry, text: str
) -> None:
    found = search(owning, text)
    assert names(found) == []
    assert "was not asked" in found.json()["incomplete"]
    assert not registry.requests


def test_a_name_that_is_published_here_reaches_no_upstream_either(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    own = '[layers.registry]\nown = ["secret-*"]\n'
    with standing(tmp_path / "data", registry, clock, policy(own)) as stand:
        put(stand, "secret-tool", stand.token("alice", Right.PUBLISH))
        assert names(search(stand, "secret-tool")) == ["secret-tool"]
    # Also where the policy forgets it.
    with standing(tmp_path / "data", registry, clock, policy()) as stand:
        assert names(search(stand, "secret-tool")) == ["secret-tool"]
    assert not registry.requests


def test_an_own_name_that_the_upstream_has_is_not_shown_from_there(
    owning: Stand, registry: Registry
) -> None:
    publish(registry, "corp-lib")
    publish(registry, "other-lib")
    assert names(search(owning, "lib")) == ["other-lib"]
    assert not registry.asked("corp-lib")


def test_a_token_finds_only_what_it_may_read(owning: Stand) -> None:
    token = owning.token("alice", Right.PUBLISH)
    put(owning, "@corp/tool", token)
    put(owning, "corp-lib", token)
    narrow = owning.token("bob", packages=("@corp/*",), seed=2)
    assert names(search(owning, "corp", narrow)) == ["@corp/tool"]


# What is hidden


def test_no_entry_names_a_hidden_version(stand: Stand, registry: Registry) -> None:
    publish(registry, "left-pad")
    registry.publish("left-pad", "1.2.0", published=days(1))
    publish(registry, "right-pad")
    registry.publish("fresh-pad", "1.0.0", published=days(1))
    found = search(stand, "pad")
    assert versions(found) == {"left-pad": "1.1.0", "right-pad": "1.1.0"}
    assert b"1.2.0" not in found.body
    for name, version in versions(found).items():
        assert version in stand.ask(name).versions


@pytest.mark.parametrize("seed", range(6))
def test_an_entry_names_a_version_that_the_document_shows_or_none(
    stand: Stand, registry: Registry, seed: int
) -> None:
    drawn = random.Random(seed)  # noqa: S311 - a test's choice
    every = [f"{major}.{minor}.0{tail}" for major in (1, 2) for minor in (0, 1)
             for tail in ("-rc.1", "")]  # fmt: skip
    for number in range(4):
        for version in drawn.sample(every, drawn.randint(1, 6)):
            age = drawn.choice([0.5, 2, 900, 1000])
            registry.publish(f"pad-{number}", version, published=days(age))
    for name, version in versions(search(stand, "pad")).items():
        shown = stand.ask(name)
        if shown.status == 200 and version is not None:
            assert version in shown.versions, name


def test_what_is_not_examined_yet_is_named_without_a_version(
    stand: Stand, registry: Registry
) -> None:
    registry.publish("left-pad", "1.0.0", published=days(20))
    registry.publish("left-pad", "1.0.1", published=days(10), files=EVIL)
    found = search(stand, "left-pad")
    assert versions(found) == {"left-pad": None}
    assert b"1.0.1" not in found.body
    assert not registry.asked("left-pad/-/*")
    assert stand.ask("left-pad").versions == ["1.0.0"]
    assert versions(search(stand, "left-pad")) == {"left-pad": "1.0.0"}


def test_what_is_refused_is_named_in_a_dry_run(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry, "left-pad")
    registry.publish("left-pad", "1.2.0", published=days(1))
    dry = Enforcement(dry_run=True)
    with standing(tmp_path / "data", registry, clock, policy(), enforcement=dry) as stand:
        assert versions(search(stand, "left-pad")) == {"left-pad": "1.2.0"}


def test_many_entries_are_named_though_not_each_is_judged(stand: Stand, registry: Registry) -> None:
    for number in range(25):
        publish(registry, f"widget-{number}")
    found = versions(search(stand, "widget", size=25))
    assert len(found) == 25
    assert sum(version == "1.1.0" for version in found.values()) == 20
    assert sum(version is None for version in found.values()) == 5


# Errors


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_an_upstream_that_cannot_search_is_its_own_error_and_no_empty_success(
    stand: Stand, registry: Registry, status: int
) -> None:
    registry.fault(faults.status(status), kind="-/v1/search")
    found = search(stand, "left-pad")
    assert found.status >= 400
    assert found.error


def test_own_packages_are_found_while_the_upstream_is_away(
    owning: Stand, registry: Registry
) -> None:
    put(owning, "@corp/widget", owning.token("alice", Right.PUBLISH))
    registry.close()
    found = search(owning, "widget")
    assert names(found) == ["@corp/widget"]
    assert found.json()["incomplete"]
    assert search(owning, "gadget").status == 502


def test_an_answer_that_is_no_search_is_an_error(stand: Stand, registry: Registry) -> None:
    registry.fault(faults.malformed(b"<html>ok</html>"), kind="-/v1/search")
    assert search(stand, "left-pad").status == 502


@pytest.mark.parametrize("query", ["", "?text=", "?size=3", "?text=a%0d%0ab", "?text=%ff"])
def test_a_search_for_nothing_is_refused(stand: Stand, registry: Registry, query: str) -> None:
    found = stand.ask(f"-/v1/search{query}")
    assert found.status == 400
    assert json.loads(found.body)["error"]
    assert not registry.requests
