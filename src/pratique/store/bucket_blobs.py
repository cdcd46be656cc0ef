"""The same files in an S3-compatible bucket, which several nodes share.

The folder stays in front of it: what is written goes to the bucket first and then into the folder,
what is read comes from the folder, or from the bucket into it. A file that comes from the bucket
is hashed like one from an upstream: who can write there cannot make us serve other bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import obstore
from obstore import exceptions as wrong
from obstore.store import S3Store

from pratique.errors import Hindrance, StoreUnavailableError
from pratique.model.bucket import Bucket
from pratique.store.blobs import Blob, Blobs

_PIECE = 1024 * 1024
_MARK = "pratique.txt"


class BucketBlobs(Blobs):
    """`Blobs` of which the folder has what was used of late, and a bucket everything.

    Raises:
        StoreUnavailableError: The folder cannot be made, or the bucket cannot be written.
    """

    def __init__(self, folder: Path, bucket: Bucket, *, clear: bool = False) -> None:
        super().__init__(folder, clear=clear)
        self._place_of_bucket = f"s3://{bucket.name}/{bucket.prefix}"
        self._store = self._made(bucket)
        with self._told():
            obstore.put(self._store, _MARK, b"Files of pratique, by their SHA-512.\n")

    def _made(self, bucket: Bucket) -> S3Store:
        return S3Store(
            bucket.name,
            prefix=bucket.prefix or None,
            endpoint=bucket.endpoint,
            client_options={
                "connect_timeout": "5s",
                "timeout": "60s",
                "allow_http": _is_plain(bucket.endpoint),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=30)},
        )

    def open(self, sha512: str, now: datetime | None = None) -> BinaryIO | None:
        file = super().open(sha512, now)
        if file is None and self._brought(sha512):
            file = super().open(sha512, now)
        return file

    def at_hand(self, sha512: str) -> bool:
        return super().size(sha512) is not None or self._brought(sha512)

    def size(self, sha512: str) -> int | None:
        here = super().size(sha512)
        if here is not None:
            return here
        with self._told():
            try:
                return obstore.head(self._store, _key(sha512))["size"]
            except FileNotFoundError:
                return None

    def delete(self, sha512: str) -> bool:
        was_here = self._drop(sha512)
        was_there = self.size(sha512) is not None
        with self._told():
            if was_there:
                obstore.delete(self._store, _key(sha512))
        return was_here or was_there

    def evict(self, limit: int, is_needed: Callable[[str], bool]) -> tuple[Blob, ...]:  # noqa: ARG002 - nothing is lost
        """Make room in the folder. Nothing is gone: the bucket has it."""
        super().evict(limit, lambda _: False)
        return ()

    def __iter__(self) -> Iterator[Blob]:
        with self._told():
            for part in obstore.list(self._store):
                for each in part:
                    name = each["path"].rpartition("/")[2]
                    if name != _MARK:
                        yield Blob(name, each["size"], each["last_modified"].timestamp())

    def _place(self, temporary: Path, sha512: str) -> int:
        """Into the bucket, whole or not at all, and only then into the folder."""
        key = _key(sha512)
        with self._told():
            obstore.put(self._store, key, temporary)
        return super()._place(temporary, sha512)

    def _brought(self, sha512: str) -> bool:
        """Take the file from the bucket into the folder; False where it is not there."""
        key = _key(sha512)
        with self.spool() as spool:
            with self._told():
                try:
                    for piece in obstore.get(self._store, key).stream(_PIECE):
                        spool.write(bytes(piece))
                except FileNotFoundError:
                    return False
            if spool.sha512 != sha512:
                return False  # somebody has changed it: as good as gone, and written over
            self._kept_here(spool.finish(), sha512)
        return True

    def _kept_here(self, temporary: Path, sha512: str) -> None:
        super()._place(temporary, sha512)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what the service's error means."""
        try:
            yield
        except (wrong.PermissionDeniedError, wrong.UnauthenticatedError) as error:
            raise self._unavailable(Hindrance.READ_ONLY, "it does not let us") from error
        except FileNotFoundError as error:
            raise self._unavailable(Hindrance.UNREACHABLE, "there is no such bucket") from error
        except (wrong.BaseError, OSError) as error:
            raise self._unavailable(Hindrance.UNREACHABLE, "it does not answer rightly") from error

    def _unavailable(self, hindrance: Hindrance, why: str) -> StoreUnavailableError:
        message = f"{self._place_of_bucket} cannot be used ({hindrance}): {why}"
        return StoreUnavailableError(message, hindrance)


def _key(sha512: str) -> str:
    return f"sha512/{sha512[:2]}/{sha512}"


def _is_plain(endpoint: str | None) -> bool:
    """Whether the user names an address without TLS, as of a service on the same machine."""
    return endpoint is not None and endpoint.startswith("http://")
