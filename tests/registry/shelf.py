"""What a registry holds: packages, their releases, and the documents that describe them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.registry.tarball import sha1, sri

Document = dict[str, Any]

INSTALL_EVENTS = ("preinstall", "install", "postinstall")

# The members of a version that npm's registry keeps in `application/vnd.npm.install-v1+json`.
# https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md (read 2026-11-22)
ABBREVIATED = (
    "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies",
    "bundleDependencies", "peerDependencies", "peerDependenciesMeta", "bin", "directories", "dist",
    "engines", "cpu", "os", "libc", "funding", "_hasShrinkwrap",
)  # fmt: skip


def as_text(when: datetime | str) -> str:
    """A time as npm writes it (`2020-01-01T00:00:00.000Z`); text is kept verbatim."""
    if isinstance(when, str):
        return when
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Shelved:
    """One release as the registry holds it.

    Attributes:
        name, version: Under which it is registered.
        metadata: Its version object, without `dist.tarball`.
        tarball: The bytes that are served; None where they are gone.
        files: What the tarball holds, by path, without `package/`.
        published: The entry of the `time` map; None leaves it out.
        attestations: What the attestation endpoint gives; None where it knows nothing.
    """

    name: str
    version: str
    metadata: Document
    tarball: bytes | None
    files: Mapping[str, bytes] = field(default_factory=dict)
    published: datetime | str | None = None
    attestations: list[Any] | None = None

    @property
    def file_name(self) -> str:
        return f"{self.name.rpartition('/')[2]}-{self.version}.tgz"

    @property
    def path(self) -> str:
        """The tarball's path below the registry's address: `is-odd/-/is-odd-1.0.0.tgz`."""
        return f"{self.name}/-/{self.file_name}"

    @property
    def integrity(self) -> str:
        """The sha512 of the tarball as subresource integrity, whatever the metadata says."""
        return sri(self.bytes)

    @property
    def shasum(self) -> str:
        return sha1(self.bytes)

    @property
    def bytes(self) -> bytes:
        if self.tarball is None:
            raise LookupError(f"{self.name}@{self.version} has no tarball")
        return self.tarball

    def document(self, address: str) -> Document:
        """The full version object, with its tarball below `address`."""
        whole = copy.deepcopy(self.metadata)
        whole.setdefault("dist", {})["tarball"] = address + self.path
        if "attestations" in whole["dist"]:
            spec = f"{self.name.replace('/', '%2f')}@{self.version}"
            whole["dist"]["attestations"]["url"] = f"{address}-/npm/v1/attestations/{spec}"
        return whole

    def abbreviated(self, address: str) -> Document:
        whole = self.document(address)
        short = {key: whole[key] for key in ABBREVIATED if key in whole}
        if any(event in whole.get("scripts", {}) for event in INSTALL_EVENTS):
            short["hasInstallScript"] = True
        return short


@dataclass
class Shelf:
    """One package: its releases in the order of publication, and its tags.

    `hidden` are releases whose tarballs are served although no document names them.
    """

    name: str
    versions: dict[str, Shelved] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    time: dict[str, str] = field(default_factory=dict)
    maintainers: list[Document] = field(default_factory=list)
    hidden: list[Shelved] = field(default_factory=list)
    unpublished: str | None = None
    extra: Document = field(default_factory=dict)
    revision: int = 0

    def add(self, release: Shelved, tag: str | None) -> None:
        self.versions[release.version] = release
        self.unpublished = None
        if tag:
            self.tags[tag] = release.version
        self.tags.setdefault("latest", release.version)
        if release.published is not None:
            self.time[release.version] = as_text(release.published)
        self.touch(release.published)

    def touch(self, when: datetime | str | None) -> None:
        """Move `created` and `modified` with a change at `when`."""
        self.revision += 1
        if isinstance(when, datetime):
            text = as_text(when)
            self.time["created"] = min(self.time.get("created", text), text)
            self.time["modified"] = max(self.time.get("modified", text), text)

    def remove(self, version: str) -> None:
        """Take a release out of the documents; its entry in `time` stays, as npm's does."""
        del self.versions[version]
        newest = next(reversed(self.versions), None)
        kept = {tag: at for tag, at in self.tags.items() if at != version}
        if newest is not None:
            kept.setdefault("latest", newest)
        self.tags = kept

    def packument(self, address: str) -> Document:
        """The full document."""
        if self.unpublished:
            gone = {"time": self.unpublished, "versions": list(self.time)}
            return {"_id": self.name, "name": self.name, "time": {**self.time, "unpublished": gone}}
        versions = {version: one.document(address) for version, one in self.versions.items()}
        head = {"_id": self.name, "_rev": f"{self.revision}-0", "name": self.name}
        return {
            **head,
            "dist-tags": dict(self.tags),
            "versions": versions,
            "time": self._times(),
            "maintainers": self.maintainers,
            "readme": "",
            **self.extra,
        }

    def install_document(self, address: str) -> Document:
        """The abbreviated document (`application/vnd.npm.install-v1+json`)."""
        versions = {version: one.abbreviated(address) for version, one in self.versions.items()}
        short = {"name": self.name, "dist-tags": dict(self.tags), "versions": versions}
        modified = self.time.get("modified")
        return {**short, "modified": modified} if modified else short

    def _times(self) -> dict[str, str]:
        order = ("created", "modified")
        rest: Iterable[str] = (key for key in self.time if key not in order)
        return {key: self.time[key] for key in (*order, *rest) if key in self.time}
