"""A hostile upstream before a real server: what it sends is refused, and nothing of it is kept."""

from __future__ import annotations

import gzip
import hashlib
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.lifecycle import Child, Got, until
from tests.e2e.raw_upstream import Raw, drip, raw_upstream, zeros
from tests.registry import Answer, Exchange, Fault, Registry, faults

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
GIGABYTE = 2**30
SHORT = "application/vnd.npm.install-v1+json"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as made:
        yield made


@pytest.fixture(scope="module")
def firewall(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with Child(tmp_path_factory.mktemp("served") / "firewall", registry.url) as made:
        yield made


@pytest.fixture(autouse=True)
def _healed(registry: Registry) -> Iterator[None]:
    yield
    registry.heal()


def publish(registry: Registry, name: str) -> str:
    """One old release; the path of its artifact."""
    registry.publish(name, "1.0.0", published=NOW - timedelta(days=900))
    return f"{name}/-/{name}-1.0.0.tgz"


def name_of(request: pytest.FixtureRequest) -> str:
    """A package of the test's own."""
    return f"p{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"


def is_clear(answer: Got) -> bool:
    """A refusal that says why, in the phrase and in the body, and carries nothing else."""
    error = answer.json()["error"]
    return (
        bool(error)
        and answer.reason.isascii()
        and answer.headers["content-type"] == ("application/json")
    )


def peak(firewall: Child) -> int:
    """Bytes of memory that the server has had at most."""
    status = Path(f"/proc/{firewall.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


# Artifacts


def longer(_exchange: Exchange, answer: Answer) -> Answer:
    return Answer(200, answer.body + b"\0" * 9)


def shorter(_exchange: Exchange, answer: Answer) -> Answer:
    return Answer(200, answer.body[:-9])


def packed(_exchange: Exchange, answer: Answer) -> Answer:
    """A bomb: what was not asked for, since artifacts are asked for as they are."""
    return Answer(200, gzip.compress(bytes(50 * 2**20)), {"content-encoding": "gzip"})


SLOW = pytest.mark.full  # tried again four times, for some seconds


@pytest.mark.parametrize(
    "fault",
    [
        faults.other_bytes(),
        faults.redirect("http://other.invalid/{path}"),
        faults.redirect("http://127.0.0.1:9/{path}"),
        faults.huge(10 * GIGABYTE),
        longer,
        shorter,
        packed,
        pytest.param(faults.truncated(), marks=SLOW),
        pytest.param(faults.truncated(0), marks=SLOW),
        pytest.param(faults.reset(10), marks=SLOW),
        pytest.param(faults.reset(), marks=SLOW),
        pytest.param(faults.status(503), marks=SLOW),
    ],
)
def test_an_artifact_that_is_not_what_the_document_names_is_refused_and_not_kept(
    firewall: Child, registry: Registry, request: pytest.FixtureRequest, fault: Fault
) -> None:
    name = name_of(request)
    path = publish(registry, name)
    assert firewall.ask(name).versions == ["1.0.0"]
    before = firewall.stored()
    registry.fault(fault, kind="tarball", package=name)
    whole, head, part = (
        firewall.ask(path),
        firewall.ask(path, "HEAD"),
        firewall.ask(path, range="bytes=0-9"),
    )
    for each in (whole, part):
        assert each.status in {403, 502}
        assert is_clear(each)
    assert (head.status, head.body) == (whole.status, b"")
    assert firewall.stored() == before
    assert firewall.ask("-/ping").status == 200


def test_head_and_range_get_what_get_does_and_nothing_of_what_is_refused(
    firewall: Child, registry: Registry
) -> None:
    path = publish(registry, "mid-pad")
    registry.publish("mid-pad", "1.0.1", published=NOW - timedelta(hours=1))
    tarball = registry.release("mid-pad", "1.0.0").bytes
    whole, head = firewall.ask(path), firewall.ask(path, "HEAD")
    part, beyond = firewall.ask(path, range="bytes=10-19"), firewall.ask(path, range="bytes=9-3")
    assert (whole.status, whole.body) == (200, tarball)
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", whole.headers["etag"])
    assert head.headers["content-length"] == str(len(tarball))
    assert (part.status, part.body) == (206, tarball[10:20])
    assert (beyond.status, beyond.body) == (416, b"")
    young = path.replace("1.0.0", "1.0.1")
    refused = [firewall.ask(young), firewall.ask(young, range="bytes=0-9")]
    assert {each.status for each in refused} == {403}
    assert all(is_clear(each) for each in refused)
    bare = firewall.ask(young, "HEAD", range="bytes=0-9")
    assert (bare.status, bare.body) == (403, b"")
    assert bare.reason.startswith("blocked by policy: mid-pad@1.0.1 release-age/too-new")


# Documents


def other_name(document: Any) -> None:
    document["name"] = "right-pad"


def no_versions(document: Any) -> None:
    document["versions"] = []


@pytest.mark.parametrize(
    "fault",
    [
        faults.malformed(),
        faults.malformed(b""),
        faults.malformed(b'{"name":"left-pad","versions":' + b'{"a":' * 50_000),
        faults.malformed(b'{"versions":{' + b'"1.0.0":{},' * 5_000_000),
        faults.malformed(b"[" + b"0," * 30_000_000),
        faults.malformed(b'{"name": "' + b"\\u0000" * 10_000_000),
        faults.edited(other_name),
        faults.edited(no_versions),
        faults.gzip_bomb(65 * 2**20),
        faults.huge(10 * GIGABYTE),
        pytest.param(faults.truncated(), marks=SLOW),
        pytest.param(faults.reset(100), marks=SLOW),
        pytest.param(faults.status(500), marks=SLOW),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_and_takes_no_good_ones_place(
    firewall: Child, registry: Registry, request: pytest.FixtureRequest, fault: Fault
) -> None:
    name = name_of(request)
    publish(registry, name)
    before = firewall.stored()
    registry.fault(fault, kind="packument", package=name)
    for accept in ("application/json", SHORT):
        found = firewall.ask(name, accept=accept)
        assert found.status == 502
        assert is_clear(found)
    assert firewall.stored() == before
    registry.heal()
    assert firewall.ask(name).versions == ["1.0.0"]


def test_neither_documents_nor_artifacts_are_taken_from_where_a_redirect_leads(
    firewall: Child, registry: Registry
) -> None:
    path = publish(registry, "moved")
    with Registry() as other:
        publish(other, "moved")
        registry.fault(faults.redirect(other.url + "{path}"), package="moved", times=1)
        found = firewall.ask("moved")
        assert found.status == 502
        assert "another host" in found.json()["error"]
        assert firewall.ask("moved").status == 200
        registry.fault(faults.redirect(other.url + "{path}"), package="moved")
        assert firewall.ask(path).status in {403, 502}
        assert not other.requests


def test_a_document_of_sixty_megabytes_that_can_be_read_is_served(
    firewall: Child, registry: Registry
) -> None:
    def edit(document: Any) -> None:
        document["readme"] = random.Random(4).randbytes(30_000_000).hex()  # noqa: S311 - no secret

    publish(registry, "large")
    registry.fault(faults.edited(edit), kind="packument", package="large")
    found = firewall.ask("large")
    assert found.versions == ["1.0.0"]
    assert len(found.body) > 60_000_000


# Without a length, without an end


@pytest.fixture(scope="module")
def raw(registry: Registry) -> Iterator[Raw]:
    with raw_upstream(registry) as made:
        yield made


@pytest.fixture(scope="module")
def behind(raw: Raw, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """A firewall before that upstream."""
    with Child(tmp_path_factory.mktemp("raw") / "firewall", raw.url) as made:
        yield made


OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n"
ENDLESS = {
    "chunked": (OK + b"transfer-encoding: chunked\r\n\r\n", True),
    "closed": (b"HTTP/1.0 200 OK\r\n\r\n", False),
}


@pytest.mark.parametrize("how", ENDLESS)
def test_a_document_without_an_end_is_left_at_the_bound(
    behind: Child, raw: Raw, registry: Registry, how: str
) -> None:
    head, chunked = ENDLESS[how]
    name, sent = f"endless-{how}", [0]
    publish(registry, name)
    raw.acts[name] = zeros(head, sent, chunked=chunked)
    before, memory = behind.stored(), peak(behind)
    found = behind.ask(name)
    assert found.status == 502
    assert is_clear(found)
    assert "larger than" in found.json()["error"]
    assert sent[0] < 150 * 2**20
    assert peak(behind) - memory < 250 * 2**20
    assert behind.stored() == before


@pytest.mark.full
@pytest.mark.parametrize("how", ENDLESS)
def test_an_artifact_without_an_end_is_left_at_the_bound(
    behind: Child, raw: Raw, registry: Registry, how: str
) -> None:
    head, chunked = ENDLESS[how]
    name, sent = f"artifact-{how}", [0]
    path = publish(registry, name)
    raw.acts[path] = zeros(head, sent, chunked=chunked)
    assert behind.ask(name).versions == ["1.0.0"]
    before, memory = {each for each in behind.stored() if len(each) == 128}, peak(behind)
    found = behind.ask(path)
    assert found.status in {403, 502}
    assert is_clear(found)
    assert sent[0] < 4 * 600 * 2**20  # the quarantine tries three times
    assert peak(behind) - memory < 60 * 2**20
    # The quarantine may be at it once more.
    until(lambda: behind.stored() == before, "something of it is kept")


HEADS = {
    "endless": b"HTTP/1.1 200 OK\r\n" + b"x-more: y\r\n" * 100_000,
    "long": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10_000_000,
    "none": b"\x16\x03\x01 nonsense",
    "two lengths": OK + b"content-length: 5\r\ncontent-length: 500\r\n\r\nhello",
    "negative": OK + b"content-length: -5\r\n\r\nhello",
    "many encodings": OK + b"content-encoding: gzip, gzip\r\ncontent-length: 5\r\n\r\nhello",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "early": b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(each, marks=SLOW if each in {"endless", "long", "none", "early"} else ())
        for each in HEADS
    ],
)
def test_an_answer_that_is_no_answer_is_refused(
    behind: Child, raw: Raw, registry: Registry, kind: str
) -> None:
    name = f"head-{kind.replace(' ', '-')}"
    path = publish(registry, name)

    def act(connection: socket.socket) -> None:
        connection.sendall(HEADS[kind])

    raw.acts[name] = act
    found = behind.ask(name)
    assert found.status == 502
    assert is_clear(found)
    raw.acts[path] = raw.acts.pop(name)
    behind.ask(name)
    assert behind.ask(path).status in {403, 502}


@pytest.mark.full
def test_an_upstream_that_sends_a_byte_now_and_then_holds_up_that_package_alone(
    behind: Child, raw: Raw, registry: Registry
) -> None:
    """The whole of an answer has two minutes, whatever comes meanwhile."""
    stop, threads, slow = threading.Event(), [], []
    publish(registry, "quick")
    for number in range(4):
        name = f"slow-{number}"
        publish(registry, name)
        raw.acts[name] = drip(OK + b"content-length: 100000\r\n\r\n", stop)
        thread = threading.Thread(target=lambda name=name: slow.append(ask_long(behind, name)))
        thread.start()
        threads.append(thread)
    assert behind.ask("quick").versions == ["1.0.0"]
    for thread in threads:
        thread.join(200)
    stop.set()
    assert [each for each in slow if each != 502] == []
    assert len(slow) == 4


def ask_long(firewall: Child, name: str) -> int:
    with socket.create_connection(("127.0.0.1", firewall.port), timeout=180) as connection:
        head = f"GET /{name} HTTP/1.1\r\nhost: 127.0.0.1:{firewall.port}\r\n\r\n"
        connection.sendall(head.encode())
        return int(connection.recv(65536).split()[1])


# Clients that send slowly


@pytest.mark.full
def test_who_sends_its_head_by_the_byte_is_let_go_of_and_holds_up_nobody(firewall: Child) -> None:
    with ExitStack() as stack:
        held = []
        for _ in range(300):
            connection = socket.create_connection(("127.0.0.1", firewall.port), timeout=60)
            held.append(stack.enter_context(connection))
            connection.sendall(b"GET /left-pad HTTP/1.1\r\nx-slow: ")
        assert firewall.ask("-/ping").status == 200
        for connection in held:
            assert connection.recv(100) == b""
