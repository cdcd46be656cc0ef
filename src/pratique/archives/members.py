"""The files of a large archive: unpacked anew whenever they are gone through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from msgspec import Struct

from pratique.archives.archive import Entry, Limits
from pratique.archives.inflate import Stream


class Member(Struct, frozen=True):
    """Where a file lies in the unpacked stream: `size` bytes from `start`."""

    path: str
    start: int
    size: int
    mode: int


class Members(Sequence[Entry]):
    """The files as a sequence whose memory is one file's, not all files'."""

    def __init__(self, source: bytes, members: Sequence[Member], limits: Limits) -> None:
        self._source, self._members, self._limits = source, tuple(members), limits

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Entry]:
        stream, at = Stream(self._source, self._limits), 0
        for member in self._members:
            at += stream.skip(member.start - at)
            content = stream.read(min(member.size, self._limits.file))
            at += len(content)
            yield Entry(member.path, content, member.mode)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(index, slice):
            return Members(self._source, self._members[index], self._limits)
        (found,) = Members(self._source, (self._members[index],), self._limits)
        return found
