"""Files by their digest: nothing under a name that it does not have, and the oldest go first."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.contract.s3 import KEYS

from pratique.errors import Hindrance, StoreError, StoreUnavailableError
from pratique.model.bucket import Bucket
from pratique.store.blobs import Blobs
from pratique.store.bucket_blobs import BucketBlobs

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
BODY = b"tarball" * 1000
DIGEST = hashlib.sha512(BODY).hexdigest()


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    """The same contract, whatever keeps them."""
    folder = tmp_path / "blobs"
    if request.param == "folder":
        return Blobs(folder, clear=True)
    service = request.getfixturevalue("s3")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    bucket = Bucket(service.new_bucket(), "some/where", service.endpoint)
    return BucketBlobs(folder, bucket, clear=True)


@pytest.fixture
def folder(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs", clear=True)


def spooled(blobs: Blobs) -> list[Path]:
    return list((blobs._folder / "tmp").iterdir())


def test_what_was_kept_is_read_again(blobs: Blobs) -> None:
    assert blobs.keep(BODY) == DIGEST
    assert blobs.read(DIGEST) == BODY
    assert (blobs.size(DIGEST), blobs.total) == (len(BODY), len(BODY))
    assert spooled(blobs) == []
    again = Blobs(blobs._folder)
    assert again.read(DIGEST) == BODY
    assert again.total == len(BODY)
    assert [(each.sha512, each.size) for each in again] == [(DIGEST, len(BODY))]


def test_what_is_not_there_is_none(blobs: Blobs) -> None:
    other = "0" * 128
    assert blobs.open(other, NOW) is None
    assert (blobs.read(other), blobs.size(other), blobs.delete(other)) == (None, None, False)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 128, "0" * 127, "0" * 128 + "\n"])
def test_no_path_is_made_of_what_is_no_digest(blobs: Blobs, digest: str) -> None:
    for use in (blobs.open, blobs.size, blobs.delete):
        with pytest.raises(StoreError, match="SHA-512"):
            use(digest)


def test_it_is_kept_once_however_often_it_is_written(blobs: Blobs) -> None:
    blobs.keep(BODY)
    blobs.keep(BODY)
    assert blobs.total == len(BODY)
    assert len(list(blobs)) == 1


def test_a_spooled_file_is_read_before_it_is_kept_and_gone_if_it_is_not(blobs: Blobs) -> None:
    with blobs.spool() as spool:
        spool.write(BODY[:10])
        spool.write(BODY[10:])
        spool.flush()
        assert spool.path.read_bytes() == BODY
        assert (spool.sha512, spool.size) == (DIGEST, len(BODY))
        assert blobs.size(DIGEST) is None
    assert spooled(blobs) == []
    assert blobs.size(DIGEST) is None


def test_a_spooled_file_of_another_digest_is_not_kept(blobs: Blobs) -> None:
    with blobs.spool() as spool:
        spool.write(BODY + b"!")
        with pytest.raises(StoreError, match=DIGEST):
            spool.keep(DIGEST)
    assert list(blobs) == []
    assert spooled(blobs) == []


def test_a_file_is_taken_in_only_under_the_digest_that_it_has(blobs: Blobs) -> None:
    temporary = blobs._folder / "tmp" / "mine"
    temporary.write_bytes(BODY + b"!")
    with pytest.raises(StoreError, match=DIGEST):
        blobs.put(temporary, DIGEST)
    assert temporary.exists()
    assert blobs.size(DIGEST) is None
    temporary.write_bytes(BODY)
    assert blobs.put(temporary, DIGEST) == len(BODY)
    assert not temporary.exists()
    assert blobs.read(DIGEST) == BODY


def test_what_a_crash_left_is_removed_by_the_one_who_writes(blobs: Blobs) -> None:
    (blobs._folder / "tmp" / "left").write_bytes(BODY)
    Blobs(blobs._folder)
    assert len(spooled(blobs)) == 1
    Blobs(blobs._folder, clear=True)
    assert spooled(blobs) == []


def test_a_file_is_on_the_disk_before_it_has_its_name(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def flushed(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        order.append(kind)
        fsync(handle)

    def renamed(path: Path, target: Path) -> Path:
        order.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    blobs.keep(BODY)
    assert order == ["file", "folder", "rename", "folder"]


def test_an_open_file_is_read_to_its_end_though_it_is_deleted(blobs: Blobs) -> None:
    blobs.keep(BODY)
    file = blobs.open(DIGEST)
    assert file
    assert blobs.delete(DIGEST)
    with file:
        assert file.read() == BODY
    assert (blobs.total, blobs.read(DIGEST)) == (0, None)


def test_only_the_user_may_read_it(blobs: Blobs) -> None:
    blobs.keep(BODY)
    for path in (blobs._folder, *blobs._folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def hundred(blobs: Blobs) -> list[str]:
    """A hundred files of a hundred bytes, each last used an hour after the one before."""
    digests = [blobs.keep(b"%100d" % number) for number in range(100)]
    for number, digest in enumerate(digests):
        at = (NOW + number * timedelta(hours=1)).timestamp()
        os.utime(blobs._path(digest), (at, at))
    return digests


def test_what_was_not_used_for_longest_goes_first(folder: Blobs) -> None:
    digests = hundred(folder)
    opened = folder.open(digests[0], NOW + timedelta(days=30))
    assert opened
    opened.close()
    folder.used(digests[1], NOW + timedelta(days=30))
    gone = folder.evict(5000, lambda _: False)
    assert [each.sha512 for each in gone] == digests[2:57]
    assert folder.total == 4500 == sum(each.size for each in Blobs(folder._folder))
    assert folder.evict(5000, lambda _: False) == ()


def test_what_is_needed_is_not_evicted(folder: Blobs) -> None:
    digests = hundred(folder)
    gone = folder.evict(5000, digests[:20].__contains__)
    assert [each.sha512 for each in gone] == digests[20:75]
    assert folder.evict(1, lambda _: True) == ()


def test_a_use_within_the_hour_writes_nothing(folder: Blobs) -> None:
    [digest, *_] = hundred(folder)
    folder.used(digest, NOW + timedelta(minutes=59))
    assert folder._path(digest).stat().st_mtime == NOW.timestamp()


@pytest.mark.parametrize(
    ("number", "means"),
    [
        (errno.ENOSPC, Hindrance.FULL),
        (errno.EROFS, Hindrance.READ_ONLY),
        (errno.EIO, Hindrance.UNREACHABLE),
    ],
)
def test_a_disk_that_takes_nothing_leaves_nothing(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch, number: int, means: Hindrance
) -> None:
    def fails(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(StoreUnavailableError) as caught:
            blobs.keep(BODY)
    assert caught.value.hindrance is means
    assert (list(blobs), spooled(blobs), blobs.total) == ([], [], 0)
    assert blobs.keep(BODY) == DIGEST


def test_a_place_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match="file"):
        Blobs(tmp_path / "file" / "blobs")


def test_threads_keep_and_delete_at_once(blobs: Blobs) -> None:
    def work(number: int) -> None:
        for each in range(30):
            digest = blobs.keep(b"%d" % ((number * 7 + each) % 20))
            blobs.delete(digest)
            blobs.keep(b"%d" % each)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert blobs.total == sum(each.size for each in Blobs(blobs._folder))
    assert spooled(blobs) == []
