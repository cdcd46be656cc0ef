"""Who asks for a lockfile's entries, and as what: one pass over a project, kept for its rules.

Without it every odd entry would look through all manifests and entries: a lockfile of some
thousand aliases took time that grew with their square.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from pratique.ecosystems.npm.addresses import classify_specifier
from pratique.ecosystems.npm.step import target_of
from pratique.model.layer import PinIn
from pratique.model.package import Release
from pratique.model.pin import Manager, Pin, Source
from pratique.model.project import Project

_LOCAL = frozenset({Source.FILE, Source.LINK, Source.WORKSPACE})
BY_NAME = frozenset({Source.REGISTRY, Source.UNKNOWN})


def is_asked_elsewhere(subject: PinIn) -> bool:
    """Whether a manifest, an override or a catalog asks for it from elsewhere than a registry."""
    pin = subject.pin
    return pin.direct and _of(subject.project).is_elsewhere({pin.name, *pin.local_names})


def replaces_a_release(subject: PinIn) -> bool:
    """Whether a release depends on it, and no manifest, override or catalog leads elsewhere."""
    index, pin = _of(subject.project), subject.pin
    names = {pin.name, *pin.local_names}
    if not index.dependents.get(pin.key) or index.is_elsewhere(names):
        return False
    # A descriptor of yarn's that names a directory comes of a resolution: no release asks for one.
    asked = pin.key.split(", ") if subject.project.manager is Manager.YARN_BERRY else [""]
    return not all(classify_specifier(each[1:].partition("@")[2]) is Source.LINK for each in asked)


def is_asked_locally(subject: PinIn) -> bool:
    """Whether what depends on it is code of the repository, and no release."""
    index, key = _of(subject.project), subject.pin.key
    return key in index.asked_locally and key not in index.dependents


def is_asked_for(subject: PinIn, local: str) -> bool:
    """Whether a manifest, an override or a catalog asks for the package under the name `local`."""
    return _of(subject.project).has_alias(subject.pin, local)


def dependents(subject: PinIn) -> Iterable[Release]:
    """The releases whose entries depend on this one."""
    return _of(subject.project).dependents.get(subject.pin.key, ())


class _Index:
    """What manifests and the lockfile's record of them ask for, by name.

    Attributes:
        dependents: Key of an entry -> releases that depend on it.
        asked_locally: Keys of the entries that directories and files of the repository depend on.
    """

    def __init__(self, project: Project) -> None:
        lockfile = project.lockfile
        self._catalogs = lockfile.catalogs if lockfile else {}
        self._by_name: dict[str, list[str]] = {}
        asked = [each.requirements for each in project.manifests]
        asked += [each.requirements for each in lockfile.importers] if lockfile else []
        for need in chain.from_iterable(asked):
            self._by_name.setdefault(need.name, []).append(need.specifier)
        overrides = list(lockfile.overrides.items()) if lockfile else []
        overrides += [(key, to) for each in project.manifests for key, to, _ in each.overrides]
        self._overrides: dict[str, list[str]] = {}
        for key, to in overrides:
            self._overrides.setdefault(target_of(key), []).append(to)
        self._redirects = {_target(to) for _, to in overrides}
        self.dependents: dict[str, list[Release]] = {}
        self.asked_locally: set[str] = set()
        for pin in lockfile.every_pin if lockfile else ():
            if pin.source in _LOCAL:
                self.asked_locally.update(pin.requires)
            for end in pin.requires if pin.is_release else ():
                self.dependents.setdefault(end, []).append(pin.release)

    def is_elsewhere(self, names: Iterable[str]) -> bool:
        asked = [text for name in names for text in self._texts(name)]
        return any(classify_specifier(text) not in BY_NAME for text in asked)

    def has_alias(self, pin: Pin, local: str) -> bool:
        asked = self._by_name.get(local, ())
        if pin.source not in BY_NAME and any(classify_specifier(x) not in BY_NAME for x in asked):
            return True  # who asks for an address gets whatever the package there is called
        if pin.name in self._redirects:
            return True
        return pin.name in {_target(text) for text in self._texts(local)}

    def _texts(self, name: str) -> list[str]:
        """Specifiers and overrides of a name, and what its catalogs say."""
        asked = self._by_name.get(name, [])
        catalogs = (text.removeprefix("catalog:") or "default" for text in asked)
        stated = [self._catalogs.get(f"{each}/{name}", "") for each in catalogs]
        return [*asked, *stated, *self._overrides.get(name, ())]


def _target(specifier: str) -> str:
    """`name` of `npm:name` and `npm:name@range`; "" for what is no alias."""
    if not specifier.startswith("npm:"):
        return ""
    name = specifier.removeprefix("npm:")
    at = name.find("@", 1)
    return name if at < 0 else name[:at]


class _Same:
    """A project as a key: itself, not what it equals."""

    __slots__ = ("project",)

    def __init__(self, project: Project) -> None:
        self.project = project

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.project is self.project

    def __hash__(self) -> int:
        return id(self.project)


def _of(project: Project) -> _Index:
    return _indexed(_Same(project))


@lru_cache(maxsize=2)
def _indexed(same: _Same) -> _Index:
    return _Index(same.project)
