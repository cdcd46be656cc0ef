"""What the firewall answers, by the same server with nothing behind it.

    python -m bench.proxy.bare FIREWALL TOKEN PATHS

Asks FIREWALL once for each of PATHS (a file), keeps the answers with their headers, and serves them
from memory: who asks is not looked at, nothing is judged, nothing is put on record.
"""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from pratique.proxy.protocol import Protocol
from pratique.proxy.running import listen

_HEADERS = {"accept": "application/json", "accept-encoding": "gzip, deflate"}
_OWN = frozenset({"date"})
"""Headers that the server adds by itself."""
Answer = tuple[list[tuple[bytes, bytes]], bytes]


def answers(firewall: str, token: str, paths: Iterable[str]) -> dict[bytes, Answer]:
    found: dict[bytes, Answer] = {}
    connection = http.client.HTTPConnection(urlsplit(firewall).netloc, timeout=300)
    for path in paths:
        headers = {**_HEADERS, "authorization": f"Bearer {token}"}
        connection.request("GET", f"/{path}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{path}: {answer.status}"
        told = [(name.lower().encode(), value.encode()) for name, value in answer.getheaders()]
        found[f"/{path}".encode()] = ([each for each in told if each[0].decode() not in _OWN], body)
    connection.close()
    return found


class Bare:
    """The application."""

    def __init__(self, known: dict[bytes, Answer]) -> None:
        self._known = known

    async def __call__(self, scope: MutableMapping[str, Any], _receive: Any, send: Any) -> None:
        headers, body = self._known[scope["raw_path"]]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def main(firewall: str, token: str, paths: Path) -> None:
    known = answers(firewall, token, dict.fromkeys(paths.read_text(encoding="utf-8").splitlines()))
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        Bare(known),
        http=Protocol,
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
