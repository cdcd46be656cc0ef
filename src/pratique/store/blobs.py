"""Files by their SHA-512: a folder in which every name is the digest of what it holds.

A file is written under a temporary name, hashed, flushed to the disk, and only then renamed. A
crash at any moment leaves either no file of that name or the whole of it; what is left under a
temporary name is removed at the next opening.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pratique.errors import Hindrance, StoreError, StoreUnavailableError

_DIGEST = re.compile(r"[0-9a-f]{128}")
_HINDRANCES = {
    errno.ENOSPC: Hindrance.FULL,
    errno.EDQUOT: Hindrance.FULL,
    errno.EROFS: Hindrance.READ_ONLY,
    errno.EACCES: Hindrance.READ_ONLY,
    errno.EPERM: Hindrance.READ_ONLY,
}
_SPOOL = "tmp"
_AT_ONCE = 1024 * 1024
_TO_THE_HOUR = 3600.0
"""Seconds to which the last use is kept: serving a file is then no write."""
EVICTED_TO = 0.9
"""Share of the limit that eviction goes down to, so that it does not run at every file."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A file that is there: its digest, its bytes, and when it was last used, in seconds."""

    sha512: str
    size: int
    used: float


class Blobs:
    """A folder of files by their SHA-512. Used from threads.

    Args:
        folder: Made with access for the user alone if need be; all of it in one file system.
        clear: Remove what a crash left under temporary names: for the one process that writes.

    Raises:
        StoreUnavailableError: It cannot be made.
    """

    def __init__(self, folder: Path, *, clear: bool = False) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        with _said(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / _SPOOL).mkdir(mode=0o700, exist_ok=True)
            if clear:
                for left in (folder / _SPOOL).iterdir():
                    left.unlink()
        self._total = sum(each.size for each in self._here())

    @property
    def total(self) -> int:
        """Bytes of all files in the folder."""
        return self._total

    def spool(self) -> Spool:
        """A temporary file in the same file system, to be written and then kept or dropped."""
        return Spool(self, self._folder / _SPOOL / secrets.token_hex(16))

    def put(self, temporary: Path, sha512: str) -> int:
        """Take a file of the same file system in; it is read to its end and has to be this one.

        Returns:
            Its size.

        Raises:
            StoreError: Its digest is another one; it is left where it is.
            StoreUnavailableError: It cannot be written; likewise.
        """
        with _said(temporary), temporary.open("rb") as file:
            found = hashlib.file_digest(file, "sha512").hexdigest()
            if found != sha512:
                raise StoreError(f"{temporary.name} has the digest {found}, not {sha512}")
            os.fsync(file.fileno())
        return self._place(temporary, sha512)

    def keep(self, body: bytes) -> str:
        """Keep these bytes; returns their digest."""
        with self.spool() as spool:
            spool.write(body)
            return spool.keep()

    def open(self, sha512: str, now: datetime | None = None) -> BinaryIO | None:
        """The file, from its start; None where it is not there. With `now`, that is a use of it.

        It can be read to its end also when it is deleted meanwhile.
        """
        path = self._path(sha512)
        with _said(path):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                return None
        if now is not None:
            self.used(sha512, now)
        return file

    def read(self, sha512: str) -> bytes | None:
        """All of the file; None where it is not there."""
        file = self.open(sha512)
        if file is None:
            return None
        with _said(self._path(sha512)), file:
            return file.read()

    def file(self, sha512: str) -> Path | None:
        """The file's place on this machine, for another process; None where it is not there."""
        opened = self.open(sha512)
        if opened is None:
            return None
        opened.close()
        return self._path(sha512)

    def size(self, sha512: str) -> int | None:
        """The file's bytes; None where it is not there."""
        with suppress(FileNotFoundError):
            return self._path(sha512).stat().st_size
        return None

    def at_hand(self, sha512: str) -> bool:
        """Whether the file is there, and can be opened without waiting for anybody."""
        return self.size(sha512) is not None

    def used(self, sha512: str, now: datetime) -> None:
        """The file was used; kept to the hour, and not at all where nothing can be written."""
        path, at = self._path(sha512), now.timestamp()
        with suppress(OSError):
            if at - path.stat().st_mtime >= _TO_THE_HOUR:
                os.utime(path, (at, at))

    def delete(self, sha512: str) -> bool:
        """Delete the file; False where it is not there."""
        return self._drop(sha512)

    def _drop(self, sha512: str) -> bool:
        path = self._path(sha512)
        with self._lock, _said(path):
            try:
                size = path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                return False
            self._total -= size
        return True

    def evict(self, limit: int, is_needed: Callable[[str], bool]) -> tuple[Blob, ...]:
        """Delete what was not used for longest until the rest is clearly below `limit` bytes.

        Nothing happens while it is. What `is_needed` says of a digest is asked just before.

        Returns:
            What was deleted.
        """
        if self._total <= limit:
            return ()
        deleted = []
        for each in sorted(self._here(), key=lambda blob: (blob.used, blob.sha512)):
            if self._total <= limit * EVICTED_TO:
                break
            if not is_needed(each.sha512) and self._drop(each.sha512):
                deleted.append(each)
        return tuple(deleted)

    def __iter__(self) -> Iterator[Blob]:
        """Every file, in no order."""
        return self._here()

    def _here(self) -> Iterator[Blob]:
        with _said(self._folder), os.scandir(self._folder) as folders:
            for folder in folders:
                if len(folder.name) == 2 and folder.is_dir(follow_symlinks=False):
                    yield from _blobs(folder.path)

    def _path(self, sha512: str) -> Path:
        if not _DIGEST.fullmatch(sha512):
            raise StoreError(f"{sha512[:140]!r} is no SHA-512")
        return self._folder / sha512[:2] / sha512

    def _place(self, temporary: Path, sha512: str) -> int:
        """Rename a flushed file, and flush the folder that now names it."""
        target = self._path(sha512)
        with self._lock, _said(target):
            if not target.parent.is_dir():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                _flush(self._folder)
            size = temporary.stat().st_size
            before = target.stat().st_size if target.exists() else 0
            temporary.replace(target)
            self._total += size - before
            _flush(target.parent)
        return size


class Spool:
    """A temporary file that is hashed while it is written. Dropped at the end, unless kept."""

    def __init__(self, blobs: Blobs, path: Path) -> None:
        self.path = path
        self.size = 0
        self._blobs = blobs
        self._digest = hashlib.sha512()
        with _said(path):
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(handle, "wb", buffering=_AT_ONCE)

    @property
    def sha512(self) -> str:
        """Hex digest of what was written so far."""
        return self._digest.hexdigest()

    def write(self, part: bytes) -> None:
        """Write on."""
        with _said(self.path):
            self._file.write(part)
        self._digest.update(part)
        self.size += len(part)

    def restart(self) -> None:
        """Forget what was written."""
        with _said(self.path):
            self._file.seek(0)
            self._file.truncate()
        self._digest = hashlib.sha512()
        self.size = 0

    def flush(self) -> None:
        """Let readers of `path` see all that was written."""
        with _said(self.path):
            self._file.flush()

    def keep(self, sha512: str | None = None) -> str:
        """Put the file in its place; returns its digest.

        Raises:
            StoreError: It is not `sha512`.
            StoreUnavailableError: It cannot be written.
        """
        if sha512 is not None and sha512 != self.sha512:
            raise StoreError(f"The file has the digest {self.sha512}, not {sha512}")
        self._blobs._place(self.finish(), self.sha512)  # noqa: SLF001 - the other half of the class
        return self.sha512

    def finish(self) -> Path:
        """Put all of it on the disk; it can be written no more."""
        with _said(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return self.path

    def drop(self) -> None:
        """Remove the file, if it was not kept."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop()


def _blobs(folder: str) -> Iterator[Blob]:
    with os.scandir(folder) as files:
        for file in files:
            if _DIGEST.fullmatch(file.name):
                with suppress(FileNotFoundError):
                    about = file.stat(follow_symlinks=False)
                    yield Blob(file.name, about.st_size, about.st_mtime)


def _flush(folder: Path) -> None:
    """Put the folder's names on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say what the system's error means."""
    try:
        yield
    except OSError as error:
        hindrance = _HINDRANCES.get(error.errno or 0, Hindrance.UNREACHABLE)
        message = f"{path} cannot be used ({hindrance}): {error.strerror}"
        raise StoreUnavailableError(message, hindrance) from error
