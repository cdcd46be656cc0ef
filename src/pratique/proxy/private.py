"""Private packages: what a change makes of one, and its documents. Pure.

The first publish of a name makes it this registry's own for good: it is never asked for upstream
again, also when every version of it was unpublished. A version that was unpublished is never
published again: somebody may have locked its bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

import msgspec

from pratique.ecosystems.npm.versions import ascending, is_prerelease
from pratique.model.package import Digest
from pratique.model.private import PrivatePackage, PrivateVersion
from pratique.proxy.publishing import (
    Owned,
    Publish,
    Refused,
    Revised,
    why_no_tag,
)

LATEST = "latest"
LONGEST_README = 64 * 1024
"""Characters of a readme that are shown."""
_EVENTS = ("preinstall", "install", "postinstall")
_LARGEST_WORD = 1024

# Members that a registry states, not a publisher: what a client sends under these names is not
# shown, or it could claim a publisher, a signature or evidence that nobody has seen. pnpm 10 sends
# paths of the publisher's machine, too (`_resolved`).
_OURS = frozenset({
    "_id", "_npmUser", "maintainers", "deprecated", "hasInstallScript", "_npmOperationalInternal",
    "_attestations", "_resolved", "_from", "_where",
})  # fmt: skip
_OF_THE_PACKAGE = frozenset({"readme", "readmeFilename"})
"""What a document has once, of `latest`, and not in each version."""
_OURS_OF_DIST = frozenset({"integrity", "shasum", "tarball", "signatures", "npm-signature",
                           "attestations"})  # fmt: skip

# https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md (read 2026-11),
# and `libc`, which npm and pnpm read there, too.
_SHORT = frozenset({
    "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies",
    "bundleDependencies", "bundledDependencies", "peerDependencies", "peerDependenciesMeta", "bin",
    "directories", "dist", "engines", "cpu", "os", "libc", "funding", "_hasShrinkwrap",
    "hasInstallScript",
})  # fmt: skip

Members = dict[str, msgspec.Raw]
_MEMBERS = msgspec.json.Decoder(Members)


# -- changes ---------------------------------------------------------------------------------------


def published(
    package: PrivatePackage | None, new: Publish, by: str, now: datetime
) -> PrivatePackage | Refused:
    """The package with a new release; `package` is None where the name is a new one.

    The first publisher is the first owner.
    """
    now = now.replace(microsecond=0)
    if package is None:
        package = PrivatePackage(new.name, 0, now, now, (), owners=(by,))
    if why := _why_not_owner(package, by):
        return why
    if before := package.version(new.version):
        what = "was published before" if before.removed_at else "is published already"
        why_not = f"{new.name}@{new.version} {what}: a version is never published twice"
        return Refused(409, why_not)
    release = PrivateVersion(
        new.version, new.manifest, new.sha512, new.sha1, len(new.tarball), now, by
    )
    tags = {LATEST: new.version, **package.tags, **dict.fromkeys(new.tags, new.version)}
    return _changed(package, now, versions=(*package.versions, release), tags=tags)


def revised(
    package: PrivatePackage,
    change: Revised,
    by: str,
    now: datetime,
    *,
    removes: bool = False,
    shown: Collection[str] | None = None,
) -> PrivatePackage | Refused:
    """The package as a client sends its packument back: deprecations, and versions left out.

    Args:
        package: As it is.
        change: What came.
        by: Name of the token.
        now: When.
        removes: Whether a version that the document lacks is unpublished: the request went to
            `/-rev/REV`. Elsewhere (npm deprecate) nothing is.
        shown: The versions that the client's document had; others are not touched. None: all.
    """
    stale = _why_stale(package, change.revision, is_needed=removes)
    if why := _why_not_owner(package, by) or stale:
        return why
    known = {each.version for each in package.present}
    seen = known if shown is None else known & set(shown)
    if unknown := set(change.deprecated) - known:
        return Refused(422, f"{package.name} has no version {min(unknown)[:64]!r}")
    doomed = seen - set(change.deprecated) if removes else set()
    versions = tuple(
        replace(
            each,
            deprecated=change.deprecated.get(each.version, each.deprecated),
            removed_at=now if each.version in doomed else each.removed_at,
        )
        for each in package.versions
    )
    if versions == package.versions:
        return package
    return _changed(package, now, versions=versions, tags=_kept(package.tags, versions))


def owned(
    package: PrivatePackage, change: Owned, by: str, known: Collection[str], now: datetime
) -> PrivatePackage | Refused:
    """The package with other owners; `known` are the names that tokens have."""
    if why := _why_not_owner(package, by) or _why_stale(package, change.revision):
        return why
    if strangers := set(change.owners) - set(package.owners) - set(known):
        return Refused(422, f"no token here has the name {min(strangers)[:64]!r}")
    return _changed(package, now, owners=change.owners)


def removed(
    package: PrivatePackage, revision: str, by: str, now: datetime
) -> PrivatePackage | Refused:
    """The package without any version. Its name stays this registry's own."""
    if why := _why_not_owner(package, by) or _why_stale(package, revision):
        return why
    versions = tuple(
        each if each.removed_at else replace(each, removed_at=now) for each in package.versions
    )
    return _changed(package, now, versions=versions, tags={})


def tagged(
    package: PrivatePackage, tag: str, body: bytes, by: str, now: datetime
) -> PrivatePackage | Refused:
    """The package with `tag` at the version that the body of a PUT names: a JSON text."""
    if why := _why_not_owner(package, by):
        return why
    if clause := why_no_tag(tag):
        return Refused(422, f"{tag[:64]!r} cannot be a dist-tag: {clause}")
    version = _word(body)
    if version not in {each.version for each in package.present}:
        return Refused(404, f"{package.name} has no version {(version or '')[:64]!r}")
    return _changed(package, now, tags={**package.tags, tag: version or ""})


def untagged(package: PrivatePackage, tag: str, by: str, now: datetime) -> PrivatePackage | Refused:
    """The package without `tag`."""
    if why := _why_not_owner(package, by):
        return why
    if tag == LATEST:
        return Refused(422, "`latest` cannot be removed: point it at another version")
    if tag not in package.tags:
        return Refused(404, f"{package.name} has no dist-tag {tag[:64]!r}")
    left = {name: version for name, version in package.tags.items() if name != tag}
    return _changed(package, now, tags=left)


def _changed(
    package: PrivatePackage,
    now: datetime,
    *,
    versions: tuple[PrivateVersion, ...] | None = None,
    tags: Mapping[str, str] | None = None,
    owners: tuple[str, ...] | None = None,
) -> PrivatePackage:
    return replace(
        package,
        revision=package.revision + 1,
        modified_at=max(now, package.modified_at),
        versions=package.versions if versions is None else versions,
        tags=MappingProxyType(dict(package.tags if tags is None else tags)),
        owners=package.owners if owners is None else owners,
    )


def _kept(tags: Mapping[str, str], versions: tuple[PrivateVersion, ...]) -> dict[str, str]:
    """The tags whose version is still there; `latest` goes to the newest one, if stable."""
    present = [each.version for each in versions if each.removed_at is None]
    kept = {tag: version for tag, version in tags.items() if version in present}
    if present and LATEST not in kept:
        stable = [each for each in present if not is_prerelease(each)]
        kept[LATEST] = ascending(stable or present)[-1]
    return kept


def _why_not_owner(package: PrivatePackage, by: str) -> Refused | None:
    if by in package.owners:
        return None
    return Refused(403, f"{by} is not an owner of {package.name}: {', '.join(package.owners)[:80]}")


def _why_stale(package: PrivatePackage, stated: str, *, is_needed: bool = True) -> Refused | None:
    """Two clients that change one document at a time: the second has not seen the first's."""
    if stated == revision_of(package) or (not stated and not is_needed):
        return None
    return Refused(409, f"{package.name} was changed meanwhile: try again")


def _word(body: bytes) -> str | None:
    if len(body) > _LARGEST_WORD:
        return None
    try:
        return msgspec.json.decode(body, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


# -- what is shown ---------------------------------------------------------------------------------


def revision_of(package: PrivatePackage) -> str:
    """`_rev` in CouchDB's form: a count, and 32 hexadecimal digits."""
    text = f"{package.name}\n{package.revision}".encode()
    return f"{package.revision}-{hashlib.sha256(text).hexdigest()[:32]}"


def file_of(name: str, version: str) -> str:
    """The tarball's file name: `pkg-1.0.0.tgz`, without the scope."""
    return f"{name.rpartition('/')[2]}-{version}.tgz"


def version_of(package: PrivatePackage, file: str) -> PrivateVersion | None:
    """The release whose tarball is asked for as `file`; None where none that is there is."""
    return next((each for each in package.present if file_of(package.name, each.version) == file),
                None)  # fmt: skip


def document(package: PrivatePackage, base: str, *, short: bool = False) -> bytes | None:
    """The packument, its tarballs below `base` (ends in "/"); None where no version is left.

    Args:
        package: The package.
        base: Address of this registry.
        short: The abbreviated form (`application/vnd.npm.install-v1+json`).
    """
    present = package.present
    if not present:
        return None
    versions = {each.version: _version(package, each, base, short=short) for each in present}
    head: dict[str, object] = {"name": package.name, "dist-tags": dict(package.tags)}
    if short:
        short_form = {**head, "modified": as_text(package.modified_at), "versions": versions}
        return msgspec.json.encode(short_form)
    return msgspec.json.encode({
        "_id": package.name,
        "_rev": revision_of(package),
        **head,
        **_described(package),
        "versions": versions,
        "time": dict(_times(package)),
        "maintainers": _people(package.owners),
    })  # fmt: skip


def version_document(package: PrivatePackage, wanted: str, base: str) -> bytes | None:
    """The document of `GET /NAME/VERSION` or `/NAME/TAG`; None where there is none."""
    version = package.tags.get(wanted, wanted)
    found = next((each for each in package.present if each.version == version), None)
    return (
        None if found is None else msgspec.json.encode(_version(package, found, base, alone=True))
    )


def as_text(when: datetime) -> str:
    """A time as npm's registry writes it."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _version(
    package: PrivatePackage,
    each: PrivateVersion,
    base: str,
    *,
    short: bool = False,
    alone: bool = False,
) -> Members:
    """The version's object: every member as it was sent, but for those that are ours to state."""
    sent = _MEMBERS.decode(each.manifest)
    left_out = _OURS if alone else _OURS | _OF_THE_PACKAGE
    members = {key: raw for key, raw in sent.items() if key not in left_out}
    members["dist"] = _raw(_dist(sent.get("dist"), package, each, base))
    if each.deprecated:
        members["deprecated"] = _raw(each.deprecated)
    if short:
        if _runs_at_install(sent):
            members["hasInstallScript"] = _raw(True)  # noqa: FBT003 - a member's value
        return {key: raw for key, raw in members.items() if key in _SHORT}
    members["_id"] = _raw(f"{package.name}@{each.version}")
    members["_npmUser"] = _raw(_people((each.by,))[0])
    members["maintainers"] = _raw(_people(package.owners))
    return members


def _dist(
    sent: msgspec.Raw | None, package: PrivatePackage, each: PrivateVersion, base: str
) -> Members:
    stated = {} if sent is None else _MEMBERS.decode(sent)
    kept = {key: raw for key, raw in stated.items() if key not in _OURS_OF_DIST}
    return {
        **kept,
        "integrity": _raw(Digest("sha512", each.sha512).sri),
        "shasum": _raw(each.sha1),
        "tarball": _raw(f"{base}{package.name}/-/{file_of(package.name, each.version)}"),
    }


def _runs_at_install(sent: Members) -> bool:
    scripts = _object(sent.get("scripts"))
    return any(event in scripts for event in _EVENTS)


def _described(package: PrivatePackage) -> dict[str, object]:
    """The description and the readme of `latest`, as npm's registry has them of the package."""
    latest = package.version(package.tags.get(LATEST, ""))
    sent = {} if latest is None else _MEMBERS.decode(latest.manifest)
    stated: dict[str, object] = {
        key: sent[key] for key in ("description", "readmeFilename") if key in sent
    }
    readme = msgspec.json.decode(sent["readme"]) if "readme" in sent else ""
    shown = readme[:LONGEST_README] if isinstance(readme, str) else ""
    return {**stated, "readme": shown}


def _times(package: PrivatePackage) -> Iterator[tuple[str, str]]:
    yield "created", as_text(package.created_at)
    yield "modified", as_text(package.modified_at)
    for each in package.present:
        yield each.version, as_text(each.published_at)


def _people(names: tuple[str, ...]) -> list[dict[str, str]]:
    """With the addresses that npm prints; nobody here has one."""
    return [{"name": name, "email": ""} for name in names]


def _object(raw: msgspec.Raw | None) -> Mapping[str, object]:
    value = None if raw is None else msgspec.json.decode(raw)
    return value if isinstance(value, dict) else {}


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
