"""A package as a purl without a version, and back."""

from __future__ import annotations

from urllib.parse import unquote

from pratique.ecosystems.npm.versions import line_of
from pratique.model.ledger import LineKey
from pratique.model.package import Package, Release

_NPM = "pkg:npm/"


def purl_of(package: Package) -> str:
    """`pkg:npm/%40scope/name` (purl-spec, ECMA-427)."""
    return Release(package, "").purl.removesuffix("@")


def package_of(purl: str) -> Package | None:
    """The package; None where `purl` is not one in the form that `purl_of` writes."""
    if not purl.startswith(_NPM) or len(purl) == len(_NPM):
        return None
    package = Package(unquote(purl.removeprefix(_NPM)))
    return package if purl_of(package) == purl else None


def key_of(release: Release, registry: str) -> LineKey:
    """The line that a release of a registry belongs to."""
    return LineKey(release.package, registry, line_of(release.version) or release.version)
