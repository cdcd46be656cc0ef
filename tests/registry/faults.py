"""Faults on demand. Each function makes a fault; `Registry.fault` says where and how often."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tests.registry.exchange import Answer, Exchange, Fault, json_answer
from tests.registry.shelf import Document
from tests.registry.tarball import pack

_PIECE = 64 * 1024


def slow(*, wait: float = 0.0, chunk: int = 1024, pause: float = 0.02) -> Fault:
    """`wait` seconds before the answer, then `chunk` bytes every `pause` seconds."""

    def fault(_exchange: Exchange, answer: Answer) -> Answer:
        delivery = replace(answer.delivery, wait=wait, chunk=chunk, pause=pause)
        return replace(answer, delivery=delivery)

    return fault


def truncated(keep: int | None = None) -> Fault:
    """Announces the whole body, sends `keep` bytes (default: half), closes the connection."""

    def fault(_exchange: Exchange, answer: Answer) -> Answer:
        kept = len(answer.body) // 2 if keep is None else keep
        plain = answer.with_headers(content_encoding="identity")
        return replace(plain, delivery=replace(answer.delivery, cut=kept))

    return fault


def reset(after: int | None = None) -> Fault:
    """Resets the connection: before any byte, or after `after` bytes of the body."""

    def fault(_exchange: Exchange, answer: Answer) -> Answer:
        cut = -1 if after is None else after
        return replace(answer, delivery=replace(answer.delivery, cut=cut, reset=True))

    return fault


def status(
    code: int, *, reason: str | None = None, body: Any = None, retry_after: str | None = None
) -> Fault:
    """Answers with a status, a JSON body as npm's errors have, and perhaps `Retry-After`."""

    def fault(_exchange: Exchange, _answer: Answer) -> Answer:
        error = json_answer({"error": reason or f"status {code}"} if body is None else body, code)
        wrong = replace(error, reason=reason, etag=False)
        return wrong.with_headers(retry_after=retry_after) if retry_after else wrong

    return fault


def too_many_requests(retry_after: str = "1") -> Fault:
    return status(429, retry_after=retry_after)


def not_found() -> Fault:
    return status(404, body={"error": "Not found"})


def redirect(url: str, code: int = 302) -> Fault:
    """Redirects to `url`; `{path}` in it becomes the path that was asked for, without a slash."""

    def fault(exchange: Exchange, _answer: Answer) -> Answer:
        target = url.replace("{path}", exchange.request.path.lstrip("/"))
        return Answer(code, b"", {"location": target}, etag=False)

    return fault


def redirect_to_itself() -> Fault:
    """A redirect loop."""

    def fault(exchange: Exchange, _answer: Answer) -> Answer:
        return Answer(302, b"", {"location": exchange.request.path}, etag=False)

    return fault


def instead(path: str) -> Fault:
    """The right answer for another path (`is-even`, `is-even/-/is-even-1.0.0.tgz`)."""

    def fault(exchange: Exchange, _answer: Answer) -> Answer:
        return exchange.answer_at(path)

    return fault


def other_bytes(content: bytes | None = None) -> Fault:
    """Another tarball than the one whose digest the metadata states."""
    wrong = pack([("package.json", b'{"name":"other","version":"9.9.9"}')])

    def fault(_exchange: Exchange, answer: Answer) -> Answer:
        return replace(answer, body=wrong if content is None else content)

    return fault


def huge(size: int) -> Fault:
    """The right JSON followed by spaces up to `size` bytes, made while it is sent."""

    def fault(_exchange: Exchange, answer: Answer) -> Answer:
        def stream() -> Iterable[bytes]:
            return _padded(answer.body, size)

        length = max(size, len(answer.body))
        plain = answer.with_headers(content_encoding="identity")
        return replace(plain, delivery=replace(answer.delivery, stream=(length, stream)))

    return fault


def gzip_bomb(size: int) -> Fault:
    """The right JSON followed by spaces up to `size` bytes, gzipped to about a thousandth."""

    def fault(_exchange: Exchange, answer: Answer) -> Answer:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        pieces = [packer.compress(piece) for piece in _padded(answer.body, size)]
        body = b"".join([*pieces, packer.flush()])
        return replace(answer, body=body).with_headers(content_encoding="gzip")

    return fault


def malformed(body: bytes = b'{"name":"is-odd","versions":{') -> Fault:
    """A body that is not JSON, with status 200."""

    def fault(_exchange: Exchange, answer: Answer) -> Answer:
        return replace(answer, body=body)

    return fault


def edited(edit: Callable[[Document], None]) -> Fault:
    """The right JSON document, changed in place by `edit`."""

    def fault(_exchange: Exchange, answer: Answer) -> Answer:
        document = answer.document()
        edit(document)
        return answer.with_json(document)

    return fault


def without(*members: str) -> Fault:
    """The right JSON document without top-level members: `time`, `modified`, `dist-tags`, ..."""

    def edit(document: Document) -> None:
        for member in members:
            document.pop(member, None)

    return edited(edit)


def without_digests(*members: str) -> Fault:
    """Version objects without members of `dist`; by default neither `integrity` nor `shasum`."""
    removed = members or ("integrity", "shasum", "signatures")

    def edit(document: Document) -> None:
        for version in document.get("versions", {"": document}).values():
            for member in removed:
                version.get("dist", {}).pop(member, None)

    return edited(edit)


def stripped_evidence(*, user: bool = True) -> Fault:
    """A mirror that strips evidence: no signatures, attestations and keys; nobody published.

    Args:
        user: Whether `_npmUser` is stripped too, as a mirror did that we looked at.
    """

    def fault(exchange: Exchange, answer: Answer) -> Answer:
        kind = exchange.route.kind
        if kind in {"attestations", "-/npm/v1/keys"}:
            return not_found()(exchange, answer)
        if kind not in {"packument", "version"} or answer.status != 200:
            return answer
        document = answer.document()
        for version in document.get("versions", {"": document}).values():
            for member in ("signatures", "attestations"):
                version.get("dist", {}).pop(member, None)
            if user:
                version.pop("_npmUser", None)
        return answer.with_json(document)

    return fault


def attested(*attestations: Any) -> Fault:
    """The attestation endpoint gives these; by default an empty list."""

    def fault(_exchange: Exchange, _answer: Answer) -> Answer:
        return json_answer({"attestations": list(attestations)})

    return fault


def without_attestation(part: str) -> Fault:
    """The attestation endpoint's answer without those whose predicateType holds `part`."""

    def edit(document: Document) -> None:
        kept = [one for one in document["attestations"] if part not in one["predicateType"]]
        document["attestations"] = kept

    return edited(edit)


def swapped_bundles(path: str) -> Fault:
    """Each attestation keeps its outer type, and has the bundle of the same type from `path`.

    Args:
        path: Another release's endpoint: `-/npm/v1/attestations/is-even@1.0.0`.
    """

    def fault(exchange: Exchange, answer: Answer) -> Answer:
        others = exchange.answer_at(path).document()["attestations"]
        bundles = {one["predicateType"]: one["bundle"] for one in others}
        document = answer.document()
        for one in document["attestations"]:
            one["bundle"] = bundles.get(one["predicateType"], one["bundle"])
        return answer.with_json(document)

    return fault


def times(form: Callable[[str], Any]) -> Fault:
    """Publish times in another form: `form` gets npm's text and gives what is served."""

    def edit(document: Document) -> None:
        if "time" in document:
            document["time"] = {key: form(text) for key, text in document["time"].items()}
        if "modified" in document:
            document["modified"] = form(document["modified"])

    return edited(edit)


def _padded(body: bytes, size: int) -> Iterable[bytes]:
    yield body
    left = size - len(body)
    while left > 0:
        piece = min(left, _PIECE)
        yield b" " * piece
        left -= piece
