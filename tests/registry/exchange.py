"""Requests, answers, and how an answer's bytes leave the machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

FULL = "application/json"
SHORT = "application/vnd.npm.install-v1+json"
BYTES = "application/octet-stream"


@dataclass(frozen=True)
class Request:
    """One request as it came in. Header names are lower case; `path` is verbatim, with query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def token(self) -> str | None:
        """The `Authorization` header, verbatim."""
        return self.headers.get("authorization")


@dataclass(frozen=True)
class Route:
    """What a request asks for.

    Attributes:
        kind: `packument`, `version`, `tarball`, `attestations`, or the path of another endpoint
            (`-/ping`, `-/npm/v1/keys`, ...).
        name: The package's name, decoded; "" for the endpoints without one.
        rest: The version or tag, the tarball's file name, or "".
    """

    kind: str
    name: str = ""
    rest: str = ""


@dataclass(frozen=True)
class Delivery:
    """How the body leaves.

    Attributes:
        wait: Seconds before the first byte of the answer.
        chunk, pause: Bytes per piece and seconds between two; `chunk` 0 sends everything at once.
        cut: Close the connection in order after so many bytes of the body; None sends all.
        reset: Reset the connection (RST) instead of closing it, after `cut` bytes.
        stream: A body made on the way, with its length in bytes, instead of `Answer.body`.
    """

    wait: float = 0.0
    chunk: int = 0
    pause: float = 0.0
    cut: int | None = None
    reset: bool = False
    stream: tuple[int, Callable[[], Iterable[bytes]]] | None = None


@dataclass(frozen=True)
class Answer:
    """A response before it is compressed. `etag` False: no validator is added."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    etag: bool = True
    delivery: Delivery = field(default_factory=Delivery)

    def with_headers(self, **headers: str) -> Answer:
        """The same with more headers; `retry_after="1"` is `retry-after: 1`."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **more})

    def with_json(self, document: Any) -> Answer:
        return replace(self, body=as_json(document))

    def document(self) -> Any:
        return json.loads(self.body)


def json_answer(document: Any, status: int = 200, content_type: str = FULL) -> Answer:
    headers = {"content-type": content_type}
    return Answer(status, as_json(document), headers, etag=status == 200)


def as_json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True)
class Exchange:
    """A request, what it asks for, and a way to get another path's right answer."""

    request: Request
    route: Route
    address: str
    answer_at: Callable[[str], Answer]


Fault = Callable[[Exchange, Answer], Answer]
"""A fault turns the right answer into the wrong one."""
