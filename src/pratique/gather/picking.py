"""Which release a tag or a range stands for, by what the registry lists today.

The answer is not stored: it can be another one in a minute.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from pratique.ecosystems.npm.versions import highest_in, is_range, is_version
from pratique.gather.asking import SHORT_FORM, address_of, why_unaskable
from pratique.gather.documents import Packument, read_packument
from pratique.gather.http import Client, Failure, Request
from pratique.gather.npm import How
from pratique.model.fact import Missing, Why
from pratique.model.package import Package, Release
from pratique.model.registry import Registries

_MOST = 128 * 1024 * 1024
_THREADS = 8

Asked = tuple[str, str]
"""Name of a package, and a version, tag or range of it."""


def gather_picks(
    asked: Collection[Asked], registries: Registries, how: How
) -> dict[Asked, Release | Missing]:
    """For each of `asked`, the release that it stands for today.

    Of a range, the highest version in it, one that is not deprecated where there is any; an exact
    version stands for itself and is not asked for.

    Raises:
        SettingsError: The user's authorities or proxies cannot be used.
    """
    found: dict[Asked, Release | Missing] = {}
    left: list[Asked] = []
    for name, wanted in asked:
        unaskable = why_unaskable(name)
        if unaskable or registries.registry_for(name) is None:
            why = unaskable or "no registry is configured for it"
            found[name, wanted] = Missing(Why.FAILED, why)
        elif wanted[:1].isdigit() and is_version(wanted):
            found[name, wanted] = Release(Package(name), wanted)
        elif how.offline:
            why = f"offline, and what {wanted or '*'} stands for is not stored"
            found[name, wanted] = Missing(Why.OFFLINE, why)
        else:
            left.append((name, wanted))
    if left:
        with (
            Client(registries, limits=how.limits) as client,
            ThreadPoolExecutor(_THREADS, thread_name_prefix="picks") as pool,
        ):
            answers = pool.map(lambda each: _asked(client, registries, *each), left)
            found |= dict(zip(left, answers, strict=True))
    return found


def _asked(client: Client, registries: Registries, name: str, wanted: str) -> Release | Missing:
    registry = registries.registry_for(name)
    if registry is None:
        return Missing(Why.FAILED, "no registry is configured for it")
    place = urlsplit(registry.id).netloc
    request = Request(address_of(registry.id, name), SHORT_FORM, most=_MOST)
    with client.get(request) as answer:
        if isinstance(answer, Failure):
            return Missing(Why.FAILED, answer.why)
        if answer.status == 404:
            return Missing(Why.FAILED, "the registry has no package of that name")
        if answer.status != 200:
            return Missing(Why.FAILED, f"{place} answered with status {answer.status}")
        packument = read_packument(answer.body, name)
    if isinstance(packument, str):
        return Missing(Why.FAILED, f"{place} {packument}")
    version = pick(wanted, packument)
    if version is None:
        return Missing(Why.FAILED, f"the registry lists no release that {wanted or '*'} stands for")
    return Release(Package(name), version)


def pick(wanted: str, packument: Packument) -> str | None:
    """The version that a tag or a range stands for; None where there is none."""
    tags = packument.tags if isinstance(packument.tags, dict) else {}
    tagged = tags.get(wanted)
    if isinstance(tagged, str) and tagged in packument.versions:
        return tagged
    if not is_range(wanted):
        return None
    stays = [version for version, each in packument.versions.items() if not each.deprecated]
    return highest_in(wanted, stays) or highest_in(wanted, packument.versions)
