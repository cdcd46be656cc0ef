"""The release before a release, where only the registry can tell which that is."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from pratique.gather.asking import BINDING, SHORT_FORM, address_of, why_unaskable
from pratique.gather.documents import read_listing, read_packument
from pratique.gather.http import Client, Failure, Request
from pratique.gather.npm import How
from pratique.lineage import of_published
from pratique.model.fact import Clock, Missing, VersionDocument, Why
from pratique.model.package import Release
from pratique.model.registry import Registries, Registry
from pratique.store import Entry, Shelf, Store

_KIND, _VERSION = "lower", 1
_MOST = 128 * 1024 * 1024
_THREADS = 8

Lower = VersionDocument | Missing | None
"""The document of the release before; None where there is none."""


class _Stored(msgspec.Struct, frozen=True):
    """As it is stored: `document` is None where the package has no lower release."""

    document: VersionDocument | None


def gather_lower(
    releases: Iterable[Release],
    registries: Registries,
    store: Store,
    clock: Clock,
    how: How,
) -> dict[Release, Lower]:
    """For each release, the highest one below it that is not withdrawn (`lineage.of_published`).

    Raises:
        SettingsError: The user's authorities or proxies cannot be used.
        StoreError: The store is damaged.
    """
    found: dict[Release, Lower] = {}
    left: list[tuple[Release, Registry, Shelf]] = []
    for release in sorted(set(releases)):
        registry = registries.registry_for(release.name)
        unaskable = why_unaskable(release.name, release.version)
        if registry is None or unaskable:
            found[release] = Missing(Why.FAILED, unaskable or "no registry is configured for it")
            continue
        shelf = _shelf(registry, store)
        entry = store.load(shelf, [str(release)]).get(str(release))
        stored = _decoded(entry) if entry and _is_fresh(entry, clock.at, how) else None
        if stored is not None:
            found[release] = stored.document
        elif how.offline:
            found[release] = Missing(Why.OFFLINE, "offline, and what came before it is not known")
        else:
            left.append((release, registry, shelf))
    if left:
        found |= _asked(left, Client(registries, limits=how.limits), store, clock)
    return found


def _shelf(registry: Registry, store: Store) -> Shelf:
    secret = registry.credential.header if registry.credential else None
    return Shelf(_KIND, _VERSION, registry.id, store.credential_key(secret))


def _asked(
    left: list[tuple[Release, Registry, Shelf]], client: Client, store: Store, clock: Clock
) -> dict[Release, Lower]:
    with client, ThreadPoolExecutor(_THREADS, thread_name_prefix="lower") as pool:
        answers = list(pool.map(lambda each: _ask(client, each[1], each[0]), left))
    for (release, _, shelf), answer in zip(left, answers, strict=True):
        if not isinstance(answer, Missing):
            value = msgspec.msgpack.encode(_Stored(answer))
            fresh = clock.at + BINDING
            store.save(shelf, [Entry(str(release), value, clock.at, fresh)])
    return {release: answer for (release, _, _), answer in zip(left, answers, strict=True)}


def _ask(client: Client, registry: Registry, release: Release) -> Lower:
    place = urlsplit(registry.id).netloc
    request = Request(address_of(registry.id, release.name), SHORT_FORM, most=_MOST)
    with client.get(request) as answer:
        if isinstance(answer, Failure):
            return Missing(Why.FAILED, answer.why)
        if answer.status == 404:
            return None
        if answer.status != 200:
            return Missing(Why.FAILED, f"{place} answered with status {answer.status}")
        return _chosen(answer.body, release, place)


def _chosen(body: bytearray, release: Release, place: str) -> Lower:
    packument = read_packument(body, release.name)
    if isinstance(packument, str):
        return Missing(Why.FAILED, f"{place} {packument}")
    version = of_published(release.version, packument.versions)
    if version is None:
        return None
    listing = read_listing(body, release.name, [version])
    document: Any = listing if isinstance(listing, str) else listing[version]
    return Missing(Why.FAILED, f"{place} {document}") if isinstance(document, str) else document


def _is_fresh(entry: Entry, now: datetime, how: How) -> bool:
    return not how.revalidate and entry.fetched_at <= now < entry.fresh_until


def _decoded(entry: Entry) -> _Stored | None:
    try:
        return msgspec.msgpack.decode(entry.value, type=_Stored)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
