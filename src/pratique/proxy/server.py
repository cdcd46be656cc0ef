"""The ASGI application: who asks, for what, may they; the answer, and its row in the record."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from pratique.errors import StoreError
from pratique.model.private import Right, Token
from pratique.model.record import Decision, Request
from pratique.proxy import accounts, answers, tokens
from pratique.proxy.answers import Answer
from pratique.proxy.exchange import (
    SHORT_FORM,
    Call,
    FileAnswer,
    Receive,
    Scope,
    Send,
    body_of,
    lifespan,
    send_answer,
    send_ready,
    takes_gzip,
)
from pratique.proxy.limits import Limiter, address_of
from pratique.proxy.packages import Packages
from pratique.proxy.passing import Passing
from pratique.proxy.paths import METHODS, Asked, What, read_path
from pratique.proxy.protocol import write_whole
from pratique.proxy.publications import Publications
from pratique.proxy.recording import Recording
from pratique.proxy.search import Search
from pratique.proxy.settings import Now, Settings
from pratique.proxy.shelf import ChangedError, Page, Shelf, UnreadableError, Withheld, last_moment
from pratique.proxy.upstream import Refused
from pratique.proxy.warm import Warm
from pratique.store.blobs import Blobs
from pratique.store.firewall import Firewall

_OPEN = frozenset({What.HEALTH, What.READY, What.PING, What.LOGIN, What.USER})
"""What is answered whoever asks; USER decides for itself."""
_OF_PACKAGES = frozenset({What.PACKUMENT, What.VERSION, What.TARBALL, What.DIST_TAGS})
_WAIT = answers.failed(503, "the firewall cannot write its record, and refuses what it cannot log")


class Application:
    """The firewall as an ASGI application."""

    def __init__(
        self,
        settings: Settings,
        parts: tuple[Packages, Publications, Passing],
        kept: tuple[Firewall, Blobs],
        recording: Recording,
        now: Now,
    ) -> None:
        self._settings = settings
        self._packages, self._publications, self._passing = parts
        self._firewall, self._blobs = kept
        self._recording, self._now = recording, now
        self._search = Search(*parts, dry_run=settings.enforcement.dry_run)
        self._hosts = settings.known_hosts
        self._failures = Limiter(settings.rates.failures)
        self._publishes = Limiter(settings.rates.publishes)
        self._warm = Warm(settings, self._packages, kept)
        self._tokens: dict[str, tuple[Token | None, datetime]] = {}
        self.policy_kept = ""
        """Why the policy that judges is an older one than the file has; "" where it is not."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        now = self._now()
        if (ready := self._warm.answer(scope, now)) is not None:
            try:
                if not write_whole(send, ready.head, ready.body):
                    await send_ready(ready, send)
            finally:
                self._recording.put(ready.line)
            return
        asked = read_path(scope["raw_path"])
        call = Call(scope, asked if isinstance(asked, Asked) else Asked(What.ROOT), now)
        try:
            answer = await self._answer(call, asked, receive)
        except StoreError:
            answer = _WAIT
        except UnreadableError as error:
            answer = answers.failed(502, str(error))
        except Exception as error:  # noqa: BLE001 - it is answered, and on record, like any other
            answer = answers.failed(500, f"the firewall failed ({type(error).__name__})")
        answer = self._patiently(call, answer)
        status, size = 0, 0
        try:
            status, size = await send_answer(call, answer, send)
        finally:
            self._log(call, status, size)

    async def _answer(
        self, call: Call, asked: Asked | str, receive: Receive
    ) -> Answer | FileAnswer:
        if why := call.why_ambiguous():
            return answers.failed(400, why)
        if call.headers.get(b"host", b"").decode("latin-1").lower() not in self._hosts:
            return answers.failed(421, "this firewall is not addressed by that name")
        if isinstance(asked, str):
            return answers.failed(404 if "nothing is served" in asked else 400, asked)
        if any(tokens.PREFIX in each and tokens.masked(each) != each for each in _named(asked)):
            return answers.failed(400, "a token is no name: nobody else is told it")
        refused = self._who(call)
        if refused is not None:
            return refused
        if call.method not in METHODS[asked.what]:
            return _not_served(call.method, asked.what)
        if asked.what in _OF_PACKAGES and not call.writes:
            return await self._read(call, asked)
        return await self._other(call, asked, receive)

    # Who

    def _who(self, call: Call) -> Answer | None:
        """Sets the token; an answer where the caller may not."""
        header = call.headers.get(b"authorization", b"").decode("latin-1")
        text = tokens.presented(header) if header else None
        call.token = self._token(text, call.now) if text else None
        asked = call.asked
        if asked.what in _OPEN:
            return None
        if header and call.token is None:
            return accounts.unauthorised()
        if call.token is None:
            may = self._settings.anonymous and (not call.writes or asked.what in _QUESTIONS)
            return None if may else accounts.unauthorised()
        right = Right.PUBLISH if call.writes and asked.name else Right.READ
        if asked.name and not tokens.allows(call.token, right, asked.name, call.now):
            return accounts.forbidden(call.token, right, asked.name)
        if right is Right.PUBLISH:
            wait = self._publishes.hit(call.token.id, call.now.timestamp())
            return accounts.too_often(wait, "too many changes with this token") if wait else None
        return None

    def _patiently(self, call: Call, answer: Answer | FileAnswer) -> Answer | FileAnswer:
        """Who fails too often is told to wait; a token that is valid is taken meanwhile, too."""
        is_login = call.asked.what is What.USER or b"authorization" in call.headers
        if not is_login or isinstance(answer, FileAnswer) or answer.status != 401:
            return answer
        address = address_of(call.scope.get("client"))
        wait = self._failures.hit(address, call.now.timestamp())
        return accounts.too_often(wait, "too many refused logins") if wait else answer

    def _token(self, text: str, now: datetime) -> Token | None:
        """Looked up at most once a second, so that a revocation counts at once."""
        if not tokens.is_token(text):
            return None
        digest = tokens.hash_of(text)
        known = self._tokens.get(digest)
        if known is None or abs((now - known[1]).total_seconds()) > 1:
            if len(self._tokens) > 10_000:
                self._tokens.clear()
            known = (self._firewall.private.token(digest), now)
            self._tokens[digest] = known
        found = known[0]
        return found if found is not None and tokens.is_valid(found, now) else None

    # What is read

    async def _read(self, call: Call, asked: Asked) -> Answer | FileAnswer:
        if self._publications.is_private(asked.name):
            return await self._read_private(call, asked)
        if self._packages.is_ours(asked.name):
            return answers.failed(404, f"{asked.name} is an own name, and nothing is published")
        for _ in range(2):
            with suppress(ChangedError):
                return await self._read_upstream(call, asked)
        return answers.failed(503, "the registry's document changes while it is read: ask again")

    async def _read_upstream(self, call: Call, asked: Asked) -> Answer | FileAnswer:
        shelf = await self._packages.shelf(asked.name, wait=asked.what is not What.TARBALL)
        if isinstance(shelf, Refused):
            return answers.failed(shelf.status, shelf.why)
        call.hidden = shelf.hidden
        if asked.what is What.TARBALL:
            return await self._artifact(call, shelf, asked)
        if asked.what is What.PACKUMENT:
            return await self._page(call, shelf)
        return await self._part(shelf, asked)

    async def _page(self, call: Call, shelf: Shelf) -> Answer:
        short, encoding = _form(call)
        page = await self._packages.page(shelf, short=short, encoding=encoding)
        return _paged(call, page, b"private, max-age=%d" % last_moment(shelf, call.now))

    async def _part(self, shelf: Shelf, asked: Asked) -> Answer:
        """One version's object, or the tags, of the document that is shown."""
        page = await self._packages.page(shelf, short=False, encoding="identity")
        whole = msgspec.json.decode(page.body, type=_Whole)
        if asked.what is What.DIST_TAGS:
            return Answer(200, answers.JSON, msgspec.json.encode(whole.tags))
        wanted = asked.version or whole.tags.get(asked.tag, "")
        found = whole.versions.get(wanted)
        if found is None:
            return answers.failed(404, f"no such version of {asked.name} is shown")
        return Answer(200, answers.JSON, bytes(found))

    async def _artifact(self, call: Call, shelf: Shelf, asked: Asked) -> Answer | FileAnswer:
        version = shelf.files.get(f"{asked.name}/-/{asked.file}")
        if version is None:
            return answers.failed(404, f"{asked.name} has no such file")
        call.version = version
        found = await self._packages.artifact(shelf, version)
        if isinstance(found, Refused):
            return answers.failed(found.status, found.why)
        release = f"{asked.name}@{version}"
        if isinstance(found, Withheld):
            return self._withheld(call, release, found)
        call.decision = found.decision
        return self._file(found.sha512, call.now)

    def _withheld(self, call: Call, release: str, found: Withheld) -> Answer:
        call.decision = found.decision.id
        url = f"{self._settings.public_url}-/pratique/decisions/{found.decision.id}"
        if found.pending:
            return answers.held(release, "analysis pending", decision=call.decision, url=url)
        return answers.refused(
            release, found.decision.rules, found.decision.id, text=found.decision.text, url=url
        )

    def _file(self, sha512: str, now: datetime) -> Answer | FileAnswer:
        file, size = self._blobs.open(sha512, now), self._blobs.size(sha512)
        if file is None or size is None:
            return answers.failed(404, "the artifact is no longer stored: ask again")
        return FileAnswer(file, size, sha512)

    async def _read_private(self, call: Call, asked: Asked) -> Answer | FileAnswer:
        form, base = _form(call), self._settings.public_url
        found = await asyncio.to_thread(self._publications.read, asked, base, form)
        if isinstance(found, Page):
            return _paged(call, found, b"private, no-cache")
        return self._file(found, call.now) if isinstance(found, str) else found

    # Everything else

    async def _other(self, call: Call, asked: Asked, receive: Receive) -> Answer | FileAnswer:
        match asked.what:
            case What.HEALTH | What.PING | What.ROOT:
                return Answer(200, answers.JSON, b"{}")
            case What.READY:
                return self._ready()
            case What.METRICS:
                return self._metrics()
            case What.DECISION:
                return self._decision(call, asked.rest)
            case What.SEARCH:
                return await self._search.answer(call)
            case What.ADVISORIES | What.AUDIT | What.QUICK_AUDIT | What.KEYS:
                return await self._passing.answer(asked, call.headers, await body_of(call, receive))
            case What.ATTESTATIONS:
                return await self._attestations(call, asked)
            case _:
                body = await body_of(call, receive, self._publications.largest(asked))
                if body is None:
                    return answers.failed(413, "the body is too large")
                return await self._publications.answer(
                    asked, call.method, body, call.token, call.headers, call.now
                )

    async def _attestations(self, call: Call, asked: Asked) -> Answer:
        """Under the same policy: those of a hidden release are not told."""
        if self._packages.is_ours(asked.name):
            return await asyncio.to_thread(self._publications.attestations, asked)
        shelf = await self._packages.shelf(asked.name)
        if isinstance(shelf, Refused):
            return answers.failed(shelf.status, shelf.why)
        if not shelf.is_visible(asked.version):
            return answers.failed(404, "no such release is shown")
        return await self._passing.answer(asked, call.headers, b"")

    def _decision(self, call: Call, id_: str) -> Answer:
        found = self._firewall.record.decision(id_)
        hidden = answers.failed(404, "there is no such decision")
        if found is None:
            return hidden
        if call.token and not tokens.allows(call.token, Right.READ, found.name, call.now):
            return hidden
        return Answer(200, answers.JSON, msgspec.json.encode(_told(found)))

    def _ready(self) -> Answer:
        """503 while nothing can be put on record; a policy that could not be read is only told."""
        if why := self._firewall.why_not_writable():
            return answers.failed(503, why)
        told = {"policy": self.policy_kept} if self.policy_kept else {}
        return Answer(200, answers.JSON, msgspec.json.encode(told))

    def _metrics(self) -> Answer:
        counters = self._firewall.record.counters
        lines = [
            f"pratique_decisions_total {counters.decisions}",
            f"pratique_requests_recorded_total {counters.requests}",
            f"pratique_requests_waiting {self._recording.waiting}",
            f"pratique_requests_lost_total {counters.lost + self._recording.unsaid}",
            f"pratique_writes_refused_total {counters.refused_writes}",
            f"pratique_artifact_bytes {self._blobs.total}",
        ]
        lines += [
            f'pratique_quarantine{{state="{state}"}} {count}'
            for state, count in self._firewall.queue.counts().items()
        ]
        kind = ((b"content-type", b"text/plain; version=0.0.4"),)
        return Answer(200, kind, ("\n".join(lines) + "\n").encode())

    def _log(self, call: Call, status: int, size: int) -> None:
        asked = call.asked
        self._recording.add(
            Request(
                call.now,
                call.token.name if call.token else "",
                call.method,
                str(asked.what),
                tokens.masked(asked.name),
                tokens.masked(call.version),
                status,
                call.decision,
                call.hidden,
                size,
                tokens.masked(call.headers.get(b"user-agent", b"")[:200].decode("latin-1")),
            )
        )


def _named(asked: Asked) -> tuple[str, ...]:
    """What of a path reaches an upstream, the store or the record."""
    return asked.name, asked.version, asked.file, asked.tag


class _Whole(msgspec.Struct):
    versions: dict[str, msgspec.Raw] = {}
    tags: dict[str, str] = msgspec.field(default_factory=dict, name="dist-tags")


_QUESTIONS = frozenset({What.ADVISORIES, What.AUDIT, What.QUICK_AUDIT})


def _not_served(method: str, what: What) -> Answer:
    """405, with what is served (RFC 9110, 15.5.6)."""
    plain = answers.failed(405, f"{method} is not served here")
    allow = (b"allow", ", ".join(sorted(METHODS[what])).encode())
    return Answer(405, (*plain.headers, allow), plain.body, plain.reason)


def _form(call: Call) -> tuple[bool, str]:
    """Whether the short form of a document is asked for, and in which encoding."""
    gzip = takes_gzip(call.headers.get(b"accept-encoding", b""))
    return SHORT_FORM in call.headers.get(b"accept", b""), "gzip" if gzip else "identity"


def _paged(call: Call, page: Page, caching: bytes) -> Answer:
    headers = page.headers(caching)
    if _names(call.headers.get(b"if-none-match", b""), page.etag):
        kept = tuple(each for each in headers if each[0] != b"content-encoding")
        return Answer(304, kept, b"")
    return Answer(200, headers, page.body)


def _names(validators: bytes, etag: bytes) -> bool:
    """Whether an If-None-Match names it, in this encoding or another one.

    A front end that packs bodies makes it a weak one.
    """
    sent = (each.strip().removeprefix(b"W/") for each in validators.split(b","))
    return _plainly(etag) in map(_plainly, sent)


def _plainly(etag: bytes) -> bytes:
    return etag.replace(b'-gzip"', b'"')


def _told(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.id,
        "at": decision.at.isoformat(),
        "package": decision.name,
        "version": decision.version,
        "sha512": decision.sha512,
        "verdict": decision.verdict.name.lower(),
        "rules": list(decision.rules),
        "why": decision.text,
        "findings": [dict(each) for each in decision.findings],
        "policy": decision.policy,
    }
