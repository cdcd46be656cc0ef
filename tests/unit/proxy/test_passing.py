"""What is asked upstream for a client: without own names, and an error stays an error."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.raw_upstream import raw_upstream
from tests.registry import Registry, faults
from tests.unit.proxy.stand import HOST, Clock, Stand, policy, standing

from pratique.model.registry import Registries

BULK = "-/npm/v1/security/advisories/bulk"
QUICK = "-/npm/v1/security/audits/quick"
AUDIT = "-/npm/v1/security/audits"
OWN = '[layers.registry]\nown = ["@corp", "corp-lib"]\n'
TREE = {
    "name": "@corp/app",
    "version": "1.0.0",
    "requires": {"left-pad": "^1.0.0", "@corp/tool": "1", "pad": "npm:corp-lib@1.0.0"},
    "install": ["left-pad@1", "@corp/tool@2", "corp-lib"],
    "dependencies": {
        "left-pad": {"version": "1.0.0", "requires": {"@corp/deep": "1", "other": "2"}},
        "@corp/tool": {"version": "1.0.0", "dependencies": {"inner": {"version": "1.0.0"}}},
        "pad": {"version": "npm:corp-lib@1.0.0"},
    },
}


@pytest.fixture
def owning(tmp_path: Path, registry: Registry, clock: Clock) -> Iterator[Stand]:
    with standing(tmp_path / "data", registry, clock, policy(OWN)) as made:
        yield made


def deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"@corp/secret": {"version": "1.0.0"}}
    for _ in range(levels):
        inner = {"a": {"dependencies": inner}}
    return {"dependencies": inner}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (BULK, {"left-pad": ["1.0.0"], "@corp/tool": ["1.0.0"], "corp-lib": ["2.0.0"]}),
        (QUICK, TREE),
        (AUDIT, TREE),
        (QUICK, deep(3)),
        (QUICK, deep(150)),
        (QUICK, [TREE]),
    ],
)
def test_no_own_name_is_told_to_an_upstream(
    owning: Stand, registry: Registry, path: str, body: Any, *, packed: bool
) -> None:
    content = json.dumps(body).encode()
    if packed:
        content = gzip.compress(content)
    encoding = "gzip" if packed else "identity"
    owning.ask(path, "POST", body=content, content_encoding=encoding)
    for asked in registry.requests:
        assert b"corp" not in asked.body
        assert "corp" not in asked.path
    assert len(registry.requests) == (0 if isinstance(body, list) else 1)
    if "left-pad" in body:
        assert b"left-pad" in registry.requests[0].body


@pytest.mark.parametrize("path", ["@corp%2ftool", "corp-lib", "@corp/tool/-/tool-1.0.0.tgz"])
def test_an_own_name_that_nobody_published_is_not_asked_for_upstream(
    owning: Stand, registry: Registry, path: str
) -> None:
    assert owning.ask(path).status == 404
    assert owning.ask("-/npm/v1/attestations/@corp%2ftool@1.0.0").status == 404
    assert not registry.requests


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"<html>ok</html>", b'{"a":', b"\xff{}"])
@pytest.mark.parametrize("path", [BULK, QUICK])
def test_an_answer_that_is_no_audit_is_never_a_clean_one(
    stand: Stand, registry: Registry, body: bytes, path: str
) -> None:
    registry.fault(faults.malformed(body), path=path)
    found = stand.ask(path, "POST", body=b'{"left-pad":["1.0.0"]}')
    assert found.status >= 400
    assert found.error


@pytest.mark.parametrize("status", [201, 202, 204, 400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize("path", [BULK, QUICK])
def test_an_audit_that_failed_is_never_a_clean_one(
    stand: Stand, registry: Registry, status: int, path: str
) -> None:
    registry.fault(faults.status(status), kind="-/npm/*")
    found = stand.ask(path, "POST", body=b'{"left-pad":["1.0.0"]}')
    assert found.status >= 400
    assert found.error


def test_an_audit_is_no_clean_one_where_the_upstream_is_away(
    stand: Stand, registry: Registry
) -> None:
    registry.close()
    assert stand.ask(BULK, "POST", body=b"{}").status == 502
    assert stand.ask("-/npm/v1/keys").status == 502


def test_an_advisory_reaches_the_client(stand: Stand, registry: Registry) -> None:
    registry.advise("left-pad", ["1.0.0"])
    body = gzip.compress(b'{"left-pad":["1.0.0"]}')
    found = stand.ask(BULK, "POST", body=body, content_encoding="gzip")
    assert "left-pad" in found.json()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"\xff",
        b"[]",
        b'"x"',
        gzip.compress(b"{}", mtime=0)[:-4],
        gzip.compress(b" " * 17 * 2**20, mtime=0),
    ],
)
def test_an_audit_that_cannot_be_read_is_not_passed_on(
    stand: Stand, registry: Registry, body: bytes
) -> None:
    encoding = "gzip" if body[:2] == b"\x1f\x8b" else "identity"
    assert stand.ask(BULK, "POST", body=body, content_encoding=encoding).status == 400
    assert not registry.requests


def test_no_credential_of_a_client_reaches_the_upstream(stand: Stand, registry: Registry) -> None:
    token = stand.token()
    stand.ask(BULK, "POST", body=b"{}", token=token)
    stand.ask("-/npm/v1/keys", token=token, cookie="a=b")
    assert registry.requests
    assert not registry.credentials
    assert not any("cookie" in each.headers for each in registry.requests)


def test_the_keys_are_the_upstreams(stand: Stand) -> None:
    assert stand.ask("-/npm/v1/keys").json()["keys"]


def test_an_upstream_that_is_slow_to_answer_audits_holds_up_nothing_of_our_own(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    stop = threading.Event()

    def hang(_connection: object) -> None:
        stop.wait(20)

    with raw_upstream(registry) as raw:
        raw.acts[BULK] = hang
        more = {"registries": Registries(default=raw.url)}
        with standing(tmp_path / "data", registry, clock, policy(OWN), **more) as stand:
            host = {"host": HOST}

            async def asked() -> None:
                audit = stand._asked
                waiting = [
                    asyncio.create_task(audit("POST", BULK, host, [b'{"a":["1"]}'], "127.0.0.1"))
                    for _ in range(40)
                ]
                await asyncio.sleep(1)
                own = "-/npm/v1/attestations/@corp%2ftool@1.0.0"
                try:
                    found = await asyncio.wait_for(
                        stand._asked("GET", own, host, [b""], "127.0.0.1"), 3
                    )
                finally:
                    stop.set()
                assert found.status == 404
                assert {each.status for each in await asyncio.gather(*waiting)} == {502}

            stand.loop.run_until_complete(asked())
