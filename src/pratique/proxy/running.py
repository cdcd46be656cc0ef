"""A firewall is put together, served, and taken apart in order."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import FrameType

import uvicorn

from pratique.errors import PratiqueError, UsageError
from pratique.gather.http import Client, Limits
from pratique.model.fact import Clock
from pratique.model.policy import Policy
from pratique.model.record import PolicyChange
from pratique.proxy.evidence import Evidence
from pratique.proxy.packages import Packages
from pratique.proxy.passing import Passing
from pratique.proxy.protocol import Protocol
from pratique.proxy.publications import Publications
from pratique.proxy.quarantine import Analyses, Quarantine
from pratique.proxy.recording import Recording
from pratique.proxy.server import Application
from pratique.proxy.settings import Now, Settings
from pratique.proxy.tuning import tune
from pratique.proxy.upstream import Upstream
from pratique.store import Store, open_store
from pratique.store.blobs import Blobs
from pratique.store.firewall import Firewall, Where, open_firewall
from pratique.store.firewall.dated import Dated

_CONNECTIONS = 16
_HEADERS_SECONDS = 75
_SEND_BUFFER = 256 * 1024
"""Bytes of a connection that wait in the system, which doubles it for its own needs. By itself it
takes up to 4 MB: whole artifacts, one connection's after another's, and more than a cache holds."""
_EVICT_SECONDS = 60.0
_LISTS_SECONDS = 5.0
"""After so long, a blocklist that was replaced judges."""
_NAMES_SECONDS = 1.0
"""After so long, a package that was published to another node is served here, too."""


@dataclass(slots=True)
class Running:
    """The parts of a firewall that is running."""

    settings: Settings
    now: Now
    firewall: Firewall
    blobs: Blobs
    client: Client
    analyses: Analyses
    packages: Packages
    recording: Recording
    app: Application
    reloading: threading.Lock = field(default_factory=threading.Lock)

    def reload(self) -> str:
        """Judge by the policy file as it is now; why not, where it cannot be read: "" is well."""
        if self.settings.reload is None:
            return ""
        with self.reloading:  # what was read last judges
            try:
                self._apply(self.settings.reload())
            except PratiqueError as error:
                self.app.policy_kept = str(error)
            else:
                self.app.policy_kept = ""
            return self.app.policy_kept

    def _apply(self, policy: Policy) -> None:
        before = self.packages.policy.digest
        self.packages.apply(policy)
        change = PolicyChange(self.now(), policy.digest, before, "reload")
        self.firewall.record.policy_changed(change)

    def renew_lists(self) -> None:
        """Read the blocklists again where one of their files is another one by now."""
        if not (changed := self.packages.lists.changed()):
            return
        self.packages.apply()
        digest = self.packages.policy.digest
        told = tuple(f"{name} was read again" for name in changed)
        change = PolicyChange(self.now(), digest, digest, "blocklists", told)
        self.firewall.record.policy_changed(change)

    def renew_names(self) -> None:
        """Know the packages that were published to another node with the same database."""
        if self.settings.database is not None:
            self.packages.private_names.update(self.firewall.private.names())

    def evict(self) -> None:
        """Make room where the artifacts take more than they may."""
        holds = self.firewall.private.holds
        gone = self.blobs.evict(self.settings.size_limit, holds)
        self.firewall.documents.forget(each.sha512 for each in gone)

    def close(self) -> None:
        self.packages.close()
        self.recording.close()
        self.analyses.close()
        self.client.__exit__()
        self.firewall.close()


def create_app(settings: Settings, clock: Now) -> Running:
    """Put a firewall together; its parts run until `close`.

    Args:
        settings: What it is told.
        clock: The time, aware, in UTC. Nothing else moves it.

    Raises:
        StoreError: What it keeps is damaged, or is being served from.
        SettingsError: The user's authorities or proxies cannot be used.
    """
    where = Where(folder=settings.data, url=settings.database)
    firewall = open_firewall(where, clock(), serving=True)
    blobs = _blobs(settings)
    client = _client(settings)
    upstream = Upstream(client, settings.registries, (firewall, blobs), clock, settings.freshness)

    def opened(at: Clock) -> Store:
        return firewall.facts if settings.database else open_store(settings.data / "facts", at)

    analyses = Analyses(opened, clock)
    told = Dated(analyses.store) if settings.database else analyses.store
    trust = settings.trust or settings.data / "trust.json"
    packages = Packages(
        settings,
        upstream,
        (firewall, blobs),
        lambda fetch: Quarantine(firewall.queue, analyses, blobs, fetch, clock),
        Evidence(settings.registries, client, told, trust, clock, upstream.is_away),
        clock,
    )
    recording = Recording(firewall.record, clock)
    publications = Publications(firewall, blobs, packages.is_ours, packages.private_names)
    passing = Passing(client, settings.registries, packages.is_ours)
    parts = (packages, publications, passing)
    app = Application(settings, parts, (firewall, blobs), recording, clock)
    packages.quarantine.start()
    recording.start()
    start = PolicyChange(clock(), settings.policy.digest, "", "start")
    firewall.record.policy_changed(start)
    return Running(settings, clock, firewall, blobs, client, analyses, packages, recording, app)


def _blobs(settings: Settings) -> Blobs:
    folder = settings.data / "blobs"
    if settings.bucket is None:
        return Blobs(folder, clear=True)
    try:
        from pratique.store.bucket_blobs import BucketBlobs  # noqa: PLC0415 - an extra's
    except ImportError as error:
        hint = 'pip install "pratique[s3]"'
        raise UsageError(f"a bucket needs {error.name}", hint=hint) from None
    return BucketBlobs(folder, settings.bucket, clear=True)


def _client(settings: Settings) -> Client:
    made = partial(Client, settings.registries, connections=_CONNECTIONS, gives_up=False)
    if settings.upstream_patience is None:
        return made()
    seconds = settings.upstream_patience.total_seconds()
    return made(limits=Limits(connect=min(seconds, 10.0), read=seconds, attempts=2))


def serve(running: Running, listening: socket.socket, ready: Callable[[], object]) -> None:
    """Serve until a signal ends it: SIGTERM and SIGINT end it in order, SIGHUP reads the policy."""
    config = uvicorn.Config(
        running.app,
        http=Protocol,
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_HEADERS_SECONDS,
        timeout_graceful_shutdown=30,
    )
    tune()
    # uvicorn raises the signal once more when it is done; what comes after must still be done.
    signal.signal(signal.SIGTERM, _in_order)
    server = _Server(config, running, ready)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def _in_order(_number: int, _frame: FrameType | None) -> None:
    pass


class _Server(uvicorn.Server):
    """Says when it is ready, and looks after the firewall while it serves."""

    def __init__(
        self, config: uvicorn.Config, running: Running, ready: Callable[[], object]
    ) -> None:
        super().__init__(config)
        self._running, self._ready = running, ready
        self._tasks: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        for seconds, work in (
            (_EVICT_SECONDS, self._running.evict),
            (_LISTS_SECONDS, self._running.renew_lists),
            (_NAMES_SECONDS, self._running.renew_names),
        ):
            self._tasks.add(loop.create_task(_again_and_again(seconds, work)))
        self._ready()

    def _reload(self) -> None:
        """In a thread: files are read, and the change is put on the disk."""
        task = asyncio.get_running_loop().create_task(_in_thread(self._running.reload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _in_thread(work: Callable[[], object]) -> None:
    await asyncio.to_thread(work)


async def _again_and_again(seconds: float, work: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        with suppress(PratiqueError):
            await asyncio.to_thread(work)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        UsageError: The address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What it accepts has the same.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise UsageError(f"{host}:{port} cannot be listened on: {error.strerror}") from None
    made.listen(512)
    return made


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)  # noqa: TID251 - the one place where the server reads it
