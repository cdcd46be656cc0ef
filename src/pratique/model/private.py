"""PrivatePackage, PrivateVersion, Token: what is published to the firewall, and who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class PrivateVersion:
    """One release that was published here.

    Attributes:
        manifest: The version's object as its publisher sent it, verbatim.
        sha512, sha1: Hex digests of the tarball, as computed here.
        size: Bytes of the tarball.
        published_at: Aware, in UTC, to the second.
        by: Name of the token that published it.
        deprecated: The message; "" where it is not deprecated.
        removed_at: When it was unpublished. A version that was is never published again.
    """

    version: str
    manifest: bytes = field(repr=False)
    sha512: str
    sha1: str
    size: int
    published_at: datetime
    by: str
    deprecated: str = ""
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PrivatePackage:
    """A name that belongs to this registry, for good: also when all of it was unpublished.

    Attributes:
        revision: Counts the changes, from 1.
        versions: In the order in which they were published; the unpublished ones, too.
        tags: Dist-tag -> version that is there.
        owners: Names of tokens that may publish, sorted; never empty.
    """

    name: str
    revision: int
    created_at: datetime
    modified_at: datetime
    versions: tuple[PrivateVersion, ...]
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    owners: tuple[str, ...] = ()

    @property
    def present(self) -> tuple[PrivateVersion, ...]:
        """The versions that were not unpublished."""
        return tuple(each for each in self.versions if each.removed_at is None)

    def version(self, version: str) -> PrivateVersion | None:
        """The version, whether it is still there or not; None where it never was."""
        return next((each for each in self.versions if each.version == version), None)


class Right(StrEnum):
    """What a token may do with the packages that it names."""

    READ = "read"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token: everything but the token itself.

    Attributes:
        id: Public: how `pratique token list` and `npm token list` call it.
        name: Whom it speaks for; what `npm whoami` prints, and what owners are.
        hash: Hex SHA-256 of the token.
        start: The token's first characters, by which its holder knows it again.
        packages: Patterns of package names; empty where it is for every package.
        expires_at: The first moment at which it is no longer valid; None where it lasts.
    """

    id: str
    name: str
    hash: str = field(repr=False)
    start: str
    rights: frozenset[Right]
    created_at: datetime
    packages: tuple[str, ...] = ()
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
