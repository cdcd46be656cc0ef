"""A registry that lies, fails or goes away: what the firewall gives then, and what it keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.registry import Answer, Exchange, Fault, Registry, faults
from tests.unit.proxy.stand import EVIL, SHORT, Clock, Stand, days, publish, standing

from pratique.proxy import upstream
from pratique.proxy.settings import Freshness

TARBALL = "left-pad/-/left-pad-1.1.0.tgz"


@pytest.fixture
def filled(stand: Stand, registry: Registry) -> Stand:
    publish(registry)
    return stand


def longer(_exchange: Exchange, answer: Answer) -> Answer:
    """The right bytes and some more."""
    return answer.with_headers() if not answer.body else Answer(200, answer.body + b"\0" * 9)


def shorter(_exchange: Exchange, answer: Answer) -> Answer:
    return Answer(200, answer.body[:-9])


def empty(_exchange: Exchange, _answer: Answer) -> Answer:
    return Answer(200, b"")


# Artifacts


@pytest.mark.parametrize(
    "fault",
    [
        faults.other_bytes(),
        faults.truncated(),
        faults.truncated(0),
        faults.reset(10),
        faults.status(500),
        faults.status(503),
        faults.not_found(),
        faults.redirect("http://other.invalid/{path}"),
        faults.redirect_to_itself(),
        faults.instead("left-pad/-/left-pad-1.0.0.tgz"),
        longer,
        shorter,
        empty,
    ],
)
def test_an_artifact_that_is_not_what_the_document_names_is_refused_and_not_kept(
    filled: Stand, registry: Registry, fault: Fault
) -> None:
    assert filled.ask("left-pad").status == 200
    before = filled.blobs()
    registry.fault(fault, kind="tarball")
    for method in ("GET", "HEAD"):
        found = filled.ask(TARBALL, method)
        assert found.status in {403, 404, 502}
        assert found.reason
        assert found.headers["content-type"] == "application/json"
    assert filled.blobs() == before


def test_an_artifact_beyond_the_bound_is_refused_and_not_kept(
    filled: Stand, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.ask("left-pad")
    before = filled.blobs()
    monkeypatch.setattr(upstream, "MOST_ARTIFACT", 100)
    assert filled.ask(TARBALL).status in {403, 502}
    assert filled.blobs() == before


def test_what_is_given_is_what_the_document_names_though_bytes_change_later(
    filled: Stand, registry: Registry
) -> None:
    right = filled.ask(TARBALL).body
    registry.fault(faults.other_bytes(), kind="tarball")
    assert filled.ask(TARBALL).body == right
    assert hashlib.sha512(right).hexdigest() in filled.blobs()


def test_the_bytes_that_came_first_are_kept_to_where_no_digest_is_stated(
    stand: Stand, registry: Registry, clock: Clock
) -> None:
    registry.publish("bare", "1.0.0", published=days(900), integrity="sha1-only")
    first = stand.ask("bare/-/bare-1.0.0.tgz")
    stand.running.packages._shelves.clear()
    registry.fault(faults.other_bytes(), kind="tarball")
    registry.fault(faults.without_digests(), kind="packument")
    clock.move(days=1)
    later = stand.ask("bare/-/bare-1.0.0.tgz")
    assert first.status == 200
    assert later.status in {403, 502} or later.body == first.body


def test_an_artifact_is_given_by_the_document_that_judged_it_and_by_no_other(
    filled: Stand, registry: Registry, clock: Clock
) -> None:
    """A registry that shows good bytes, then bad ones, then the good ones that were examined."""
    path = "left-pad/-/left-pad-1.1.1.tgz"
    good = registry.publish("left-pad", "1.1.1", published=days(20))
    assert filled.ask(path).body == good.tarball
    evil = registry.publish("left-pad", "1.1.1", published=days(20), files=EVIL)
    clock.move(minutes=6)
    filled.running.packages._upstream.document("left-pad")
    clock.move(minutes=4)
    assert "1.1.1" not in filled.ask("left-pad").versions
    registry.put(good)
    clock.move(minutes=2)
    found = filled.ask(path)
    assert found.body != evil.tarball
    assert (found.status, found.body) == (200, good.tarball)
    assert "1.1.1" in filled.ask("left-pad").versions


def test_a_version_that_was_withdrawn_meanwhile_does_not_break_the_page(
    filled: Stand, registry: Registry, clock: Clock
) -> None:
    clock.move(minutes=-4)
    filled.running.packages._upstream.document("left-pad")
    clock.move(minutes=4)
    filled.ask("left-pad")
    registry.withdraw("left-pad", "1.0.1")
    clock.move(minutes=2)
    for accept in (SHORT, "application/json"):
        assert filled.ask("left-pad", accept=accept, accept_encoding="gzip").status == 200
    assert filled.ask("left-pad", accept=SHORT).versions == ["1.0.0", "1.1.0"]


# Documents


def other_name(document: Any) -> None:
    document["name"] = "right-pad"


def other_version(document: Any) -> None:
    document["versions"]["1.1.0"]["version"] = "1.0.0"


def other_name_inside(document: Any) -> None:
    document["versions"]["1.1.0"]["name"] = "right-pad"


def foreign_address(document: Any) -> None:
    document["versions"]["1.1.0"]["dist"]["tarball"] = "https://evil.invalid/left-pad-1.1.0.tgz"


def same_address(document: Any) -> None:
    versions = document["versions"]
    versions["1.1.0"]["dist"]["tarball"] = versions["1.0.1"]["dist"]["tarball"]


def no_dist(document: Any) -> None:
    del document["versions"]["1.1.0"]["dist"]


@pytest.mark.parametrize(
    "fault",
    [
        faults.malformed(),
        faults.malformed(b""),
        faults.malformed(b"[]"),
        faults.malformed(b'"left-pad"'),
        faults.malformed(b"\xff\xfe{}"),
        faults.malformed(b'{"name":"left-pad","versions":' + b'{"a":' * 50_000),
        faults.malformed(b"<html>busy</html>"),
        faults.edited(other_name),
        faults.truncated(),
        faults.reset(),
        faults.status(500),
        faults.gzip_bomb(65 * 2**20),
        faults.redirect_to_itself(),
        faults.instead("other"),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", SHORT])
def test_a_document_that_cannot_be_read_is_refused_with_a_reason(
    filled: Stand, registry: Registry, fault: Fault, accept: str
) -> None:
    registry.publish("other", "1.0.0", published=days(900))
    registry.fault(fault, kind="packument")
    found = filled.ask("left-pad", accept=accept)
    assert found.status == 502, found
    assert found.error
    assert found.reason
    assert filled.ask(TARBALL).status == 502


def test_a_document_beyond_the_bound_is_refused(
    filled: Stand, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "MOST_DOCUMENT", 2**20)
    registry.fault(faults.huge(2**20 + 1), kind="packument")
    assert filled.ask("left-pad").status == 502
    assert not filled.blobs()


@pytest.mark.parametrize(
    "edit", [other_version, other_name_inside, foreign_address, same_address, no_dist]
)
def test_a_version_that_contradicts_itself_is_not_shown_and_not_given(
    filled: Stand, registry: Registry, edit: Any
) -> None:
    registry.fault(faults.edited(edit), kind="packument")
    for accept in ("application/json", SHORT):
        found = filled.ask("left-pad", accept=accept)
        assert "1.1.0" not in found.versions
        assert "1.1.0" not in found.json()["dist-tags"].values()
        assert b"evil.invalid" not in found.body
    assert filled.ask(TARBALL).status in {403, 404}
    assert filled.ask("left-pad/1.1.0").status == 404


def other_bytes(version: Any) -> None:
    version["dist"]["integrity"] = "sha512-" + "A" * 86 + "=="


def another_source(version: Any) -> None:
    version["dependencies"] = {"helper": "git+https://evil.invalid/helper.git"}


def another_name(version: Any) -> None:
    version["optionalDependencies"] = {"helper": "npm:evil@1.0.0"}


@pytest.mark.parametrize("change", [other_bytes, another_source, another_name])
def test_only_the_short_document_may_not_say_other_bytes_or_depend_on_more(
    filled: Stand, registry: Registry, change: Callable[[Any], None]
) -> None:
    def edit(document: Any) -> None:
        change(document["versions"]["1.1.0"])

    def in_short(exchange: Exchange, answer: Answer) -> Answer:
        is_short = SHORT in exchange.request.headers.get("accept", "")
        return faults.edited(edit)(exchange, answer) if is_short else answer

    registry.fault(in_short, kind="packument")
    assert "1.1.0" not in filled.ask("left-pad", accept=SHORT).versions
    assert "1.1.0" in filled.ask("left-pad").versions


def test_what_the_registry_does_not_have_is_not_found(stand: Stand, registry: Registry) -> None:
    assert stand.ask("nothing").status == 404
    registry.protect("@corp/*", "secret")
    registry.publish("@corp/tool", "1.0.0")
    assert stand.ask("@corp%2ftool").status == 404


# Away


def test_a_registry_that_is_away_is_stood_in_for_within_the_bound_and_not_after(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    with standing(tmp_path / "data", registry, clock, freshness=Freshness()) as made:
        first = {accept: made.ask("left-pad", accept=accept) for accept in ("*/*", SHORT)}
        artifact = made.ask(TARBALL).body
        registry.close()
        for _ in range(4):
            clock.move(hours=5, minutes=59)
            for accept, found in first.items():
                assert made.ask("left-pad", accept=accept).body == found.body
        assert made.ask(TARBALL).body == artifact
        clock.move(minutes=20)
        gone = made.ask("left-pad")
        assert gone.status == 502
        assert "too old" in gone.error
        assert made.ask(TARBALL).status == 502


def test_a_document_that_still_holds_is_not_sent_again(
    filled: Stand, registry: Registry, clock: Clock
) -> None:
    first = filled.ask("left-pad")
    clock.move(minutes=6)
    registry.forget()
    assert filled.ask("left-pad").body == first.body
    (asked,) = registry.asked("left-pad")
    assert asked.headers["if-none-match"]


def test_a_document_is_asked_for_once_while_it_is_fresh(filled: Stand, registry: Registry) -> None:
    for _ in range(3):
        filled.ask("left-pad")
    assert len(registry.asked("left-pad")) == 1


def test_a_stored_document_that_was_damaged_is_asked_for_anew(
    filled: Stand, registry: Registry, clock: Clock
) -> None:
    first = filled.ask("left-pad")
    for digest in filled.blobs():
        filled.running.blobs._path(digest).write_bytes(b"x")
    clock.move(minutes=6)
    assert filled.ask("left-pad").body == first.body
