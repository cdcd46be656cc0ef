"""Is a lockfile in step with its manifests? What its manager's frozen install would refuse.

Two questions, as far as a format records the answers: does the lockfile know every requirement
with the specifier that the manifest has now, and does each locked version satisfy the specifier
that it is locked for (an entry that was rolled back does not).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from pratique.ecosystems.npm.versions import is_prerelease, is_range, satisfies
from pratique.model.pin import (
    Group,
    Location,
    Lockfile,
    Manager,
    Pin,
    Requirement,
    Source,
)
from pratique.model.project import Drift, Manifest

_PRECEDENCE = (Group.PEER, Group.DEV, Group.PROD, Group.OPTIONAL)
"""Of a name in several groups the last one counts."""
_FIRM = frozenset({Group.PROD, Group.DEV})
_CHILD = re.compile(r"[^ |@]>(?!=)")
"""pnpm's own mark between parent and child; a ">" elsewhere belongs to a range."""
_RANGE = re.compile(r"(?<=[^/])@")
_PROTOCOL = re.compile(r"[a-z][a-z+.-]*:")


def out_of_step(
    lockfile: Lockfile, manifests: Sequence[Manifest], catalogs: Mapping[str, str] | None = None
) -> tuple[Drift, ...]:
    """Every way in which `lockfile` is out of step with `manifests`, in the manifests' order.

    Args:
        lockfile: Yarn 1's with its manifests (`yarn_classic.with_manifests`).
        manifests: Those that are there; one that the lockfile records and that is not there tells
            nothing.
        catalogs: `catalog name/package` -> specifier as the workspace states them; None where
            they are not known.
    """
    return tuple(_STEPS[lockfile.manager](_Step(lockfile, manifests), catalogs or {}))


class _Step:
    """One lockfile and its manifests."""

    def __init__(self, lockfile: Lockfile, manifests: Sequence[Manifest]) -> None:
        self.lockfile = lockfile
        self.manifests = manifests
        self.pins = {pin.key: pin for pin in lockfile.pins}
        self.importers = {importer.path: importer for importer in lockfile.importers}
        self.members = frozenset(manifest.name for manifest in manifests if manifest.name)
        self.overridden = frozenset(_overridden(lockfile, manifests))

    def folder(self, manifest: Manifest) -> str:
        """Directory of a manifest relative to the lockfile's; "" for that one."""
        here = self.lockfile.path.rpartition("/")[0]
        folder = manifest.path.rpartition("/")[0]
        return folder.removeprefix(here).lstrip("/") if here else folder


def _overridden(lockfile: Lockfile, manifests: Sequence[Manifest]) -> Iterator[str]:
    """Names whose specifier something replaces: overrides and resolutions."""
    stated = (selector for manifest in manifests for selector, _, _ in manifest.overrides)
    for selector in (*stated, *lockfile.overrides):
        yield target_of(selector)


def target_of(selector: str) -> str:
    """The name that an override is for: `c` of `a@2 > b > c@^1`, of `a>c` and of `**/c`."""
    last = selector[:1024].rpartition(" > ")[2].strip()
    child = _CHILD.search(last)
    steps = _RANGE.split(last[child.end() :] if child else last, maxsplit=1)[0].split("/")
    scoped = len(steps) > 1 and steps[-2].startswith("@")
    return "/".join(steps[-2:]) if scoped else steps[-1]


def _effective(requirements: Iterable[Requirement]) -> dict[str, Requirement]:
    ranked = sorted(requirements, key=lambda need: _PRECEDENCE.index(need.group))
    return {need.name: need for need in ranked}


def _where(need: Requirement, path: str) -> Location:
    return need.where or Location(path)


# --- formats that record their manifests


def _recorded(
    step: _Step, same: Callable[[_Step, Manifest, Requirement, Requirement], bool],
    optional: Callable[[_Step, Manifest, Requirement], bool],
) -> Iterator[Drift]:  # fmt: skip
    """Compare each manifest with the lockfile's record of it.

    `same` tells whether a record is of the requirement; `optional` whether a requirement or a
    record may stand alone.
    """
    for manifest in step.manifests:
        importer = step.importers.get(step.folder(manifest))
        wanted = _effective(manifest.requirements)
        if importer is None:
            if any(need.group is not Group.PEER for need in wanted.values()):
                message = "the lockfile does not know this manifest"
                yield Drift(message, Location(manifest.path))
            continue
        known = _effective(importer.requirements)
        for name, need in wanted.items():
            yield from _one(step, manifest, need, known.get(name), same, optional)
        for name, need in known.items():
            if name not in wanted and not optional(step, manifest, need):
                message = f"the lockfile records {name}@{need.specifier}, which is not asked for"
                yield Drift(message, _where(need, step.lockfile.path))


def _one(
    step: _Step,
    manifest: Manifest,
    need: Requirement,
    known: Requirement | None,
    same: Callable[[_Step, Manifest, Requirement, Requirement], bool],
    optional: Callable[[_Step, Manifest, Requirement], bool],
) -> Iterator[Drift]:
    where = _where(need, manifest.path)
    if known is None:
        if need.group is not Group.PEER and not optional(step, manifest, need):
            yield Drift(f"the lockfile does not record {need.name}@{need.specifier}", where)
    elif need.group is not Group.PEER and not same(step, manifest, need, known):
        message = f"asks for {need.name}@{need.specifier}, the lockfile records {known.specifier}"
        yield Drift(message, where)
    elif known.pin is None and _has_entry(step, need):
        yield Drift(f"the lockfile has no entry for {need.name}@{need.specifier}", where)


def _has_entry(step: _Step, need: Requirement) -> bool:
    """Whether the lockfile should have an entry for a requirement that it records.

    npm writes one for links, too; bun leaves some members of the workspace out.
    """
    is_member = need.specifier.startswith("workspace:") or need.name in step.members
    return step.lockfile.manager in {Manager.NPM, Manager.BUN} and (
        need.group in _FIRM and not is_member
    )


def _verbatim(_step: _Step, _manifest: Manifest, need: Requirement, known: Requirement) -> bool:
    return need.specifier.strip() == known.specifier.strip()


def _peer(_step: _Step, _manifest: Manifest, need: Requirement) -> bool:
    return need.group is Group.PEER


# --- a locked version that does not satisfy its specifier


def _rolled_back(step: _Step, specifier_of: Callable[[Requirement], str]) -> Iterator[Drift]:
    for importer in step.lockfile.importers:
        for need in importer.requirements:
            pin = step.pins.get(need.pin or "")
            if pin is None or need.group is Group.PEER or need.name in step.overridden:
                continue
            wanted = specifier_of(need)
            if not _fits(pin, wanted):
                message = f"{need.name} is locked at {pin.version}, outside of {wanted}"
                yield Drift(message, pin.where)


def _fits(pin: Pin, wanted: str) -> bool:
    """False where the pin's version certainly does not satisfy `wanted`.

    Clients differ in when a prerelease satisfies a range, so of one only an exact version tells.
    """
    if pin.patch or pin.source not in {Source.REGISTRY, Source.BUNDLED}:
        return True
    plain = plain_range(wanted)
    if is_prerelease(pin.version) and not re.match(r"[v=]*\d", plain):
        return True
    return satisfies(pin.version, plain) is not False


def plain_range(specifier: str) -> str:
    """`^1` of `^1`, `npm:^1`, `npm:name@^1` and `npm:@scope/name@^1`."""
    if not specifier.startswith("npm:"):
        return specifier.strip()
    rest = specifier[4:].strip()
    _, at, wanted = rest[1:].partition("@")
    if at:
        return wanted
    return rest if is_range(rest) else "*"


# --- one function for each manager


def _npm(step: _Step, _catalogs: Mapping[str, str]) -> Iterator[Drift]:
    if not step.lockfile.importers:
        yield from _npm_v1(step)
        return
    yield from _recorded(step, _verbatim, _peer)
    yield from _rolled_back(step, lambda need: need.specifier)


def _npm_v1(step: _Step) -> Iterator[Drift]:
    """Version 1 records no manifest: each requirement has an entry at the top that satisfies it."""
    for manifest in step.manifests:
        if step.folder(manifest):
            continue
        for name, need in _effective(manifest.requirements).items():
            pin = step.pins.get(f"node_modules/{name}")
            where = _where(need, manifest.path)
            if need.group is Group.PEER or (pin is None and need.group is Group.OPTIONAL):
                continue
            if pin is None:
                yield Drift(f"the lockfile has no entry for {name}@{need.specifier}", where)
            elif name not in step.overridden and not _fits(pin, need.specifier):
                message = f"asks for {name}@{need.specifier}, the lockfile has {pin.version}"
                yield Drift(message, where)


def _pnpm(step: _Step, catalogs: Mapping[str, str]) -> Iterator[Drift]:
    yield from _recorded(step, _pnpm_same, _pnpm_optional)
    recorded = step.lockfile.catalogs
    yield from _rolled_back(step, lambda need: _from_catalog(need, recorded))
    for key, specifier in recorded.items() if catalogs else ():
        if key in catalogs and catalogs[key] != specifier:
            message = f"catalog {key} asks for {catalogs[key]}, the lockfile records {specifier}"
            yield Drift(message, Location(step.lockfile.path))


def _pnpm_same(step: _Step, _manifest: Manifest, need: Requirement, known: Requirement) -> bool:
    """A record is of what an override makes of the specifier."""
    return need.specifier == known.specifier or _replaced(step, need.name, known.specifier)


def _replaced(step: _Step, name: str, recorded: str) -> bool:
    """Whether an override for `name` makes its specifier `recorded`.

    Paths are rewritten to be relative to each importer, so of those only the protocol counts.
    """
    for selector, replacement in step.lockfile.overrides.items():
        if target_of(selector) == name:
            path = _PROTOCOL.match(replacement)
            if replacement == recorded or (
                path and path[0] in {"link:", "file:"} and recorded.startswith(path[0])
            ):
                return True
    return False


def _pnpm_optional(step: _Step, manifest: Manifest, need: Requirement) -> bool:
    """What pnpm records without being asked, or leaves out although it is.

    Runtimes of `devEngines`; peers that it installs itself (`autoInstallPeers`); what an override
    removes (`-`); `link:` and ignored optional requirements.
    """
    if need.group is Group.PEER or need.specifier.startswith(("runtime:", "link:")):
        return True
    if any(peer.name == need.name and peer.group is Group.PEER for peer in manifest.requirements):
        return True
    removed = (target_of(s) for s, to in step.lockfile.overrides.items() if to == "-")
    ignored = step.lockfile.settings.get("ignoredOptionalDependencies", "")
    is_ignored = need.group is Group.OPTIONAL and f'"{need.name}"' in ignored  # JSON, as recorded
    return is_ignored or need.name in removed


def _from_catalog(need: Requirement, catalogs: Mapping[str, str]) -> str:
    if not need.specifier.startswith("catalog:"):
        return need.specifier
    catalog = need.specifier.removeprefix("catalog:").strip() or "default"
    return catalogs.get(f"{catalog}/{need.name}", "*")


def _yarn_classic(step: _Step, _catalogs: Mapping[str, str]) -> Iterator[Drift]:
    """Yarn 1 records no manifest: each requirement has an entry of its own specifier."""
    for importer, manifest in zip(step.lockfile.importers, step.manifests, strict=False):
        for name, need in _effective(importer.requirements).items():
            elsewhere = name in step.members or name in step.overridden
            if need.group is Group.PEER or need.pin is not None or elsewhere:
                continue
            if not need.specifier.startswith(("link:", "workspace:")):
                message = f"the lockfile has no entry for {name}@{need.specifier}"
                yield Drift(message, _where(need, manifest.path))
    yield from _descriptors(step)


def _yarn_berry(step: _Step, _catalogs: Mapping[str, str]) -> Iterator[Drift]:
    yield from _recorded(step, _berry_same, _peer)
    yield from _descriptors(step)


def _berry_same(_step: _Step, _manifest: Manifest, need: Requirement, known: Requirement) -> bool:
    """Yarn records a range with its protocol; other addresses it rewrites in its own ways."""
    wanted, recorded = need.specifier.strip(), known.specifier
    if recorded in {wanted, f"npm:{wanted}"}:
        return True
    return not is_range(plain_range(wanted)) and not wanted.startswith(("workspace:", "catalog:"))


def _descriptors(step: _Step) -> Iterator[Drift]:
    """Yarn's keys hold the ranges: each is to be satisfied by the version below it."""
    for pin in step.lockfile.pins:
        if {pin.name, pin.alias} & step.overridden:
            continue
        for descriptor in pin.key.replace('"', "").split(", "):
            _, _, specifier = descriptor[1:].partition("@")
            if not _fits(pin, specifier):
                message = f"{descriptor} is locked at {pin.version}, outside of that range"
                yield Drift(message, pin.where)


def _bun(step: _Step, _catalogs: Mapping[str, str]) -> Iterator[Drift]:
    yield from _recorded(step, _bun_same, _peer)
    recorded = step.lockfile.catalogs
    yield from _rolled_back(step, lambda need: _from_catalog(need, recorded))


def _bun_same(step: _Step, manifest: Manifest, need: Requirement, known: Requirement) -> bool:
    """Version 0 (bun 1.1) records a member of the workspace by its directory."""
    member = need.specifier.startswith("workspace:") and known.specifier in step.importers
    return member or _verbatim(step, manifest, need, known)


_STEPS: Mapping[Manager, Callable[[_Step, Mapping[str, str]], Iterator[Drift]]] = (
    MappingProxyType({
        Manager.NPM: _npm,
        Manager.PNPM: _pnpm,
        Manager.YARN_CLASSIC: _yarn_classic,
        Manager.YARN_BERRY: _yarn_berry,
        Manager.BUN: _bun,
    })
)  # fmt: skip
