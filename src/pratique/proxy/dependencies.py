"""What a release newly depends on: does it run code at install, is it young? Pure.

Asked where there is no lockfile that says what would be installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pratique import difference
from pratique.ecosystems.npm.versions import highest_in, is_range
from pratique.model.behavior import Dependencies
from pratique.model.fact import VersionDocument
from pratique.model.policy import Policy
from pratique.proxy.packument import Packument, documents, moment

_AT_INSTALL = frozenset({"preinstall", "install", "postinstall"})
MOST = 16
"""Names that are looked up; of more, nothing is known."""

_AGAIN = timedelta(hours=1)
"""After so long, what was young or untold is looked up again."""


class Told:
    """What was told of the dependencies, by package and version. Safe to use from many threads."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, tuple[Dependencies, datetime]]] = {}

    def keep(self, name: str, version: str, told: Dependencies, now: datetime) -> None:
        """Know this from now on."""
        self._kept.setdefault(name, {})[version] = (told, now)

    def of(self, name: str, now: datetime) -> dict[str, Dependencies]:
        """Version -> what is known; not what was to be otherwise by now."""
        kept = dict(self._kept.get(name, {}))
        return {
            version: told
            for version, (told, at) in kept.items()
            if now - at < _AGAIN or not (told.untold or "young" in told.told.values())
        }


def told_of(
    names: Mapping[str, str],
    packument_of: Callable[[str], Packument | str],
    stated: bool,  # noqa: FBT001 - one of two kinds of registry
    now: datetime,
    policy: Policy,
) -> Dependencies:
    """What is known of the dependencies, name -> specifier."""
    told: dict[str, str] = {}
    untold: dict[str, str] = {}
    for number, (name, specifier) in enumerate(names.items()):
        target, wanted = _target(name, specifier)
        if ":" in wanted or "/" in wanted:
            told[name] = ""  # an address is a capability of its own
            continue
        packument = packument_of(target) if number < MOST else "too many are new at once"
        if isinstance(packument, str):
            untold[name] = packument
            continue
        word = _word(packument, wanted, stated, now, policy)
        if word is None:
            untold[name] = f"the registry lists nothing that {wanted} stands for"
        else:
            told[name] = word
    return Dependencies(told, untold)


def _target(name: str, specifier: str) -> tuple[str, str]:
    wanted = specifier.strip()
    if not wanted.startswith("npm:"):
        return name, wanted
    target, at, wanted = wanted.removeprefix("npm:").rpartition("@")
    return (target, wanted) if at and target else (f"{target}{at}{wanted}", "")


def _word(
    packument: Packument,
    wanted: str,
    stated: bool,  # noqa: FBT001 - as above
    now: datetime,
    policy: Policy,
) -> str | None:
    version = packument.tags.get(wanted)
    if version is None and is_range(wanted):
        version = highest_in(wanted, packument.versions)
    document = documents(packument, [version]).get(version) if version else None
    if version is None or document is None:
        return None
    if _runs(document):
        return "installs"
    young = policy.layers["behavior"].settings.young
    began, published = moment(packument.created), moment(packument.time.get(version))
    is_young = stated and (
        (began is not None and now - began < young)
        or (published is not None and now - published < difference.table().young)
    )
    return "young" if is_young else ""


def _runs(document: VersionDocument) -> bool:
    events = {event for event, _ in document.scripts}
    return bool(events & _AT_INSTALL or document.has_install_script or document.gypfile)
