"""Which S3-compatible bucket keeps the files that several nodes share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_SECRETS = (
    "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bucket:
    """Which bucket.

    Attributes:
        name: Of the bucket.
        prefix: Of every key in it, without slashes at its ends; "" for none.
        endpoint: Address of an S3-compatible service; None for that of the region.
    """

    name: str
    prefix: str = ""
    endpoint: str | None = None


def bucket_of(url: str, endpoint: str | None, environ: Mapping[str, str]) -> Bucket | str:
    """The bucket that `s3://NAME/PREFIX` names; why it cannot be used, where that is so."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or parts.query or "@" in parts.netloc:
        return f"{url!r} is no address of a bucket: s3://NAME/PREFIX"
    if endpoint is not None and urlsplit(endpoint).scheme not in {"http", "https"}:
        return "the bucket's endpoint is no http(s) address"
    if not any(environ.get(name) for name in _SECRETS):
        # Without them the library would ask the cloud's metadata service, whoever that is here.
        return "no credentials for the bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    return Bucket(parts.netloc, parts.path.strip("/"), endpoint)
