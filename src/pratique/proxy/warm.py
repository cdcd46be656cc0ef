"""What can be answered at once: a page that is finished, an artifact that is judged and in mind.

Every condition is the one of the long way: host, token, whose a name is, whether the package's
judgement still holds. Where one of them is not known to be met, there is no answer here, and the
long way finds out why. Most requests of a busy firewall end here, so what does not change from one
to the next is kept: what a path means, whose a token is, and the head of an answer.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from pratique.errors import StoreError
from pratique.model.private import Right, Token
from pratique.proxy import tokens
from pratique.proxy.exchange import SHORT_FORM, TARBALL, Ready, Scope, head_of, takes_gzip
from pratique.proxy.packages import Packages
from pratique.proxy.paths import Asked, What, read_path
from pratique.proxy.settings import Settings
from pratique.proxy.shelf import Shelf, last_moment
from pratique.store.blobs import Blobs
from pratique.store.firewall import Firewall
from pratique.store.firewall.database import micros
from pratique.store.firewall.rows import Line, written

_SECOND, _HOUR = timedelta(seconds=1), timedelta(hours=1)
_MOST_PATHS, _LONGEST_PATH = 20_000, 256
_MOST_TOKENS, _MOST_CLIENTS = 20_000, 1000
_LARGEST, _ROOM = 4 * 1024 * 1024, 8 * 1024 * 1024
"""Bytes of an artifact that is kept in mind, and of all of them."""
_NOTHING = b""


Headers = dict[bytes, bytes]
Asking = tuple[Asked, str, datetime]
"""What is asked for, by whom (the name of a token: letters, digits and hyphens), and when."""


class _Body:
    """An artifact in mind."""

    __slots__ = ("body", "head", "headers", "used")

    def __init__(self, body: bytes, sha512: str, now: datetime) -> None:
        etag = (b"etag", f'"{sha512[:32]}"'.encode())
        self.body, self.used = body, now
        self.headers = (*TARBALL, etag, (b"content-length", b"%d" % len(body)))
        self.head = head_of(self.headers)


class Warm:
    """Answers what it can at once.

    Args:
        settings: What the firewall was told.
        packages: The desk.
        kept: The stores.
    """

    def __init__(
        self, settings: Settings, packages: Packages, kept: tuple[Firewall, Blobs]
    ) -> None:
        self._packages = packages
        self._firewall, self._blobs = kept
        self._anonymous = settings.anonymous
        self._hosts = frozenset(each.encode("latin-1") for each in settings.known_hosts)
        self._paths: dict[bytes, tuple[Asked, bool]] = {}
        self._clients: dict[bytes, bytes] = {}
        self._tokens: dict[bytes, Token] = {}
        self._looked: datetime | None = None
        self._changes = (0, 0)
        self._foreign: set[str] = set()
        self._generation = -1
        self._bodies: OrderedDict[str, _Body] = OrderedDict()
        self._room = _ROOM

    def answer(self, scope: Scope, now: datetime) -> Ready | None:
        """The answer, where there is one at once."""
        if scope["method"] != "GET":
            return None
        found = self._paths.get(scope["raw_path"]) or self._read(scope["raw_path"])
        if found is None:
            return None
        asked, is_page = found
        sent = scope["headers"]
        headers: dict[bytes, bytes] = dict(sent)
        # One that is there twice may mean either: the long way says what comes of it.
        if len(headers) != len(sent) or headers.get(b"host") not in self._hosts:
            return None
        if b"if-none-match" in headers:
            return None
        token = self._token(headers.get(b"authorization"), asked.name, now)
        if token is None or not self._is_foreign(asked.name):
            return None
        shelf = self._packages.ready(asked.name, now)
        if shelf is None:
            return None
        if is_page:
            return self._page(shelf, headers, (asked, token, now))
        return None if b"range" in headers else self._artifact(shelf, headers, (asked, token, now))

    def _read(self, raw: bytes) -> tuple[Asked, bool] | None:
        asked = read_path(raw)
        if isinstance(asked, str) or asked.what not in {What.PACKUMENT, What.TARBALL}:
            return None
        if len(raw) > _LONGEST_PATH:
            return asked, asked.what is What.PACKUMENT
        if len(self._paths) >= _MOST_PATHS:
            self._paths.clear()
        found = self._paths[raw] = (asked, asked.what is What.PACKUMENT)
        return found

    # Who

    def _token(self, header: bytes | None, name: str, now: datetime) -> str | None:
        """The name of who asks, "" for nobody; None where it is not known that they may."""
        if header is None:
            return "" if self._anonymous else None
        if self._looked is None or abs(now - self._looked) > _SECOND:
            self._look(now)
        token = self._tokens.get(header) or self._found(header)
        if token is None or not tokens.allows(token, Right.READ, name, now):
            return None
        return token.name

    def _look(self, now: datetime) -> None:
        """Once a second, so that a revocation counts at once: forget them where one was changed."""
        try:
            changes = self._firewall.private.token_changes()
        except StoreError:
            self._tokens.clear()
            return
        if changes != self._changes:
            self._tokens.clear()
        self._changes, self._looked = changes, now

    def _found(self, header: bytes) -> Token | None:
        text = tokens.presented(header.decode("latin-1"))
        if text is None or not tokens.is_token(text):
            return None
        try:
            token = self._firewall.private.token(tokens.hash_of(text))
        except StoreError:
            return None
        if token is not None:
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            self._tokens[header] = token
        return token

    # What

    def _is_foreign(self, name: str) -> bool:
        """Whether it is an upstream's package."""
        if name in self._packages.private_names:
            return False
        if self._generation != self._packages.generation:
            self._foreign.clear()
            self._generation = self._packages.generation
        if name in self._foreign:
            return True
        if self._packages.is_ours(name):
            return False
        if len(self._foreign) >= _MOST_PATHS:
            self._foreign.clear()
        self._foreign.add(name)
        return True

    def _page(self, shelf: Shelf, headers: Headers, asking: Asking) -> Ready | None:
        short = SHORT_FORM in headers.get(b"accept", _NOTHING)
        gzip = takes_gzip(headers.get(b"accept-encoding", _NOTHING))
        page = shelf.pages.get((short, "gzip" if gzip else "identity"))
        if page is None:
            return None
        age = last_moment(shelf, asking[2])
        told = page.told
        if told is None or told[0] != age:
            every = (
                *page.headers(b"private, max-age=%d" % age),
                (b"content-length", b"%d" % len(page.body)),
            )
            told = page.told = (age, every, head_of(every))
        if not page.line:
            page.line = _told(asking[0], shelf, "", None, len(page.body))
        return Ready(told[1], told[2], page.body, self._line(asking, page.line, headers))

    def _artifact(self, shelf: Shelf, headers: Headers, asking: Asking) -> Ready | None:
        asked, _, now = asking
        version = shelf.files.get(f"{asked.name}/-/{asked.file}")
        given = None if version is None else self._packages.given(shelf, version)
        if given is None:
            return None
        kept = self._bodies.get(given.sha512) or self._loaded(given.sha512, now)
        if kept is None:
            return None
        if now - kept.used > _HOUR:
            kept.used = now
            self._blobs.used(given.sha512, now)
        self._bodies.move_to_end(given.sha512)
        if not given.line:
            given.line = _told(asked, shelf, given.version, given.decision, len(kept.body))
        return Ready(kept.headers, kept.head, kept.body, self._line(asking, given.line, headers))

    # For the record

    def _line(self, asking: Asking, told: bytes, headers: Headers) -> Line:
        asked, token, now = asking
        agent = headers.get(b"user-agent", _NOTHING)
        client = self._clients.get(agent) or self._client(agent)
        at = micros(now)
        return at, asked.name, token, b'%d,"%b",%b,%b]' % (at, token.encode(), told, client)

    def _client(self, raw: bytes) -> bytes:
        if len(self._clients) >= _MOST_CLIENTS:
            self._clients.clear()
        found = written(tokens.masked(raw[:200].decode("latin-1")))
        if len(raw) <= _LONGEST_PATH:
            self._clients[raw] = found
        return found

    def _loaded(self, sha512: str, now: datetime) -> _Body | None:
        """Kept in mind from now on, where it is not too large."""
        try:
            size = self._blobs.size(sha512)
            body = self._blobs.read(sha512) if size is not None and size <= _LARGEST else None
        except (OSError, StoreError):
            return None
        if size is None or body is None or len(body) != size:
            return None
        self._blobs.used(sha512, now)
        self._room -= size
        while self._room < 0 and self._bodies:
            self._room += len(self._bodies.popitem(last=False)[1].body)
        kept = self._bodies[sha512] = _Body(body, sha512, now)
        return kept


def _told(asked: Asked, shelf: Shelf, version: str, decision: str | None, size: int) -> bytes:
    """What the record says of each answer that gives this."""
    kind, name = asked.what.value, asked.name
    return written("GET", kind, name, version, 200, decision, shelf.hidden, size)
