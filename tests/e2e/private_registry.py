"""A registry of private packages alone: the pure functions behind the test registry's server.

It has no policy and no upstream; it shows that real clients understand the documents and answers.
The firewall itself is tested elsewhere.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Self
from urllib.parse import unquote

from tests.registry.exchange import BYTES, SHORT, Answer, Request
from tests.registry.server import Server

from pratique.model.private import PrivatePackage, Right, Token
from pratique.proxy import accounts, private, tokens
from pratique.proxy import answers as wire
from pratique.proxy.publishing import Owned, Publish, Refused, Revised, read_put

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
_USER = "-/user/org.couchdb.user:"
_TOKENS = "-/npm/v1/tokens"


class PrivateRegistry:
    """Use it in a `with` statement. `requests` is every request that came."""

    def __init__(self) -> None:
        self.packages: dict[str, PrivatePackage] = {}
        self.tarballs: dict[str, bytes] = {}
        self.tokens: dict[str, Token] = {}
        self.requests: list[Request] = []
        self._server = Server("127.0.0.1", 0, self.respond)
        self._made = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def token(self, name: str, *rights: Right, packages: tuple[str, ...] = ()) -> str:
        self._made += 1
        text = tokens.spelled(self._made.to_bytes(32, "big"))
        made = tokens.made(text, name, rights=rights or Right, now=NOW, packages=packages)
        self.tokens[made.hash] = made
        return text

    def respond(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            found = self._answer(request, unquote(request.path.partition("?")[0]).lstrip("/"))
        if isinstance(found, wire.Answer):
            headers = {name.decode(): value.decode() for name, value in found.headers}
            return Answer(found.status, found.body, headers, found.reason or None, etag=False)
        return found

    def _answer(self, request: Request, path: str) -> Answer | wire.Answer:
        caller = self._caller(request)
        if path == "-/whoami":
            return accounts.whoami(caller)
        if path == "-/npm/v1/user":
            return accounts.profile(caller)
        if path == "-/v1/login":
            return accounts.web_login()
        if path.startswith(_USER):
            return self._user(request, path.removeprefix(_USER), caller)
        if path.startswith((_TOKENS, "-/user/token/")):
            return self._tokens(request, path, caller)
        return self._package(request, path, caller)

    def _caller(self, request: Request) -> Token | None:
        text = tokens.presented(request.headers.get("authorization", ""))
        found = self.tokens.get(tokens.hash_of(text)) if text else None
        return found if found and tokens.is_valid(found, NOW) else None

    def _user(self, request: Request, name: str, caller: Token | None) -> wire.Answer:
        if request.method == "GET":
            return accounts.user(name, [each.name for each in self.tokens.values()], caller)
        presented = accounts.read_login(request.body, name)
        if isinstance(presented, wire.Answer):
            return presented
        found = self.tokens.get(tokens.hash_of(presented.token))
        return accounts.logged_in(presented, found, NOW)

    def _tokens(self, request: Request, path: str, caller: Token | None) -> wire.Answer:
        every = list(self.tokens.values())
        if request.method == "DELETE":
            doomed = accounts.to_revoke(caller, path.rpartition("/")[2], every)
            if isinstance(doomed, wire.Answer):
                return doomed
            del self.tokens[doomed.hash]
            return accounts.revoked()
        if request.method == "GET":
            return accounts.listed(caller, every, NOW)
        text = tokens.presented(request.headers.get("authorization", "")) or ""
        self._made += 1
        fresh = accounts.created(caller, text, request.body, self._made.to_bytes(32, "big"), NOW)
        if isinstance(fresh, wire.Answer):
            return fresh
        self.tokens[fresh[0].hash] = fresh[0]
        return fresh[1]

    def _package(self, request: Request, path: str, caller: Token | None) -> Answer | wire.Answer:
        is_tag = path.startswith("-/package/")
        path, _, revision = path.partition("/-rev/")
        path, _, tag = path.removeprefix("-/package/").partition("/dist-tags")
        name, _, file = path.partition("/-/")
        right = Right.READ if request.method in {"GET", "HEAD"} else Right.PUBLISH
        if caller is None:
            return accounts.unauthorised()
        if not tokens.allows(caller, right, name, NOW):
            return accounts.forbidden(caller, right, name)
        package = self.packages.get(name)
        if right is Right.READ:
            return self._read(request, package, file, is_tag=is_tag)
        if file:
            return accounts.changed(package) if package else wire.failed(404, "not found")
        changed = self._changed(request, package, (name, revision, tag.strip("/")), caller.name)
        if isinstance(changed, Refused):
            return accounts.not_changed(changed)
        self.packages[name] = changed
        return accounts.changed(changed, is_new=package is None)

    def _read(
        self, request: Request, package: PrivatePackage | None, file: str, *, is_tag: bool
    ) -> Answer | wire.Answer:
        if package is None:
            return wire.failed(404, "not found")
        if is_tag:
            return accounts.dist_tags(package)
        if file:
            found = private.version_of(package, file.rpartition("/")[2])
            if found is None:
                return wire.failed(404, "not found")
            return Answer(200, self.tarballs[found.sha512], {"content-type": BYTES})
        short = SHORT in request.headers.get("accept", "")
        body = private.document(package, self.url, short=short)
        if body is None:
            return wire.failed(404, "not found")
        return Answer(200, body, {"content-type": SHORT if short else "application/json"})

    def _changed(
        self,
        request: Request,
        package: PrivatePackage | None,
        asked: tuple[str, str, str],
        by: str,
    ) -> PrivatePackage | Refused:
        name, revision, tag = asked
        if tag and package:
            if request.method == "DELETE":
                return private.untagged(package, tag, by, NOW)
            return private.tagged(package, tag, request.body, by, NOW)
        if request.method == "DELETE" and package:
            return private.removed(package, revision, by, NOW)
        change = read_put(request.body, name, revision)
        if isinstance(change, Publish):
            self.tarballs[change.sha512] = change.tarball
            return private.published(package, change, by, NOW)
        if package is None:
            return Refused(404, "there is no such package")
        if isinstance(change, Revised):
            return private.revised(package, change, by, NOW, removes=bool(revision))
        if isinstance(change, Owned):
            known = [each.name for each in self.tokens.values()]
            return private.owned(package, change, by, known, NOW)
        return change
