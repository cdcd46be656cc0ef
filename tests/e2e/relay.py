"""A counting upstream with real packages: it hands on what another registry says, and keeps it."""

from __future__ import annotations

from pathlib import Path

import urllib3
from tests.registry import Answer, Registry, Request

_SENT_ON = ("accept",)


class Relay(Registry):
    """Our test registry with the content of another one, whose addresses become its own."""

    def __init__(self, url: str, ca: Path | None) -> None:
        super().__init__()
        self._beyond = url
        self._pool = urllib3.PoolManager(maxsize=32, ca_certs=str(ca) if ca else None)
        self._kept: dict[tuple[str, str], Answer] = {}

    def respond(self, request: Request) -> Answer:
        self.requests.append(request)
        key = (request.path, request.headers.get("accept", "*/*"))
        if key not in self._kept:
            self._kept[key] = self._asked(request)
        return self._kept[key]

    def _asked(self, request: Request) -> Answer:
        headers = {name: request.headers[name] for name in _SENT_ON if name in request.headers}
        url = self._beyond + request.path.lstrip("/")
        answer = self._pool.request("GET", url, headers=headers | {"accept-encoding": "gzip"})
        kind = answer.headers.get("content-type", "application/octet-stream")
        body = answer.data
        if "json" in kind:
            body = body.replace(self._beyond.encode(), self.url.encode())
        return Answer(answer.status, body, {"content-type": kind})
