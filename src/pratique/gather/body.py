"""Reading an answer's body within bounds, whatever the headers promise."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

_PIECE = 64 * 1024
_SMALL = 4 * 1024 * 1024
"""Bytes that a body may have however little was sent for it."""
_RATIO = 200
"""Times that a large body may be larger than what was sent; real packuments reach about 40."""


class BodyError(Exception):
    """The body is too large or cannot be decoded; the message says how."""


class Source(Protocol):
    """What urllib3's response offers."""

    def read(self, amt: int | None = None, decode_content: bool | None = None) -> bytes: ...  # noqa: FBT001 - urllib3's signature


@dataclass(frozen=True, slots=True)
class Bounds:
    """`most`: bytes after decoding. `grow` is told the length that the body has reached."""

    most: int
    grow: Callable[[int], None]


class Sink(Protocol):
    """Where a body goes that is not to be held in memory."""

    def begin(self) -> None:
        """Forget what came: another attempt begins."""

    def write(self, piece: bytes) -> None:
        """The next bytes."""


def read_body(
    source: Source, encoding: str, length: str | None, bounds: Bounds, sink: Sink | None = None
) -> bytearray:
    """The decoded body; empty where it goes into `sink`.

    Args:
        source: Gives the bytes as they were sent.
        encoding: The Content-Encoding; "" where there is none.
        length: The Content-Length, where there is one.
        bounds: What is accepted.
        sink: Takes the body instead; `bounds.grow` is not asked then.

    Raises:
        BodyError: It exceeds a bound, or its encoding is broken or unknown.
    """
    if length is not None:
        if not (length.isascii() and length.isdigit()):
            raise BodyError("has a length that is no number")
        _check(int(length), int(length), bounds.most)
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise BodyError("has an encoding that was not asked for")
    held = _Held(bounds.grow) if sink is None else sink
    held.begin()
    inflate = zlib.decompressobj(31) if "gzip" in encoding else None
    sent = size = 0
    while piece := source.read(_PIECE, decode_content=False):
        sent += len(piece)
        for decoded in _decoded(piece, inflate):
            size += len(decoded)
            _check(size, sent, bounds.most)
            held.write(decoded)
    if inflate is not None and not inflate.eof:
        raise BodyError("ends in the middle of its encoding")
    return held.body if isinstance(held, _Held) else bytearray()


class _Held:
    """A body in memory."""

    def __init__(self, grow: Callable[[int], None]) -> None:
        self.body = bytearray()
        self._grow = grow

    def begin(self) -> None:
        self.body = bytearray()

    def write(self, piece: bytes) -> None:
        self.body += piece
        self._grow(len(self.body))


def _decoded(piece: bytes, inflate: zlib._Decompress | None) -> Iterator[bytes]:
    if inflate is None:
        yield piece
        return
    try:
        while piece and not inflate.eof:
            yield inflate.decompress(piece, _PIECE * 4)
            piece = inflate.unconsumed_tail
    except zlib.error:
        raise BodyError("has a broken encoding") from None


def _check(size: int, sent: int, most: int) -> None:
    if size > most:
        raise BodyError(f"is larger than {most} bytes")
    if size > _SMALL and size > sent * _RATIO:
        raise BodyError(f"is more than {_RATIO} times larger than what was sent")
