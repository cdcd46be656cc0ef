"""A bucket that several nodes share: what one of them keeps the others have, and nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import obstore
import pytest
from tests.contract.s3 import KEYS, Service

from pratique.errors import Hindrance, StoreUnavailableError
from pratique.model.bucket import Bucket, bucket_of
from pratique.store.bucket_blobs import BucketBlobs

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
BODY = b"tarball" * 1000
DIGEST = hashlib.sha512(BODY).hexdigest()
Open = Callable[..., BucketBlobs]


@pytest.fixture
def bucket(s3: Service, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return Bucket(s3.new_bucket(), "some/where", s3.endpoint)


@pytest.fixture
def node(bucket: Bucket, tmp_path: Path) -> Open:
    """A node by its name, with a folder of its own."""
    return lambda name="a": BucketBlobs(tmp_path / name, bucket)


def test_what_one_node_keeps_another_one_has(node: Open) -> None:
    one, other = node("one"), node("other")
    one.keep(BODY)
    assert (other.size(DIGEST), other.total) == (len(BODY), 0)
    file = other.open(DIGEST, NOW)
    assert file
    with file:
        assert file.read() == BODY
    assert other.total == len(BODY)
    assert [each.sha512 for each in other] == [DIGEST]


def test_a_file_is_brought_into_the_folder_before_anybody_waits_for_it(node: Open) -> None:
    node("one").keep(BODY)
    other = node("other")
    assert other.at_hand(DIGEST)
    assert other.total == len(BODY)
    assert not other.at_hand("0" * 128)


def test_a_large_file_goes_there_and_comes_back_in_parts(node: Open) -> None:
    body = os.urandom(12 * 1024 * 1024)
    digest = node("one").keep(body)
    assert node("other").read(digest) == body


def test_bytes_that_somebody_has_changed_are_not_given_and_are_written_over(node: Open) -> None:
    one, other = node("one"), node("other")
    one.keep(BODY)
    obstore.put(one._store, f"sha512/{DIGEST[:2]}/{DIGEST}", b"evil" * 100)
    assert other.open(DIGEST) is None
    assert not other.at_hand(DIGEST)
    assert list(other._folder.glob("tmp/*")) == []
    other.keep(BODY)
    assert node("third").read(DIGEST) == BODY


def test_the_folder_is_emptied_and_nothing_is_gone(node: Open) -> None:
    one = node("one")
    digests = [one.keep(b"%100d" % number) for number in range(10)]
    assert one.evict(500, lambda _: False) == ()
    assert one.total <= 500
    assert [one.size(each) for each in digests] == [100] * 10
    assert one.read(digests[0]) == b"%100d" % 0


def test_what_is_deleted_is_gone_for_every_node_that_has_it_not_at_hand(node: Open) -> None:
    one, other = node("one"), node("other")
    one.keep(BODY)
    assert other.delete(DIGEST)
    assert node("third").open(DIGEST) is None
    assert not other.delete(DIGEST)


def test_a_bucket_that_takes_nothing_leaves_nothing(node: Open, tmp_path: Path) -> None:
    one = node("one")
    one._store = one._made(Bucket("gone", "", "http://127.0.0.1:9"))
    with pytest.raises(StoreUnavailableError) as caught:
        one.keep(BODY)
    assert caught.value.hindrance is Hindrance.UNREACHABLE
    assert list((tmp_path / "one").rglob("*")) == [tmp_path / "one" / "tmp"]
    with pytest.raises(StoreUnavailableError):
        one.size(DIGEST)


def test_a_bucket_that_is_not_there_stops_the_start(
    s3: Service, node: Open, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnavailableError, match="there is no such bucket"):
        BucketBlobs(tmp_path / "x", Bucket("nosuchbucket", "", s3.endpoint))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("s3://b", Bucket("b", "", "http://e.example")),
        ("s3://b/", Bucket("b", "", "http://e.example")),
        ("s3://b/x/y/", Bucket("b", "x/y", "http://e.example")),
        ("S3://b/x", Bucket("b", "x", "http://e.example")),
    ],
)
def test_an_address_names_bucket_and_prefix(url: str, found: Bucket) -> None:
    assert bucket_of(url, "http://e.example", KEYS) == found


@pytest.mark.parametrize(
    ("url", "endpoint", "why"),
    [
        ("b/x", None, "is no address of a bucket"),
        ("s3://", None, "is no address of a bucket"),
        ("s3:///x", None, "is no address of a bucket"),
        ("s3://key:secret@b/x", None, "is no address of a bucket"),
        ("s3://b/x?y=z", None, "is no address of a bucket"),
        ("https://b/x", None, "is no address of a bucket"),
        ("s3://b", "e.example", "is no http(s) address"),
        ("s3://b", "file:///x", "is no http(s) address"),
    ],
)
def test_what_is_no_address_is_said(url: str, endpoint: str | None, why: str) -> None:
    assert why in str(bucket_of(url, endpoint, KEYS))


def test_without_credentials_nobody_is_asked_for_some() -> None:
    assert "AWS_ACCESS_KEY_ID" in str(bucket_of("s3://b", None, {}))
