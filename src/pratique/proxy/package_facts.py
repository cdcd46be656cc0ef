"""The facts of one package with thousands of releases, by version. Pure.

As `Facts`, which a rule is given at every door; but what is known of a release is found by its
version alone, where a key of kind and release has to be made and hashed for each question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pratique.model.fact import Facts, Key, Kind, Missing
from pratique.model.package import Package, Release

T = TypeVar("T")


class PackageFacts(Facts):
    """Facts.

    Args:
        package: Whose: the one object that all of its releases hold.
        own: Version -> name of the kind -> what is known of that release, or Missing.
        others: What is about no release.
    """

    __slots__ = ("_of_run", "_own", "_package")

    def __init__(
        self, package: Package, own: Mapping[str, Mapping[str, Any]], others: Facts
    ) -> None:
        known = others._known  # noqa: SLF001 - of the same class
        super().__init__(known)
        self._package, self._own = package, own
        self._of_run = {name: value for (name, key), value in known.items() if key is None}

    # Both are asked tens of thousands of times for one document: nothing is called that need not.

    def get(self, kind: Kind[T], key: Key = None) -> T | Missing:
        found: T | Missing | None = None
        if key is None:
            found = self._of_run.get(kind.name)
        elif key.__class__ is Release and key.package is self._package:
            own = self._own.get(key.version)
            found = None if own is None else own.get(kind.name)
        if found is None:
            return super().get(kind, key)
        return found

    def need(self, kind: Kind[T], key: Key = None) -> T:
        found: T | Missing | None = None
        if key is None:
            found = self._of_run.get(kind.name)
        elif key.__class__ is Release and key.package is self._package:
            own = self._own.get(key.version)
            found = None if own is None else own.get(kind.name)
        return super().need(kind, key) if found is None or isinstance(found, Missing) else found

    def of_release(self, version: str, more: Mapping[str, Any]) -> PackageFacts:
        """The same facts and `more` of one release: name of the kind -> value or Missing."""
        own = {**self._own, version: {**self._own.get(version, {}), **more}}
        return PackageFacts(self._package, own, self)
