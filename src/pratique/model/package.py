"""Package, Release, Digest: what is judged, and what binds it to bytes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

# Strongest first. Only the first two are strong: SHA-1 and MD5 collisions are practical
# (https://shattered.io, 2017), so a digest of theirs binds nothing.
ALGORITHMS = ("sha512", "sha384", "sha256", "sha1", "md5")
STRONG = frozenset({"sha512", "sha384", "sha256"})
_HEX = re.compile(r"[0-9a-f]+")
_HEX_LENGTH = {"sha512": 128, "sha384": 96, "sha256": 64, "sha1": 40, "md5": 32}


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """A name in an ecosystem, without a version. `name` is `left-pad` or `@scope/left-pad`."""

    name: str
    ecosystem: str = "npm"


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """A package at one version: the unit of verdicts."""

    package: Package
    version: str

    def __hash__(self) -> int:
        """Of names alone: facts are looked up by releases, thousands of times in a request."""
        return hash((self.package.name, self.version))

    @property
    def name(self) -> str:
        return self.package.name

    @property
    def purl(self) -> str:
        """The package URL, e.g. `pkg:npm/%40scope/left-pad@1.0.0` (purl-spec, ECMA-427)."""
        path = "/".join(_quoted(part) for part in self.package.name.split("/"))
        return f"pkg:{self.package.ecosystem}/{path}@{_quoted(self.version)}"

    def __str__(self) -> str:
        return f"{self.package.name}@{self.version}"


@lru_cache(maxsize=1 << 16)
def release_of(name: str, version: str) -> Release:
    """The release of these names: the same object, which is found without being compared."""
    return Release(Package(name), version)


def in_order(releases: Iterable[Release]) -> list[Release]:
    """Sorted, by a key for each rather than by comparing each with each."""
    return sorted(releases, key=lambda each: (each.package.name, each.version))


def _quoted(part: str) -> str:
    """Percent-encoded; what UTF-8 cannot carry becomes a visible escape instead of an error."""
    return quote(part, safe="", errors="backslashreplace")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A digest of an artifact's bytes. `hex` is lower case and has the algorithm's length."""

    algorithm: str
    hex: str

    @property
    def is_strong(self) -> bool:
        return self.algorithm in STRONG

    @property
    def sri(self) -> str:
        """The digest as subresource integrity: `sha512-<base64>`."""
        raw = bytes.fromhex(self.hex)
        return f"{self.algorithm}-{base64.b64encode(raw).decode('ascii')}"

    @classmethod
    def from_hex(cls, algorithm: str, text: str) -> Digest | None:
        """A digest from hexadecimal text, or None where it is not one of that algorithm."""
        text = text.lower()
        if len(text) != _HEX_LENGTH.get(algorithm, -1) or not _HEX.fullmatch(text):
            return None
        return cls(algorithm, text)

    @classmethod
    def from_sri(cls, text: str) -> tuple[Digest, ...]:
        """Every well-formed digest of an integrity string, strongest algorithm first.

        `text` is space-separated `algorithm-base64[?options]` (W3C SRI, 2016). Unknown algorithms
        and malformed members are left out, so a caller must treat an empty tuple as "none".
        """
        found = [digest for member in text.split() if (digest := _from_sri_member(member))]
        return tuple(sorted(found, key=lambda digest: ALGORITHMS.index(digest.algorithm)))


def _from_sri_member(member: str) -> Digest | None:
    algorithm, dash, encoded = member.partition("?")[0].partition("-")
    if not dash or algorithm not in _HEX_LENGTH:
        return None
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Digest(algorithm, raw.hex()) if len(raw) * 2 == _HEX_LENGTH[algorithm] else None


def strongest(digests: tuple[Digest, ...]) -> Digest | None:
    """The digest with the strongest algorithm, or None where there is none."""
    return min(digests, key=lambda digest: ALGORITHMS.index(digest.algorithm), default=None)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a release, with its digests."""

    release: Release
    filename: str
    digests: tuple[Digest, ...]
