"""Who may ask, for what, and what an answer looks like."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.registry import Registry
from tests.unit.proxy.stand import EVIL, HOST, NOW, SHORT, Clock, Stand, days, publish, standing

from pratique.model.private import Right
from pratique.proxy import tokens

TARBALL = "left-pad/-/left-pad-1.1.0.tgz"


@pytest.fixture
def filled(stand: Stand, registry: Registry) -> Stand:
    """With old releases, a hostile one that is mature, and one that is not."""
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20), files=EVIL)
    registry.publish("left-pad", "1.1.2", published=days(1))
    return stand


# Addresses


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", f"{HOST}.evil.example", "", None])
def test_who_addresses_it_by_an_unknown_host_is_misdirected(
    filled: Stand, registry: Registry, host: str | None
) -> None:
    assert filled.ask("left-pad", host=host).status == 421
    assert not registry.requests


def test_each_loopback_name_is_a_known_host_of_a_firewall_on_loopback(filled: Stand) -> None:
    for host in ("localhost:4873", "LOCALHOST:4873", "[::1]:4873", HOST):
        assert filled.ask("left-pad", host=host).status == 200, host


@pytest.mark.parametrize(
    "path",
    [
        "left-pad/-/../../secret",
        "%2e%2e/%2e%2e/etc/passwd",
        "left-pad%00",
        "left-pad/-/left-pad-1.0.0.tgz%00.txt",
        "@scope%252fname",
        "left\\pad",
        "a" * 3000,
        "left-pad\r\nx: y",
    ],
)
def test_a_bad_path_is_refused_and_no_upstream_is_asked(
    filled: Stand, registry: Registry, path: str
) -> None:
    found = filled.ask(path)
    assert found.status in {400, 404}, found
    assert found.error
    assert not registry.requests


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "TRACE"])
def test_no_method_but_reading_is_served_for_a_tarball(filled: Stand, method: str) -> None:
    token = filled.token("root", Right.PUBLISH)
    assert filled.ask(TARBALL, method, token=token).status == 405
    assert filled.ask(TARBALL, method).status == 401


def test_a_body_beyond_the_bound_is_refused_whether_its_length_is_stated_or_not(
    filled: Stand,
) -> None:
    path = "-/npm/v1/security/advisories/bulk"
    stated = filled.ask(path, "POST", content_length=str(9 * 2**20))
    unstated = filled.ask(path, "POST", body=[b"x" * 2**20] * 9)
    token = filled.token("root", Right.PUBLISH)
    published = filled.ask("left-pad", "PUT", token=token, content_length=str(65 * 2**20))
    assert (stated.status, unstated.status, published.status) == (413, 413, 413)


# Documents


def test_a_document_shows_only_what_may_be_had(filled: Stand) -> None:
    for accept in ("application/json", SHORT):
        found = filled.ask("left-pad", accept=accept)
        assert found.versions == ["1.0.0", "1.0.1", "1.1.0"]
        assert found.json()["dist-tags"] == {"latest": "1.1.0"}
        assert found.headers["content-type"] == accept
        assert b"1.1.1" not in found.body
        assert b"1.1.2" not in found.body


def test_a_head_is_answered_as_a_get_is_without_its_body(filled: Stand) -> None:
    for path in ("left-pad", TARBALL, "left-pad/-/left-pad-1.1.1.tgz", "left-pad/1.1.2", "none"):
        whole, head = filled.ask(path), filled.ask(path, "HEAD")
        assert (head.status, head.headers, head.body) == (whole.status, whole.headers, b""), path
    assert [each.bytes for each in filled.requests() if each.method == "HEAD"] == [0] * 5


def test_gzip_packs_the_same_document_under_another_validator(filled: Stand) -> None:
    plain = filled.ask("left-pad")
    packed = filled.ask("left-pad", accept_encoding="br, gzip, deflate")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert int(packed.headers["content-length"]) == len(packed.body)


def test_who_does_not_take_gzip_gets_none(filled: Stand) -> None:
    for said in ("", "identity", "br", "gzip;q=0", "gzip; q=0.000, br"):
        assert "content-encoding" not in filled.ask("left-pad", accept_encoding=said).headers, said


@pytest.mark.parametrize("said", ["{}", "W/{}", '"other", {}', '"a",W/{},"b"'])
def test_a_validator_that_still_holds_is_answered_with_304(filled: Stand, said: str) -> None:
    first = filled.ask("left-pad")
    again = filled.ask("left-pad", if_none_match=said.format(first.headers["etag"]))
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-length" not in again.headers


def test_a_validator_of_another_document_is_answered_whole(filled: Stand) -> None:
    assert filled.ask("left-pad", if_none_match='"other"').status == 200


def test_a_version_and_the_tags_are_of_the_document_that_is_shown(filled: Stand) -> None:
    assert filled.ask("left-pad/1.1.0").json()["version"] == "1.1.0"
    assert filled.ask("left-pad/latest").json()["version"] == "1.1.0"
    assert filled.ask("-/package/left-pad/dist-tags").json() == {"latest": "1.1.0"}
    for hidden in ("1.1.1", "1.1.2", "9.9.9"):
        assert filled.ask(f"left-pad/{hidden}").status == 404


def test_attestations_of_a_hidden_release_are_not_told(filled: Stand, registry: Registry) -> None:
    registry.attest("left-pad", "1.1.0", [{"predicateType": "x", "bundle": {}}])
    registry.attest("left-pad", "1.1.2", [{"predicateType": "x", "bundle": {}}])
    assert filled.ask("-/npm/v1/attestations/left-pad@1.1.0").status == 200
    assert filled.ask("-/npm/v1/attestations/left-pad@1.1.2").status == 404


# Artifacts


def test_an_artifact_is_given_as_it_is_upstream(filled: Stand, registry: Registry) -> None:
    found = filled.ask(TARBALL)
    assert found.body == registry.release("left-pad", "1.1.0").tarball


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, None),
        ("bytes=-7", -7, None),
        ("bytes=5-999999", 5, None),
    ],
)
def test_a_range_is_a_part_of_the_same_artifact(
    filled: Stand, wanted: str, start: int, stop: int | None
) -> None:
    whole = filled.ask(TARBALL).body
    part = filled.ask(TARBALL, range=wanted)
    assert (part.status, part.body) == (206, whole[start:stop])
    assert part.headers["content-range"].endswith(f"/{len(whole)}")
    head = filled.ask(TARBALL, "HEAD", range=wanted)
    assert (head.status, head.headers, head.body) == (206, part.headers, b"")


def test_a_range_that_cannot_be_met_says_how_long_the_artifact_is(filled: Stand) -> None:
    size = len(filled.ask(TARBALL).body)
    for wanted in (f"bytes={size}-", "bytes=9-3", "bytes=-0"):
        found = filled.ask(TARBALL, range=wanted)
        assert (found.status, found.body) == (416, b""), wanted
        assert found.headers["content-range"] == f"bytes */{size}"


def test_neither_head_nor_a_range_gets_anything_of_a_refused_artifact(filled: Stand) -> None:
    for version in ("1.1.1", "1.1.2"):
        path = f"left-pad/-/left-pad-{version}.tgz"
        tarball = filled.registry.release("left-pad", version).tarball or b""
        for method in ("GET", "HEAD"):
            for wanted in ("", "bytes=0-3", "bytes=-1"):
                found = filled.ask(path, method, range=wanted)
                assert found.status == 403
                assert tarball[:8] not in found.body
                assert "etag" not in found.headers


def test_a_refusal_names_rule_and_decision_and_its_page_tells_why(filled: Stand) -> None:
    refused = filled.ask("left-pad/-/left-pad-1.1.1.tgz")
    told = refused.json()
    assert refused.reason.startswith("blocked by policy: left-pad@1.1.1 behavior/new-capability")
    assert told["decision"] in refused.reason
    assert told["rules"] == ["behavior/new-capability"]
    page = filled.ask(f"-/pratique/decisions/{told['decision']}")
    assert page.status == 200
    assert page.json()["verdict"] == "block"
    assert page.json()["findings"][0]["rule"] == "behavior/new-capability"
    assert filled.ask("-/pratique/decisions/aaaaaaaaaaaaaaaa").status == 404


def test_a_file_that_no_release_has_is_not_asked_for(filled: Stand, registry: Registry) -> None:
    assert filled.ask("left-pad/-/left-pad-7.0.0.tgz").status == 404
    assert not registry.asked("*/-/*")


def test_words_of_a_hostile_document_break_no_header_and_no_phrase(
    stand: Stand, registry: Registry
) -> None:
    evil = "x\r\nset-cookie: a=b\r\n\r\n<script>\u2028\x1b[2J"
    publish(registry)
    registry.publish(
        "left-pad",
        "1.1.1",
        published=days(10),
        files=EVIL,
        scripts={"postinstall": evil},
        deprecated=evil,
        user=evil,
    )
    found = stand.ask("left-pad/-/left-pad-1.1.1.tgz")
    assert found.status == 403
    for text in (found.reason, *found.headers, *found.headers.values()):
        assert text.isascii()
        assert text.isprintable()
    page = stand.ask(f"-/pratique/decisions/{found.json()['decision']}")
    assert page.headers["content-type"] == "application/json"
    assert page.headers["x-content-type-options"] == "nosniff"


# Tokens


def test_anonymous_may_read_and_not_write(filled: Stand) -> None:
    assert filled.ask("left-pad").status == 200
    for method in ("PUT", "DELETE", "POST"):
        assert filled.ask("left-pad", method).status == 401


def test_a_firewall_without_anonymous_asks_for_a_token_everywhere_but_at_the_health_page(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    with standing(tmp_path / "data", registry, clock, anonymous=False) as shut:
        for path in ("left-pad", TARBALL, "-/pratique/decisions/aaaaaaaaaaaaaaaa", "-/metrics"):
            found = shut.ask(path)
            assert found.status in {401, 404}, path
        assert shut.ask("left-pad").status == 401
        assert shut.ask("-/npm/v1/security/advisories/bulk", "POST", body=b"{}").status == 401
        assert not registry.requests
        assert shut.ask("-/ping").status == 200
        assert shut.ask("left-pad", token=shut.token()).status == 200


def test_a_token_that_is_unknown_is_refused_where_anonymous_would_be_served(filled: Stand) -> None:
    for text in (tokens.spelled(b"x" * 32), "nonsense", "prt_"):
        assert filled.ask("left-pad", token=text).status == 401


def test_an_expired_token_is_refused_from_its_last_instant_on(filled: Stand, clock: Clock) -> None:
    token = filled.token(expires_at=NOW + timedelta(hours=1))
    clock.move(minutes=59, seconds=59)
    assert filled.ask("left-pad", token=token).status == 200
    clock.move(seconds=1)
    assert filled.ask("left-pad", token=token).status == 401


def test_a_revoked_token_is_refused_within_two_seconds(filled: Stand, clock: Clock) -> None:
    token = filled.token()
    assert filled.ask("left-pad", token=token).status == 200
    filled.running.firewall.private.revoke(tokens.id_of(token), clock())
    clock.move(seconds=2)
    assert filled.ask("left-pad", token=token).status == 401


def test_a_token_reads_only_what_its_scope_names(filled: Stand, registry: Registry) -> None:
    publish(registry, "@corp/tool")
    token = filled.token(packages=("@corp/*",))
    assert filled.ask("@corp%2ftool", token=token).status == 200
    for path in ("left-pad", TARBALL, "left-pad/1.1.0", "-/npm/v1/attestations/left-pad@1.1.0"):
        assert filled.ask(path, token=token).status == 403, path


def test_who_may_only_read_may_not_publish(filled: Stand) -> None:
    token = filled.token(packages=("@corp/*",))
    assert filled.ask("@corp%2ftool", "PUT", body=b"{}", token=token).status == 403


def test_a_decision_is_told_only_to_who_may_read_the_package(filled: Stand) -> None:
    id_ = filled.ask("left-pad/-/left-pad-1.1.1.tgz").json()["decision"]
    others, own = filled.token("bob", packages=("@corp/*",)), filled.token("eve", seed=2)
    assert filled.ask(f"-/pratique/decisions/{id_}", token=others).status == 404
    assert filled.ask(f"-/pratique/decisions/{id_}", token=own).status == 200


def test_no_text_of_a_token_is_on_record_or_in_the_firewalls_folder(filled: Stand) -> None:
    token = filled.token("alice")
    filled.ask("left-pad", token=token)
    filled.ask(f"-/npm/v1/tokens/token/{token}", "DELETE", token=token)
    filled.ask("left-pad", authorization=f"Basic {token}")
    filled.ask(f"-/user/token/{token}", "DELETE", token=token)
    assert "alice" in {each.token for each in filled.requests()}
    assert token not in repr(filled.log())
    files = [each for each in filled.running.settings.data.rglob("*") if each.is_file()]
    assert files
    assert not any(token.encode() in each.read_bytes() for each in files)


def test_every_request_is_on_record_with_what_it_was_answered(filled: Stand) -> None:
    filled.ask("left-pad", user_agent="npm/10\r\nx")
    refused = filled.ask("left-pad/-/left-pad-1.1.1.tgz").json()
    page, file = filled.requests()
    assert (page.kind, page.name, page.status, page.hidden) == ("packument", "left-pad", 200, 2)
    assert (file.kind, file.status, file.decision) == ("tarball", 403, refused["decision"])
    assert json.dumps(file.client) == '""'


def test_a_failure_of_our_own_is_answered_and_on_record(
    filled: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(filled.running.packages, "shelf", broken)
    answer = filled.ask("left-pad")
    assert (answer.status, answer.json()["error"]) == (
        500,
        "the firewall failed (ZeroDivisionError)",
    )
    assert filled.requests()[-1].status == 500
