"""Which manager, of which version, a project is installed with: settings differ between them."""

from __future__ import annotations

import re
from typing import NamedTuple

from pratique.model.pin import Manager

_VERSION = re.compile(r"[v=^~>\s]*(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?")


class Named(NamedTuple):
    """The manager of a project; `version` is None where no file says it.

    Of a range, `version` is the number that it begins with: the lowest for `^11`, `>=11.2`.
    """

    manager: Manager
    version: tuple[int, int, int] | None = None

    def at_least(self, *numbers: int) -> bool | None:
        """Whether it is of that version or newer; None where the version is not known."""
        return None if self.version is None else self.version >= numbers


def named(package_manager: str | None) -> Named | None:
    """What a manifest's `packageManager` names; None where that is no manager that is read.

    `yarn` without a number that tells classic from berry is None: the lockfile decides.
    """
    name, _, wanted = (package_manager or "").partition("@")
    found = _VERSION.match(wanted)
    version = (int(found[1]), int(found[2] or 0), int(found[3] or 0)) if found else None
    if name == "yarn":
        return _yarn(version)
    return Named(Manager(name), version) if name in {"npm", "pnpm", "bun"} else None


def _yarn(version: tuple[int, int, int] | None) -> Named | None:
    if version is None:
        return None
    return Named(Manager.YARN_BERRY if version[0] > 1 else Manager.YARN_CLASSIC, version)
