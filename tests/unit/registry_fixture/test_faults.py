"""The test registry misbehaves on demand, as told and no further."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import urllib3
from tests.registry import Fault, Registry, faults

Get = Callable[..., urllib3.BaseHTTPResponse]


@pytest.fixture
def get(registry: Registry) -> Any:
    registry.publish("a", "1.0.0")
    registry.publish("b", "2.0.0")
    with urllib3.PoolManager(retries=False) as pool:

        def request(path: str, **options: Any) -> urllib3.BaseHTTPResponse:
            return pool.request("GET", registry.url + path, redirect=False, **options)

        yield request


def test_a_fault_hits_only_what_it_names(registry: Registry, get: Get) -> None:
    registry.fault(faults.status(503), package="a", kind="tarball")
    assert get("a/-/a-1.0.0.tgz").status == 503
    assert get("a").status == 200
    assert get("b/-/b-2.0.0.tgz").status == 200


def test_a_counted_fault_ends_and_a_later_one_begins(registry: Registry, get: Get) -> None:
    registry.fault(faults.status(500), package="a", after=1, times=2)
    assert [get("a").status for _ in range(5)] == [200, 500, 500, 200, 200]


def test_faults_can_be_healed(registry: Registry, get: Get) -> None:
    registry.fault(faults.not_found())
    assert get("a").status == 404
    registry.heal()
    assert get("a").status == 200


def test_too_many_requests_says_when_to_come_back(registry: Registry, get: Get) -> None:
    registry.fault(faults.too_many_requests("7"))
    answer = get("a")
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")


def test_a_status_has_the_reason_phrase_it_is_given(registry: Registry, get: Get) -> None:
    registry.fault(faults.status(403, reason="not today"))
    answer = get("a")
    assert answer.reason == "not today"
    assert answer.json() == {"error": "not today"}


def test_a_truncated_body_is_shorter_than_announced(registry: Registry) -> None:
    release = registry.publish("a", "1.0.0")
    registry.fault(faults.truncated(10))
    with closing(http.client.HTTPConnection("127.0.0.1", registry.port)) as connection:
        connection.request("GET", "/" + release.path)
        answer = connection.getresponse()
        assert answer.getheader("content-length") == str(len(release.bytes))
        with pytest.raises(http.client.IncompleteRead) as error:
            answer.read()
        assert error.value.partial == release.bytes[:10]


@pytest.mark.parametrize("after", [None, 5])
def test_a_reset_is_a_reset(registry: Registry, get: Get, after: int | None) -> None:
    registry.fault(faults.reset(after))
    with pytest.raises(urllib3.exceptions.ProtocolError) as error:
        get("a")
    assert "reset by peer" in str(error.value)


def test_a_slow_answer_is_complete(registry: Registry, get: Get) -> None:
    right = get("a").data
    registry.fault(faults.slow(wait=0.01, chunk=100, pause=0.001))
    assert get("a").data == right


def test_a_client_that_gives_up_on_a_slow_answer_does_not_hold_the_registry(
    registry: Registry, get: Get
) -> None:
    registry.fault(faults.slow(wait=60), times=1)
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        get("a", timeout=0.05)
    assert get("a").status == 200


def test_wrong_bytes_are_not_those_of_the_metadata(registry: Registry, get: Get) -> None:
    registry.fault(faults.other_bytes(), kind="tarball")
    assert get("a/-/a-1.0.0.tgz").data != registry.release("a", "1.0.0").bytes


def test_another_packages_document_can_come_instead(registry: Registry, get: Get) -> None:
    registry.fault(faults.instead("b"), package="a", kind="packument")
    registry.fault(faults.instead("b/-/b-2.0.0.tgz"), package="a", kind="tarball")
    assert get("a").json()["name"] == "b"
    assert get("a/-/a-1.0.0.tgz").data == registry.release("b", "2.0.0").bytes


def test_a_huge_body_is_as_huge_as_announced(registry: Registry, get: Get) -> None:
    registry.fault(faults.huge(3_000_000))
    answer = get("a")
    assert len(answer.data) == 3_000_000
    assert json.loads(answer.data)["name"] == "a"


def test_a_gzip_bomb_is_small_on_the_wire(registry: Registry, get: Get) -> None:
    registry.fault(faults.gzip_bomb(5_000_000))
    answer = get("a", decode_content=False)
    assert len(answer.data) < 50_000
    assert len(gzip.decompress(answer.data)) == 5_000_000


def test_malformed_json_has_status_200(registry: Registry, get: Get) -> None:
    registry.fault(faults.malformed())
    answer = get("a")
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.data)


def test_redirects_go_where_they_are_told(registry: Registry, get: Get) -> None:
    registry.fault(faults.redirect(registry.other_url + "{path}", 307), package="a")
    registry.fault(faults.redirect_to_itself(), package="b")
    away, loop = get("a/1.0.0"), get("b")
    assert (away.status, away.headers["location"]) == (307, registry.other_url + "a/1.0.0")
    assert loop.headers["location"] == "/b"


@pytest.mark.parametrize(
    ("fault", "removed"),
    [
        (faults.without("time"), "time"),
        (faults.without("dist-tags"), "dist-tags"),
    ],
)
def test_members_of_a_document_can_be_missing(
    registry: Registry, get: Get, fault: Fault, removed: str
) -> None:
    assert removed in get("a").json()
    registry.fault(fault)
    assert removed not in get("a").json()


@pytest.mark.parametrize("path", ["a", "a/1.0.0"])
def test_digests_can_be_missing_from_documents(registry: Registry, get: Get, path: str) -> None:
    registry.fault(faults.without_digests())
    document = get(path).json()
    version = document.get("versions", {}).get("1.0.0", document)
    assert set(version["dist"]) & {"integrity", "shasum", "signatures"} == set()
    assert version["dist"]["tarball"]


def test_times_can_have_another_form(registry: Registry, get: Get) -> None:
    registry.fault(faults.times(lambda text: text.replace(".000Z", "+00:00")))
    assert get("a").json()["time"]["1.0.0"] == "2020-01-01T01:00:00+00:00"


def test_every_request_is_on_record_with_its_credentials(registry: Registry, get: Get) -> None:
    get("a")
    assert registry.credentials == set()
    get("a/1.0.0?write=true", headers={"Authorization": "Bearer secret"})
    assert registry.credentials == {"Bearer secret"}
    assert [one.path for one in registry.asked("a*")] == ["/a", "/a/1.0.0?write=true"]
    registry.forget()
    assert registry.requests == []


@pytest.mark.parametrize("status", [401, 404])
def test_a_protected_scope_wants_its_token(registry: Registry, get: Get, status: int) -> None:
    registry.publish("@corp/x", "1.0.0")
    registry.protect("@corp/*", "right", status=status)
    answers = [
        get(path, headers={"Authorization": f"Bearer {token}"} if token else {}).status
        for path in ("@corp%2fx", "@corp/x/-/x-1.0.0.tgz")
        for token in ("", "wrong", "right")
    ]
    assert answers == [status, status, 200] * 2
    assert get("a").status == 200


def test_a_closed_registry_leaves_its_port(registry: Registry) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", registry.port)) as connection:
        connection.request("GET", "/-/ping")
        assert connection.getresponse().read() == b"{}"
        registry.close()
        with pytest.raises((http.client.HTTPException, OSError)):
            _ping(connection)
    with pytest.raises(OSError, match="refused"):
        http.client.HTTPConnection("127.0.0.1", registry.port).connect()


def test_a_registry_can_serve_https_and_redirect_to_http(
    registry: Registry, secured: Registry
) -> None:
    with urllib3.PoolManager(retries=False, ca_certs=str(secured.ca)) as pool:
        secured.publish("a", "1.0.0")
        secured.fault(faults.redirect(registry.url + "{path}"), kind="tarball")
        tarball = pool.request("GET", secured.url + "a/1.0.0").json()["dist"]["tarball"]
        answer = pool.request("GET", tarball, redirect=False)
    assert tarball.startswith("https://127.0.0.1:")
    assert answer.headers["location"] == registry.url + "a/-/a-1.0.0.tgz"


def _ping(connection: http.client.HTTPConnection) -> bytes:
    connection.request("GET", "/-/ping")
    return connection.getresponse().read()
