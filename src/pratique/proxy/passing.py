"""What is asked of the upstream for a client: audits, keys, attestations. Its errors stay errors.

Own names never reach an upstream, not even in an audit.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import msgspec

from pratique.gather.http import Client, Failure
from pratique.gather.http import Request as Question
from pratique.model.registry import Registries
from pratique.proxy.answers import JSON, Answer, failed
from pratique.proxy.paths import Asked, What

_MOST = 16 * 1024 * 1024
_THREADS = 8
_MOST_VALUES = 500_000
"""Values of an audit, by what stands between them. Each takes up to a hundred times the byte that
it is written with; a project of ten thousand packages has a quarter of these."""
_DEEPEST = 200
"""Levels of an audit's tree; what is below is not passed on."""
_PATHS = {
    What.ADVISORIES: "-/npm/v1/security/advisories/bulk",
    What.AUDIT: "-/npm/v1/security/audits",
    What.QUICK_AUDIT: "-/npm/v1/security/audits/quick",
    What.KEYS: "-/npm/v1/keys",
}
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Passing:
    """Passes questions on.

    Args:
        client: Asks.
        registries: The default one is asked, and the one of a package's scope.
        is_ours: Whether a name must not be told to an upstream.
    """

    def __init__(
        self, client: Client, registries: Registries, is_ours: Callable[[str], bool]
    ) -> None:
        self._client, self._registries, self._is_ours = client, registries, is_ours
        # Of its own: an upstream may take minutes, and others have work that needs none.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="passing")

    async def answer(
        self, asked: Asked, headers: Mapping[bytes, bytes], body: bytes | None
    ) -> Answer:
        """The upstream's answer."""
        if body is None:
            return failed(413, "the body is too large")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._answered, asked, headers, body)

    def _answered(self, asked: Asked, headers: Mapping[bytes, bytes], body: bytes) -> Answer:
        """A large audit takes its time to be read: not the loop's."""
        question = self._question(asked, headers, body)
        return question if isinstance(question, Answer) else self._asked(question)

    async def search(self, query: str) -> Answer:
        """What the default upstream finds; `query` names nothing of our own."""
        if not self._registries.default:
            return failed(501, "there is no upstream to search")
        question = Question(f"{self._registries.default}-/v1/search?{query}", most=_MOST, told=True)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._asked, question)

    def _question(
        self, asked: Asked, headers: Mapping[bytes, bytes], body: bytes
    ) -> Question | Answer:
        registry = self._registries.registry_for(asked.name) if asked.name else None
        base = registry.id if registry else self._registries.default or ""
        if asked.what is What.ATTESTATIONS:
            subject = quote(f"{asked.name}@{asked.version}", safe="@")
            return Question(f"{base}-/npm/v1/attestations/{subject}", most=_MOST, told=True)
        if asked.what is What.KEYS:
            return Question(f"{base}{_PATHS[asked.what]}", most=_MOST, told=True)
        plain = _plain(body, headers.get(b"content-encoding", b""))
        told = None if plain is None else self._without_ours(asked.what, plain)
        if told is None:
            return failed(400, "the audit's body cannot be read")
        kind = (("content-type", "application/json"),)
        url = f"{base}{_PATHS[asked.what]}"
        return Question(url, most=_MOST, method="POST", content=told, headers=kind, told=True)

    def _without_ours(self, what: What, body: bytes) -> bytes | None:
        """The audit without own names; None where it cannot be read."""
        if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
            return None
        try:
            read = msgspec.json.decode(body)
        except _BROKEN:
            return None
        if not isinstance(read, dict):
            return None
        if what is What.ADVISORIES:
            left = {name: asked for name, asked in read.items() if not self._is_ours(name)}
            return msgspec.json.encode(left)
        return msgspec.json.encode(self._pruned(read, 0))

    def _pruned(self, value: object, depth: int) -> object:
        """A tree of dependencies without own names, and without the project's own."""
        if depth > _DEEPEST:
            return None
        if isinstance(value, list):
            return [self._pruned(each, depth + 1) for each in value if not self._is_own(each)]
        if not isinstance(value, dict):
            return value
        return {
            key: self._pruned(each, depth + 1)
            for key, each in value.items()
            if not (self._is_own(key) or self._is_own(each) or (depth == 0 and key == "name"))
        }

    def _is_own(self, text: object) -> bool:
        """Whether it is an own name, perhaps with a version, or as the target of an alias."""
        if not isinstance(text, str):
            return False
        name = text.removeprefix("npm:")
        at = name.find("@", 1)
        return self._is_ours(name if at < 0 else name[:at])

    def _asked(self, question: Question) -> Answer:
        with self._client.get(question) as found:
            if isinstance(found, Failure):
                return failed(502, found.why)
            if found.status != 200:
                # What is neither an answer nor an error of the upstream's is an error here.
                status = found.status if found.status >= 400 else 502
                return failed(status, f"the upstream answered with status {found.status}")
            if not _is_object(found.body):
                return failed(502, "the upstream's answer cannot be read")
            return Answer(200, JSON, bytes(found.body))


def _is_object(body: bytes | bytearray) -> bool:
    """Whether it is what an audit, keys, attestations and a search are answered with."""
    try:
        return isinstance(msgspec.json.decode(body), dict)
    except _BROKEN:
        return False


def _plain(body: bytes, encoding: bytes) -> bytes | None:
    if encoding.strip().lower() not in {b"gzip", b"x-gzip"}:
        return body
    inflater = zlib.decompressobj(31)
    try:
        plain = inflater.decompress(body, _MOST)
    except zlib.error:
        return None
    return plain if inflater.eof else None
