"""Asking over HTTP: bounds, retries, redirects, and where a secret may go."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.registry import Answer, Exchange, Fault, Registry, faults

from pratique.errors import SettingsError
from pratique.gather.http import Client, Failure, Limits, Request, Response
from pratique.gather.transport import goes_direct
from pratique.model.registry import Credential, Registries, Transport, dart_of

QUICK = Limits(connect=2.0, read=1.0, total=8.0, backoff=0.0)
SECRET = "s3cr3t-token"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(prefix="/npm/") as started:
        started.publish("is-odd", "1.0.0")
        yield started


def registries(registry: Registry, scope: str = "") -> Registries:
    token = Credential.of("Bearer", SECRET)
    dart = dart_of(registry.url + scope)
    assert token is not None
    assert dart is not None
    return Registries(registry.url, credentials={dart: token})


def ask(
    url: str, user: Registries | None = None, *, limits: Limits = QUICK, **more: object
) -> Response | Failure:
    waits: list[float] = []
    with Client(user or Registries(), limits=limits, sleep=waits.append) as client:
        request = replace(Request(url), **more)  # type: ignore[arg-type]
        with client.get(request) as answer:
            return answer


def why(answer: Response | Failure) -> str:
    assert isinstance(answer, Failure), answer
    return answer.why


def test_an_answer_has_its_status_body_and_validator(registry: Registry) -> None:
    answer = ask(registry.url + "is-odd/1.0.0")
    assert isinstance(answer, Response)
    assert answer.status == 200
    assert b'"is-odd"' in answer.body
    assert answer.etag is not None
    again = ask(registry.url + "is-odd/1.0.0", etag=answer.etag)
    assert again == Response(304, bytearray())
    assert registry.requests[0].headers["user-agent"].startswith("pratique/")


def test_a_304_that_nobody_asked_for_is_a_failure(registry: Registry) -> None:
    registry.fault(faults.status(304))
    assert "304" in why(ask(registry.url + "is-odd"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 500])
def test_other_statuses_are_answers_without_a_body_and_not_asked_twice(
    registry: Registry, status: int
) -> None:
    registry.fault(faults.status(status))
    assert ask(registry.url + "is-odd") == Response(status, bytearray())
    assert len(registry.requests) == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.status(429), "status 429"),
        (faults.status(502), "status 502"),
        (faults.status(503), "status 503"),
        (faults.status(504), "status 504"),
        (faults.reset(), "broke off"),
        (faults.reset(5), "broke off"),
        (faults.truncated(), "broke off"),
    ],
    ids=["429", "502", "503", "504", "reset", "reset in the body", "truncated"],
)
def test_what_may_pass_is_tried_again_four_times_in_all(
    registry: Registry, fault: Fault, words: str
) -> None:
    registry.fault(fault, times=3)
    assert isinstance(ask(registry.url + "is-odd"), Response)
    registry.fault(fault)
    registry.forget()
    text = why(ask(registry.url + "is-odd"))
    assert words in text
    assert "127.0.0.1" in text
    assert len(registry.requests) == 4


def test_retry_after_is_honoured_within_its_bound(registry: Registry) -> None:
    waits: list[float] = []
    registry.fault(faults.too_many_requests("7"), times=1)
    with Client(Registries(), limits=QUICK, sleep=waits.append) as client:
        with client.get(Request(registry.url + "is-odd")) as answer:
            assert isinstance(answer, Response)
        registry.fault(faults.too_many_requests("3600"))
        registry.forget()
        with client.get(Request(registry.url + "is-odd")) as answer:
            assert "429" in why(answer)
    assert waits == [7.0]
    assert len(registry.requests) == 1


@pytest.mark.parametrize(
    ("retry_after", "date", "wait"),
    [
        ("Sun, 22 Nov 2026 12:00:05 GMT", "Sun, 22 Nov 2026 12:00:00 GMT", 5.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", "Sun, 22 Nov 2026 12:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 12:00:05 GMT", "", 0.0),
        ("soon", "Sun, 22 Nov 2026 12:00:00 GMT", 0.0),
    ],
)
def test_a_date_to_retry_after_counts_from_the_answers_own_date(
    registry: Registry, retry_after: str, date: str, wait: float
) -> None:
    headers = {"retry-after": retry_after} | ({"date": date} if date else {})
    registry.fault(lambda _exchange, _answer: Answer(429, b"", headers), times=1)
    waits: list[float] = []
    with (
        Client(Registries(), limits=QUICK, sleep=waits.append) as client,
        client.get(Request(registry.url + "is-odd")) as answer,
    ):
        assert isinstance(answer, Response)
    assert waits == [wait]


def test_waits_grow_and_are_spread() -> None:
    waits: list[float] = []
    limits = replace(QUICK, backoff=1.0, attempts=6)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    with (
        Client(Registries(), limits=limits, sleep=waits.append) as client,
        client.get(Request(url)) as answer,
    ):
        assert "could not be reached" in why(answer)
    assert len(waits) == 5
    for attempt, wait in enumerate(waits):
        assert min(0.5 * 2**attempt, 20) <= wait <= min(1.5 * 2**attempt, 20)


def test_a_host_that_never_answers_is_not_asked_for_ever(registry: Registry) -> None:
    registry.fault(faults.status(503))
    with Client(Registries(), limits=QUICK, sleep=lambda _wait: None) as client:
        for _question in range(20):
            with client.get(Request(registry.url + "is-odd")) as answer:
                assert isinstance(answer, Failure)
    assert len(registry.requests) == 6 * 4
    assert "any more" in why(answer)


def test_a_silent_server_and_one_that_drips_are_given_up_in_time(registry: Registry) -> None:
    limits = Limits(connect=2.0, read=0.2, total=0.5, attempts=2, backoff=0.0)
    registry.fault(faults.slow(wait=30))
    assert "in time" in why(ask(registry.url + "is-odd", limits=limits))
    registry.fault(faults.slow(chunk=1, pause=0.05))
    assert "in time" in why(ask(registry.url + "is-odd", limits=limits))


def test_headers_that_drip_are_given_up_in_time() -> None:
    stop = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _address = server.accept()
        connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
        while not stop.wait(0.02):
            try:
                connection.sendall(b"y")
            except OSError:
                break
        connection.close()

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        limits = Limits(read=5.0, total=0.3, attempts=1)
        answer = ask(f"http://127.0.0.1:{server.getsockname()[1]}/", limits=limits)
        stop.set()
        thread.join()
    assert "in time" in why(answer)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.huge(300_000), "larger than 100000 bytes"),
        (faults.gzip_bomb(300_000), "larger than 100000 bytes"),
    ],
)
def test_a_body_beyond_its_bound_is_a_failure(registry: Registry, fault: Fault, words: str) -> None:
    registry.fault(fault)
    assert words in why(ask(registry.url + "is-odd", most=100_000))
    assert len(registry.requests) == 1


def test_a_body_that_inflates_too_much_is_a_failure_below_the_bound_too(registry: Registry) -> None:
    registry.fault(faults.gzip_bomb(30_000_000))
    assert "200 times larger" in why(ask(registry.url + "is-odd", most=100_000_000))


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (b"not gzip", "gzip", "broken encoding"),
        (b"x", "br", "not asked for"),
        (gzip.compress(b"x" * 100, mtime=0)[:-9], "gzip", "middle of its encoding"),
    ],
)
def test_an_encoding_that_cannot_be_undone_is_a_failure(
    registry: Registry, body: bytes, encoding: str, words: str
) -> None:
    registry.fault(lambda _exchange, _answer: Answer(200, body, {"content-encoding": encoding}))
    assert words in why(ask(registry.url + "is-odd"))


@pytest.mark.parametrize(("size", "most"), [(9_000_000, 1), (2_000_000, 4)])
def test_few_bodies_are_held_at_once_and_the_larger_the_fewer(
    registry: Registry, size: int, most: int
) -> None:
    registry.fault(faults.huge(size))
    lock = threading.Lock()
    held: list[int] = [0]

    def use(client: Client) -> None:
        with client.get(Request(registry.url + "is-odd", most=10_000_000)) as answer:
            assert isinstance(answer, Response), answer
            with lock:
                held.append(held[-1] + 1)
            time.sleep(0.02)
            with lock:
                held.append(held[-1] - 1)

    with Client(Registries()) as client:
        threads = [threading.Thread(target=use, args=(client,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(held) == 17
    assert max(held) <= most


def test_connections_are_kept_alive(registry: Registry) -> None:
    with Client(registries(registry)) as client:
        pool = client._pools._direct.connection_from_url(registry.url)
        for path in ("is-odd", "is-odd/1.0.0", "missing", "is-odd/9.9.9", "is-odd"):
            with client.get(Request(registry.url + path)):
                pass
        assert pool.num_connections == 1
        assert pool.num_requests == 5


# Redirects and secrets


def test_the_token_goes_to_its_registry(registry: Registry) -> None:
    ask(registry.url + "is-odd", registries(registry))
    assert registry.credentials == {f"Bearer {SECRET}"}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_the_token_goes_along_where_a_redirect_stays_below_its_path(
    registry: Registry, code: int
) -> None:
    registry.fault(faults.redirect("/npm/is-odd/1.0.0", code), times=1)
    assert isinstance(ask(registry.url + "is-odd", registries(registry)), Response)
    assert [one.token for one in registry.requests] == [f"Bearer {SECRET}"] * 2


def test_the_token_does_not_reach_another_path(registry: Registry) -> None:
    registry.fault(faults.redirect("/other/is-odd"), times=1)
    answer = ask(registry.url + "is-odd", registries(registry))
    assert answer == Response(404, bytearray())
    assert [one.token for one in registry.requests] == [f"Bearer {SECRET}", None]


def test_the_token_does_not_reach_another_host_and_does_not_come_back(registry: Registry) -> None:
    with Registry(prefix="/npm/") as other:
        other.fault(faults.redirect(registry.url + "is-odd"))
        registry.fault(faults.redirect(other.url + "is-odd"), times=1)
        assert isinstance(ask(registry.url + "is-odd", registries(registry)), Response)
        assert [one.token for one in registry.requests] == [f"Bearer {SECRET}", None]
        assert [one.token for one in other.requests] == [None]


def test_the_same_port_under_another_name_is_another_host(registry: Registry) -> None:
    registry.fault(faults.redirect(registry.other_url + "is-odd"), times=1)
    assert isinstance(ask(registry.url + "is-odd", registries(registry)), Response)
    assert [one.token for one in registry.requests] == [f"Bearer {SECRET}", None]


def test_the_secret_of_the_redirects_target_is_not_sent_either(registry: Registry) -> None:
    with Registry() as other:
        other.publish("is-odd", "1.0.0")
        registry.fault(faults.redirect(other.url + "is-odd"))
        filed = dict(registries(registry).credentials) | dict(registries(other).credentials)
        assert isinstance(ask(registry.url + "is-odd", Registries(credentials=filed)), Response)
        assert other.credentials == set()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("file:///etc/passwd", "no plain http(s) address"),
        ("ftp://registry.example/", "no plain http(s) address"),
        ("http://user:pass@registry.example/", "no plain http(s) address"),
        ("http://[", "no plain http(s) address"),
        ("http://registry.example/%2e%2e/x", "no plain http(s) address"),
    ],
)
def test_a_redirect_to_no_plain_address_is_a_failure(
    registry: Registry, target: str, words: str
) -> None:
    registry.fault(faults.redirect(target))
    assert words in why(ask(registry.url + "is-odd"))
    assert len(registry.requests) == 1


def test_redirects_are_followed_five_times(registry: Registry) -> None:
    registry.fault(faults.redirect_to_itself(), times=5)
    assert isinstance(ask(registry.url + "is-odd"), Response)
    registry.fault(faults.redirect_to_itself())
    assert "more than 5 times" in why(ask(registry.url + "is-odd"))


def test_no_failure_shows_a_secret(registry: Registry) -> None:
    user = registries(registry)
    proxy = "http://name:pass-w0rd@127.0.0.1:1"
    user = replace(user, transport=Transport(proxy=proxy))
    answer = ask(registry.url + "is-odd?token=" + SECRET, user)
    assert "proxy" in why(answer)
    assert SECRET not in why(answer)
    assert "pass-w0rd" not in why(answer) + repr(user)


# TLS and proxies


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Registry]:
    with Registry(tls=tmp_path) as started:
        started.publish("is-odd", "1.0.0")
        yield started


def trusting(registry: Registry) -> Registries:
    return Registries(transport=Transport(cafile=str(registry.ca)))


def test_the_users_authority_is_trusted(secure: Registry) -> None:
    assert secure.ca is not None
    by_text = Registries(transport=Transport(authorities=(secure.ca.read_text(),)))
    assert isinstance(ask(secure.url + "is-odd", trusting(secure)), Response)
    assert isinstance(ask(secure.url + "is-odd", by_text), Response)


@pytest.mark.parametrize("verify", [True, False])
def test_an_unknown_authority_is_refused_even_where_the_settings_say_otherwise(
    secure: Registry, verify: bool
) -> None:
    answer = ask(secure.url + "is-odd", Registries(transport=Transport(verify=verify)))
    assert "certificate not accepted" in why(answer)
    assert secure.requests == []


def test_a_redirect_from_https_to_http_is_not_followed(
    secure: Registry, registry: Registry
) -> None:
    secure.fault(faults.redirect(registry.url + "is-odd"))
    assert "from https to http" in why(ask(secure.url + "is-odd", trusting(secure)))
    assert registry.requests == []


@pytest.mark.parametrize(
    "transport",
    [
        Transport(cafile="/nowhere/ca.pem"),
        Transport(authorities=("no certificate",)),
        Transport(proxy="socks5://proxy.example:1080"),
        Transport(secure_proxy="http://[proxy"),
    ],
)
def test_settings_that_cannot_be_used_are_an_error_before_anything_is_asked(
    transport: Transport,
) -> None:
    with pytest.raises(SettingsError):
        Client(Registries(transport=transport))


def test_the_proxy_is_used_with_its_own_password_and_not_for_hosts_that_go_direct(
    registry: Registry,
) -> None:
    def as_proxy(exchange: Exchange, _answer: Answer) -> Answer:
        assert exchange.request.path == "http://registry.example/is-odd"
        assert exchange.request.headers["proxy-authorization"].startswith("Basic ")
        return Answer(200, b"{}")

    with Registry() as proxy:
        proxy.fault(as_proxy)
        proxy.respond = lambda request: as_proxy(_exchange(request), Answer())  # type: ignore[method-assign]
        for server in proxy._servers:
            server.respond = proxy.respond
        address = proxy.url.replace("http://", "http://me:word@")
        user = Registries(transport=Transport(proxy=address, no_proxy=("127.0.0.1",)))
        answer = ask("http://registry.example/is-odd", user)
        assert isinstance(answer, Response)
        assert answer.body == b"{}"
        assert isinstance(ask(registry.url + "is-odd", user), Response)
    assert len(registry.requests) == 1


def _exchange(request: object) -> Exchange:
    return Exchange(request, None, "", lambda _path: Answer())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "no_proxy", "direct"),
    [
        ("registry.example", ("registry.example",), True),
        ("npm.registry.example", ("registry.example",), True),
        ("npm.registry.example", (".registry.example",), True),
        ("npm.registry.example", ("*.registry.example",), True),
        ("notregistry.example", ("registry.example",), False),
        ("registry.example", ("*",), True),
        ("registry.example", ("", " "), False),
        ("REGISTRY.example.", ("registry.EXAMPLE",), True),
        ("::1", ("[::1]",), True),
    ],
)
def test_no_proxy_names_hosts_and_domains(
    host: str, no_proxy: tuple[str, ...], direct: bool
) -> None:
    assert goes_direct(host, no_proxy) is direct
