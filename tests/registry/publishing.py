"""From what a test says about a release to the release on the shelf."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.registry.shelf import Document, Shelved
from tests.registry.signing import SigningKey
from tests.registry.tarball import pack, sha1, sri

Files = Mapping[str, str | bytes]

# What npm itself adds to the metadata of a package with a binding.gyp and no install script.
_GYP = "node-gyp rebuild"


@dataclass(frozen=True)
class Draft:
    """A release as a test describes it.

    Attributes:
        files: Further files of the tarball by path, without `package/`.
        manifest: Members of package.json beyond those below; they are in the metadata too.
        metadata: Members that the metadata has instead of the manifest's (None removes one).
        packed: Members that the package.json in the tarball has instead (None removes one).
        bundled: Releases whose files are packed below `node_modules/`.
        gypfile: None: as npm does it (true where there is a binding.gyp); else this value.
        integrity: `sha512` (with shasum), `sha512-only`, `sha1-only`, `none`, or verbatim text.
        user: Name of the account that published it; None leaves `_npmUser` out.
        trusted_publisher: True, or the object that `_npmUser.trustedPublisher` holds.
        approver: Name of the account that approved a staged release.
        maintainers: Names of the accounts that may publish; None: `user` alone.
        keys: The keys that sign it.
        entries: The tarball's entries verbatim, in order, instead of `files` and package.json.
    """

    name: str
    version: str
    files: Files = field(default_factory=dict)
    scripts: Mapping[str, str] | None = None
    dependencies: Mapping[str, str] | None = None
    optional_dependencies: Mapping[str, str] | None = None
    peer_dependencies: Mapping[str, str] | None = None
    peer_dependencies_meta: Mapping[str, Any] | None = None
    dev_dependencies: Mapping[str, str] | None = None
    bundled: Sequence[Shelved] = ()
    bin: Mapping[str, str] | str | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    packed: Mapping[str, Any] = field(default_factory=dict)
    entries: Sequence[tuple[str, bytes]] | None = None
    gypfile: bool | None = None
    deprecated: str | None = None
    integrity: str = "sha512"
    published: datetime | str | None = None
    user: str | None = "publisher"
    trusted_publisher: bool | Mapping[str, Any] = False
    approver: str | None = None
    maintainers: Sequence[str] | None = None
    keys: Sequence[SigningKey] = ()
    attestations: Sequence[Any] | None = None

    def shelved(self) -> Shelved:
        """The release with its tarball and its metadata."""
        manifest = self._manifest()
        files = self._files(_changed(manifest, self.packed))
        entries = list(files.items()) if self.entries is None else list(self.entries)
        tarball = pack(entries, executable=self._executables())
        metadata = self._metadata(manifest, tarball, files)
        attested = None if self.attestations is None else list(self.attestations)
        return Shelved(self.name, self.version, metadata, tarball, files, self.published, attested)

    def _manifest(self) -> Document:
        groups = {
            "scripts": self.scripts,
            "dependencies": self.dependencies,
            "optionalDependencies": self.optional_dependencies,
            "peerDependencies": self.peer_dependencies,
            "peerDependenciesMeta": self.peer_dependencies_meta,
            "devDependencies": self.dev_dependencies,
            "bundleDependencies": [one.name for one in self.bundled] or None,
            "bin": self.bin,
        }
        head: Document = {"name": self.name, "version": self.version}
        given = {key: value for key, value in groups.items() if value is not None}
        return {**head, **given, **self.manifest}

    def _files(self, manifest: Document) -> dict[str, bytes]:
        files = {"package.json": json.dumps(manifest, indent=2).encode() + b"\n"}
        default = f"module.exports = {json.dumps(f'{self.name}@{self.version}')};\n"
        given: Files = self.files or {"index.js": default}
        for path in sorted(given):
            files[path] = _as_bytes(given[path])
        for inner in self.bundled:
            files |= {f"node_modules/{inner.name}/{path}": v for path, v in inner.files.items()}
        return files

    def _executables(self) -> frozenset[str]:
        paths: Iterable[str] = (
            [self.bin] if isinstance(self.bin, str) else (self.bin or {}).values()
        )
        return frozenset(path.removeprefix("./") for path in paths)

    def _metadata(self, manifest: Document, tarball: bytes, files: Mapping[str, bytes]) -> Document:
        whole: Document = {
            **manifest,
            "_id": f"{self.name}@{self.version}",
            "_hasShrinkwrap": False,
        }
        gypfile = self.gypfile if self.gypfile is not None else "binding.gyp" in files or None
        if gypfile is not None:
            whole["gypfile"] = gypfile
        if gypfile and not {"install", "preinstall"} & set(whole.get("scripts", {})):
            whole["scripts"] = {**whole.get("scripts", {}), "install": _GYP}
        if self.user is not None:
            owners = [self.user] if self.maintainers is None else self.maintainers
            whole |= {"_npmUser": self._publisher(), "maintainers": [*map(account, owners)]}
        if self.deprecated is not None:
            whole["deprecated"] = self.deprecated
        whole["dist"] = self._dist(tarball, files)
        return _changed(whole, self.metadata)

    def _publisher(self) -> Document:
        who: Document = account(self.user or "")
        if self.trusted_publisher:
            told = self.trusted_publisher
            default = {"id": "github", "oidcConfigId": f"oidc:{sha1(self.name.encode())}"}
            who = account("GitHub Actions")
            who["trustedPublisher"] = default if told is True else told
        return {**who, "approver": account(self.approver)} if self.approver else who

    def _dist(self, tarball: bytes, files: Mapping[str, bytes]) -> Document:
        digests = {"integrity": sri(tarball), "shasum": sha1(tarball)}
        kept = {
            "sha512": digests,
            "sha512-only": {"integrity": digests["integrity"]},
            "sha1-only": {"shasum": digests["shasum"]},
            "none": {},
        }
        dist: Document = dict(kept.get(self.integrity, {**digests, "integrity": self.integrity}))
        dist |= {"fileCount": len(files), "unpackedSize": sum(map(len, files.values()))}
        if "integrity" in dist and self.keys:
            message = f"{self.name}@{self.version}:{dist['integrity']}"
            dist["signatures"] = [key.sign(message) for key in self.keys]
        provenance = provenance_type(self.attestations or ())
        if provenance:
            dist["attestations"] = {"provenance": {"predicateType": provenance}}
        return dist


def provenance_type(attestations: Iterable[Any]) -> str | None:
    """The predicate type of the build provenance among attestations, if there is one."""
    types = (one.get("predicateType", "") for one in attestations if isinstance(one, dict))
    return next((kind for kind in types if "slsa.dev/provenance" in kind), None)


def account(name: str) -> Document:
    return {"name": name, "email": f"{name.lower().replace(' ', '-')}@mail.example"}


def _as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _changed(document: Document, changes: Mapping[str, Any]) -> Document:
    whole = {**document, **changes}
    return {key: value for key, value in whole.items() if value is not None}
