"""The registry that tests start: publish, withdraw, protect, break, and read what was asked."""

from __future__ import annotations

import errno
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

from tests.registry.answers import Answers
from tests.registry.exchange import Answer, Exchange, Fault, Request, Route, json_answer
from tests.registry.publishing import Draft, provenance_type
from tests.registry.recorded import read_folder
from tests.registry.routes import route
from tests.registry.server import Server
from tests.registry.shelf import Document, Shelf, Shelved, as_text
from tests.registry.signing import SigningKey
from tests.registry.tls import tls_in

# Old enough for every cooldown, and a later release is later: an hour apart.
FIRST_PUBLISHED = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class _Planned:
    """A fault that waits for its requests; `left` None is for ever."""

    fault: Fault
    package: str
    kind: str
    path: str
    method: str
    left: int | None

    def hits(self, request: Request, asked: Route, path: str) -> bool:
        return (
            self.left != 0
            and fnmatchcase(asked.name, self.package)
            and fnmatchcase(asked.kind, self.kind)
            and fnmatchcase(path, self.path)
            and fnmatchcase(request.method, self.method)
        )


@dataclass(frozen=True)
class _Protection:
    pattern: str
    token: str
    status: int


class Registry:
    """A loopback npm registry. Use it in a `with` statement, or `start` and `close` it.

    Attributes:
        requests: Every request that came in, oldest first.
        key: The key that signs what is published.
        ca: The certificate that clients have to trust, where it serves https; else None.
    """

    def __init__(
        self,
        *,
        prefix: str = "/",
        port: int = 0,
        key: SigningKey | None = None,
        tls: Path | None = None,
    ) -> None:
        """A registry that does not listen yet.

        Args:
            prefix: Path of the registry on its host: `/` or `/npm/`.
            port: 0 takes a free one.
            key: Signs what is published; default: a key of our own, the same in every run.
            tls: Serves https, with a certificate that is written to this folder.
        """
        self.prefix = f"/{prefix.strip('/')}/".replace("//", "/")
        self.requests: list[Request] = []
        self.key = key or SigningKey.of("test registry")
        self.shelves: dict[str, Shelf] = {}
        self.answers = Answers(self.shelves)
        self.answers.keys.append(self.key)
        self._port = port
        self._tls: ssl.SSLContext | None = None
        self.ca: Path | None = None
        if tls is not None:
            self._tls, self.ca = tls_in(tls)
        self._servers: list[Server] = []
        self._faults: list[_Planned] = []
        self._protections: list[_Protection] = []
        self._lock = threading.Lock()
        self._clock = FIRST_PUBLISHED

    # Running

    def start(self) -> Self:
        """Listen on 127.0.0.1, and on ::1 where the machine has it, with the same port."""
        self._servers = self._listening()
        self._port = self._servers[0].server_port
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def _listening(self) -> list[Server]:
        """Sockets on both addresses; where ::1 has the port taken, another port is tried."""
        for _attempt in range(20):
            first = Server("127.0.0.1", self._port, self.respond, self._tls)
            try:
                second = Server("::1", first.server_port, self.respond, self._tls)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or self._port:
                    # Without IPv6 the name `localhost` means 127.0.0.1 alone, which is enough.
                    return [first]
                first.server_close()
            else:
                return [first, second]
        raise OSError("no port is free on both loopback addresses")

    def close(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        """The address as `http://127.0.0.1:PORT/`, ending in a slash."""
        return self.url_at("127.0.0.1")

    @property
    def other_url(self) -> str:
        """The same registry under another host: `http://localhost:PORT/`."""
        return self.url_at("localhost")

    def url_at(self, host: str) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host}:{self._port}{self.prefix}"

    # Publishing

    def publish(
        self, name: str, version: str, *, tag: str | None = "latest", **details: Any
    ) -> Shelved:
        """Put a release on the shelf; `details` are the fields of `Draft`.

        Without `published`, each release is an hour younger than the one before; without `keys`,
        the registry's own key signs.
        """
        self._clock += timedelta(hours=1)
        details.setdefault("published", self._clock)
        details.setdefault("keys", [self.key])
        release = Draft(name, version, **details).shelved()
        return self.put(release, tag=tag)

    def put(self, release: Shelved, *, tag: str | None = "latest") -> Shelved:
        """Put a release made elsewhere on the shelf."""
        with self._lock:
            shelf = self.shelves.setdefault(release.name, Shelf(release.name))
            shelf.add(release, tag)
            owners = release.metadata.get("maintainers", [])
            shelf.maintainers += [one for one in owners if one not in shelf.maintainers]
        return release

    def release(self, name: str, version: str) -> Shelved:
        return self.shelves[name].versions[version]

    def withdraw(
        self, name: str, version: str | None = None, *, at: datetime | None = None
    ) -> None:
        """Unpublish a release, or (without `version`) the package: npm's document of a gone one."""
        when = at or self._tick()
        shelf = self.shelves[name]
        for one in [version] if version else list(shelf.versions):
            shelf.remove(one)
        if not shelf.versions:
            shelf.unpublished = as_text(when)
        shelf.touch(when)

    def hide(self, name: str, version: str) -> None:
        """Take a release out of the documents but go on serving its tarball."""
        shelf = self.shelves[name]
        shelf.hidden.append(shelf.versions[version])
        shelf.remove(version)
        shelf.touch(None)

    def deprecate(self, name: str, version: str, message: str = "no longer maintained") -> None:
        self.release(name, version).metadata["deprecated"] = message
        self.shelves[name].touch(self._tick())

    def tag(self, name: str, tag: str, version: str) -> None:
        """Point a dist-tag at a version, whether that exists or not."""
        self.shelves[name].tags[tag] = version
        self.shelves[name].touch(self._tick())

    def attest(self, name: str, version: str, attestations: Iterable[Any]) -> None:
        """Have the attestation endpoint give these, and the metadata say so for a provenance."""
        release = self.release(name, version)
        release.attestations = list(attestations)
        kind = provenance_type(release.attestations)
        if kind:
            release.metadata["dist"]["attestations"] = {"provenance": {"predicateType": kind}}
        self.shelves[name].touch(None)

    def advise(self, name: str, versions: Iterable[str], **members: Any) -> None:
        """An advisory of the bulk endpoint for `versions`; `members` are the document's own."""
        known = self.answers.advisories.setdefault(name, [])
        default: Document = {
            "id": 1000 + len(known),
            "url": f"https://advisories.example/{name}/{len(known)}",
            "title": f"{name} is vulnerable",
            "severity": "high",
            "vulnerable_versions": " || ".join(versions := list(versions)),
        }
        known.append((frozenset(versions), default | members))

    def load(self, folder: Path) -> list[Shelved]:
        """Put recorded documents on the shelf; the folder's form: `recorded.read_folder`."""
        loaded: list[Shelved] = []
        for shelf in read_folder(folder):
            self.shelves[shelf.name] = shelf
            loaded += shelf.versions.values()
        return loaded

    # Who may read, and what breaks

    def protect(self, pattern: str, token: str, *, status: int = 401, user: str = "reader") -> None:
        """Demand `Authorization: Bearer TOKEN` for packages like `@corp/*`; else `status`."""
        self._protections.append(_Protection(pattern, token, status))
        self.answers.users[token] = user

    def fault(
        self,
        fault: Fault,
        *,
        package: str = "*",
        kind: str = "*",
        path: str = "*",
        method: str = "*",
        after: int = 0,
        times: int | None = None,
    ) -> None:
        """Break answers from now on; the newest fitting fault wins.

        Args:
            fault: One of `tests.registry.faults`, or any function of that form.
            package: Pattern of package names.
            kind: Pattern of `Route.kind`: packument, version, tarball, attestations, `-/...`.
            path: Pattern of the path as requested, below the prefix, with query.
            method: Pattern of the method.
            after: So many fitting requests are answered rightly first.
            times: How many requests it breaks; None breaks all.
        """
        with self._lock:
            self._faults.append(_Planned(fault, package, kind, path, method, times))
            if after:
                right = _Planned(_no_fault, package, kind, path, method, after)
                self._faults.append(right)

    def heal(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._faults.clear()

    # What was asked

    def asked(self, pattern: str = "*", method: str = "*") -> list[Request]:
        """The requests whose path (as sent, without the leading slash) fits `pattern`."""
        return [
            one
            for one in self.requests
            if fnmatchcase(one.path.lstrip("/"), pattern) and fnmatchcase(one.method, method)
        ]

    @property
    def credentials(self) -> set[str]:
        """Every `Authorization` header that ever arrived."""
        return {one.token for one in self.requests if one.token is not None}

    def forget(self) -> None:
        """Empty the record of requests."""
        self.requests.clear()

    # Answering

    def respond(self, request: Request) -> Answer:
        """Record a request and answer it."""
        path = request.path
        with self._lock:
            self.requests.append(request)
        if not path.startswith(self.prefix):
            return json_answer({"error": "Not found"}, 404)
        return self._answer(request, path.removeprefix(self.prefix))

    def _answer(self, request: Request, path: str) -> Answer:
        asked = route(path)
        address = self.url_at(request.headers.get("host", "").rpartition(":")[0] or "127.0.0.1")
        known = asked or Route("unknown")
        fault = self._take_fault(request, known, path)
        answer = self._refused(request, known) or self.answers.to(request, asked, address)

        def answer_at(other: str) -> Answer:
            return self.answers.to(request, route(other), address)

        return fault(Exchange(request, known, address, answer_at), answer) if fault else answer

    def _take_fault(self, request: Request, asked: Route, path: str) -> Fault | None:
        with self._lock:
            for planned in reversed(self._faults):
                if planned.hits(request, asked, path):
                    planned.left = None if planned.left is None else planned.left - 1
                    return planned.fault
        return None

    def _refused(self, request: Request, asked: Route) -> Answer | None:
        rules = [one for one in self._protections if fnmatchcase(asked.name, one.pattern)]
        if not asked.name or not rules:
            return None
        if any(request.token == f"Bearer {one.token}" for one in rules):
            return None
        error = {401: "authentication required", 404: "Not found"}
        return json_answer({"error": error.get(rules[0].status, "forbidden")}, rules[0].status)

    def _tick(self) -> datetime:
        self._clock += timedelta(hours=1)
        return self._clock


def _no_fault(_exchange: Exchange, answer: Answer) -> Answer:
    return answer
