"""What a change adds, alters and removes: two states of a repository, compared. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

from pratique.ecosystems.npm.versions import ascending
from pratique.model.fact import Key
from pratique.model.package import Digest, Package, Release, strongest
from pratique.model.pin import Location, Pin
from pratique.model.project import Project, Repository
from pratique.model.report import Change


def changed_pins(head: Repository, base: Repository) -> frozenset[tuple[str, str]]:
    """(project path, key) of the entries whose content the base does not lock there.

    Content, not key: hoisting moves unchanged entries to other keys. But of the same project:
    another one may approve other scripts.
    """
    before = {(project.path, _content(pin)) for project, pin in _pins(base)}
    return frozenset(
        (project.path, pin.key)
        for project, pin in _pins(head)
        if (project.path, _content(pin)) not in before
    )


def newcomers(head: Repository, base: Repository) -> frozenset[Package]:
    """The packages that the base locks in no version."""
    return _packages(head) - _packages(base)


def locked_digests(repository: Repository) -> dict[Release, Digest]:
    """The strongest digest that is locked of each release, where any is."""
    found: dict[Release, Digest] = {}
    for _, pin in _pins(repository):
        digest = strongest(pin.digests)
        if digest is not None:
            other = found.get(pin.release)
            found[pin.release] = digest if other is None else strongest((other, digest)) or digest
    return found


def agreed_digests(repository: Repository) -> dict[Release, Digest]:
    """The one SHA-512 of each release whose entries all lock it with that very one.

    A second entry with other bytes, or with none, must not go in under the first one's name.
    """
    found = _strong(_pins(repository))
    agreed = {release: next(iter(those)) for release, those in found.items() if len(those) == 1}
    return {release: digest for release, digest in agreed.items() if digest}


def strong_digests(repository: Repository) -> dict[Release, frozenset[Digest | None]]:
    """What the entries of each release lock: each SHA-512, and None for an entry without one.

    An entry that locks a checksum of another kind (yarn berry) says nothing of the artifact's.
    """
    pins = ((project, pin) for project, pin in _pins(repository) if pin.digests or not pin.checksum)
    return {release: frozenset(those) for release, those in _strong(pins).items()}


def _strong(pins: Iterable[tuple[Project, Pin]]) -> dict[Release, set[Digest | None]]:
    found: dict[Release, set[Digest | None]] = defaultdict(set)
    for _, pin in pins:
        strong = {each for each in pin.digests if each.algorithm == "sha512"}
        found[pin.release].update(strong or {None})
    return found


def of_named_registries(repository: Repository) -> dict[Key, str]:
    """The releases that the lockfile itself locks from a registry by name (pnpm): release -> name.

    Which registry that is, only a project's file says; so it is not asked (DECISIONS 14).
    """
    return {pin.release: pin.registry for _, pin in _pins(repository) if pin.registry}


def locked_versions(repository: Repository) -> dict[Package, dict[str, Digest | None]]:
    """Each package's locked versions, with the digest that is locked of them."""
    digests = locked_digests(repository)
    found: dict[Package, dict[str, Digest | None]] = defaultdict(dict)
    for _, pin in _pins(repository):
        if pin.version:
            found[pin.release.package][pin.version] = digests.get(pin.release)
    return found


def change(
    head: Repository, base: Repository, *, ref: str, commit: str, head_policy: bool
) -> Change:
    """The comparison as a report shows it."""
    before, after = _contents(base), _contents(head)
    added, removed = after.keys() - before.keys(), before.keys() - after.keys()
    both = after.keys() & before.keys()
    return Change(
        base=ref,
        commit=commit,
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
        altered=tuple(sorted(each for each in both if after[each] - before[each])),
        updated=tuple(_updates(added, removed)),
        head_policy=head_policy,
    )


def _updates(added: set[Release], removed: set[Release]) -> Iterator[tuple[Package, str, str]]:
    """Each package that lost versions and gained others: the highest lost one to each gained."""
    lost: dict[Package, list[str]] = defaultdict(list)
    for release in removed:
        lost[release.package].append(release.version)
    for release in sorted(added):
        if release.package in lost:
            yield release.package, ascending(lost[release.package])[-1], release.version


def with_approvals_of(head: Repository, base: Repository) -> Repository:
    """The head, with the base's word on who may run code at install (DECISIONS 9)."""
    before = {project.path: project for project in base.projects}
    projects = tuple(_approved_by(each, before.get(each.path)) for each in head.projects)
    return replace(head, projects=projects)


def switched_on(head: Repository, base: Repository) -> tuple[Location, ...]:
    """The lockfiles whose scripts the base's settings hold back, and the head's do not."""
    off = {project.path for project in base.projects if project.settings.scripts_off}
    return tuple(
        Location(project.lockfile.path)
        for project in head.projects
        if project.path in off and project.lockfile and not project.settings.scripts_off
    )


def _approved_by(project: Project, before: Project | None) -> Project:
    approvals = before.settings.approvals if before else ()
    off = bool(project.settings.scripts_off and before and before.settings.scripts_off)
    trusted = before.lockfile.trusted if before and before.lockfile else ()
    settings = replace(project.settings, approvals=approvals, scripts_off=off)
    lockfile = replace(project.lockfile, trusted=trusted) if project.lockfile else None
    return replace(project, settings=settings, lockfile=lockfile)


def _pins(repository: Repository) -> Iterator[tuple[Project, Pin]]:
    for project in repository.projects:
        for pin in project.lockfile.every_pin if project.lockfile else ():
            yield project, pin


def _packages(repository: Repository) -> frozenset[Package]:
    return frozenset(pin.release.package for _, pin in _pins(repository) if pin.is_release)


def _contents(repository: Repository) -> dict[Release, set[Hashable]]:
    found: dict[Release, set[Hashable]] = defaultdict(set)
    for _, pin in _pins(repository):
        if pin.version:
            found[pin.release].add(_content(pin))
    return found


def _content(pin: Pin) -> Hashable:
    """All of an entry that a judgement can depend on, but for where it stands."""
    return (
        pin.name, pin.version, pin.source, pin.url, pin.digests, pin.checksum, pin.alias,
        pin.commit, pin.patch, pin.install_script, pin.note, pin.registry, pin.direct,
        frozenset(pin.more_aliases),
    )  # fmt: skip
