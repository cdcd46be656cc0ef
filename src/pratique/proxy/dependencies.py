"""What a release newly depends on: does it run code at install, is it young? Pure.

Asked where there is no lockfile that says what would be installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pratique import difference
from pratique.ecosystems.npm.versions import highest_in, is_range
from pratique.model.behavior import Dependencies
from pratique.model.fact import VersionDocument
from pratique.model.policy import Policy
from pratique.proxy.packument import Packument, documents
from pratique.proxy.times import moment

_AT_INSTALL = frozenset({"preinstall", "install", "postinstall"})
MOST = 16
"""Names that are looked up; of more, nothing is known."""

_AGAIN = timedelta(hours=1)
"""After so long, what was young or untold is looked up again."""


class Told:
    """What was told of the dependencies of artifacts. Safe to use from many threads.

    By the artifact's SHA-512: other bytes of the same version depend on something else.
    """

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, dict[str, _Answer]]] = {}

    def keep(self, name: str, sha512: str, told: Dependencies, now: datetime) -> None:
        """Know this from now on of the artifact of a package, beside what is known of it."""
        answers = {each: _Answer(word, "", now) for each, word in told.told.items()}
        answers |= {each: _Answer(None, why, now) for each, why in told.untold.items()}
        of_package = self._kept.setdefault(name, {})
        of_package[sha512] = {**of_package.get(sha512, {}), **answers}

    def forget(self, name: str) -> None:
        """Know nothing of the package's artifacts any more."""
        self._kept.pop(name, None)

    def of(self, name: str, digests: Mapping[str, str], now: datetime) -> dict[str, Dependencies]:
        """Version -> what is known, of version -> SHA-512; not what may be otherwise by now."""
        kept = self._kept.get(name, {})
        found = {version: kept[digest] for version, digest in digests.items() if digest in kept}
        return {version: _together(answers, now) for version, answers in found.items()}


class _Answer(NamedTuple):
    """`word` as in `Dependencies.told`; None where it is untold, and `why`."""

    word: str | None
    why: str
    at: datetime


def _together(answers: Mapping[str, _Answer], now: datetime) -> Dependencies:
    lasting = {
        name: each
        for name, each in answers.items()
        if now - each.at < _AGAIN or each.word not in {None, "young"}
    }
    told = {name: each.word for name, each in lasting.items() if each.word is not None}
    untold = {name: each.why for name, each in lasting.items() if each.word is None}
    return Dependencies(told, untold)


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
