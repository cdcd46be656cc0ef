"""The body of `PUT /NAME` and `PUT /NAME/-rev/REV`: what a client wants to change. Pure.

What npm 10 to 12, pnpm 10 to 12, yarn 1, yarn 4 and bun really send was recorded with the test
registry (tests/data/publish): a publish is one document with one version, one attachment and one
tag; a deprecation is the whole packument again; owners, and versions that are to go, come to the
address of a revision.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pratique.archives import Archive, read_archive
from pratique.capabilities.manifests import inner_of, read_manifest
from pratique.ecosystems.npm.inside import mismatches
from pratique.ecosystems.npm.names import why_unservable
from pratique.ecosystems.npm.versions import LONGEST as LONGEST_VERSION
from pratique.ecosystems.npm.versions import is_range, order_of
from pratique.model.fact import VersionDocument
from pratique.model.package import Digest
from pratique.proxy.bundles import why_not_about
from pratique.syntax.json import read_json
from pratique.syntax.text import MANIFEST, TextError

MEBIBYTE = 1024 * 1024
LARGEST_BODY = 64 * MEBIBYTE
"""Bytes of a body: tarballs up to some 48 MB, as base64 makes a third more of them."""
MOST_VALUES = 2_000_000
"""Values of a body, by what stands between them; base64 has none of it. Each takes up to a hundred
times the byte that it is written with, and nothing else is done while they are read."""
MOST_VERSIONS = 20_000
MOST_OWNERS = 200
LONGEST_MESSAGE = 4_096
"""Characters of a deprecation."""
LONGEST_TAG = 64
BUNDLE = ".sigstore"
"""The end of an attachment's name that is no tarball but a bundle of provenance."""
LARGEST_BUNDLE = 512 * 1024

# https://semver.org, 2.0.0, without the build: a registry has no two releases that differ in it.
_NUMBER = r"(?:0|[1-9][0-9]{0,15})"
_PART = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_PART}(?:\.{_PART})*)?")
# Capitals as other registries take them, too; but none of ~'!()*, as npm for a new name.
_NEW_NAME = re.compile(r"(?:@[A-Za-z0-9_.-]+/)?[A-Za-z0-9_.-]+")
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a change is not made: an HTTP status and one sentence for the user."""

    status: int
    why: str


@dataclass(frozen=True, slots=True)
class Publish:
    """A release that is to be published.

    Attributes:
        manifest: The bytes of its version object, as they were sent.
        tarball: Its bytes, decoded and verified.
        sha512, sha1: Their hex digests, computed here.
        tags: The dist-tags that are to point at it.
        bundle: The provenance that was sent with it, as it came; its subject is the tarball.
    """

    name: str
    version: str
    manifest: bytes = field(repr=False)
    tarball: bytes = field(repr=False)
    sha512: str
    sha1: str
    tags: tuple[str, ...]
    bundle: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Revised:
    """A packument as a client wants it: versions left out, deprecations changed.

    Attributes:
        revision: The `_rev` that the client has seen; "" where it names none.
        deprecated: Version -> message, "" for none; of every version that the document has.
    """

    name: str
    revision: str
    deprecated: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Owned:
    """The owners that a package is to have."""

    name: str
    revision: str
    owners: tuple[str, ...]


Change = Publish | Revised | Owned


class _Attachment(msgspec.Struct):
    data: str
    length: Any = None


class _Body(msgspec.Struct):
    name: Any = None
    id: Any = msgspec.field(default=None, name="_id")
    revision: Any = msgspec.field(default="", name="_rev")
    versions: dict[str, msgspec.Raw] | None = None
    tags: Any = msgspec.field(default=None, name="dist-tags")
    attachments: dict[str, _Attachment] | None = msgspec.field(default=None, name="_attachments")
    maintainers: Any = None
    readme: Any = None


class _Deprecation(msgspec.Struct):
    deprecated: Any = None


class _Owner(msgspec.Struct):
    name: str


_NAMES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BODY = msgspec.json.Decoder(_Body)
_DEPRECATION = msgspec.json.Decoder(_Deprecation)


def read_put(body: bytes, name: str, revision: str = "") -> Change | Refused:
    """What the body of a PUT asks for. Never fails: what is wrong is a `Refused`.

    Args:
        body: As it came, without content encoding.
        name: The package of the path.
        revision: That of the path (`PUT /NAME/-rev/REV`); "" where it has none.
    """
    if len(body) > LARGEST_BODY:
        return Refused(413, f"the body is larger than {LARGEST_BODY // MEBIBYTE} MiB")
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        return Refused(413, f"the body has more than {MOST_VALUES:,} values")
    try:
        read = _BODY.decode(body)
    except _BROKEN:
        return Refused(400, "the body is not the JSON document of a package")
    named = [each for each in (read.name, read.id) if each is not None]
    if not named or any(each != name for each in named):
        return Refused(400, f"the document is not that of {name}")
    read.revision = revision or read.revision
    if read.attachments:
        return _publish(read, name)
    if read.versions is not None:
        return _revised(read, name)
    if read.maintainers is not None:
        return _owned(read, name)
    return Refused(400, "the document has neither versions nor owners")


# -- a release -------------------------------------------------------------------------------------


def _publish(read: _Body, name: str) -> Publish | Refused:
    why = _why_not_new(name)
    if why:
        return Refused(422, f"{name} cannot be the name of a package: {why}")
    single = _single(read)
    if isinstance(single, Refused):
        return single
    version, manifest, attachment = single
    if why := _why_no_version(version):
        return Refused(422, f"{version[:64]!r} cannot be published: {why}")
    tags = _tags(read.tags, version)
    if isinstance(tags, Refused):
        return tags
    dist = _dist_of(manifest, name, version)
    if isinstance(dist, Refused):
        return dist
    tarball = _decoded(attachment)
    if isinstance(tarball, Refused):
        return tarball
    sha512 = hashlib.sha512(tarball).hexdigest()
    sha1 = hashlib.sha1(tarball, usedforsecurity=False).hexdigest()
    why = _why_other_bytes(dist, sha512, sha1) or _why_other_release(tarball, name, version)
    if why:
        return Refused(422, why)
    bundle = _bundle(read, name, version, sha512)
    if isinstance(bundle, Refused):
        return bundle
    manifest = _with_readme(manifest, read)
    return Publish(name, version, manifest, tarball, sha512, sha1, tags, bundle)


def _bundle(read: _Body, name: str, version: str, sha512: str) -> bytes | Refused | None:
    """The provenance that came along; None for none. Whether it can be believed is not said."""
    sent = next((v for file, v in (read.attachments or {}).items() if file.endswith(BUNDLE)), None)
    if sent is None:
        return None
    bundle = sent.data.encode("utf-8", "surrogatepass")
    if len(bundle) > LARGEST_BUNDLE:
        return Refused(413, f"the provenance is larger than {LARGEST_BUNDLE // 1024} KiB")
    if why := why_not_about(bundle, name, version, sha512):
        return Refused(422, f"the provenance {why}")
    return bundle


def _with_readme(manifest: bytes, read: _Body) -> bytes:
    """The version's object; yarn 4 sends the readme beside it, and not in it."""
    if not isinstance(read.readme, str) or not read.readme or "readme" in _NAMES.decode(manifest):
        return manifest
    text = msgspec.json.encode(read.readme)
    return manifest.rstrip()[:-1] + b',"readme":' + text + b"}"


def _why_not_new(name: str) -> str:
    if why := why_unservable(name):
        return why
    if not _NEW_NAME.fullmatch(name):
        return "a new name has letters, digits, dots, hyphens and underscores"
    return ""


def _single(read: _Body) -> tuple[str, bytes, _Attachment] | Refused:
    """The one version and the one attachment."""
    versions, attachments = read.versions or {}, read.attachments or {}
    if len(versions) != 1:
        return Refused(400, f"a publish has one version, not {len(versions)}")
    tarballs = [each for file, each in attachments.items() if not file.endswith(BUNDLE)]
    if len(tarballs) != 1 or len(attachments) > 2:
        return Refused(400, f"a publish has one attachment, not {len(tarballs)}")
    ((version, raw),) = versions.items()
    return version, bytes(raw), tarballs[0]


def _why_no_version(version: str) -> str:
    if "+" in version:
        return "versions that differ in their build alone are one and the same"
    is_form = len(version) <= LONGEST_VERSION and _VERSION.fullmatch(version)
    if not is_form or order_of(version) is None:
        return "it is no version (semver.org)"
    return ""


def _tags(stated: object, version: str) -> tuple[str, ...] | Refused:
    if not isinstance(stated, dict) or not stated or any(at != version for at in stated.values()):
        return Refused(400, "the dist-tags do not point at the version")
    for tag in stated:
        if why := why_no_tag(tag):
            return Refused(422, f"{tag[:LONGEST_TAG]!r} cannot be a dist-tag: {why}")
    return tuple(stated)


def why_no_tag(tag: str) -> str:
    """What is wrong with `tag` as a dist-tag, as one clause; "" where nothing is."""
    if len(tag) > LONGEST_TAG:
        return f"it is longer than {LONGEST_TAG} characters"
    if not _TAG.fullmatch(tag):
        return "it has letters, digits, dots, hyphens and underscores only"
    if is_range(tag):
        return "it could be taken for a range of versions"
    return ""


def _dist_of(manifest: bytes, name: str, version: str) -> Mapping[str, object] | Refused:
    """The `dist` of a version object that is believed; clients read duplicate keys differently."""
    try:
        document, _ = read_json(manifest, MANIFEST)
    except TextError as error:
        return Refused(422, f"the manifest of {version} is refused: {error.message}")
    if not isinstance(document, dict):
        return Refused(422, f"the manifest of {version} is no object")
    if (document.get("name"), document.get("version")) != (name, version):
        return Refused(422, f"the manifest of {version} is that of another release")
    dist = document.get("dist", {})
    if not isinstance(dist, dict):
        return Refused(422, f"the manifest of {version} has no `dist` that can be read")
    return dist


def _decoded(attachment: _Attachment) -> bytes | Refused:
    try:
        tarball = binascii.a2b_base64(attachment.data, strict_mode=True)
    except (binascii.Error, ValueError):
        return Refused(400, "the attachment is not base64")
    if attachment.length is not None and attachment.length != len(tarball):
        return Refused(400, "the attachment has not the length that it states")
    return tarball


def _why_other_bytes(dist: Mapping[str, object], sha512: str, sha1: str) -> str:
    """Why the digests that the client states are not those of the bytes that it sends."""
    known = {"sha512": sha512, "sha1": sha1}
    stated: list[Digest] = []
    integrity, shasum = dist.get("integrity"), dist.get("shasum")
    if integrity is not None:
        stated += Digest.from_sri(integrity) if isinstance(integrity, str) else ()
        if not stated:
            return "`dist.integrity` holds no digest that can be read"
    if shasum is not None:
        digest = Digest.from_hex("sha1", shasum) if isinstance(shasum, str) else None
        if digest is None:
            return "`dist.shasum` is no SHA-1"
        stated.append(digest)
    for each in stated:
        if known.get(each.algorithm, each.hex) != each.hex:
            return f"the tarball has not the {each.algorithm} that the manifest states"
    return ""


def _why_other_release(tarball: bytes, name: str, version: str) -> str:
    """Why the package.json in the tarball is not that of this release."""
    archive = read_archive(tarball)
    if archive.oddities:
        return f"the tarball cannot be read as every client would: it {archive.oddities[0]}"
    content = _manifest_in(archive)
    manifest = None if content is None else read_manifest(content)
    if manifest is None:
        return "the tarball has no package.json that can be read"
    document = VersionDocument(name, version, "", ())
    differing = [
        each
        for each in mismatches(inner_of(manifest), document)
        if each.what in {"name", "version"}
    ]
    if differing:
        (first, *_) = differing
        return f"the tarball's package.json states another {first.what}: {first.inside[:80]!r}"
    return ""


def _manifest_in(archive: Archive) -> bytes | None:
    return next((each.content for each in archive.entries if each.path == "package.json"), None)


# -- other changes ---------------------------------------------------------------------------------


def _revised(read: _Body, name: str) -> Revised | Refused:
    versions = read.versions or {}
    if len(versions) > MOST_VERSIONS:
        return Refused(413, f"the document has more than {MOST_VERSIONS:,} versions")
    found: dict[str, str] = {}
    for version, raw in versions.items():
        message = _message(raw)
        if isinstance(message, Refused):
            return message
        found[version] = message
    return Revised(name, _text(read.revision), found)


def _message(raw: msgspec.Raw) -> str | Refused:
    """A deprecation; npm takes it back with "", and yarn with null."""
    try:
        stated = _DEPRECATION.decode(raw).deprecated
    except _BROKEN:
        return Refused(400, "the document of a version cannot be read")
    if not stated:
        return ""
    if not isinstance(stated, str) or len(stated) > LONGEST_MESSAGE:
        return Refused(422, f"a deprecation is text of up to {LONGEST_MESSAGE:,} characters")
    if _CONTROL.search(stated):
        return Refused(422, "a deprecation has no control characters")
    return stated


def _owned(read: _Body, name: str) -> Owned | Refused:
    try:
        owners = msgspec.convert(read.maintainers, list[_Owner])
    except msgspec.ValidationError:
        return Refused(400, "the owners are no list of names")
    names = tuple(sorted({owner.name for owner in owners}))
    if not names:
        return Refused(422, "a package needs an owner: add another one first")
    if len(names) > MOST_OWNERS:
        return Refused(422, f"a package has at most {MOST_OWNERS} owners")
    return Owned(name, _text(read.revision), names)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
